//! Values as JSON writes them: what a table over escaped texts can and cannot answer.
//!
//! A long value is looked at with its escapes in it, by a table of texts that are escaped, too. Where each escape is one
//! of the seven that have only one meaning and one spelling, whatever stands in the value stands so in the escaped value;
//! that a table may then find more than there is (`\\n` is no line end) only opens more rules.

use super::need::Need;

/// Whether the text can be answered for without undoing its escapes: `\u0041` and `\/` are other spellings of what needs
/// no escape, and what is no escape at all is read as it stands.
pub(crate) fn is_regular(written: &str) -> bool {
    let bytes = written.as_bytes();
    // Two neighbours at a time, whether an escape begins there or not: no branches, and nearly always enough.
    let next = bytes.get(1..).unwrap_or_default();
    let odd = |(byte, next): (&u8, &u8)| {
        let is = |wanted: u8| u8::from(*next == wanted);
        let known = is(b'\\') | is(b'"') | is(b'n') | is(b'r') | is(b't') | is(b'b') | is(b'f');
        u8::from(*byte == b'\\') & (known ^ 1)
    };
    if bytes.iter().zip(next).map(odd).fold(0, |all, odd| all | odd) == 0 {
        return true;
    }
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\\', bytes.get(from..).unwrap_or_default()) {
        match bytes.get(from + at + 1) {
            Some(b'\\' | b'"' | b'n' | b'r' | b't' | b'b' | b'f') => from += at + 2,
            _ => return false,
        }
    }
    true
}

/// The text as JSON writes it; it has no control characters.
pub(crate) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

/// What the value as written needs where the value needs `need`. A control character may stand for itself where a sender
/// is careless, so the text beside it must do.
pub(crate) fn written_need(need: &Need) -> Need {
    let make = |text: &str, of: fn(Box<str>) -> Need| match text {
        "" => Need::Value,
        text => of(escaped(text).into()),
    };
    match need {
        Need::Equal(text) if !text.contains(is_control) => Need::Equal(escaped(text).into()),
        Need::Equal(text) | Need::Front(text) => make(text.split(is_control).next().unwrap_or_default(), Need::Front),
        Need::Back(text) => make(text.rsplit(is_control).next().unwrap_or_default(), Need::Back),
        Need::Within(text) => {
            make(text.split(is_control).max_by_key(|part| part.len()).unwrap_or_default(), Need::Within)
        }
        Need::There | Need::Value | Need::Number(_) | Need::Network(_) | Need::Length(_) => need.clone(),
    }
}

pub(crate) fn is_control(c: char) -> bool {
    c < ' '
}
