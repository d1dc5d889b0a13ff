//! Templates and regular expressions: fields by what stands between them.

use crate::delimited::find;
use crate::text::{Cut, Out, Text};
use wardwatch_event::NativeKind;
use wardwatch_pack::{Expression, FieldId, Piece, Template};

/// Tries the templates in order; the first that fits the whole text counts.
pub(crate) fn cut_dissect(templates: &[Template], text: Text<'_>, out: &mut Out<'_>) -> Cut {
    let mut found = Vec::with_capacity(16);
    for template in templates {
        found.clear();
        if fits(&template.pieces, text.bytes(), &mut found).is_some() {
            for (field, start, end) in &found {
                out.put(*field, NativeKind::Text, text.sub(*start, *end));
            }
            return Cut::Whole;
        }
    }
    Cut::Not
}

/// Walks the pieces from left to right, never back.
fn fits(pieces: &[Piece], text: &[u8], found: &mut Vec<(FieldId, usize, usize)>) -> Option<()> {
    let mut at = 0;
    let mut rest = pieces.iter();
    while let Some(piece) = rest.next() {
        match piece {
            Piece::Text(literal) => {
                text.get(at..)?.strip_prefix(literal.as_bytes())?;
                at += literal.len();
            }
            Piece::Blank => at += blanks(text, at),
            Piece::Field { id, len: Some(len) } => {
                let end = at.checked_add(*len).filter(|end| *end <= text.len())?;
                found.extend(id.map(|id| (id, at, end)));
                at = end;
            }
            Piece::Field { id, len: None } => {
                let end = at + field_end(rest.as_slice(), text.get(at..)?)?;
                let kept = end - text.get(at..end)?.iter().rev().take_while(|b| **b == b' ').count();
                found.extend(id.map(|id| (id, at, kept.max(at))));
                at = end;
            }
        }
    }
    Some(())
}

fn blanks(text: &[u8], at: usize) -> usize {
    text.get(at..).unwrap_or_default().iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// How long a field is, by what comes next: up to a literal, or to a blank if a field or nothing follows the blank.
fn field_end(next: &[Piece], text: &[u8]) -> Option<usize> {
    match next {
        [] | [Piece::Blank] => Some(text.len()),
        [Piece::Text(literal), ..] | [Piece::Blank, Piece::Text(literal), ..] => find(text, literal),
        [Piece::Blank, ..] => Some(text.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(text.len())),
        [Piece::Field { .. }, ..] => None,
    }
}

/// Tries the expressions in order; groups that took part become fields.
pub(crate) fn cut_regex(expressions: &[Expression], text: Text<'_>, out: &mut Out<'_>) -> Cut {
    for expression in expressions {
        let Some(captures) = expression.regex.captures(text.s) else { continue };
        for (group, field) in &expression.groups {
            if let Some(found) = captures.get(*group) {
                out.put(*field, NativeKind::Text, text.sub(found.start(), found.end()));
            }
        }
        return Cut::Whole;
    }
    Cut::Not
}
