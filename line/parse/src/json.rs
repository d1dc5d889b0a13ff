//! JSON objects, flattened to dotted names while they are read: no tree is built, strings without escapes are spans.
//! Lists repeat their name. Lenient where devices are: a trailing comma, `=` for `:`, raw control characters, and an
//! object that breaks off keeps what it had.

use crate::json_names::{Names, ROOT};
use crate::text::{Cut, Out, Text};
use wardwatch_event::NativeKind;
use wardwatch_limits::DEPTH;

/// Reads the first object or list in `text`; what stands before it is passed over.
pub(crate) fn cut_json(text: Text<'_>, names: &mut Names, out: &mut Out<'_>) -> Cut {
    let Some(start) = start_of(text.bytes()) else { return Cut::Not };
    let before = out.builder.row_len();
    let mut reader = Reader { text, bytes: text.bytes(), at: start, names, out, made: Vec::new(), hint: 0 };
    let done = reader.value(ROOT, 0);
    let taken = out.builder.row_len() > before;
    match (done, taken) {
        (Ok(()), _) => Cut::Whole,
        (Err(Stop::Deep), _) => Cut::Partly("depth"),
        (Err(Stop::Broken), true) => Cut::Partly("json"),
        (Err(Stop::Broken), false) => Cut::Not,
    }
}

/// The first brace or bracket that may open JSON.
fn start_of(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'{', b'[', rest)) {
        at += found;
        let next = bytes.get(at + 1..)?.iter().find(|b| !b.is_ascii_whitespace());
        match (bytes.get(at), next) {
            (Some(b'{'), Some(b'"' | b'}')) | (Some(b'['), Some(b'{')) => return Some(at),
            _ => at += 1,
        }
    }
    None
}

enum Stop {
    /// It breaks off or is no JSON.
    Broken,
    /// Too many levels.
    Deep,
}

struct Reader<'r, 'o, 't> {
    text: Text<'t>,
    bytes: &'t [u8],
    at: usize,
    names: &'r mut Names,
    out: &'r mut Out<'o>,
    /// Where escapes are undone.
    made: Vec<u8>,
    /// The node of the key before: lines of one kind have their keys in one order.
    hint: u32,
}

impl Reader<'_, '_, '_> {
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn value(&mut self, node: u32, depth: usize) -> Result<(), Stop> {
        match self.peek().ok_or(Stop::Broken)? {
            b'"' => {
                let (start, end, escaped) = self.string()?;
                self.put_string(node, start, end, escaped);
                Ok(())
            }
            b'{' => self.object(node, depth),
            b'[' => self.list(node, depth),
            b't' => self.word(node, b"true", NativeKind::Bool),
            b'f' => self.word(node, b"false", NativeKind::Bool),
            b'n' => self.word(node, b"null", NativeKind::Null),
            _ => self.number(node),
        }
    }

    fn object(&mut self, node: u32, depth: usize) -> Result<(), Stop> {
        if depth >= DEPTH {
            return Err(Stop::Deep);
        }
        self.at += 1;
        loop {
            match self.peek().ok_or(Stop::Broken)? {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b',' => {
                    self.at += 1;
                    continue;
                }
                b'"' => {}
                _ => return Err(Stop::Broken),
            }
            let (start, end, escaped) = self.string()?;
            let key = self.text.s.get(start..end).ok_or(Stop::Broken)?;
            let child = if escaped {
                self.names.child(node, self.hint, unescape(key, &mut self.made), self.out)
            } else {
                self.names.child(node, self.hint, key, self.out)
            };
            self.hint = child;
            if !matches!(self.peek().ok_or(Stop::Broken)?, b':' | b'=') {
                return Err(Stop::Broken);
            }
            self.at += 1;
            self.value(child, depth + 1)?;
        }
    }

    fn list(&mut self, node: u32, depth: usize) -> Result<(), Stop> {
        if depth >= DEPTH {
            return Err(Stop::Deep);
        }
        self.at += 1;
        loop {
            match self.peek().ok_or(Stop::Broken)? {
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                b',' => self.at += 1,
                _ => self.value(node, depth + 1)?,
            }
        }
    }

    /// From the opening quote on: where the content lies, and whether it has escapes.
    #[inline]
    fn string(&mut self) -> Result<(usize, usize, bool), Stop> {
        let start = self.at + 1;
        let (mut at, mut escaped) = (start, false);
        loop {
            at = quote_or_backslash(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok((start, at, escaped));
                }
                Some(_) => {
                    escaped = true;
                    at += 2;
                }
                None => return Err(Stop::Broken),
            }
        }
    }

    #[inline]
    fn put_string(&mut self, node: u32, start: usize, end: usize, escaped: bool) {
        let Some(field) = self.names.field(node) else { return };
        let value = self.text.sub(start, end);
        if escaped {
            self.out.put_made(field, NativeKind::Text, unescape(value.s, &mut self.made), value);
        } else {
            self.out.put(field, NativeKind::Text, value);
        }
    }

    fn word(&mut self, node: u32, word: &[u8], kind: NativeKind) -> Result<(), Stop> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(Stop::Broken);
        }
        let (start, end) = (self.at, self.at + word.len());
        self.at = end;
        if let Some(field) = self.names.field(node) {
            let value = if kind == NativeKind::Null { self.text.sub(start, start) } else { self.text.sub(start, end) };
            self.out.put(field, kind, value);
        }
        Ok(())
    }

    fn number(&mut self, node: u32) -> Result<(), Stop> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')).count();
        let word = rest.get(..len).unwrap_or_default();
        if len == 0 || !word.iter().any(u8::is_ascii_digit) {
            return Err(Stop::Broken);
        }
        self.at = start + len;
        if let Some(field) = self.names.field(node) {
            // What is no JSON number (`0x10`, `08`) is kept as text.
            let kind = if is_number(word) { NativeKind::Number } else { NativeKind::Text };
            self.out.put(field, kind, self.text.sub(start, start + len));
        }
        Ok(())
    }
}

/// RFC 8259 section 6.
fn is_number(word: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.first() == Some(&b'0')) {
        return false;
    }
    rest = rest.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = digits(fraction);
        if len == 0 {
            return false;
        }
        rest = fraction.get(len..).unwrap_or_default();
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The next `"` or `\` from `at` on, eight bytes at a time; the end if there is none.
#[inline]
pub(crate) fn quote_or_backslash(bytes: &[u8], mut at: usize) -> usize {
    let zero_byte = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    while let Some(word) = bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes) {
        let hits = zero_byte(word ^ (ONES * 0x22)) | zero_byte(word ^ (ONES * 0x5C));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| !matches!(b, b'"' | b'\\')) {
        at += 1;
    }
    at
}

/// Undoes the escapes of RFC 8259 section 7; a lone half of a surrogate pair becomes U+FFFD, unknown escapes stay.
fn unescape<'b>(text: &str, out: &'b mut Vec<u8>) -> &'b str {
    let bytes = text.as_bytes();
    out.clear();
    let (mut plain, mut at) = (0, 0);
    loop {
        at = backslash(bytes, at);
        out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
        let Some(code) = bytes.get(at + 1) else {
            // The end, or a backslash that nothing follows.
            out.extend_from_slice(bytes.get(at..).unwrap_or_default());
            break;
        };
        let mut used = 2;
        match code {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'"' | b'\\' | b'/' => out.push(*code),
            b'u' => {
                let (c, len) = code_point(bytes.get(at..).unwrap_or_default());
                used = len;
                match c {
                    Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => out.extend_from_slice(b"\\u"),
                }
            }
            _ => {
                out.push(b'\\');
                used = 1;
            }
        }
        at += used;
        plain = at;
    }
    std::str::from_utf8(out).unwrap_or_default()
}

/// The next backslash from `at` on, eight bytes at a time; the end if there is none.
#[inline]
fn backslash(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes) {
        let other = word ^ (ONES * 0x5C);
        let hits = other.wrapping_sub(ONES) & !other & HIGHS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|b| *b != b'\\') {
        at += 1;
    }
    at
}

/// `\uHHHH`, two of them for a surrogate pair: the character, and how many bytes it took.
fn code_point(text: &[u8]) -> (Option<char>, usize) {
    let lone = Some(char::REPLACEMENT_CHARACTER);
    match code_unit(text) {
        None => (None, 2),
        Some(high @ 0xD800..=0xDBFF) => match text.get(6..).and_then(code_unit) {
            Some(low @ 0xDC00..=0xDFFF) => (char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).or(lone), 12),
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
