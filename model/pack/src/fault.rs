//! What is wrong with a pack, and where.

use std::fmt;

/// A pack that cannot be used: file, place, what is wrong and what to do.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
#[error("{place}: {what}")]
pub struct PackFault {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do.
    pub what: String,
}

/// A place in a file; line and column count from 1.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The file's name as the caller gave it.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Place {
    /// The place of byte `offset` of `text`.
    pub(crate) fn of(file: &str, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() as u32 + 1,
            column: before.get(line_start..).map_or(0, |l| l.chars().count()) as u32 + 1,
        }
    }

    pub(crate) fn fault(&self, what: impl Into<String>) -> PackFault {
        PackFault { place: self.clone(), what: what.into() }
    }
}
