//! Does the raw line contain a text, in any case? The most expensive question of a search, so the plain case is quick.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use wardwatch_predicate::{Matcher, Pattern, Piece, Subject, fold};

/// Two characters become ASCII letters (with a mark) when lower-cased: the Kelvin sign and the dotted capital I.
const BECOME_ASCII: [&str; 2] = ["\u{212A}", "\u{130}"];

/// A prepared text to look for anywhere in a line.
#[derive(Debug)]
pub(crate) struct LineText {
    matcher: Matcher,
    /// For an ASCII text without wildcards: finds it in ASCII bytes of either case.
    ascii: Option<Regex>,
    /// Whether the text has a letter that [`BECOME_ASCII`] turn into.
    kelvin: bool,
    /// A stretch of the text that has no case and must stand in the line as it is.
    must: Option<Finder<'static>>,
    special: [Finder<'static>; 2],
}

impl LineText {
    pub fn new(pattern: &Pattern) -> Self {
        let literal = pattern.as_literal().filter(|text| text.is_ascii());
        let ascii = literal.and_then(|text| {
            let mut builder = RegexBuilder::new(&regex::escape(text));
            builder.case_insensitive(true).unicode(false).build().ok()
        });
        let kelvin = literal.is_some_and(|text| text.contains(['k', 'K', 'i', 'I']));
        let must = longest_caseless(pattern).map(|text| Finder::new(text.as_bytes()).into_owned());
        let open = pattern.clone().open_front().open_back();
        let special = BECOME_ASCII.map(|text| Finder::new(text).into_owned());
        Self { matcher: Matcher::new(&open, false), ascii, kelvin, must, special }
    }

    /// Whether the line contains it.
    pub fn test(&self, line: &str) -> bool {
        if let Some(ascii) = &self.ascii {
            let special = || self.special.iter().any(|finder| finder.find(line.as_bytes()).is_some());
            if ascii.is_match(line.as_bytes()) {
                return true;
            }
            if !self.kelvin || line.is_ascii() || !special() {
                return false;
            }
        }
        if self.must.as_ref().is_some_and(|must| must.find(line.as_bytes()).is_none()) {
            return false;
        }
        self.matcher.matches(Subject { text: line, folded: &fold(line) })
    }
}

/// The longest stretch of at least two bytes that no folding changes or makes.
fn longest_caseless(pattern: &Pattern) -> Option<String> {
    let texts = pattern.pieces().iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let runs = texts.flat_map(|text| text.split(|c| !is_caseless(c)));
    runs.filter(|run| run.len() >= 2).max_by_key(|run| run.len()).map(str::to_owned)
}

/// Whether the character folds to itself and no other character folds to it.
pub(crate) fn is_caseless(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphabetic();
    }
    // The dot that lower-casing a dotted capital I leaves behind.
    let made = c == '\u{307}';
    let fixed = c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]);
    !made && fixed && !c.is_lowercase() && !c.is_uppercase()
}
