//! What no column holds, as JSON.

use crate::batch::Span;
use crate::mapping::{Place, is_bare};
use crate::{Event, NativeKind, TimeNote};
use std::fmt::Write as _;
use wardwatch_limits::UNMAPPED_BYTES;
use wardwatch_pack::Told;

/// Writes the values of `spans` that no column holds, as one JSON object; repeated names become lists. What would go past
/// the limit is left out: the raw line has it.
pub(crate) fn write(event: &Event<'_>, spans: &[Span], place: &impl Fn(usize, &Span) -> Place, out: &mut String) {
    let start = out.len();
    let batch = event.batch();
    let timed = event.head().time_note != TimeNote::Received;
    for (at, span) in spans.iter().enumerate() {
        match batch.pack.told(span.field) {
            Told::Always => continue,
            Told::ByTime if timed => continue,
            _ => {}
        }
        let place = place(at, span);
        let empty = || batch.written(span).is_none() && batch.span_text(span).is_none_or(str::is_empty);
        if matches!(place, Place::Held | Place::Later) || (matches!(place, Place::Alone) && empty()) {
            continue;
        }
        let mark = out.len();
        out.push(if mark == start { '{' } else { ',' });
        push_text(batch.field_name(span.field).unwrap_or_default(), out);
        out.push(':');
        if matches!(place, Place::Repeated) {
            out.push('[');
            push_value(event, span, out);
            for other in spans.iter().skip(at + 1).filter(|other| other.field == span.field) {
                out.push(',');
                push_value(event, other, out);
            }
            out.push(']');
        } else {
            push_value(event, span, out);
        }
        if out.len() - start >= UNMAPPED_BYTES {
            out.truncate(mark);
        }
    }
    if out.len() > start {
        out.push('}');
    }
}

fn push_value(event: &Event<'_>, span: &Span, out: &mut String) {
    if let Some(written) = event.batch().written(span).filter(|written| is_as_we_write(written)) {
        out.push('"');
        out.push_str(written);
        out.push('"');
        return;
    }
    let text = event.batch().span_text(span).unwrap_or_default();
    match span.kind() {
        NativeKind::Null => out.push_str("null"),
        kind if is_bare(kind) => out.push_str(text),
        _ => push_text(text, out),
    }
}

fn push_text(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    out.push('"');
    let mut plain = 0;
    loop {
        let at = next_escape(bytes, plain);
        out.push_str(text.get(plain..at).unwrap_or_default());
        match bytes.get(at) {
            None => break,
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(b'\n') => out.push_str("\\n"),
            Some(b'\r') => out.push_str("\\r"),
            Some(b'\t') => out.push_str("\\t"),
            Some(control) => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        plain = at + 1;
    }
    out.push('"');
}

/// Whether this inside of a JSON string is what [`push_text`] would make of what it says.
fn is_as_we_write(written: &str) -> bool {
    let bytes = written.as_bytes();
    let mut at = next_escape(bytes, 0);
    while let Some(byte) = bytes.get(at) {
        if *byte != b'\\' || !matches!(bytes.get(at + 1), Some(b'"' | b'\\' | b'n' | b'r' | b't')) {
            return false;
        }
        at = next_escape(bytes, at + 2);
    }
    true
}

/// The next byte from `at` on that JSON text may not hold as it is, eight at a time; the end if there is none.
#[inline]
fn next_escape(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some(word) = bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes) {
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let hits = zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C)) | control;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| *b >= 0x20 && !matches!(b, b'"' | b'\\')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_as_it_is_written_is_what_would_be_written() {
        let cases = [
            (r#"a\\b\"c\n\r\t"#, true),
            ("plain 中", true),
            (r"slash\/", false),
            (r"\u00e4", false),
            (r"\b", false),
            ("a\tb", false),
            (r"odd \x", false),
            ("ends\\", false),
        ];
        for (written, same) in cases {
            assert_eq!(is_as_we_write(written), same, "{written}");
            let mut made = String::new();
            push_text(&wardwatch_scan::unescape(written), &mut made);
            if same {
                assert_eq!(made, format!("\"{written}\""));
            }
        }
    }
}
