//! Where in a rule file, taxonomy file or query something stands. Never says what is wrong with it: see the faults.

use std::fmt;

/// A position in a text: line and column count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Place {
    /// The first character of a text.
    pub const START: Place = Place { line: 1, column: 1 };

    /// The place of the byte at `offset` in `text`; the end of the text if `offset` lies behind it.
    #[must_use]
    pub fn of_offset(text: &str, offset: usize) -> Place {
        let mut place = Place::START;
        for (at, c) in text.char_indices() {
            if at >= offset {
                break;
            }
            if c == '\n' {
                place = Place { line: place.line.saturating_add(1), column: 1 };
            } else {
                place.column = place.column.saturating_add(1);
            }
        }
        place
    }

    /// The place `columns` characters further right on the same line.
    #[must_use]
    pub fn right(self, columns: usize) -> Place {
        Place { column: self.column.saturating_add(u32::try_from(columns).unwrap_or(u32::MAX)), ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
