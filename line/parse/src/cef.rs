//! ArcSight CEF (implementation standard, version 25) and IBM LEEF 1 and 2, as devices send them: after free text, with
//! tabs between pairs, with a blank after `CEF:`.

use crate::text::{Cut, Out, Text};
use memchr::memmem;
use wardwatch_event::NativeKind;

const CEF_HEADER: [&str; 6] =
    ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity"];
const LEEF_HEADER: [&str; 4] = ["Vendor", "Product", "Version", "EventID"];

pub(crate) fn cut_cef(text: Text<'_>, out: &mut Out<'_>) -> Cut {
    let Some(start) = memmem::find(text.bytes(), b"CEF:") else { return Cut::Not };
    // The version's digit up to the first bar carries nothing.
    let Some(bar) = bar_from(text.bytes(), start + 4) else { return Cut::Not };
    let mut at = bar + 1;
    for name in CEF_HEADER {
        let Some(end) = bar_from(text.bytes(), at) else {
            put_header(name, text.from(at), out);
            return Cut::Partly("cef");
        };
        put_header(name, text.sub(at, end), out);
        at = end + 1;
    }
    cut_extension(text.from(at), out);
    Cut::Whole
}

/// The next `|` that no backslash escapes.
fn bar_from(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'|', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'|') {
            return Some(at);
        }
        at += 2;
    }
}

fn put_header(name: &str, value: Text<'_>, out: &mut Out<'_>) {
    put_escaped(name, value.trim(), out);
}

fn put_escaped(name: &str, value: Text<'_>, out: &mut Out<'_>) {
    let Some(field) = out.field(name) else { return };
    if value.s.contains('\\') {
        out.put_made(field, NativeKind::Text, &unescape(value.s), value);
    } else {
        out.put(field, NativeKind::Text, value);
    }
}

/// `\|`, `\=`, `\\`, `\n`, `\r`; a backslash before anything else stands for itself (Windows paths).
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('|' | '=' | '\\')) => out.extend(chars.next()),
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some('r')) => {
                chars.next();
                out.push('\r');
            }
            _ => out.push(c),
        }
    }
    out
}

/// `key=value` pairs: a value goes on to the blanks before the next `key=`.
fn cut_extension(text: Text<'_>, out: &mut Out<'_>) {
    let bytes = text.bytes();
    let mut open: Option<((usize, usize), usize)> = None;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'=', b'\\', rest)) {
        let sign = at + found;
        if bytes.get(sign) == Some(&b'\\') {
            at = sign + 2;
            continue;
        }
        at = sign + 1;
        let key_start = sign - key_len(bytes.get(..sign).unwrap_or_default());
        let after_blank = key_start == 0 || bytes.get(key_start - 1).is_some_and(|b| matches!(b, b' ' | b'\t'));
        if key_start == sign || !after_blank || open.is_some_and(|(_, value)| key_start < value) {
            continue;
        }
        if let Some((key, value)) = open.replace(((key_start, sign), sign + 1)) {
            put_pair(text, key, value, key_start, out);
        }
    }
    if let Some((key, value)) = open {
        put_pair(text, key, value, bytes.len(), out);
    }
}

fn put_pair(text: Text<'_>, key: (usize, usize), start: usize, end: usize, out: &mut Out<'_>) {
    let name = text.s.get(key.0..key.1).unwrap_or_default();
    put_escaped(name, text.sub(start, end).trim(), out);
}

/// Bytes at the end of `text` that may be a key.
fn key_len(text: &[u8]) -> usize {
    let is_key = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'[' | b']') || b >= 0x80;
    text.iter().rev().take(128).take_while(|b| is_key(**b)).count()
}

pub(crate) fn cut_leef(text: Text<'_>, out: &mut Out<'_>) -> Cut {
    let bytes = text.bytes();
    let Some(start) = memmem::find(bytes, b"LEEF:") else { return Cut::Not };
    let Some(bar) = bytes.get(start..).and_then(|rest| memchr::memchr(b'|', rest)) else { return Cut::Not };
    let version = text.sub(start + 5, start + bar).trim();
    let mut at = start + bar + 1;
    for name in LEEF_HEADER {
        let Some(len) = bytes.get(at..).and_then(|rest| memchr::memchr(b'|', rest)) else { return Cut::Partly("leef") };
        put_header(name, text.sub(at, at + len), out);
        at += len + 1;
    }
    let mut separator = '\t';
    if version.s.starts_with('2')
        && let Some(len) = bytes.get(at..).and_then(|rest| memchr::memchr(b'|', rest.get(..12).unwrap_or(rest)))
        && let Some(given) = leef_separator(text.sub(at, at + len).s)
    {
        separator = given;
        at += len + 1;
    }
    cut_leef_pairs(text.from(at), separator, out);
    Cut::Whole
}

/// The fifth header of LEEF 2: a character, or its code as `x5E`, `0x5E`.
fn leef_separator(text: &str) -> Option<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (None, _) => Some('\t'),
        (Some(one), None) => Some(one),
        _ => {
            let digits = text.trim_start_matches('0').trim_start_matches(['x', 'X']);
            u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
        }
    }
}

fn cut_leef_pairs(text: Text<'_>, separator: char, out: &mut Out<'_>) {
    // Some senders put blanks where tabs belong.
    let separator = if separator == '\t' && !text.s.contains('\t') && text.s.matches('=').count() > 1 {
        return cut_extension(text, out);
    } else {
        separator
    };
    let mut start = 0;
    while start <= text.s.len() {
        let len = text.s.get(start..).and_then(|rest| rest.find(separator));
        let end = len.map_or(text.s.len(), |len| start + len);
        let pair = text.sub(start, end);
        if let Some(sign) = pair.s.find('=') {
            let key = pair.sub(0, sign).trim();
            if let Some(field) = out.field(key.s).filter(|_| !key.s.is_empty()) {
                out.put(field, NativeKind::Text, pair.from(sign + 1).trim());
            }
        }
        start = end + separator.len_utf8();
    }
}
