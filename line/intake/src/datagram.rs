//! How many lines are in a datagram? One (RFC 5426), with the two habits of relays that are safe to undo.
//!
//! Never joins datagrams and never drops one.

use crate::lines::Lines;
use wardwatch_event::LineNote;

/// Adds the line or lines of one datagram. Line ends and NUL behind it are not part of it. A right octet count in front
/// is taken off; several lines are told apart only if each begins with `<PRI>`.
pub fn cut(datagram: &[u8], limit: usize, out: &mut Lines) {
    let whole = uncounted(trimmed(datagram));
    let parts = || whole.split(|b| *b == b'\n').map(trimmed).filter(|part| !part.is_empty());
    if memchr::memchr(b'\n', whole).is_some() && parts().all(begins_with_pri) {
        parts().for_each(|part| push(part, limit, out));
    } else if !whole.is_empty() {
        push(whole, limit, out);
    }
}

fn push(line: &[u8], limit: usize, out: &mut Lines) {
    let note = (line.len() > limit).then_some(LineNote::Truncated);
    out.push(line.get(..limit).unwrap_or(line), note);
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let ends = bytes.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r' | 0)).count();
    bytes.get(..bytes.len() - ends).unwrap_or_default()
}

/// `<` one to four digits `>`.
fn begins_with_pri(line: &[u8]) -> bool {
    let digits = line.iter().skip(1).take(5).take_while(|b| b.is_ascii_digit()).count();
    line.first() == Some(&b'<') && (1..=4).contains(&digits) && line.get(digits + 1) == Some(&b'>')
}

/// Without `LEN SP` in front, if LEN is what follows (with or without the line ends) and a `<PRI>` follows.
fn uncounted(bytes: &[u8]) -> &[u8] {
    let digits = bytes.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    let Some((count, rest)) = bytes.split_at_checked(digits) else { return bytes };
    let Some(message) = rest.strip_prefix(b" ").filter(|message| begins_with_pri(message)) else { return bytes };
    let number = count.iter().fold(0usize, |n, b| n * 10 + usize::from(b - b'0'));
    if (message.len()..=message.len() + 2).contains(&number) { message } else { bytes }
}
