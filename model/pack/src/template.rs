//! Dissect templates: literals and fields, read from left to right without going back.

use crate::fields::{FieldId, Fields};

/// A compiled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its pieces in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Text(Box<str>),
    /// Any number of blanks, or none.
    Blank,
    /// A field: up to the next piece, or so many bytes. No id = read over.
    Field {
        /// Where the value goes.
        id: Option<FieldId>,
        /// A fixed length in bytes.
        len: Option<usize>,
    },
}

impl Template {
    /// Reads a template such as `%{sev}/%{name:4}: %{?skipped} %{text}`; the error says what is wrong.
    pub(crate) fn parse(text: &str, fields: &mut Fields) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("%{") {
                let (name, tail) =
                    after.split_once('}').ok_or_else(|| format!("template `{text}`: `%{{` is not closed by `}}`"))?;
                pieces.push(field(name, fields).map_err(|what| format!("template `{text}`: {what}"))?);
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix(' ') {
                if pieces.last() != Some(&Piece::Blank) {
                    pieces.push(Piece::Blank);
                }
                rest = tail;
            } else {
                let end = rest.find("%{").unwrap_or(rest.len()).min(rest.find(' ').unwrap_or(rest.len()));
                let (literal, tail) = rest.split_at(end);
                pieces.push(Piece::Text(literal.into()));
                rest = tail;
            }
        }
        for pair in pieces.windows(2) {
            if let [Piece::Field { len: None, .. }, Piece::Field { .. }] = pair {
                return Err(format!(
                    "template `{text}`: two fields touch; put text between them or give the first a length, `%{{name:4}}`"
                ));
            }
        }
        if !pieces.iter().any(|piece| matches!(piece, Piece::Field { .. })) {
            return Err(format!("template `{text}` has no field; write one as `%{{name}}`"));
        }
        Ok(Self { pieces })
    }
}

fn field(name: &str, fields: &mut Fields) -> Result<Piece, String> {
    let (name, len) = match name.rsplit_once(':') {
        Some((name, len)) if len.bytes().all(|b| b.is_ascii_digit()) && !len.is_empty() => {
            (name, Some(len.parse().map_err(|_| format!("length `{len}` is too large"))?))
        }
        _ => (name, None),
    };
    let id = match name {
        "" => None,
        skipped if skipped.starts_with('?') => None,
        name => Some(fields.intern(name).ok_or("too many field names")?),
    };
    Ok(Piece::Field { id, len })
}
