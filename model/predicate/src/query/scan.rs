//! Characters of a query with their places, and the words made of them.

use super::fault::QueryFault;
use crate::pattern::{Pattern, Piece};
use crate::place::Place;

/// Characters a backslash makes ordinary outside quotes.
pub(super) const ESCAPED: &str = "\\*?\"()[]{}<>:=|";

/// The half-width kin of a full-width character that has a meaning here.
pub(super) fn half_width(c: char) -> char {
    match c {
        '：' => ':',
        '（' => '(',
        '）' => ')',
        '｜' => '|',
        '＂' | '“' | '”' => '"',
        '，' => ',',
        other => other,
    }
}

/// A reader over the query's characters.
#[derive(Clone)]
pub(super) struct Scan<'q> {
    text: &'q str,
    at: usize,
}

/// What stands where a word is expected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// Where it begins.
    pub place: Place,
    /// What it fits.
    pub pattern: Pattern,
    /// As written, without quotes.
    pub written: String,
    /// Quoted: no wildcard, no operator, no number, no network.
    pub quoted: bool,
}

impl<'q> Scan<'q> {
    pub(super) fn new(text: &'q str) -> Scan<'q> {
        Scan { text, at: 0 }
    }

    pub(super) fn place(&self) -> Place {
        Place::of_offset(self.text, self.at)
    }

    fn rest(&self) -> &'q str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character, half-width, without taking it.
    pub(super) fn peek(&self) -> Option<char> {
        self.raw_peek().map(half_width)
    }

    fn raw_peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.raw_peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes the next character if it is this one, by its half-width form.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.take();
        }
        found
    }

    pub(super) fn blanks(&mut self) {
        while self.raw_peek().is_some_and(char::is_whitespace) {
            self.take();
        }
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Takes the next bare word if it is this one, in any case, and ends there.
    pub(super) fn eat_word(&mut self, wanted: &str) -> bool {
        let mut ahead = self.clone();
        for c in wanted.chars() {
            if !ahead.take().is_some_and(|found| found.eq_ignore_ascii_case(&c)) {
                return false;
            }
        }
        let ends = ahead.peek().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"' | ','));
        if ends {
            self.at = ahead.at;
        }
        ends
    }

    /// Characters while `fits`, by their half-width forms.
    pub(super) fn while_fits(&mut self, fits: impl Fn(char) -> bool) -> String {
        let mut found = String::new();
        while let Some(c) = self.raw_peek().filter(|c| fits(half_width(*c))) {
            found.push(c);
            self.take();
        }
        found
    }

    /// A quoted text; the opening quote is next. It ends at its own kind of quote.
    pub(super) fn quoted(&mut self) -> Result<Word, QueryFault> {
        let place = self.place();
        let closing = match self.take() {
            Some('“' | '”') => '”',
            Some(open) => open,
            None => '"',
        };
        let mut text = String::new();
        loop {
            match self.take() {
                None => {
                    let reason = "this quote is not closed: add one (a backslash before a quote is written `\\\\`)";
                    return Err(QueryFault::new(place, reason));
                }
                Some('\\') => match self.raw_peek().filter(|c| *c == '\\' || *c == closing) {
                    Some(c) => {
                        self.take();
                        text.push(c);
                    }
                    None => text.push('\\'),
                },
                Some(c) if c == closing => break,
                Some(c) => text.push(c),
            }
        }
        Ok(Word { place, pattern: Pattern::literal(&text), written: text, quoted: true })
    }

    /// A bare word up to a blank, a bracket or a pipe. With `stop`, also up to the first such character.
    pub(super) fn bare(&mut self, stop: Option<char>) -> Word {
        let place = self.place();
        let mut pattern = Pattern::default();
        let mut written = String::new();
        while let Some(c) = self.raw_peek() {
            let half = half_width(c);
            if c.is_whitespace() || matches!(half, '(' | ')' | '|' | '"') || Some(half) == stop {
                break;
            }
            self.take();
            written.push(c);
            match c {
                '\\' => match self.raw_peek().filter(|next| escaped(*next)) {
                    Some(next) => {
                        self.take();
                        written.push(next);
                        pattern.push_char(next);
                    }
                    None => pattern.push_char('\\'),
                },
                '*' => pattern.push(Piece::Run),
                '?' => pattern.push(Piece::One),
                other => pattern.push_char(other),
            }
        }
        Word { place, pattern, written, quoted: false }
    }
}

fn escaped(c: char) -> bool {
    c.is_whitespace() || ESCAPED.contains(half_width(c))
}
