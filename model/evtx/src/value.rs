//! A value of BinXML as text ([MS-EVEN6] section 2.2.12, types).

use crate::text::{push_ansi, push_hex, push_utf16};

/// Type bytes. A list has [`LIST`] added.
pub(crate) const NULL: u8 = 0x00;
pub(crate) const STRING: u8 = 0x01;
pub(crate) const ANSI: u8 = 0x02;
pub(crate) const BOOL: u8 = 0x0D;
pub(crate) const GUID: u8 = 0x0F;
pub(crate) const SIZE: u8 = 0x10;
pub(crate) const FILETIME: u8 = 0x11;
pub(crate) const SYSTEMTIME: u8 = 0x12;
pub(crate) const SID: u8 = 0x13;
pub(crate) const HEX_32: u8 = 0x14;
pub(crate) const HEX_64: u8 = 0x15;
pub(crate) const BINXML: u8 = 0x21;
pub(crate) const LIST: u8 = 0x80;

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
/// 1970 in FILETIME.
const EPOCH: u64 = 116_444_736_000_000_000;
/// The first instant of the year 10000 in FILETIME.
const YEAR_10000: u64 = 2_650_467_744_000_000_000;

/// A typed run of bytes of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub at: u32,
    pub len: u16,
    pub kind: u8,
    /// It has no text.
    pub empty: bool,
}

impl Value {
    pub fn new(chunk: &[u8], kind: u8, at: usize, len: u16) -> Self {
        let bytes = chunk.get(at..at + usize::from(len)).unwrap_or_default();
        let empty = match kind {
            NULL => true,
            STRING => bytes.first_chunk().is_none_or(|unit| *unit == [0u8, 0]),
            ANSI => bytes.iter().all(|b| *b == 0),
            _ => bytes.is_empty(),
        };
        Self { at: at as u32, len, kind, empty }
    }

    #[inline]
    pub fn bytes<'c>(&self, chunk: &'c [u8]) -> &'c [u8] {
        let at = self.at as usize;
        chunk.get(at..at + usize::from(self.len)).unwrap_or_default()
    }

    /// JSON has it without quotes.
    #[inline]
    pub fn bare(&self) -> bool {
        matches!(self.kind, 0x03..=0x0A | BOOL)
    }
}

/// How many bytes a value of this type has, where that is always the same.
pub(crate) fn width(kind: u8) -> Option<usize> {
    Some(match kind {
        0x03 | 0x04 => 1,
        0x05 | 0x06 => 2,
        0x07 | 0x08 | 0x0B | BOOL | HEX_32 => 4,
        0x09 | 0x0A | 0x0C | FILETIME | HEX_64 => 8,
        GUID | SYSTEMTIME => 16,
        _ => return None,
    })
}

/// Appends its text, as the content of a JSON string.
pub(crate) fn push(value: Value, chunk: &[u8], out: &mut Vec<u8>) {
    if value.kind & LIST == 0 {
        return push_bytes(value.kind, value.bytes(chunk), out);
    }
    for (n, item) in Items::new(value, chunk).enumerate() {
        if n > 0 {
            out.push(b',');
        }
        push_bytes(item.kind, item.bytes(chunk), out);
    }
}

/// Appends the text of one value. What is shorter than its type should be is taken as if zeroes followed; unknown types are
/// written as their bytes in hexadecimal, so that nothing of a record is lost.
#[inline]
fn push_bytes(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    match kind {
        NULL => {}
        STRING => push_utf16(bytes, out),
        ANSI => push_ansi(bytes, out),
        0x03 => push_signed(i64::from(number(bytes, 1) as i8), out),
        0x04 => push_decimal(number(bytes, 1), out),
        0x05 => push_signed(i64::from(number(bytes, 2) as i16), out),
        0x06 => push_decimal(number(bytes, 2), out),
        0x07 => push_signed(i64::from(number(bytes, 4) as i32), out),
        0x08 => push_decimal(number(bytes, 4), out),
        0x09 => push_signed(number(bytes, 8) as i64, out),
        0x0A => push_decimal(number(bytes, 8), out),
        0x0B => out.extend_from_slice(format!("{:?}", f32::from_bits(number(bytes, 4) as u32)).as_bytes()),
        0x0C => out.extend_from_slice(format!("{:?}", f64::from_bits(number(bytes, 8))).as_bytes()),
        BOOL => out.extend_from_slice(if number(bytes, 4) != 0 { b"true" } else { b"false" }),
        GUID => push_guid(bytes, out),
        FILETIME => push_filetime(number(bytes, 8), out),
        SYSTEMTIME => push_systemtime(bytes, out),
        SID => push_sid(bytes, out),
        HEX_32 => push_short_hex(number(bytes, 4), out),
        HEX_64 => push_short_hex(number(bytes, 8), out),
        SIZE if bytes.len() == 4 || bytes.len() == 8 => push_short_hex(number(bytes, 8), out),
        _ => bytes.iter().for_each(|b| push_hex(*b, UPPER, out)),
    }
}

/// Little endian, from up to `width` bytes.
#[inline]
fn number(bytes: &[u8], width: usize) -> u64 {
    if width == 8
        && let Some(bytes) = bytes.first_chunk()
    {
        return u64::from_le_bytes(*bytes);
    }
    bytes.iter().take(width).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn push_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    push_decimal(value.unsigned_abs(), out);
}

#[inline]
pub(crate) fn push_decimal(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut first = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        first = at;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

fn push_short_hex(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0x");
    let digits = (16 - value.leading_zeros() / 4).max(1);
    for digit in (0..digits).rev() {
        let nibble = (value >> (4 * digit)) as u8 & 15;
        out.push(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    }
}

fn push_guid(bytes: &[u8], out: &mut Vec<u8>) {
    let guid: [u8; 16] = std::array::from_fn(|n| bytes.get(n).copied().unwrap_or(0));
    let [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p] = guid;
    // Two digits a byte, and a hyphen behind the 4th, 6th, 8th and 10th byte.
    let mut text = [b'-'; 36];
    let parts: [(usize, &[u8]); 5] =
        [(0, &[a, b, c, d]), (9, &[e, f]), (14, &[g, h]), (19, &[i, j]), (24, &[k, l, m, n, o, p])];
    for (at, part) in parts {
        for (place, byte) in text.iter_mut().skip(at).zip(part.iter().flat_map(|byte| [byte >> 4, byte & 15])) {
            *place = if byte < 10 { b'0' + byte } else { b'A' + byte - 10 };
        }
    }
    out.extend_from_slice(&text);
}

/// [MS-DTYP] section 2.4.2.
fn push_sid(bytes: &[u8], out: &mut Vec<u8>) {
    let Some((head, parts)) = bytes.split_first_chunk::<8>() else { return out.extend_from_slice(b"S-?") };
    out.extend_from_slice(b"S-");
    push_decimal(u64::from(head[0]), out);
    out.push(b'-');
    push_decimal(head.iter().skip(2).fold(0, |number, byte| number << 8 | u64::from(*byte)), out);
    for part in parts.as_chunks::<4>().0.iter().take(usize::from(head[1])) {
        out.push(b'-');
        push_decimal(u64::from(u32::from_le_bytes(*part)), out);
    }
}

/// RFC 3339 in UTC with microseconds; what lies behind the year 9999 as its plain number.
fn push_filetime(time: u64, out: &mut Vec<u8>) {
    if time >= YEAR_10000 {
        return push_decimal(time, out);
    }
    let micros = (time / 10) as i64 - (EPOCH / 10) as i64;
    let (days, of_day) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000) as u64);
    let (year, month, day) = civil(days);
    let second = of_day / 1_000_000;
    push_time([year, month, day, second / 3_600, second / 60 % 60, second % 60], of_day % 1_000_000, out);
}

/// All zero means that it was not set: the first instant of FILETIME.
fn push_systemtime(bytes: &[u8], out: &mut Vec<u8>) {
    let part = |n: usize| number(bytes.get(2 * n..).unwrap_or_default(), 2);
    // Year, month, day of week, day, hour, minute, second, millisecond.
    let parts = [part(0), part(1), part(3), part(4), part(5), part(6)];
    if parts == [0; 6] && part(7) == 0 {
        return push_filetime(0, out);
    }
    push_time(parts, part(7) * 1_000, out);
}

#[inline]
fn push_time(parts: [u64; 6], micros: u64, out: &mut Vec<u8>) {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let [year, month, day, hour, minute, second] = parts;
    let places =
        [(0, 4, year), (5, 2, month), (8, 2, day), (11, 2, hour), (14, 2, minute), (17, 2, second), (20, 6, micros)];
    for (at, len, mut value) in places {
        for digit in text.iter_mut().skip(at).take(len).rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }
    out.extend_from_slice(&text);
}

/// Year, month and day of a count of days since 1970 (the days-from-civil algorithm of Howard Hinnant, inverted).
fn civil(days: i64) -> (u64, u64, u64) {
    let days = (days + 719_468) as u64;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// The items of a list.
pub(crate) struct Items<'c> {
    chunk: &'c [u8],
    kind: u8,
    at: usize,
    end: usize,
}

impl<'c> Items<'c> {
    pub fn new(list: Value, chunk: &'c [u8]) -> Self {
        let at = list.at as usize;
        Self { chunk, kind: list.kind & !LIST, at, end: (at + usize::from(list.len)).min(chunk.len()) }
    }
}

impl Iterator for Items<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let rest = self.chunk.get(self.at..self.end).filter(|rest| !rest.is_empty())?;
        let (len, used) = match self.kind {
            STRING => match rest.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]) {
                Some(units) => (2 * units, 2 * units + 2),
                None => (rest.len(), rest.len()),
            },
            ANSI => match rest.iter().position(|b| *b == 0) {
                Some(len) => (len, len + 1),
                None => (rest.len(), rest.len()),
            },
            SID => {
                let len = 8 + 4 * usize::from(rest.get(1).copied().unwrap_or(0));
                (len.min(rest.len()), len.min(rest.len()))
            }
            kind => {
                let len = width(kind).unwrap_or(rest.len()).min(rest.len());
                (len, len)
            }
        };
        let item = Value::new(self.chunk, self.kind, self.at, len as u16);
        self.at += used;
        Some(item)
    }
}
