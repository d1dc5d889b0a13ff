//! Values that fit one test, or several at once.

use super::dice::Dice;
use super::modifier::{Order, TimePart};
use super::regex_sample::sample as regex_sample;
use super::test::Test;
use super::time_part::time_part;
use crate::network::Network;
use crate::number::Number;
use crate::pattern::{DASHES, Matcher, Piece};
use crate::record::ValueKind;
use std::net::IpAddr;

/// A value with its kind.
pub(super) type Sampled = (ValueKind, String);

/// What stands where a pattern does not care.
const BETWEEN: [&str; 5] = ["", "x", " ", "zq", "7-"];
/// Values of a field of which only presence is asked, or that it differs.
const ANY: [&str; 6] = ["canary", "1", "192.0.2.77", "c:\\canary\\canary.bin", "0x7", "Canary Value"];

/// Values for a field that may have any; the order differs by attempt.
pub(super) fn filler(dice: &mut Dice) -> Vec<Sampled> {
    let mut found: Vec<Sampled> = ANY.iter().map(|text| (ValueKind::Str, (*text).to_owned())).collect();
    let first = dice.pick(found.len());
    found.rotate_left(first);
    found
}

/// Values that should fit the test, best first; the caller checks.
pub(super) fn samples(test: &Test, dice: &mut Dice) -> Vec<Sampled> {
    let texts = |texts: Vec<String>, kind: ValueKind| texts.into_iter().map(|text| (kind, text)).collect();
    match test {
        Test::Text(matcher) => texts(vec![text_of(matcher, dice)], ValueKind::Str),
        Test::AnyOf(tests) => dice.one_of(tests).map(|test| samples(test, dice)).unwrap_or_default(),
        Test::Number(number, matcher) => {
            let kind = if number.is_some() { ValueKind::Number } else { ValueKind::Str };
            texts(vec![text_of(matcher, dice)], kind)
        }
        Test::Ordered(order, limit) => texts(numbers(*order, *limit), ValueKind::Number),
        Test::Bool(wanted) => texts(vec![wanted.to_string()], ValueKind::Bool),
        Test::Regex(expression) => {
            let sampled = regex_sample(expression.regex.as_str(), dice).unwrap_or_default();
            let around = [sampled.clone(), format!(" {sampled} "), format!("x{sampled}x"), format!("{sampled}\n")];
            texts(around.to_vec(), ValueKind::Str)
        }
        Test::Cidr(network) => texts(addresses(*network), ValueKind::Str),
        Test::Part(part, order, wanted) => texts(times(*part, *order, *wanted), ValueKind::Str),
        Test::Null | Test::Exists(_) | Test::FieldRef(_) => Vec::new(),
    }
}

/// One text for several tests of texts: fronts first, backs last, what stands anywhere between.
pub(super) fn merged(tests: &[&Test], dice: &mut Dice) -> Option<String> {
    let (mut front, mut middle, mut back) = (String::new(), Vec::new(), String::new());
    for test in tests {
        let (at_front, at_back, text) = fragment(test, dice)?;
        match (at_front, at_back) {
            (true, true) => return Some(text),
            (true, false) => front = if text.len() > front.len() { text } else { front },
            (false, true) => back = if text.len() > back.len() { text } else { back },
            (false, false) => middle.push(text),
        }
    }
    // A text that stands in another need not stand there twice.
    let own = |at: usize, text: &String| {
        !front.contains(text.as_str())
            && !back.contains(text.as_str())
            && !middle
                .iter()
                .enumerate()
                .any(|(other, longer)| longer.contains(text.as_str()) && (longer.len() > text.len() || other < at))
    };
    let between = dice.one_of(&BETWEEN)?;
    // Open ends stay as they are at first; what is excluded may be there (`endswith: ' '`).
    let outer = [dice.one_of(&BETWEEN)?, dice.one_of(&BETWEEN)?];
    let mut parts: Vec<&str> = vec![if front.is_empty() { outer[0] } else { &front }];
    parts.extend(middle.iter().enumerate().filter(|(at, text)| own(*at, text)).map(|(_, text)| text.as_str()));
    parts.push(if back.is_empty() { outer[1] } else { &back });
    parts.retain(|part| !part.is_empty());
    Some(parts.join(between))
}

/// Whether the text must begin and end the value, and the text.
fn fragment(test: &Test, dice: &mut Dice) -> Option<(bool, bool, String)> {
    match test {
        Test::Text(matcher) => {
            let pieces = matcher.pieces();
            let open = |piece: Option<&Piece>| piece == Some(&Piece::Run);
            let ends = (!open(pieces.first()), !open(pieces.last()));
            Some((ends.0, ends.1, filled(trimmed(&pieces), dice)))
        }
        Test::Regex(expression) => {
            let written = expression.regex.as_str();
            Some((written.starts_with('^'), written.ends_with('$'), regex_sample(written, dice)?))
        }
        Test::AnyOf(tests) => dice.one_of(tests).and_then(|test| fragment(test, dice)),
        _ => None,
    }
}

fn trimmed(pieces: &[Piece]) -> &[Piece] {
    let pieces = pieces.strip_prefix(&[Piece::Run]).unwrap_or(pieces);
    pieces.strip_suffix(&[Piece::Run]).unwrap_or(pieces)
}

fn text_of(matcher: &Matcher, dice: &mut Dice) -> String {
    filled(&matcher.pieces(), dice)
}

fn filled(pieces: &[Piece], dice: &mut Dice) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(literal) => text.push_str(literal),
            Piece::Run => text.push_str(dice.one_of(&BETWEEN).unwrap_or(&"")),
            Piece::One => text.push(dice.one_of(&['x', '1', '-', 'Q']).copied().unwrap_or('x')),
            Piece::Dash => text.push(dice.one_of(&DASHES).copied().unwrap_or('-')),
        }
    }
    text
}

fn numbers(order: Order, limit: Number) -> Vec<String> {
    let steps = |below: bool| match limit {
        Number::Integer(limit) => {
            let step = |by: i128| if below { limit.saturating_sub(by) } else { limit.saturating_add(by) };
            [0, 1, 2, 10, 1_000].map(|by| step(by).to_string()).to_vec()
        }
        Number::Float(limit) => {
            [0.0, 0.5, 1.0, 1_000.0].map(|by| if below { limit - by } else { limit + by }.to_string()).to_vec()
        }
    };
    steps(matches!(order, Order::Less | Order::LessOrEqual))
}

fn addresses(network: Network) -> Vec<String> {
    let bits = if network.first().is_ipv4() { 32 } else { 128 };
    let room = bits - u32::from(network.prefix()).min(bits);
    let plus = |by: u32| match network.first() {
        IpAddr::V4(first) => std::net::Ipv4Addr::from_bits(first.to_bits().wrapping_add(by)).to_string(),
        IpAddr::V6(first) => std::net::Ipv6Addr::from_bits(first.to_bits().wrapping_add(u128::from(by))).to_string(),
    };
    [5u32, 1, 0].into_iter().filter(|by| room >= 3 || *by == 0 || (room > 0 && *by == 1)).map(plus).collect()
}

/// Times of the year 2026 and, where a year is asked for, of others, that have the part.
fn times(part: TimePart, order: Option<Order>, wanted: i128) -> Vec<String> {
    let test = Test::Part(part, order, wanted);
    let years: Vec<i128> = match part {
        TimePart::Year => [wanted, wanted.saturating_add(1), wanted.saturating_sub(1)].to_vec(),
        _ => vec![2026],
    };
    let mut found = Vec::new();
    for year in years.into_iter().filter(|year| (0..=9_999).contains(year)) {
        let days = (1..=12).flat_map(|month| (1..=31).map(move |day| (month, day)));
        let texts: Vec<String> = match part {
            TimePart::Hour => (0..24).map(|hour| format!("{year:04}-11-25T{hour:02}:30:00Z")).collect(),
            TimePart::Minute => (0..60).map(|minute| format!("{year:04}-11-25T08:{minute:02}:00Z")).collect(),
            _ => days.map(|(month, day)| format!("{year:04}-{month:02}-{day:02}T08:30:00Z")).collect(),
        };
        let holds = |text: &String| match (&test, time_part(text, part)) {
            (Test::Part(_, order, wanted), Some(found)) => super::test::part_holds(found, *order, *wanted),
            _ => false,
        };
        found.extend(texts.into_iter().filter(holds));
    }
    found
}
