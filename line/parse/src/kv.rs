//! Pairs of key and value: `a=1 b="two words"`, `key: value, …`, pairs in a bracket, values that hold separators.

use crate::text::{Cut, Out, Text};
use wardwatch_event::NativeKind;
use wardwatch_pack::{FieldId, KeyValue};

/// How many quotes are looked at for one that a separator follows: bounds the work on lines of loose quotes.
const QUOTES_TRIED: usize = 64;
/// The longest key that is looked for behind a separator.
const KEY_BYTES: usize = 128;

pub(crate) fn cut_kv(spec: &KeyValue, text: Text<'_>, out: &mut Out<'_>) -> Cut {
    let text = inside_brackets(spec, text);
    let scan = Scan { spec, bytes: text.bytes() };
    let blank_sep = spec.sep.iter().any(|sep| &**sep == " ");
    let mut seen = [0u64; 32];
    let (mut at, mut pairs, mut doubled) = (0, 0usize, false);
    while let Some(pair) = scan.next_pair(&mut at, blank_sep) {
        let mut value = text.sub(pair.value.0, pair.value.1);
        if !blank_sep && !pair.quoted {
            value = value.trim();
        }
        if at >= text.s.len() && !pair.quoted && !spec.trim_end.is_empty() {
            value = value.sub(0, value.s.trim_end_matches(|c| spec.trim_end.contains(c)).len());
        }
        let key = text.s.get(pair.key.0..pair.key.1).unwrap_or_default();
        let Some(field) = field_of(spec, key, out) else { continue };
        pairs += 1;
        if let Some(word) = seen.get_mut(usize::from(field.0) / 64) {
            let bit = 1 << (field.0 % 64);
            doubled |= *word & bit != 0;
            *word |= bit;
        }
        if pair.escaped {
            out.put_made(field, NativeKind::Text, &value.s.replace("\\\"", "\""), value);
        } else {
            out.put(field, NativeKind::Text, value);
        }
    }
    if doubled {
        out.note("dup_key");
    }
    if pairs > 0 { Cut::Whole } else { Cut::Not }
}

fn field_of(spec: &KeyValue, key: &str, out: &mut Out<'_>) -> Option<FieldId> {
    if let Some(fold) = &spec.fold {
        let folded = key.to_ascii_lowercase();
        if let Some(at) = fold.keys.id(&folded) {
            return fold.fields.get(usize::from(at.0)).copied();
        }
    }
    out.field(key)
}

struct Scan<'s> {
    spec: &'s KeyValue,
    bytes: &'s [u8],
}

struct Pair {
    key: (usize, usize),
    value: (usize, usize),
    quoted: bool,
    escaped: bool,
}

impl Scan<'_> {
    #[inline]
    fn class(&self, at: usize) -> u8 {
        match self.bytes.get(at) {
            Some(byte) => self.spec.class.get(usize::from(*byte)).copied().unwrap_or(0),
            None => 0,
        }
    }

    /// The length of the sign that stands here, 0 if none.
    #[inline]
    fn sign(&self, signs: &[Box<str>], class: u8, at: usize) -> usize {
        if class & KeyValue::EXACT != 0 {
            return 1;
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        signs.iter().find(|sign| rest.starts_with(sign.as_bytes())).map_or(0, |sign| sign.len())
    }

    #[inline]
    fn sep_at(&self, at: usize) -> usize {
        let class = self.class(at);
        if class & KeyValue::SEP == 0 { 0 } else { self.sign(&self.spec.sep, class, at) }
    }

    #[inline]
    fn pair_at(&self, at: usize) -> usize {
        let class = self.class(at);
        if class & KeyValue::PAIR == 0 { 0 } else { self.sign(&self.spec.pair, class, at) }
    }

    fn blanks(&self, mut at: usize) -> usize {
        while matches!(self.bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    }

    /// The next pair; words without a pair sign are passed over.
    fn next_pair(&self, at: &mut usize, blank_sep: bool) -> Option<Pair> {
        loop {
            self.skip_separators(at);
            if *at >= self.bytes.len() {
                return None;
            }
            let Some((key, value_at)) = self.key(*at, blank_sep) else {
                // A word: go on behind it.
                let mut end = *at;
                while end < self.bytes.len() && self.sep_at(end) == 0 {
                    end += 1;
                }
                *at = end;
                continue;
            };
            return Some(self.value(key, value_at, at, blank_sep));
        }
    }

    #[inline]
    fn skip_separators(&self, at: &mut usize) {
        loop {
            let sep = self.sep_at(*at);
            if sep > 0 {
                *at += sep;
            } else if matches!(self.bytes.get(*at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                *at += 1;
            } else {
                return;
            }
        }
    }

    /// The key that starts here, without blanks and quotes around, and where its value starts.
    #[inline]
    fn key(&self, start: usize, blank_sep: bool) -> Option<((usize, usize), usize)> {
        if self.class(start) & KeyValue::QUOTE != 0 {
            let quote = *self.bytes.get(start)?;
            let close = start + 1 + memchr::memchr(quote, self.bytes.get(start + 1..)?)?;
            let sign_at = self.blanks(close + 1);
            let sign = self.pair_at(sign_at);
            return (sign > 0).then_some(((start + 1, close), sign_at + sign));
        }
        let mut end = start;
        while end < self.bytes.len() {
            let class = self.class(end);
            if class & (KeyValue::PAIR | KeyValue::SEP) == 0 {
                end += 1;
                continue;
            }
            if class & KeyValue::PAIR != 0 {
                let sign = self.sign(&self.spec.pair, class, end);
                if sign > 0 && end > start {
                    return Some(((start, self.trimmed(start, end)), end + sign));
                }
            }
            if class & KeyValue::SEP != 0 && self.sign(&self.spec.sep, class, end) > 0 {
                // `key = value`, where a blank also separates.
                let sign_at = self.blanks(end);
                let sign = if blank_sep { self.pair_at(sign_at) } else { 0 };
                return (sign > 0 && end > start).then(|| ((start, end), self.blanks(sign_at + sign)));
            }
            end += 1;
        }
        None
    }

    fn trimmed(&self, start: usize, mut end: usize) -> usize {
        while end > start && matches!(self.bytes.get(end - 1), Some(b' ' | b'\t')) {
            end -= 1;
        }
        end
    }

    #[inline]
    fn value(&self, key: (usize, usize), start: usize, at: &mut usize, blank_sep: bool) -> Pair {
        let open = if blank_sep { start } else { self.blanks(start) };
        if self.class(open) & KeyValue::QUOTE != 0
            && let Some((close, escaped)) = self.closing_quote(open)
        {
            *at = close + 1;
            return Pair { key, value: (open + 1, close), quoted: true, escaped };
        }
        let mut end = start;
        while end < self.bytes.len() {
            let class = self.class(end);
            if class & KeyValue::SEP != 0 {
                let sep = self.sign(&self.spec.sep, class, end);
                if sep > 0 && (!self.spec.until_next_key || self.known_key_at(end + sep)) {
                    break;
                }
            }
            end += 1;
        }
        *at = end;
        Pair { key, value: (start, end), quoted: false, escaped: false }
    }

    /// The closing quote: the first that a separator or the end follows, else the first. A quote behind a backslash
    /// belongs to the value, unless there is no other (`"C:\dir\"`).
    fn closing_quote(&self, open: usize) -> Option<(usize, bool)> {
        let quote = *self.bytes.get(open)?;
        let (mut at, mut escaped, mut first, mut behind) = (open + 1, false, None, None);
        for _ in 0..QUOTES_TRIED {
            let Some(found) = self.bytes.get(at..).and_then(|rest| memchr::memchr(quote, rest)) else { break };
            let close = at + found;
            at = close + 1;
            let behind_backslash = close > open + 1 && self.bytes.get(close - 1) == Some(&b'\\');
            if behind_backslash && close + 1 < self.bytes.len() {
                if self.sep_at(close + 1) > 0 {
                    behind = behind.or(Some((close, escaped)));
                }
                escaped = true;
                continue;
            }
            let next = close + 1;
            let ends = next >= self.bytes.len()
                || self.sep_at(next) > 0
                || matches!(self.bytes.get(next), Some(b' ' | b'\t' | b'\r' | b'\n' | b')' | b']' | b'}'));
            if ends {
                return Some((close, escaped));
            }
            first = first.or(Some((close, escaped)));
        }
        first.or(behind)
    }

    /// Whether a key of the pack and a pair sign stand here.
    fn known_key_at(&self, start: usize) -> bool {
        let start = self.blanks(start);
        let mut end = start;
        while end < self.bytes.len() && end - start <= KEY_BYTES {
            if self.pair_at(end) > 0 {
                let key = self.bytes.get(start..self.trimmed(start, end)).unwrap_or_default();
                return std::str::from_utf8(key).is_ok_and(|key| self.spec.knows(key));
            }
            if self.sep_at(end) > 0 {
                return false;
            }
            end += 1;
        }
        false
    }

    /// Whether a short word and a pair sign stand here.
    fn any_key_at(&self, start: usize) -> bool {
        let start = self.blanks(start);
        let mut end = start;
        while end < self.bytes.len() && end - start <= KEY_BYTES {
            if self.pair_at(end) > 0 {
                return end > start;
            }
            if self.sep_at(end) > 0 || matches!(self.bytes.get(end), Some(b' ' | b'(' | b')' | b'"')) {
                return false;
            }
            end += 1;
        }
        false
    }
}

/// The pairs inside the first bracket behind which a key and a pair sign stand, up to the last closing bracket; the
/// whole text if there is no such bracket.
fn inside_brackets<'t>(spec: &KeyValue, text: Text<'t>) -> Text<'t> {
    let Some((open, close)) = &spec.brackets else { return text };
    let scan = Scan { spec, bytes: text.bytes() };
    let starts = text.s.match_indices(&**open).map(|(at, _)| at + open.len());
    let Some(start) = starts.into_iter().find(|start| scan.any_key_at(*start)) else { return text };
    let end = text.s.rfind(&**close).filter(|end| *end >= start).unwrap_or(text.s.len());
    text.sub(start, end)
}
