//! Delimited columns: any separator, quotes, columns by a word in the line.

use crate::text::{Cut, Out, Text};
use memchr::{memchr, memmem};
use wardwatch_event::NativeKind;
use wardwatch_pack::{Delimited, FieldId};

/// Columns beyond the pack's list are named `@column.<n>`, counted from 1.
pub(crate) fn cut_csv(spec: &Delimited, text: Text<'_>, out: &mut Out<'_>) -> Cut {
    let by = spec.by.as_ref().and_then(|by| {
        let word = Values { spec, text, at: Some(0) }.nth(by.at)?;
        let id = by.words.id(word.text.s)?;
        by.columns.get(usize::from(id.0))
    });
    let columns: &[Option<FieldId>] = by.map_or(&spec.columns, Vec::as_slice);
    if columns.is_empty() {
        return Cut::Not;
    }
    let mut count = 0;
    for (at, value) in (Values { spec, text, at: Some(0) }).enumerate() {
        count += 1;
        let field = match columns.get(at) {
            Some(None) => continue,
            Some(Some(field)) => Some(*field),
            None => {
                let name = format!("@column.{}", at + 1);
                out.field(&name)
            }
        };
        let Some(field) = field else { continue };
        match value.doubled {
            Some(quote) => {
                let quote = char::from(quote).to_string();
                let single = value.text.s.replace(&quote.repeat(2), &quote);
                out.put_made(field, NativeKind::Text, &single, value.text);
            }
            None => out.put(field, NativeKind::Text, value.text),
        }
    }
    if count < 2 && columns.len() > 1 { Cut::Not } else { Cut::Whole }
}

struct CsvValue<'t> {
    text: Text<'t>,
    /// The quote that stands doubled in it.
    doubled: Option<u8>,
}

struct Values<'s, 't> {
    spec: &'s Delimited,
    text: Text<'t>,
    at: Option<usize>,
}

impl<'t> Iterator for Values<'_, 't> {
    type Item = CsvValue<'t>;

    fn next(&mut self) -> Option<CsvValue<'t>> {
        let start = self.at?;
        let bytes = self.text.bytes();
        if let Some(quote) = self.spec.quote
            && let Some(value) = self.quoted(start, quote)
        {
            return Some(value);
        }
        let rest = bytes.get(start..).unwrap_or_default();
        let found = find(rest, &self.spec.sep);
        let end = found.map_or(bytes.len(), |found| start + found);
        self.at = found.map(|found| start + found + self.spec.sep.len());
        Some(CsvValue { text: self.text.sub(start, end).trim(), doubled: None })
    }
}

impl<'t> Values<'_, 't> {
    /// A value in quotes that ends before a separator or the end; anything else is taken as it stands.
    fn quoted(&mut self, start: usize, quote: u8) -> Option<CsvValue<'t>> {
        let bytes = self.text.bytes();
        let blanks = bytes.get(start..)?.iter().take_while(|b| **b == b' ').count();
        let open = start + blanks;
        if bytes.get(open) != Some(&quote) {
            return None;
        }
        let (mut at, mut doubled) = (open + 1, None);
        loop {
            let close = at + memchr(quote, bytes.get(at..)?)?;
            if bytes.get(close + 1) == Some(&quote) {
                doubled = Some(quote);
                at = close + 2;
                continue;
            }
            let rest = bytes.get(close + 1..)?;
            let blanks = rest.iter().take_while(|b| **b == b' ').count();
            let after = rest.get(blanks..)?;
            self.at = if after.starts_with(self.spec.sep.as_bytes()) {
                Some(close + 1 + blanks + self.spec.sep.len())
            } else if after.is_empty() {
                None
            } else {
                return None;
            };
            return Some(CsvValue { text: self.text.sub(open + 1, close), doubled });
        }
    }
}

#[inline]
pub(crate) fn find(text: &[u8], sign: &str) -> Option<usize> {
    match sign.as_bytes() {
        [one] => memchr(*one, text),
        many => memmem::find(text, many),
    }
}
