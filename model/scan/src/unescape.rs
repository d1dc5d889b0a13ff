//! JSON's escapes undone (RFC 8259 section 7). A lone half of a surrogate pair becomes U+FFFD; what is no escape stays
//! as it is written.

use crate::Marks;

/// Bytes that are copied at once between two escapes; mostly more than there are.
const STRIDE: usize = 32;

/// What stands for a character of its own behind a backslash; 0: something else.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which says where it fails")]
const SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = [
        (b'n', b'\n'),
        (b't', b'\t'),
        (b'r', b'\r'),
        (b'b', 8),
        (b'f', 12),
        (b'"', b'"'),
        (b'\\', b'\\'),
        (b'/', b'/'),
    ];
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at].0 as usize] = pairs[at].1;
        at += 1;
    }
    table
};

impl Marks {
    /// Adds `text[start..end]` to `out` with its escapes undone; `text` is what was marked. Nothing is added where the
    /// range does not lie on characters of the text.
    #[allow(unsafe_code, reason = "copies more than asked for into room that was reserved")]
    pub fn unescape(&self, text: &str, start: usize, end: usize, out: &mut String) {
        let Some(part) = text.get(start..end) else { return };
        let bytes = text.as_bytes();
        // The result is never longer than what is written, see the table of escapes below; a stride may stand over.
        out.reserve(part.len() + STRIDE);
        // SAFETY: what is appended below is UTF-8: whole runs between ASCII backslashes, and encoded characters.
        let out = unsafe { out.as_mut_vec() };
        let limit = out.len() + part.len();
        let mut plain = start;
        loop {
            let at = self.escape(plain).map_or(end, |at| at.min(end));
            let run = at - plain;
            debug_assert!(out.len() + run <= limit);
            if run <= STRIDE && plain + STRIDE <= bytes.len() && out.len() + run <= limit {
                // SAFETY: `plain + STRIDE` lies in the text; at most `part.len()` bytes have been asked for so far and
                // `STRIDE` more were reserved; `run` of the bytes copied are kept.
                unsafe {
                    let to = out.as_mut_ptr().add(out.len());
                    std::ptr::copy_nonoverlapping(bytes.as_ptr().add(plain), to, STRIDE);
                    out.set_len(out.len() + run);
                }
            } else {
                out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
            }
            if at >= end {
                return;
            }
            plain = at + one(bytes.get(at..end).unwrap_or_default(), out);
        }
    }
}

/// The twin of [`Marks::unescape`]: adds a text with its escapes undone, backslash by backslash.
pub fn unescape_plainly(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut made = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\\' {
            at += one(bytes.get(at..).unwrap_or_default(), &mut made);
        } else {
            made.push(*byte);
            at += 1;
        }
    }
    out.push_str(std::str::from_utf8(&made).unwrap_or_default());
}

/// Undoes the escape at the start of `text`; answers how many bytes it took, at least as many as it gave.
#[inline]
fn one(text: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(code) = text.get(1) else {
        // A backslash that nothing follows.
        out.push(b'\\');
        return 1;
    };
    let simple = SIMPLE.get(usize::from(*code)).copied().unwrap_or(0);
    if simple != 0 {
        out.push(simple);
        return 2;
    }
    if *code != b'u' {
        out.push(b'\\');
        return 1;
    }
    let (c, len) = code_point(text);
    match c {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(b"\\u"),
    }
    len
}

/// `\uHHHH`, two of them for a surrogate pair: the character, and how many bytes it took.
fn code_point(text: &[u8]) -> (Option<char>, usize) {
    let lone = Some(char::REPLACEMENT_CHARACTER);
    match code_unit(text) {
        None => (None, 2),
        Some(high @ 0xD800..=0xDBFF) => match text.get(6..).and_then(code_unit) {
            Some(low @ 0xDC00..=0xDFFF) => {
                (char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).or(lone), 12)
            }
            _ => (lone, 6),
        },
        Some(unit) => (char::from_u32(unit).or(lone), 6),
    }
}

/// `\uHHHH` at the start of `text`.
fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}
