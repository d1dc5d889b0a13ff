//! Query text to [`Query`]: filter, time range, pipes.

use super::fault::{QueryFault, QueryNote};
use super::pipes::read_pipes;
use super::plan::{Filter, Is, Limit, Query, RangeValue, Term, TimeRange, TimeWord};
use super::scan::{Scan, Word};
use crate::network::Network;
use crate::number::Number;
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
            Some('[' | '{') => return self.range(),
            Some('<' | '>') => return self.comparison(),
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

    fn comparison(&mut self) -> Result<Is, QueryFault> {
        let less = self.scan.eat('<');
        if !less {
            self.scan.eat('>');
        }
        let inclusive = self.scan.eat('=');
        let place = self.scan.place();
        let word = self.value(None)?;
        if word.written.is_empty() {
            return Err(QueryFault::new(place, "a number, an address or a time is expected here"));
        }
        let limit = Some(Limit { value: range_value(&word), inclusive });
        Ok(if less { Is::Between { low: None, high: limit } } else { Is::Between { low: limit, high: None } })
    }

    fn value(&mut self, stop: Option<char>) -> Result<Word, QueryFault> {
        if self.scan.peek() == Some('"') { self.scan.quoted() } else { Ok(self.scan.bare(stop)) }
    }

    fn range(&mut self) -> Result<Is, QueryFault> {
        let place = self.scan.place();
        let from_inclusive = self.scan.peek() == Some('[');
        self.scan.eat('[');
        self.scan.eat('{');
        self.scan.blanks();
        let low = self.value(Some(']'))?;
        self.scan.blanks();
        if !self.scan.eat_word("TO") {
            return Err(QueryFault::new(place, "a range is written `[5 TO 9]`, or `[5 TO *]` for an open end"));
        }
        self.scan.blanks();
        let high = self.high_end()?;
        self.scan.blanks();
        let to_inclusive = self.scan.peek() == Some(']');
        if !self.scan.eat(']') && !self.scan.eat('}') {
            return Err(QueryFault::new(place, "this range is not closed: add `]` (included) or `}` (excluded)"));
        }
        let limit = |word: &Word, inclusive| {
            let open = !word.quoted && word.written == "*";
            (!open).then(|| Limit { value: range_value(word), inclusive })
        };
        let (low, high) = (limit(&low, from_inclusive), limit(&high, to_inclusive));
        checked_range(low, high, place)
    }

    fn high_end(&mut self) -> Result<Word, QueryFault> {
        if self.scan.peek() == Some('"') {
            return self.scan.quoted();
        }
        let place = self.scan.place();
        let written = self.scan.while_fits(|c| !c.is_whitespace() && !matches!(c, ']' | '}' | '(' | ')' | '|' | '"'));
        Ok(Word { place, pattern: crate::pattern::Pattern::literal(&written), written, quoted: false })
    }

    fn time(&mut self, name: &str, place: Place) -> Result<Filter, QueryFault> {
        let word = self.value(None)?;
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

fn checked_range(low: Option<Limit>, high: Option<Limit>, place: Place) -> Result<Is, QueryFault> {
    let empty =
        |limit: &Option<Limit>| matches!(limit, Some(Limit { value: RangeValue::Text(text), .. }) if text.is_empty());
    let same = match (&low, &high) {
        (None, None) => return Err(QueryFault::new(place, "this range has no end: write `field:*` for any value")),
        (Some(low), Some(high)) => match (&low.value, &high.value) {
            (RangeValue::Address(a), RangeValue::Address(b)) => a.is_ipv4() == b.is_ipv4(),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        },
        _ => true,
    };
    if empty(&low) || empty(&high) {
        return Err(QueryFault::new(place, "a range is written `[5 TO 9]`, or `[5 TO *]` for an open end"));
    }
    match same {
        true => Ok(Is::Between { low, high }),
        false => Err(QueryFault::new(place, "the two ends of a range are of one kind: numbers, addresses or texts")),
    }
}

fn range_value(word: &Word) -> RangeValue {
    if !word.quoted {
        if let Some(number) = Number::read(&word.written) {
            return RangeValue::Number(number);
        }
        if let Ok(address) = word.written.parse::<IpAddr>() {
            return RangeValue::Address(address.to_canonical());
        }
    }
    RangeValue::Text(word.written.clone())
}

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

impl TimeWord {
    /// Reads `24h`, `-24h`, `now`, `2026-11-25`, `2026-11-25T08:00:00Z`.
    #[must_use]
    pub fn read(text: &str) -> Option<TimeWord> {
        if text.eq_ignore_ascii_case("now") {
            return Some(TimeWord::Ago(0));
        }
        let relative = text.strip_prefix('-').unwrap_or(text);
        if let Some((digits, unit)) =
            relative.char_indices().next_back().and_then(|(at, _)| relative.split_at_checked(at))
        {
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                "w" => 604_800,
                _ => 0,
            };
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if seconds > 0 && plain {
                return digits.parse::<u64>().ok()?.checked_mul(seconds).map(TimeWord::Ago);
            }
        }
        is_iso(text).then(|| TimeWord::At(text.to_owned()))
    }
}

/// The shape of a date, or a date and time: what the digits mean is for whoever has a calendar.
fn is_iso(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00") else { return false };
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else { return rest.is_empty() };
    let Some(rest) = rest.strip_prefix("00:00") else { return false };
    let rest = rest.strip_prefix(":00").unwrap_or(rest);
    let rest = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
    matches!(rest, "" | "Z" | "z" | "+00:00" | "-00:00")
}
