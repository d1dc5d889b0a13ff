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
        let empty = || batch.span_text(span).is_none_or(str::is_empty);
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
    let text = event.batch().span_text(span).unwrap_or_default();
    match span.kind() {
        NativeKind::Null => out.push_str("null"),
        kind if is_bare(kind) => out.push_str(text),
        _ => push_text(text, out),
    }
}

fn push_text(text: &str, out: &mut String) {
    out.push('"');
    let needs_escape = |b: u8| b < 0x20 || b == b'"' || b == b'\\';
    // Most texts need none: looked at without a branch per byte.
    if text.bytes().fold(false, |any, b| any | needs_escape(b)) {
        push_escaped(text, out);
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn push_escaped(text: &str, out: &mut String) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
}
