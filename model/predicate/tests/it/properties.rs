//! Generated input: the fast matcher against an obvious one, and readers that never panic.

use proptest::prelude::*;
use wardwatch_predicate::sigma::{TimePart, read_condition, read_rules, time_part};
use wardwatch_predicate::{DASHES, Matcher, Network, Number, Pattern, Piece, Place, Subject, fold};

/// The definition of a wildcard match, character by character.
fn obvious(pieces: &[Piece], text: &[char]) -> bool {
    match pieces.split_first() {
        None => text.is_empty(),
        Some((Piece::Run, rest)) => (0..=text.len()).any(|skip| obvious(rest, &text[skip..])),
        Some((Piece::One, rest)) => !text.is_empty() && obvious(rest, &text[1..]),
        Some((Piece::Dash, rest)) => text.first().is_some_and(|c| DASHES.contains(c)) && obvious(rest, &text[1..]),
        Some((Piece::Text(literal), rest)) => {
            let literal: Vec<char> = literal.chars().collect();
            text.starts_with(&literal) && obvious(rest, &text[literal.len()..])
        }
    }
}

fn folded(pattern: &Pattern) -> Vec<Piece> {
    let fold_piece = |piece: &Piece| match piece {
        Piece::Text(text) => Piece::Text(fold(text).into_owned()),
        other => other.clone(),
    };
    pattern.pieces().iter().map(fold_piece).collect()
}

proptest! {
    #[test]
    fn the_matcher_agrees_with_the_definition(pattern in r"[aAbÄ*?\\/ -]{0,8}", text in r"[aAbBä/ –?*\\-]{0,10}", windash: bool, cased: bool) {
        let pattern = Pattern::sigma(&pattern);
        let pattern = if windash { pattern.windash() } else { pattern };
        let lowered = fold(&text);
        let (pieces, chars): (Vec<Piece>, Vec<char>) = if cased {
            (pattern.pieces().to_vec(), text.chars().collect())
        } else {
            (folded(&pattern), lowered.chars().collect())
        };
        let subject = Subject { text: &text, folded: &lowered };
        prop_assert_eq!(Matcher::new(&pattern, cased).matches(subject), obvious(&pieces, &chars));
    }

    #[test]
    fn a_pattern_is_written_as_it_is_read(text in r"[a*?\\]{0,12}") {
        let pattern = Pattern::sigma(&text);
        prop_assert_eq!(Pattern::sigma(&pattern.to_string()), pattern);
    }

    #[test]
    fn a_literal_matches_itself_and_its_upper_case(text in "\\PC{0,12}") {
        let matcher = Matcher::new(&Pattern::literal(&text), false);
        let lowered = fold(&text);
        let subject = Subject { text: &text, folded: &lowered };
        prop_assert!(matcher.matches(subject));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_rules(&bytes);
    }

    #[test]
    fn any_yaml_like_text_is_read_without_a_panic(text in "(title|detection|condition|logsource|[a-z])?[:\\[\\]{},&*!|>'\"%@`\n -]{0,60}") {
        let _ = read_rules(text.as_bytes());
    }

    #[test]
    fn any_condition_is_read_without_a_panic(text in "(a|b|not|and|or|1|all|of|them|a\\*|\\(|\\)| ){0,24}") {
        let _ = read_condition(&text, &["a", "b"], Place::START);
    }

    #[test]
    fn a_network_holds_exactly_the_addresses_that_share_its_prefix(base: u32, other: u32, prefix in 0u8..=32) {
        let address = |bits: u32| std::net::Ipv4Addr::from_bits(bits).to_string();
        let network = Network::read(&format!("{}/{prefix}", address(base))).unwrap();
        let shares = (0..prefix).all(|bit| (base ^ other) >> (31 - bit) & 1 == 0);
        prop_assert_eq!(network.contains_text(&address(other)), shares);
        prop_assert_eq!(network.contains_text(&format!("::ffff:{}", address(other))), shares);
    }

    #[test]
    fn integers_are_read_exactly(number: i64) {
        prop_assert_eq!(Number::read(&number.to_string()), Some(Number::Integer(i128::from(number))));
        prop_assert_eq!(Number::read(&format!("{number:#x}")).is_some(), true);
    }

    #[test]
    fn any_text_has_a_time_part_or_none(text in "[0-9TZ:/ -]{0,24}") {
        for part in [TimePart::Minute, TimePart::Hour, TimePart::Week, TimePart::Year] {
            let _ = time_part(&text, part);
        }
    }
}
