//! JSON's escapes undone (RFC 8259 section 7). A lone half of a surrogate pair becomes U+FFFD; what is no escape stays
//! as it is written.

use crate::Marks;
use crate::marks::BLOCK;

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
        let Some(part) = text.get(start..end).filter(|part| !part.is_empty()) else { return };
        out.reserve(part.len() + STRIDE);
        // SAFETY: what is appended below is UTF-8: whole runs between ASCII backslashes, and encoded characters.
        let out = unsafe { out.as_mut_vec() };
        let before = out.len();
        // Invariant of the loop: no more bytes are written than `plain - start`, because an escape never gives more
        // bytes than it takes. So a stride from there ends within the room reserved.
        let (mut written, mut plain) = (0, start);
        let (first, bytes) = (start / BLOCK, text.as_bytes().get(..end).unwrap_or_default());
        let words = self.escapes.get(first..end.div_ceil(BLOCK)).unwrap_or_default();
        for (word, bits) in words.iter().enumerate() {
            let base = (first + word) * BLOCK;
            let mut bits = within(*bits, base, start, end);
            while bits != 0 {
                let at = base + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                // A low surrogate that went with the high one before it.
                if at < plain {
                    continue;
                }
                let undone = undo(bytes.get(at..).unwrap_or_default());
                // SAFETY: `start <= plain <= at < end <= text.len()`; for the room see the invariant.
                unsafe {
                    let to = out.as_mut_ptr().add(before + written);
                    run(text, plain, at, to);
                    to.add(at - plain).cast::<[u8; 4]>().write_unaligned(undone.bytes);
                }
                written += at - plain + undone.given;
                plain = at + undone.taken;
                debug_assert!(written <= plain - start && plain <= end);
            }
        }
        // SAFETY: as above; all `written` bytes have been written.
        unsafe {
            run(text, plain, end, out.as_mut_ptr().add(before + written));
            out.set_len(before + written + (end - plain));
        }
    }
}

/// The bits of the word for the bytes from `base` on that lie in `start..end`.
#[inline]
fn within(mut bits: u64, base: usize, start: usize, end: usize) -> u64 {
    if base < start {
        bits &= u64::MAX << (start - base);
    }
    if base + BLOCK > end {
        bits &= u64::MAX >> (base + BLOCK - end);
    }
    bits
}

/// Copies `text[from..until]`, and up to [`STRIDE`] bytes in all, to `to`.
///
/// # Safety
/// `from <= until <= text.len()`; there is room for `until - from + STRIDE` bytes at `to`, outside of `text`.
#[inline]
#[allow(unsafe_code, reason = "see its callers")]
unsafe fn run(text: &str, from: usize, until: usize, to: *mut u8) {
    let (bytes, len) = (text.as_bytes(), until - from);
    // SAFETY: a whole stride is read only where the text has one; the rest is the caller's promise.
    unsafe {
        let from_there = bytes.as_ptr().add(from);
        if len <= STRIDE && from + STRIDE <= bytes.len() {
            std::ptr::copy_nonoverlapping(from_there, to, STRIDE);
        } else {
            std::ptr::copy_nonoverlapping(from_there, to, len);
        }
    }
}

/// A text with its escapes undone, where nothing was marked before.
#[must_use]
pub fn unescape(text: &str) -> String {
    let (mut marks, mut out) = (Marks::default(), String::new());
    marks.mark(text.as_bytes());
    marks.unescape(text, 0, text.len(), &mut out);
    out
}

/// The twin of [`Marks::unescape`]: adds a text with its escapes undone, backslash by backslash.
pub fn unescape_plainly(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        let undone = undo(escape.as_bytes());
        out.push_str(plain);
        out.push_str(undone.bytes.get(..undone.given).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default());
        rest = escape.get(undone.taken..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// What an escape stands for.
struct Undone {
    bytes: [u8; 4],
    /// So many of `bytes`.
    given: usize,
    /// For so many bytes of the text, never fewer than `given`.
    taken: usize,
}

/// The escape at the start of `text`.
#[inline]
fn undo(text: &[u8]) -> Undone {
    // A backslash that nothing follows, or something that is no escape, stays.
    let code = text.get(1).copied().unwrap_or(0);
    let simple = SIMPLE.get(usize::from(code)).copied().unwrap_or(0);
    if simple != 0 {
        return Undone { bytes: [simple, 0, 0, 0], given: 1, taken: 2 };
    }
    if code != b'u' {
        return Undone { bytes: [b'\\', 0, 0, 0], given: 1, taken: 1 };
    }
    undo_code(text)
}

#[cold]
fn undo_code(text: &[u8]) -> Undone {
    let mut bytes = [b'\\', b'u', 0, 0];
    match code_point(text) {
        (Some(c), taken) => {
            bytes = [0; 4];
            let given = c.encode_utf8(&mut bytes).len();
            Undone { bytes, given, taken }
        }
        (None, taken) => Undone { bytes, given: 2, taken },
    }
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
