//! Any bytes at all: no panic, one row a line, values that are where they say.

use crate::packs::{BASTION, FORTIGATE, SURICATA, USG, compile, with_body};
use crate::streams::batch;
use crate::show::received;
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use wardwatch_event::{LineNote, Parsed};
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_parse::{SourceSettings, line_by_line_if_it_panics, explain_event, parse, read_header};

static PACKS: LazyLock<Vec<Arc<Pack>>> = LazyLock::new(|| {
    let mut packs: Vec<_> = [FORTIGATE, USG, SURICATA, BASTION].map(compile).into();
    packs.extend(
        [
            "{ kind = 'kv', until_next_key = true, fold = true, trim_end = '.' }",
            "{ kind = 'kv', sep = [', ', ','], pair = [':', '='], open = '(', close = ')' }",
            "{ kind = 'csv', sep = '|!', columns = ['a', 'b'] }",
            "{ kind = 'dissect', template = ['%{a}/%{b:3} [%{c}]', '%{a} %{b}'] }",
            "{ kind = 'cef' }",
            "{ kind = 'leef' }",
            "{ kind = 'xml' }",
            "{ kind = 'evtx' }",
            "{ kind = 'w3c', columns = ['a', 'b'] }",
            "{ kind = 'zeek_tsv', columns = ['a', 'b'] }",
            "{ kind = 'regex', pattern = '(?P<a>\\w+)=(?P<b>.*)' }",
        ]
        .map(with_body),
    );
    packs
});

/// Pieces that cutters stumble over, mixed with any bytes.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"<13>", b"<189>1 ", b"Nov 25 10:00:00 ", b"2026-11-25T10:00:00Z ", b"host ", b"app[1]: ", b"[id a=\"b\\\"\"]", b"- ",
        b"%%01IPS/4/X(l): ", b"a=1 ", b"key=\"v\\\"", b"\"", b"'", b"=", b":", b", ", b"(", b")", b"{\"a\":", b"[1,", b"}", b"]",
        b"\\u4e2d", b"\\", b"CEF:0|V|P|1|2|n|3|", b"LEEF:2.0|a|b|c|d|^|", b"|", b"|!", b"<Event><System>", b"<a b='", b"</", b"/>",
        b"<![CDATA[", b"]]>", b"<!--", b"&#x", b"&amp;", b"#Fields: a b", b"#fields\ta", b"#types\tset[x]", b"\t", b"\xd6\xd0\xb9\xfa",
        b"\xe4\xb8\xad", b"\xff", b"\0", b"\xef\xbb\xbf", b"date=2026-11-25 time=10:00:00 ", b"eventtime=99999999999999999999 ",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
        1 => "[ -~]{0,12}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_line_gets_a_row_and_values_lie_in_it(lines in proptest::collection::vec(line(), 1..4)) {
        for pack in PACKS.iter() {
            let events = parse(pack, batch(&lines), &SourceSettings::default());
            prop_assert_eq!(events.len(), lines.len());
            for (event, line) in events.events().zip(&lines) {
                prop_assert!(event.head().parsed != Parsed::Poison, "{} panicked on {:?}", pack.id, line);
                prop_assert_eq!(event.raw(), line.as_slice());
                for (_, native) in event.natives() {
                    prop_assert!(native.raw.0 <= native.raw.1 && native.raw.1 as usize <= line.len(), "{:?}", native);
                }
                let seen = explain_event(&events, event);
                if !seen.unmapped.is_empty() {
                    let json: Result<serde_json::Value, _> = serde_json::from_str(&seen.unmapped);
                    prop_assert!(json.is_ok(), "{}", seen.unmapped);
                }
            }
        }
    }

    /// A batch is its lines: cutting it elsewhere changes nothing.
    #[test]
    fn a_line_is_parsed_alone_as_among_others(lines in proptest::collection::vec("[ -~]{0,60}", 1..5)) {
        for pack in PACKS.iter().take(3) {
            let whole = parse(pack, batch(&lines), &SourceSettings::default());
            for (event, line) in whole.events().zip(&lines) {
                let alone = parse(pack, batch(&[line]), &SourceSettings::default());
                let (among, alone) = (explain_event(&whole, event), explain_event(&alone, alone.event(0).unwrap()));
                prop_assert_eq!(among, alone);
            }
        }
    }

    #[test]
    fn headers_and_manifests_never_panic(text in any::<String>(), bytes in line()) {
        let _ = read_header(&text);
        let _ = read_header(&String::from_utf8_lossy(&bytes));
        let _ = Pack::compile(&PackFiles::of("x", &text));
    }
}

/// Row, raw line, how it was parsed, notes.
fn rows(batches: &[wardwatch_event::EventBatch]) -> Vec<(u64, String, &'static str, String)> {
    let of = |event: wardwatch_event::Event<'_>| {
        let notes: Vec<_> = event.notes().map(|note| note.0.to_string()).collect();
        (event.id().seq(), event.raw_text().into_owned(), event.head().parsed.name(), notes.join(" "))
    };
    batches.iter().flat_map(|batch| batch.events().map(of)).collect()
}

#[test]
fn a_line_that_panics_where_packs_are_chosen_is_poison_alone() {
    let (pack, fallback) = (with_body("{ kind = 'kv' }"), Arc::new(Pack::bare("wardwatch/unknown")));
    let mut lines = batch(&["a=1", "boom", "a=2"]);
    lines.received.notes = vec![(1, LineNote::Truncated), (2, LineNote::Truncated)];
    let mut calls = 0;
    let batches = line_by_line_if_it_panics(&lines, &fallback, |lines| {
        calls += 1;
        let hurts = (0..lines.received.len()).any(|row| lines.received.line(row) == b"boom");
        assert!(!hurts, "this line is hostile");
        vec![parse(&pack, lines.clone(), &SourceSettings::default())]
    });
    let row = |seq, raw: &str, parsed, notes: &str| (seq, raw.to_owned(), parsed, notes.to_owned());
    assert_eq!(
        rows(&batches),
        [row(100, "a=1", "whole", ""), row(101, "boom", "poison", "truncated poison"), row(102, "a=2", "whole", "truncated")]
    );
    assert_eq!((calls, batches[1].pack.id.as_str()), (4, "wardwatch/unknown"));
    // A batch that does no harm is given once, whole.
    calls = 0;
    line_by_line_if_it_panics(&batch(&["a=1", "a=2"]), &fallback, |_| {
        calls += 1;
        Vec::new()
    });
    assert_eq!(calls, 1);
}

#[test]
fn a_line_with_an_impossible_end_keeps_its_row() {
    let mut lines = batch(&["a=1", "a=2", "a=3"]);
    lines.received.ends = vec![3, 99, 9];
    let events = parse(&with_body("{ kind = 'kv' }"), lines, &SourceSettings::default());
    assert_eq!(events.heads.iter().map(|head| head.parsed.name()).collect::<Vec<_>>(), ["whole", "poison", "poison"]);
    assert_eq!(events.event(1).unwrap().head().time, received());
}

/// The flattening that the span reader must agree with, over serde_json's tree.
fn flat(path: &str, value: &serde_json::Value, into: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flat(&path, value, into);
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| flat(path, value, into)),
        serde_json::Value::String(text) => into.push((path.to_owned(), text.clone())),
        serde_json::Value::Null => into.push((path.to_owned(), String::new())),
        other => into.push((path.to_owned(), other.to_string())),
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[a-z\"\\\\]{0,20}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::vec(("[a-d\"é]{1,10}", inner), 0..5)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_agrees_with_the_tree(value in proptest::collection::vec(("[a-z]{1,9}", json()), 1..6)) {
        let value = serde_json::Value::Object(value.into_iter().collect());
        let mut expect = Vec::new();
        flat("", &value, &mut expect);
        let pack = with_body("{ kind = 'json' }");
        for line in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let events = parse(&pack, batch(&[&line]), &SourceSettings::default());
            let event = events.event(0).unwrap();
            let seen: Vec<_> = event
                .natives()
                .map(|(field, native)| (events.field_name(field).unwrap().to_owned(), native.text.to_owned()))
                .collect();
            prop_assert_eq!((&seen, event.head().parsed), (&expect, Parsed::Whole), "{}", line);
        }
    }
}

proptest! {
    /// What is left over is written so that any JSON reader gives the same texts.
    #[test]
    fn leftovers_read_back(texts in proptest::collection::vec(any::<String>(), 1..6)) {
        let object: serde_json::Map<String, serde_json::Value> =
            texts.iter().enumerate().map(|(at, text)| (format!("k{at}\u{1}\"\\"), text.clone().into())).collect();
        let line = serde_json::Value::Object(object.clone()).to_string();
        let events = parse(&with_body("{ kind = 'json' }"), batch(&[line]), &SourceSettings::default());
        let mut left = String::new();
        events.event(0).unwrap().unmapped(&mut left);
        let kept: serde_json::Map<_, _> = object.into_iter().filter(|(_, v)| v.as_str() != Some("")).collect();
        if left.is_empty() {
            prop_assert!(kept.is_empty());
        } else {
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&left).unwrap(), serde_json::Value::Object(kept));
        }
    }
}
