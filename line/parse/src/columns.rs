//! Streams that name their columns in a line of their own: W3C extended logs (`#Fields:`) and Zeek (`#fields`).

use crate::line::Parser;
use crate::settings::Columns;
use crate::text::{Cut, Out, Text};
use wardwatch_event::NativeKind;
use wardwatch_pack::FieldId;

/// The fields of the columns in force, for one batch.
#[derive(Debug, Default)]
pub(crate) struct ColumnFields {
    generation: Option<u64>,
    fields: Vec<Option<FieldId>>,
}

impl Parser<'_> {
    /// A line of a W3C log. Lines that begin with `#` tell about the stream and hold no event of their own.
    pub fn cut_w3c(&mut self, own: &[FieldId], text: Text<'_>, out: &mut Out<'_>) -> Cut {
        if let Some(directive) = text.s.strip_prefix('#') {
            if let Some(names) = directive.strip_prefix("Fields:") {
                let names = names.split_ascii_whitespace().map(str::to_owned).collect();
                self.remember(Columns { names, separator: " ".into(), ..Columns::default() });
            }
            out.note("directive");
            return Cut::Whole;
        }
        self.resolve(own, out);
        let mut start = 0;
        let mut count = 0;
        let bytes = text.bytes();
        for at in 0..self.columns.fields.len() {
            while matches!(bytes.get(start), Some(b' ' | b'\t')) {
                start += 1;
            }
            if start >= bytes.len() {
                break;
            }
            let (from, end, next) = match bytes.get(start) {
                Some(b'"') => {
                    let len = memchr::memchr(b'"', bytes.get(start + 1..).unwrap_or_default());
                    let end = len.map_or(bytes.len(), |len| start + 1 + len);
                    (start + 1, end, (end + 1).min(bytes.len()))
                }
                _ => {
                    let rest = bytes.get(start..).unwrap_or_default();
                    let end = start + memchr::memchr2(b' ', b'\t', rest).unwrap_or(rest.len());
                    (start, end, end)
                }
            };
            if let Some(Some(field)) = self.columns.fields.get(at) {
                out.put(*field, NativeKind::Text, text.sub(from, end));
            }
            count += 1;
            start = next;
        }
        self.outcome(count)
    }

    /// A line of a Zeek log.
    pub fn cut_zeek(&mut self, own: &[FieldId], text: Text<'_>, out: &mut Out<'_>) -> Cut {
        if let Some(directive) = text.s.strip_prefix('#') {
            self.zeek_directive(directive);
            out.note("directive");
            return Cut::Whole;
        }
        self.resolve(own, out);
        let kept = self.memory.columns.take();
        let cut = self.cut_zeek_values(kept.as_ref().unwrap_or(&Columns::default()), text, out);
        self.memory.columns = kept;
        cut
    }

    fn cut_zeek_values(&mut self, columns: &Columns, text: Text<'_>, out: &mut Out<'_>) -> Cut {
        let separator = if columns.separator.is_empty() { "\t" } else { &columns.separator };
        let mut start = 0;
        let mut count = 0;
        for at in 0..self.columns.fields.len() {
            if start > text.s.len() {
                break;
            }
            let rest = text.s.get(start..).unwrap_or_default();
            let end = start + rest.find(separator).unwrap_or(rest.len());
            let value = text.sub(start, end);
            start = end + separator.len();
            count += 1;
            let Some(Some(field)) = self.columns.fields.get(at) else { continue };
            let unset = if columns.unset.is_empty() { "-" } else { &columns.unset };
            if value.s == unset {
                continue;
            }
            if columns.several.get(at) == Some(&true) {
                put_several(*field, value, columns, out);
            } else {
                put_zeek(*field, value, columns, out);
            }
        }
        if count > 0
            && !columns.path.is_empty()
            && let Some(field) = out.field("_path")
        {
            out.put_made(field, NativeKind::Text, &columns.path, text.sub(0, 0));
        }
        self.outcome(count)
    }

    fn outcome(&self, count: usize) -> Cut {
        match (count, self.columns.fields.len()) {
            (0, _) | (1, 2..) => Cut::Not,
            (count, all) if count < all => Cut::Partly("columns"),
            _ => Cut::Whole,
        }
    }

    fn remember(&mut self, columns: Columns) {
        if self.memory.columns.as_ref() != Some(&columns) {
            self.memory.columns = Some(columns);
            self.memory.generation += 1;
        }
    }

    /// `#separator \x09`, `#fields\tts\tuid`, `#types\ttime\tset[string]`, …
    fn zeek_directive(&mut self, directive: &str) {
        const WORDS: [&str; 7] = ["separator", "set_separator", "empty_field", "unset_field", "path", "fields", "types"];
        let mut columns = self.memory.columns.clone().unwrap_or_default();
        let found = WORDS.iter().find_map(|word| Some((*word, directive.strip_prefix(word)?)));
        let Some((word, rest)) = found else { return };
        let rest = rest.strip_prefix(columns.separator.as_str()).filter(|_| !columns.separator.is_empty()).unwrap_or(rest);
        let rest = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
        match word {
            "separator" => columns = Columns { separator: zeek_unescape(rest), ..Columns::default() },
            "set_separator" => columns.set_separator = rest.to_owned(),
            "empty_field" => columns.empty = rest.to_owned(),
            "unset_field" => columns.unset = rest.to_owned(),
            "path" => columns.path = rest.to_owned(),
            "fields" | "types" => {
                let separator = if columns.separator.is_empty() { "\t" } else { &columns.separator };
                let words: Vec<String> = rest.split(separator).map(str::to_owned).collect();
                if word == "fields" {
                    columns.several = Vec::new();
                    columns.names = words;
                } else {
                    columns.several = words.iter().map(|t| t.starts_with("set[") || t.starts_with("vector[")).collect();
                }
            }
            _ => return,
        }
        self.remember(columns);
    }

    /// The fields of the columns in force: those the stream named, else the pack's.
    fn resolve(&mut self, own: &[FieldId], out: &mut Out<'_>) {
        if self.columns.generation == Some(self.memory.generation) {
            return;
        }
        self.columns.generation = Some(self.memory.generation);
        self.columns.fields = match &self.memory.columns {
            Some(columns) if !columns.names.is_empty() => columns.names.iter().map(|name| out.field(name)).collect(),
            _ => own.iter().map(|field| Some(*field)).collect(),
        };
    }
}

fn put_several(field: FieldId, value: Text<'_>, columns: &Columns, out: &mut Out<'_>) {
    let separator = if columns.set_separator.is_empty() { "," } else { &columns.set_separator };
    if is_empty(value.s, columns) {
        return;
    }
    let mut start = 0;
    while start <= value.s.len() {
        let rest = value.s.get(start..).unwrap_or_default();
        let end = start + rest.find(separator).unwrap_or(rest.len());
        put_zeek(field, value.sub(start, end), columns, out);
        start = end + separator.len();
    }
}

fn is_empty(value: &str, columns: &Columns) -> bool {
    value == if columns.empty.is_empty() { "(empty)" } else { &columns.empty }
}

fn put_zeek(field: FieldId, value: Text<'_>, columns: &Columns, out: &mut Out<'_>) {
    if is_empty(value.s, columns) {
        out.put(field, NativeKind::Text, value.sub(0, 0));
    } else if value.s.contains("\\x") {
        out.put_made(field, NativeKind::Text, &zeek_unescape(value.s), value);
    } else {
        out.put(field, NativeKind::Text, value);
    }
}

/// `\x09` and its like.
fn zeek_unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .strip_prefix(b"x")
            .and_then(|digits| std::str::from_utf8(digits.get(..2)?).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|_| *first == b'\\');
        match code {
            Some(code) => {
                bytes.push(code);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
