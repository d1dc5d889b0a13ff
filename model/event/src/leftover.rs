//! What no column holds, as JSON.

use crate::batch::Span;
use crate::mapping::{is_bare, is_held};
use crate::{Event, FieldId, NativeKind, TimeNote};
use std::fmt::Write as _;
use wardwatch_limits::UNMAPPED_BYTES;
use wardwatch_pack::{TimeZoneSpec, header_names};

/// Writes the values of `spans` that are not held, as one JSON object; repeated names become lists. What would go past
/// the limit is left out: the raw line has it.
pub(crate) fn write(event: &Event<'_>, spans: &[Span], held: &[u64; 32], out: &mut String) {
    let start = out.len();
    for (at, span) in spans.iter().enumerate() {
        if is_held(held, at) || is_redundant(event, span.field) {
            continue;
        }
        let Some(before) = spans.get(..at) else { continue };
        if before.iter().any(|other| other.field == span.field) {
            continue;
        }
        let mark = out.len();
        out.push(if mark == start { '{' } else { ',' });
        push_text(event.batch().field_name(span.field).unwrap_or_default(), out);
        out.push(':');
        let more = spans.get(at + 1..).unwrap_or_default();
        if more.iter().any(|other| other.field == span.field) {
            out.push('[');
            push_value(event, span, out);
            for other in more.iter().filter(|other| other.field == span.field) {
                out.push(',');
                push_value(event, other, out);
            }
            out.push(']');
        } else {
            let empty = event.batch().span_text(span).is_none_or(str::is_empty);
            if empty {
                out.truncate(mark);
                continue;
            }
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

/// Parts of the header that other columns or the raw line say, and the time's own fields once the time is known.
fn is_redundant(event: &Event<'_>, field: FieldId) -> bool {
    let pack = &event.batch().pack;
    if let Some(time) = &pack.time
        && event.head().time_note != TimeNote::Received
    {
        let zone = match &time.zone {
            TimeZoneSpec::Field(source) => Some(source.field),
            _ => None,
        };
        if zone == Some(field) || time.from.iter().flatten().any(|source| source.field == field) {
            return true;
        }
    }
    let name = event.batch().field_name(field).unwrap_or_default();
    name.starts_with('@')
        && [
            header_names::PRI,
            header_names::FACILITY,
            header_names::SEVERITY,
            header_names::TIME,
            header_names::MESSAGE,
        ]
        .contains(&name)
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
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or_default());
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                let _ = write!(out, "\\u{other:04x}");
            }
        }
        plain = at + 1;
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}
