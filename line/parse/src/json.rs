//! JSON objects, flattened to dotted names while they are read: no tree is built, strings without escapes are spans.
//! Lists repeat their name. Lenient where devices are: a trailing comma, `=` for `:`, raw control characters, and an
//! object that breaks off keeps what it had.

use crate::json_names::{Names, ROOT};
use crate::text::{Cut, Out, Text};
use wardwatch_event::NativeKind;
use wardwatch_limits::DEPTH;
use wardwatch_scan::unescape_plainly;

/// Reads the first object or list in `text`; what stands before it is passed over.
pub(crate) fn cut_json(text: Text<'_>, names: &mut Names, out: &mut Out<'_>) -> Cut {
    let Some(start) = start_of(text.bytes()) else { return Cut::Not };
    let before = out.builder.row_len();
    let text = text.from(start);
    names.marks.mark(text.bytes());
    let mut reader = Reader { text, bytes: text.bytes(), at: 0, names, out, hint: 0 };
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

/// Bytes from which on a value's escapes are undone only when somebody asks: messages and scripts are long, and most
/// rules never look at them. To undo a short one at once costs less than to remember it.
const UNDONE_AT_ONCE: usize = 192;

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
                let (start, end) = self.string()?;
                self.put_string(node, start, end);
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
            let child = self.key(node)?;
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

    /// A key, and its path.
    #[inline]
    fn key(&mut self, node: u32) -> Result<u32, Stop> {
        if let Some((child, end)) = self.names.guess(node, self.hint, self.bytes, self.at + 1) {
            self.at = end + 1;
            return Ok(child);
        }
        let (start, end) = self.string()?;
        let key = self.text.s.get(start..end).ok_or(Stop::Broken)?;
        if !self.names.marks.has_escape(start, end) {
            return Ok(self.names.child(node, self.hint, key, self.out));
        }
        let mut made = String::new();
        unescape_plainly(key, &mut made);
        Ok(self.names.child(node, self.hint, &made, self.out))
    }

    /// From the opening quote on: where the content lies.
    #[inline]
    fn string(&mut self) -> Result<(usize, usize), Stop> {
        let start = self.at + 1;
        let end = self.names.marks.quote(start).ok_or(Stop::Broken)?;
        self.at = end + 1;
        Ok((start, end))
    }

    #[inline]
    fn put_string(&mut self, node: u32, start: usize, end: usize) {
        let Some(field) = self.names.field(node) else { return };
        let value = self.text.sub(start, end);
        if !self.names.marks.has_escape(start, end) {
            self.out.put(field, NativeKind::Text, value);
        } else if end - start < UNDONE_AT_ONCE || !self.out.put_escaped(field, value) {
            let (raw, marks) = (self.out.raw(value), &self.names.marks);
            let fill = |room: &mut String| marks.unescape(self.text.s, start, end, room);
            self.out.builder.made(field, NativeKind::Text, raw, end - start, fill);
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
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if matches!(rest.get(digits), Some(b',' | b'}' | b']')) && digits > 0 && (digits == 1 || rest.first() != Some(&b'0')) {
            self.at = start + digits;
            if let Some(field) = self.names.field(node) {
                self.out.put(field, NativeKind::Number, self.text.sub(start, self.at));
            }
            return Ok(());
        }
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

