//! The crate that may be `unsafe`: each fast path says what its safe twin says.

use wardwatch_scan::{Checked, Marks, unescape, unescape_plainly};

pub fn scan(data: &[u8]) {
    let (mut fast, mut plain) = (Marks::default(), Marks::default());
    fast.mark(data);
    plain.mark_plainly(data);
    assert_eq!(fast, plain, "marks");
    let checked = Checked::new(bytes::Bytes::copy_from_slice(data));
    assert_eq!(checked.is_ok(), std::str::from_utf8(data).is_ok(), "what is text");
    let Ok(checked) = checked else { return };
    assert_eq!(Some(checked.as_str()), checked.as_str_checked_again());
    assert_eq!(checked.is_ascii(), data.is_ascii());
    let text = checked.as_str();
    check(&fast, text, 0, text.len());
    let mut whole = String::new();
    unescape_plainly(text, &mut whole);
    assert_eq!(unescape(text), whole);
    // As a reader of JSON asks: what lies between two quotes.
    let mut at = fast.quote(0);
    while let Some(start) = at.map(|at| at + 1) {
        at = fast.quote(start);
        check(&fast, text, start, at.unwrap_or(text.len()));
    }
}

fn check(marks: &Marks, text: &str, start: usize, end: usize) {
    let Some(part) = text.get(start..end) else { return };
    let (mut fast, mut plain) = ("ä".to_owned(), "ä".to_owned());
    marks.unescape(text, start, end, &mut fast);
    unescape_plainly(part, &mut plain);
    assert_eq!(fast, plain, "{part:?}");
    assert_eq!(std::str::from_utf8(fast.as_bytes()), Ok(fast.as_str()), "text stays text");
    assert_eq!(marks.has_escape(start, end), part.contains('\\'), "{part:?}");
}
