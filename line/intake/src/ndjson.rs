//! The lines of a body: everything between line ends, whatever it is.
//!
//! It does not check that a line is JSON: that would be a check of content before the journal.

use crate::lines::Lines;
use wardwatch_event::LineNote;

/// A body of too many lines.
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
#[error("the body has more than {max} lines; send fewer at once")]
pub struct TooManyLines {
    /// The bound.
    pub max: usize,
}

/// Adds each non-empty line of `body`, without LF or CR LF. A line over `limit` bytes is kept up to there, with a note.
pub fn cut(body: &[u8], limit: usize, lines_max: usize, out: &mut Lines) -> Result<(), TooManyLines> {
    for line in lines(body) {
        if out.len() >= lines_max {
            return Err(TooManyLines { max: lines_max });
        }
        push(line, limit, None, out);
    }
    Ok(())
}

/// The non-empty lines of a body.
pub(crate) fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.iter().all(|b| matches!(b, b' ' | b'\t')) {
                return Some(line);
            }
        }
        None
    })
}

/// Adds a line of any length, cut to `limit`; the note of the cut comes before `note`.
pub(crate) fn push(line: &[u8], limit: usize, note: Option<LineNote>, out: &mut Lines) {
    let (line, note) = bounded(line, limit, note);
    out.push(line, note);
}

/// A line of any length cut to `limit`, and its note.
pub(crate) fn bounded(line: &[u8], limit: usize, note: Option<LineNote>) -> (&[u8], Option<LineNote>) {
    match line.get(..limit).filter(|_| line.len() > limit) {
        Some(head) => (head, Some(LineNote::Truncated)),
        None => (line, note),
    }
}
