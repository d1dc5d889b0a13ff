//! Query text to [`Query`]: filter, time range, pipes.

use super::fault::{QueryFault, QueryNote};
use super::pipes::read_pipes;
use super::plan::{Filter, Is, Query, Term, TimeRange, TimeWord};
use super::range::{comparison, range, value};
use super::scan::{Scan, Word};
use crate::network::Network;
use crate::pattern::Piece;
use crate::place::Place;
use std::net::IpAddr;
use wardwatch_limits::{QUERY_BYTES, QUERY_DEPTH, QUERY_TERMS};

/// A query with what its writer may want to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The query.
    pub query: Query,
    /// What was taken otherwise than it may have been meant.
    pub notes: Vec<QueryNote>,
}

/// Reads a query. The empty text asks for every event.
///
/// # Errors
/// The first thing that has no meaning, with its column and what to write instead; a text beyond the bounds of
/// `wardwatch_limits` (bytes, terms, depth). Never panics.
pub fn read_query(text: &str) -> Result<Read, QueryFault> {
    if text.len() > QUERY_BYTES {
        let reason = format!("the query has {} bytes, at most {QUERY_BYTES} are read: shorten it", text.len());
        return Err(QueryFault::new(Place::START, reason));
    }
    let mut reader = Reader {
        scan: Scan::new(text),
        depth: 0,
        terms: 0,
        nested: false,
        range: TimeRange::default(),
        notes: Vec::new(),
    };
    let filter = reader.or(None)?;
    reader.scan.blanks();
    if reader.scan.peek() == Some(')') {
        return Err(QueryFault::new(reader.scan.place(), "this bracket closes nothing: remove it"));
    }
    let pipes = read_pipes(&mut reader.scan)?;
    Ok(Read { query: Query { filter, range: reader.range, pipes }, notes: reader.notes })
}

struct Reader<'q> {
    scan: Scan<'q>,
    depth: usize,
    terms: usize,
    /// Inside brackets, `OR` or `NOT`: no place for a time range.
    nested: bool,
    range: TimeRange,
    notes: Vec<QueryNote>,
}

impl Reader<'_> {
    /// `field` is set inside `field:( … )`, where words are values.
    fn or(&mut self, field: Option<&str>) -> Result<Filter, QueryFault> {
        let before = self.range.clone();
        let first = self.scan.place();
        let mut members = vec![self.and(field, false)?];
        while self.operator(&["OR", "||"]) {
            if self.range != before {
                return Err(QueryFault::new(first, TIME_PLACE));
            }
            let nested = std::mem::replace(&mut self.nested, true);
            members.push(self.and(field, true)?);
            self.nested = nested;
        }
        Ok(if members.len() == 1 { Filter::all_of(members) } else { Filter::any_of(members) })
    }

    /// With `needed`, nothing at all is not every event but a fault.
    fn and(&mut self, field: Option<&str>, needed: bool) -> Result<Filter, QueryFault> {
        let mut members = Vec::new();
        loop {
            let explicit = !members.is_empty() && self.operator(&["AND", "&&"]);
            self.scan.blanks();
            let ends = self.scan.at_end() || matches!(self.scan.peek(), Some(')' | '|')) || self.next_is_or();
            if ends && explicit {
                return Err(QueryFault::new(
                    self.scan.place(),
                    "`AND` needs something behind it: add a term or remove it",
                ));
            }
            if ends && members.is_empty() && (needed || self.depth > 0 || self.next_is_or()) {
                return Err(QueryFault::new(self.scan.place(), "a term is expected here: a word, or `field:value`"));
            }
            if ends {
                return Ok(Filter::all_of(members));
            }
            members.push(self.not(field)?);
        }
    }

    fn next_is_or(&self) -> bool {
        let mut ahead = self.scan.clone();
        ahead.eat_word("OR") || ahead.eat_word("||")
    }

    fn operator(&mut self, words: &[&str]) -> bool {
        self.scan.blanks();
        // `|` begins a pipe, `||` an `OR`: the two-character form is looked for first.
        words.iter().any(|word| self.scan.eat_word(word))
    }

    fn not(&mut self, field: Option<&str>) -> Result<Filter, QueryFault> {
        self.scan.blanks();
        let place = self.scan.place();
        self.depth += 1;
        if self.depth > QUERY_DEPTH {
            return Err(QueryFault::new(place, format!("nested deeper than {QUERY_DEPTH} levels: flatten it")));
        }
        let nested = self.nested;
        let filter = if self.scan.eat_word("NOT") {
            self.nested = true;
            self.scan.blanks();
            if self.scan.at_end() || matches!(self.scan.peek(), Some(')' | '|')) {
                return Err(QueryFault::new(place, "`NOT` needs something behind it: add a term or remove it"));
            }
            Filter::Not(Box::new(self.not(field)?))
        } else if self.scan.eat('(') {
            self.nested = true;
            let inner = self.or(field)?;
            self.scan.blanks();
            if !self.scan.eat(')') {
                return Err(QueryFault::new(place, "this bracket is not closed: add `)`"));
            }
            inner
        } else if let Some(field) = field {
            self.terms(place)?;
            Filter::Term(Term::Field { field: field.to_owned(), is: self.is(place)? })
        } else {
            self.term(place)?
        };
        self.nested = nested;
        self.depth -= 1;
        Ok(filter)
    }

    fn terms(&mut self, place: Place) -> Result<(), QueryFault> {
        self.terms += 1;
        match self.terms > QUERY_TERMS {
            true => Err(QueryFault::new(place, format!("more than {QUERY_TERMS} terms: use a wildcard or a network"))),
            false => Ok(()),
        }
    }

    fn term(&mut self, place: Place) -> Result<Filter, QueryFault> {
        self.terms(place)?;
        if self.scan.peek() == Some('"') {
            let word = self.scan.quoted()?;
            if self.scan.peek() == Some(':') {
                return self.field(word.written, place);
            }
            return self.text(word);
        }
        let mut ahead = self.scan.clone();
        let name = ahead.bare(Some(':'));
        if ahead.eat(':') && is_field_name(&name.written) && !is_path_or_url(&name.written, &ahead) {
            self.scan.while_fits(|c| c != ':');
            return self.field(name.written, place);
        }
        let word = self.scan.bare(None);
        if word.written.is_empty() {
            return Err(QueryFault::new(place, "a term is expected here: a word, or `field:value`"));
        }
        self.not_an_equation(&word)?;
        self.text(word)
    }

    /// `user=root` and `bytes>5` are not our language; as free text they would silently find nothing.
    fn not_an_equation(&self, word: &Word) -> Result<(), QueryFault> {
        let Some(at) = word.written.find(['=', '<', '>']) else { return Ok(()) };
        let (before, rest) = word.written.split_at(at);
        let name = before.strip_suffix('!').unwrap_or(before);
        if !is_field_name(name) {
            return Ok(());
        }
        let value = rest.trim_start_matches('=');
        let negated = if name == before { "" } else { "NOT " };
        let reason =
            format!("write `{negated}{name}:{value}` to ask a field, or \"{}\" to search the text", word.written);
        Err(QueryFault::new(word.place, reason))
    }

    fn text(&mut self, word: Word) -> Result<Filter, QueryFault> {
        if word.written.is_empty() {
            return Err(QueryFault::new(word.place, "an empty text is in every line: write what to look for"));
        }
        if word.pattern.pieces() == [Piece::Run] {
            return Ok(Filter::All);
        }
        Ok(Filter::Term(Term::Text(word.pattern)))
    }

    /// The colon is next.
    fn field(&mut self, field: String, place: Place) -> Result<Filter, QueryFault> {
        self.scan.eat(':');
        if field.is_empty() {
            return Err(QueryFault::new(place, "a field name is expected before the colon"));
        }
        if matches!(field.as_str(), "since" | "earliest" | "latest") {
            return self.time(&field, place);
        }
        if self.scan.eat('(') {
            let nested = std::mem::replace(&mut self.nested, true);
            let inner = self.or(Some(&field))?;
            self.scan.blanks();
            if !self.scan.eat(')') {
                return Err(QueryFault::new(place, format!("the bracket behind `{field}:` is not closed: add `)`")));
            }
            self.nested = nested;
            return Ok(inner);
        }
        let is = self.is(place)?;
        Ok(Filter::Term(Term::Field { field, is }))
    }

    fn is(&mut self, place: Place) -> Result<Is, QueryFault> {
        match self.scan.peek() {
            Some('"') => {
                let word = self.scan.quoted()?;
                return Ok(Is::Text(word.pattern));
            }
            Some('[' | '{') => return range(&mut self.scan),
            Some('<' | '>') => return comparison(&mut self.scan),
            _ => {}
        }
        let word = self.scan.bare(None);
        if word.written.is_empty() {
            let reason = "a value is expected behind the colon: `field:value`, or `field:*` for any value";
            return Err(QueryFault::new(place, reason));
        }
        if word.pattern.pieces() == [Piece::Run] {
            return Ok(Is::Present);
        }
        if let Some(network) = network_of(&word)? {
            return Ok(Is::Within(network));
        }
        self.note_literal_star(&word);
        Ok(Is::Text(word.pattern))
    }

    /// `C:\Windows\*` ends in a literal star, which is hardly meant.
    fn note_literal_star(&mut self, word: &Word) {
        if word.written.ends_with("\\*") && !word.written.ends_with("\\\\*") {
            let note = "`\\*` is an ordinary star: write `\\\\*` for a backslash and anything behind it".to_owned();
            self.notes.push(QueryNote { place: word.place, note });
        }
    }

    fn time(&mut self, name: &str, place: Place) -> Result<Filter, QueryFault> {
        let word = value(&mut self.scan, None)?;
        if self.nested {
            return Err(QueryFault::new(place, TIME_PLACE));
        }
        let Some(time) = TimeWord::read(&word.written) else {
            let reason = format!("`{name}` takes 30m, 24h, 7d, now, 2026-11-25 or 2026-11-25T08:00:00");
            return Err(QueryFault::new(place, reason));
        };
        let slot = if name == "latest" { &mut self.range.latest } else { &mut self.range.earliest };
        if slot.replace(time).is_some() {
            return Err(QueryFault::new(place, "this end of the time range is given twice: remove one"));
        }
        Ok(Filter::All)
    }
}

const TIME_PLACE: &str = "a time range holds for the whole query: move it out of brackets, `OR` and `NOT`";

/// A network, or an IPv6 address, which has many spellings; a single IPv4 address is compared as text.
fn network_of(word: &Word) -> Result<Option<Network>, QueryFault> {
    let written = word.written.as_str();
    let is_v6 = written.parse::<std::net::Ipv6Addr>().is_ok();
    let slash = written.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
    if !is_v6 && !slash {
        return Ok(None);
    }
    match Network::read(written) {
        Some(network) => Ok(Some(network)),
        None => {
            Err(QueryFault::new(word.place, format!("`{written}` is no network: write it as 10.0.0.0/8, or quote it")))
        }
    }
}

pub(super) fn is_field_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '@'))
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | '#' | '/'))
}

/// `C:\Windows` and `http://…` are texts, not fields.
fn is_path_or_url(name: &str, behind: &Scan<'_>) -> bool {
    match behind.peek() {
        Some('/') => behind.clone().while_fits(|c| c == '/').len() >= 2,
        Some('\\') => name.len() == 1,
        _ => false,
    }
}
