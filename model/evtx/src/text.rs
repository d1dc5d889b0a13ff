//! UTF-16 as the content of a JSON string.

/// Units handled at once: the compiler makes a few vector instructions of it.
const BLOCK: usize = 16;
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends the text up to its first zero unit, escaped (RFC 8259 section 7). Halves of surrogate pairs that stand alone are
/// left out, as is half a unit at the end.
#[inline]
pub(crate) fn push_utf16(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text.as_chunks().0;
    while let Some((block, behind)) = rest.split_first_chunk() {
        rest = match push_block(block, BLOCK, out) {
            true => behind,
            false => match push_slowly(rest, out) {
                Some(used) => rest.get(used..).unwrap_or_default(),
                None => return,
            },
        };
    }
    if rest.is_empty() {
        return;
    }
    let mut last = [[b' ', 0]; BLOCK];
    if let Some(to) = last.get_mut(..rest.len()) {
        to.copy_from_slice(rest);
    }
    if !push_block(&last, rest.len(), out) {
        push_slowly(rest, out);
    }
}

/// Appends the first `len` units of a block that is printable ASCII; false, and nothing is appended, if it is not.
#[inline]
fn push_block(block: &[[u8; 2]; BLOCK], len: usize, out: &mut Vec<u8>) -> bool {
    let mut bytes = [0u8; BLOCK];
    let (mut printable, mut plain) = (true, true);
    for (byte, unit) in bytes.iter_mut().zip(block) {
        let unit = u16::from_le_bytes(*unit);
        *byte = unit as u8;
        printable &= unit.wrapping_sub(0x20) < 0x60;
        plain &= unit != u16::from(b'"') && unit != u16::from(b'\\');
    }
    if printable && plain {
        // All of it, and then less: a copy of a fixed size is no call.
        let end = out.len() + len;
        out.extend_from_slice(&bytes);
        out.truncate(end);
    } else if printable {
        push_escaped(bytes.get(..len).unwrap_or(&bytes), out);
    }
    printable
}

/// Paths are full of backslashes: each is written without asking which it is.
#[inline]
fn push_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut escaped = [b'\\'; 2 * BLOCK];
    let mut at = 0;
    for byte in bytes {
        at += usize::from(matches!(byte, b'"' | b'\\'));
        if let Some(place) = escaped.get_mut(at) {
            *place = *byte;
        }
        at += 1;
    }
    let end = out.len() + at;
    out.extend_from_slice(&escaped);
    out.truncate(end);
}

/// Appends a block unit by unit: how many that took, of the pair at its end both halves. None at a zero.
fn push_slowly(units: &[[u8; 2]], out: &mut Vec<u8>) -> Option<usize> {
    let mut at = 0;
    while at < BLOCK {
        let Some(unit) = units.get(at).map(|unit| u16::from_le_bytes(*unit)) else { break };
        at += 1;
        match unit {
            0 => return None,
            0x01..=0x7F => push_ascii(unit as u8, out),
            0xD800..=0xDBFF => {
                let low =
                    units.get(at).map(|unit| u16::from_le_bytes(*unit)).filter(|low| (0xDC00..=0xDFFF).contains(low));
                let Some(low) = low else { continue };
                at += 1;
                push_char(0x1_0000 + ((u32::from(unit) - 0xD800) << 10) + (u32::from(low) - 0xDC00), out);
            }
            0xDC00..=0xDFFF => {}
            _ => push_char(u32::from(unit), out),
        }
    }
    Some(at)
}

/// Appends a character of ASCII, escaped where JSON asks for it.
pub(crate) fn push_ascii(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        0x00..=0x1F => {
            out.extend_from_slice(b"\\u00");
            return push_hex(byte, HEX, out);
        }
        _ => return out.push(byte),
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a character, escaped where JSON asks for it; nothing for what is no character.
pub(crate) fn push_char(code: u32, out: &mut Vec<u8>) {
    match char::from_u32(code) {
        Some(c) if c.is_ascii() => push_ascii(c as u8, out),
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {}
    }
}

/// Appends a byte as two digits.
#[inline]
pub(crate) fn push_hex(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or(b'0');
    out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
}

/// Appends text of eight-bit characters without its zero bytes: UTF-8 where it is that, else Windows-1252.
pub(crate) fn push_ansi(text: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().filter(|c| *c != '\0').for_each(|c| push_char(u32::from(c), out)),
        Err(_) => text.iter().filter(|b| **b != 0).for_each(|b| push_char(windows_1252(*b), out)),
    }
}

/// The characters of 0x80 to 0x9F; five places are empty and stay what they are.
const WINDOWS_1252: [u32; 32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
];

fn windows_1252(byte: u8) -> u32 {
    let high = byte.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(usize::from(at)));
    high.copied().unwrap_or(u32::from(byte))
}
