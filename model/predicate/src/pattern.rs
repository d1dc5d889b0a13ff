//! Text with wildcards: `*` is any run of characters (newlines and none included), `?` exactly one character.
//!
//! Shared by rules and queries. A pattern matches a *whole* value; `contains` and its like are wildcards at the ends.
//! Never backtracks over more than one wildcard: each literal run is searched once from where the last one ended.

use crate::fold::fold;
use memchr::memmem::Finder;
use std::fmt;

/// The characters `windash` takes for one another: hyphen, slash, en dash, em dash, horizontal bar.
pub const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// These characters.
    Text(String),
    /// `*`
    Run,
    /// `?`
    One,
    /// One of [`DASHES`].
    Dash,
}

/// Pieces in order; neighbouring texts are one piece, neighbouring runs are one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a value as Sigma writes it: `\\`, `\*` and `\?` are the character after the backslash, any other
    /// backslash is itself, and a bare `*` or `?` is a wildcard.
    #[must_use]
    pub fn sigma(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next_if(|next| matches!(next, '\\' | '*' | '?')) {
                    Some(escaped) => pattern.push_char(escaped),
                    None => pattern.push_char('\\'),
                },
                '*' => pattern.push(Piece::Run),
                '?' => pattern.push(Piece::One),
                other => pattern.push_char(other),
            }
        }
        pattern
    }

    /// This text and nothing else.
    #[must_use]
    pub fn literal(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.push_text(text);
        pattern
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Piece) {
        match (piece, self.pieces.last()) {
            (Piece::Text(text), _) => self.push_text(&text),
            (Piece::Run, Some(Piece::Run)) => {}
            (piece, _) => self.pieces.push(piece),
        }
    }

    /// Adds a character that stands for itself.
    pub fn push_char(&mut self, c: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push(c),
            _ => self.pieces.push(Piece::Text(c.to_string())),
        }
    }

    /// Adds text that stands for itself.
    pub fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// Opens the front: anything may stand before.
    #[must_use]
    pub fn open_front(mut self) -> Pattern {
        if self.pieces.first() != Some(&Piece::Run) {
            self.pieces.insert(0, Piece::Run);
        }
        self
    }

    /// Opens the back: anything may follow.
    #[must_use]
    pub fn open_back(mut self) -> Pattern {
        self.push(Piece::Run);
        self
    }

    /// The pieces.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text, if the pattern has no wildcard.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Replaces `-` and `/` that begin a word by [`Piece::Dash`]: no word character before, one after.
    #[must_use]
    pub fn windash(self) -> Pattern {
        let mut out = Pattern::default();
        for piece in self.pieces {
            let Piece::Text(text) = piece else {
                out.push(piece);
                continue;
            };
            let mut before: Option<char> = None;
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                let begins = matches!(c, '-' | '/') && !before.is_some_and(is_word);
                if begins && chars.peek().copied().is_some_and(is_word) {
                    out.push(Piece::Dash);
                } else {
                    out.push_char(c);
                }
                before = Some(c);
            }
        }
        out
    }

    fn folded(&self) -> Pattern {
        let mut out = Pattern::default();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_text(&fold(text)),
                other => out.push(other.clone()),
            }
        }
        out
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Writes the pattern the way [`Pattern::sigma`] reads it; a dash class is written as `-`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Run => f.write_str("*")?,
                Piece::One => f.write_str("?")?,
                Piece::Dash => f.write_str("-")?,
                Piece::Text(text) => write_escaped(f, text)?,
            }
        }
        Ok(())
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write;
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '?') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

/// A value to match, with its folded form made once.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The value as it stands in the event.
    pub text: &'a str,
    /// The value after [`fold`].
    pub folded: &'a str,
}

/// A pattern made ready for matching.
#[derive(Clone, Debug)]
pub struct Matcher {
    shape: Shape,
    cased: bool,
}

#[derive(Clone, Debug)]
enum Shape {
    Anything,
    Equal(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Within(Box<Finder<'static>>),
    Parts(Box<Parts>),
}

/// Literal runs between `*`; the first is anchored at the front, the last at the back, unless a `*` opens that end.
#[derive(Clone, Debug)]
struct Parts {
    open_front: bool,
    open_back: bool,
    parts: Vec<Vec<Piece>>,
}

impl Matcher {
    /// Prepares `pattern`; without `cased`, case does not count.
    #[must_use]
    pub fn new(pattern: &Pattern, cased: bool) -> Matcher {
        let pattern = if cased { pattern.clone() } else { pattern.folded() };
        let shape = match pattern.pieces.as_slice() {
            [] => Shape::Equal(Box::from("")),
            [Piece::Run] => Shape::Anything,
            [Piece::Text(text)] => Shape::Equal(text.as_str().into()),
            [Piece::Text(text), Piece::Run] => Shape::Prefix(text.as_str().into()),
            [Piece::Run, Piece::Text(text)] => Shape::Suffix(text.as_str().into()),
            [Piece::Run, Piece::Text(text), Piece::Run] => {
                Shape::Within(Box::new(Finder::new(text.as_bytes()).into_owned()))
            }
            pieces => Shape::Parts(Box::new(Parts::new(pieces))),
        };
        Matcher { shape, cased }
    }

    /// Whether the whole value fits.
    #[must_use]
    pub fn matches(&self, subject: Subject<'_>) -> bool {
        let text = if self.cased { subject.text } else { subject.folded };
        match &self.shape {
            Shape::Anything => true,
            Shape::Equal(literal) => text == &**literal,
            Shape::Prefix(literal) => text.starts_with(&**literal),
            Shape::Suffix(literal) => text.ends_with(&**literal),
            Shape::Within(finder) => finder.find(text.as_bytes()).is_some(),
            Shape::Parts(parts) => parts.matches(text),
        }
    }

    /// The pattern's pieces; folded, unless the matcher is cased.
    #[must_use]
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let text = |literal: &str| Piece::Text(literal.to_owned());
        match &self.shape {
            Shape::Anything => vec![Piece::Run],
            Shape::Equal(literal) if literal.is_empty() => Vec::new(),
            Shape::Equal(literal) => vec![text(literal)],
            Shape::Prefix(literal) => vec![text(literal), Piece::Run],
            Shape::Suffix(literal) => vec![Piece::Run, text(literal)],
            Shape::Within(finder) => {
                vec![Piece::Run, text(&String::from_utf8_lossy(finder.needle())), Piece::Run]
            }
            Shape::Parts(parts) => {
                let mut pieces = if parts.open_front { vec![Piece::Run] } else { Vec::new() };
                pieces.extend(parts.parts.join(&Piece::Run));
                pieces.extend(parts.open_back.then_some(Piece::Run));
                pieces
            }
        }
    }

    /// The folded text of a pattern that is `*text*` and not cased: such can be searched many at a time.
    #[must_use]
    pub fn as_within(&self) -> Option<&[u8]> {
        match &self.shape {
            Shape::Within(finder) if !self.cased => Some(finder.needle()),
            _ => None,
        }
    }

    /// A literal text that every value that fits must have. The longest there is; cased if the matcher is.
    #[must_use]
    pub(crate) fn required(&self) -> Required<'_> {
        match &self.shape {
            Shape::Anything => Required::Nothing,
            Shape::Equal(literal) => Required::Equal(literal),
            Shape::Prefix(literal) => Required::Front(literal),
            Shape::Suffix(literal) => Required::Back(literal),
            Shape::Within(finder) => std::str::from_utf8(finder.needle()).map_or(Required::Nothing, Required::Within),
            Shape::Parts(parts) => parts.required(),
        }
    }

    /// Whether a value must begin in a certain way.
    #[must_use]
    pub fn minds_front(&self) -> bool {
        match &self.shape {
            Shape::Anything | Shape::Suffix(_) | Shape::Within(_) => false,
            Shape::Equal(_) | Shape::Prefix(_) => true,
            Shape::Parts(parts) => !parts.open_front,
        }
    }

    /// Relative cost of a match, for ordering the members of an AND: 0 is cheapest.
    #[must_use]
    pub fn cost(&self) -> u32 {
        match &self.shape {
            Shape::Anything | Shape::Equal(_) | Shape::Prefix(_) | Shape::Suffix(_) => 1,
            Shape::Within(_) => 8,
            Shape::Parts(_) => 20,
        }
    }
}

/// What a value must have to fit at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Required<'m> {
    /// Nothing is known.
    Nothing,
    /// It is this text.
    Equal(&'m str),
    /// It begins with this text.
    Front(&'m str),
    /// It ends with this text.
    Back(&'m str),
    /// This text stands in it.
    Within(&'m str),
}

impl Parts {
    fn required(&self) -> Required<'_> {
        let mut best = (0, Required::Nothing);
        let last = self.parts.len().saturating_sub(1);
        for (number, part) in self.parts.iter().enumerate() {
            for (at, piece) in part.iter().enumerate() {
                let Piece::Text(text) = piece else { continue };
                if text.len() <= best.0 {
                    continue;
                }
                let (first_piece, last_piece) = (at == 0, at + 1 == part.len());
                let required = if number == 0 && first_piece && !self.open_front {
                    Required::Front(text)
                } else if number == last && last_piece && !self.open_back {
                    Required::Back(text)
                } else {
                    Required::Within(text)
                };
                best = (text.len(), required);
            }
        }
        best.1
    }

    fn new(pieces: &[Piece]) -> Parts {
        let parts = pieces.split(|piece| *piece == Piece::Run).filter(|part| !part.is_empty()).map(<[Piece]>::to_vec);
        Parts {
            open_front: pieces.first() == Some(&Piece::Run),
            open_back: pieces.last() == Some(&Piece::Run),
            parts: parts.collect(),
        }
    }

    fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        let mut parts = self.parts.as_slice();
        if !self.open_front {
            let Some((first, others)) = parts.split_first() else { return true };
            let Some(after) = strip_front(first, rest) else { return false };
            if others.is_empty() && !self.open_back {
                return after.is_empty();
            }
            (rest, parts) = (after, others);
        }
        let mut last: Option<&Vec<Piece>> = None;
        if !self.open_back
            && let Some((part, others)) = parts.split_last()
        {
            (last, parts) = (Some(part), others);
        }
        for part in parts {
            let Some(after) = find(part, rest) else { return false };
            rest = after;
        }
        last.is_none_or(|part| ends_with(part, rest))
    }
}

/// What follows `part` at the very front of `text`.
fn strip_front<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for piece in part {
        rest = match piece {
            Piece::Text(literal) => rest.strip_prefix(literal.as_str())?,
            Piece::Dash => rest.strip_prefix(DASHES)?,
            Piece::One | Piece::Run => {
                let mut chars = rest.chars();
                chars.next()?;
                chars.as_str()
            }
        };
    }
    Some(rest)
}

/// What follows the leftmost place where `part` fits in `text`.
fn find<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(Piece::Text(literal)) = part.first() {
            rest = rest.get(rest.find(literal.as_str())?..)?;
        }
        if let Some(after) = strip_front(part, rest) {
            return Some(after);
        }
        let mut chars = rest.chars();
        chars.next()?;
        rest = chars.as_str();
    }
}

/// Whether `part` fits at the very end of `text`.
fn ends_with(part: &[Piece], text: &str) -> bool {
    let mut rest = text;
    for piece in part.iter().rev() {
        let before = match piece {
            Piece::Text(literal) => rest.strip_suffix(literal.as_str()),
            Piece::Dash => rest.strip_suffix(DASHES),
            Piece::One | Piece::Run => {
                let mut chars = rest.chars();
                chars.next_back().map(|_| chars.as_str())
            }
        };
        match before {
            Some(before) => rest = before,
            None => return false,
        }
    }
    true
}
