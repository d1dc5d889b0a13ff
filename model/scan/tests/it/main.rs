//! Every fast path beside its twin, and the few cases that people would get wrong by hand.

use bytes::Bytes;
use proptest::prelude::*;
use wardwatch_scan::{Checked, Marks, NotText, unescape_plainly};

fn both(bytes: &[u8]) -> Marks {
    let (mut fast, mut plain) = (Marks::default(), Marks::default());
    // What was marked before must not show through.
    fast.mark(b"\"\\\"");
    fast.mark(bytes);
    plain.mark_plainly(bytes);
    assert_eq!(fast, plain, "{:?}", String::from_utf8_lossy(bytes));
    fast
}

fn unescaped(text: &str) -> String {
    let marks = both(text.as_bytes());
    let (mut fast, mut plain) = ("before ".to_owned(), "before ".to_owned());
    marks.unescape(text, 0, text.len(), &mut fast);
    unescape_plainly(text, &mut plain);
    assert_eq!(fast, plain, "{text:?}");
    fast.split_off("before ".len())
}

#[test]
fn quotes_behind_a_backslash_are_none() {
    let marks = both(br#""a\"b" "c\\" "\\\"d""#);
    let mut quotes = Vec::new();
    while let Some(at) = marks.quote(quotes.last().map_or(0, |at| at + 1)) {
        quotes.push(at);
    }
    assert_eq!(quotes, [0, 5, 7, 11, 13, 19]);
    assert!(marks.has_escape(1, 5) && !marks.has_escape(0, 2) && !marks.has_escape(3, 3));
}

#[test]
fn runs_of_backslashes_end_on_either_side_of_a_block() {
    for before in 0..=130 {
        for run in 0..=66 {
            let text = format!("{}{}\"", "x".repeat(before), "\\".repeat(run));
            let marks = both(text.as_bytes());
            let expect = (run % 2 == 0).then_some(before + run);
            assert_eq!(marks.quote(0), expect, "{before} {run}");
            assert_eq!(marks.has_escape(0, text.len()), run > 0, "{before} {run}");
        }
    }
}

#[test]
fn escapes_are_undone() {
    let cases = [
        (r"plain", "plain"),
        (r"a\\b\/c\n\t\r", "a\\b/c\n\t\r"),
        (r"\u4e2d\u00e4", "中ä"),
        (r"\ud83d\ude00!", "😀!"),
        (r"\ud83d x \ude00", "\u{fffd} x \u{fffd}"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\x \u12 \é", r"\x \u12 \é"),
        ("ends\\", "ends\\"),
        (r"\u12\\u0041", r"\u12\u0041"),
    ];
    for (text, expect) in cases {
        assert_eq!(unescaped(text), expect, "{text}");
        let long = text.trim_end_matches("ends\\").repeat(40);
        assert_eq!(unescaped(&long), expect.trim_end_matches("ends\\").repeat(40), "{text}");
    }
}

#[test]
fn text_is_checked_once_and_shared() {
    let bytes = Bytes::from_static("登录 ok".as_bytes());
    let checked = Checked::new(bytes.clone()).unwrap();
    assert_eq!((checked.as_str(), checked.is_ascii()), ("登录 ok", false));
    assert_eq!(checked.as_str_checked_again(), Some("登录 ok"));
    assert_eq!(checked.as_ptr(), bytes.as_ptr());
    assert!(Checked::new(Bytes::from_static(b"ok")).unwrap().is_ascii());
    assert_eq!(Checked::new(Bytes::from_static(b"caf\xe9")).unwrap_err(), NotText);
    assert_eq!(Checked::from("ä".to_owned()).as_str(), "ä");
}

proptest! {
    #[test]
    fn marks_are_the_twins(bytes in prop::collection::vec(prop_oneof![Just(b'\\'), Just(b'"'), any::<u8>()], 0..400)) {
        both(&bytes);
    }

    #[test]
    fn escapes_are_the_twins(text in r#"(\\["\\/bfnrtux]|\\u[0-9a-fD]{4}|\\ud8[0-9a-f]{2}|[a-z中é]|[ -~]){0,120}"#) {
        unescaped(&text);
    }

    #[test]
    fn any_part_is_the_twins(text in r#"(\\\\|\\n|\\u00e4|[a-z中"]){0,80}"#, from in 0usize..200, to in 0usize..200) {
        // Parts between the strings' own quotes, as a reader asks for them.
        let marks = both(text.as_bytes());
        let start = marks.quote(from).map_or(0, |at| at + 1);
        let end = marks.quote(start.max(to)).unwrap_or(text.len());
        if let Some(part) = text.get(start..end) {
            let (mut fast, mut plain) = (String::new(), String::new());
            marks.unescape(&text, start, end, &mut fast);
            unescape_plainly(part, &mut plain);
            prop_assert_eq!(fast, plain);
        }
    }

    #[test]
    fn what_is_checked_is_what_std_says(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let checked = Checked::new(Bytes::from(bytes.clone()));
        prop_assert_eq!(checked.as_ref().ok().map(Checked::as_str), std::str::from_utf8(&bytes).ok());
    }
}
