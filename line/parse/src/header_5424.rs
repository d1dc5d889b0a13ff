//! The header of RFC 5424, lenient: a missing part leaves the rest to the message.

use crate::header::{Header, Part, skip_blanks};
use crate::text::{Out, Text};
use memchr::{memchr, memchr3};
use wardwatch_event::NativeKind;
use wardwatch_pack::read_iso;

/// Reads from the version on; answers whether it is such a header.
pub(crate) fn read_5424(text: &[u8], start: usize, header: &mut Header) -> bool {
    let rest = text.get(start..).unwrap_or_default();
    let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 3 || rest.get(digits) != Some(&b' ') {
        return false;
    }
    let mut at = skip_blanks(text, start + digits);
    match text.get(at..) {
        Some([b'-', b' ', ..]) => at += 1,
        Some(rest) => match read_iso(rest) {
            Some((clock, used)) if rest.get(used).is_none_or(|b| *b == b' ') => {
                header.time = Some((at..at + used, clock));
                at += used;
            }
            _ => return false,
        },
        None => return false,
    }
    let mut token = || -> Option<Part> {
        let from = skip_blanks(text, at);
        let rest = text.get(from..)?;
        let len = memchr(b' ', rest).unwrap_or(rest.len());
        at = from + len;
        let nil = rest.get(..len) == Some(b"-");
        (len > 0 && !nil).then_some(from..at)
    };
    (header.host, header.tag, header.pid, header.msgid) = (token(), token(), token(), token());
    header.hostless = header.host.is_none();
    at = skip_blanks(text, at);
    match text.get(at..) {
        Some([b'-']) => at += 1,
        Some([b'-', b' ', ..]) => at = (at + 2).min(text.len()),
        Some([b'[', ..]) => {
            let end = data_end(text, at);
            if end > at {
                header.data = Some(at..end);
                at = end + usize::from(text.get(end) == Some(&b' '));
            }
        }
        _ => {}
    }
    if text.get(at..).is_some_and(|rest| rest.starts_with(b"\xEF\xBB\xBF")) {
        at += 3;
    }
    header.message = at;
    true
}

/// The end of the last element of structured data; `start` if there is none that is closed.
fn data_end(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while text.get(end) == Some(&b'[') {
        let mut at = end + 1;
        let mut quoted = false;
        loop {
            let Some(found) = text.get(at..).and_then(|rest| memchr3(b'"', b'\\', b']', rest)) else { return end };
            at += found + 1;
            match text.get(at - 1) {
                Some(b'"') => quoted = !quoted,
                Some(b'\\') if quoted => at += 1,
                Some(b']') if !quoted => break,
                _ => {}
            }
        }
        end = at;
    }
    end
}

/// Puts each parameter as `sd.<id>.<name>`; escapes `\"`, `\\` and `\]` are undone where they occur.
pub(crate) fn cut_data(data: Text<'_>, out: &mut Out<'_>) {
    let bytes = data.bytes();
    let mut name = String::with_capacity(48);
    let mut at = 0;
    while bytes.get(at) == Some(&b'[') {
        let id = token_end(bytes, at + 1);
        name.clear();
        name.push_str("sd.");
        name.push_str(data.s.get(at + 1..id).unwrap_or_default());
        name.push('.');
        let stem = name.len();
        at = id;
        while bytes.get(at) == Some(&b' ') {
            let from = skip_blanks(bytes, at);
            let end = token_end(bytes, from);
            if bytes.get(end..end + 2) != Some(b"=\"") {
                at = end;
                break;
            }
            let (close, escaped) = value_end(bytes, end + 2);
            name.truncate(stem);
            name.push_str(data.s.get(from..end).unwrap_or_default());
            if let Some(field) = out.field(&name) {
                let value = data.sub(end + 2, close);
                if escaped {
                    out.put_made(field, NativeKind::Text, &unescape(value.s), value);
                } else {
                    out.put(field, NativeKind::Text, value);
                }
            }
            at = close + 1;
        }
        match bytes.get(at..).and_then(|rest| memchr(b']', rest)) {
            Some(close) => at += close + 1,
            None => return,
        }
    }
}

fn token_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().take_while(|b| !matches!(b, b' ' | b'=' | b']' | b'"')).count()
}

/// Where the closing quote is, and whether escapes stand before it.
fn value_end(bytes: &[u8], start: usize) -> (usize, bool) {
    let (mut at, mut escaped) = (start, false);
    loop {
        let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) else {
            return (bytes.len(), escaped);
        };
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return (at, escaped);
        }
        escaped = true;
        at += 2;
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('"' | '\\' | ']')) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}
