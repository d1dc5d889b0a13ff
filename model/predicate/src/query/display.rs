//! A query as text that reads back as the same query.

use super::plan::{Filter, Function, Is, Limit, Measure, Pipe, Query, RangeValue, SortKey, Term, TimeWord};
use super::read::is_field_name;
use super::scan::{ESCAPED, half_width};
use crate::number::Number;
use crate::pattern::{Pattern, Piece};
use std::fmt::{self, Display, Formatter, Write};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(earliest) = &self.range.earliest {
            parts.push(format!("earliest:{earliest}"));
        }
        if let Some(latest) = &self.range.latest {
            parts.push(format!("latest:{latest}"));
        }
        match &self.filter {
            Filter::All if !parts.is_empty() || !self.pipes.is_empty() => {}
            Filter::Or(_) if !parts.is_empty() => parts.push(format!("({})", self.filter)),
            filter => parts.push(filter.to_string()),
        }
        f.write_str(&parts.join(" AND "))?;
        for pipe in &self.pipes {
            let blank = if parts.is_empty() { "" } else { " " };
            write!(f, "{blank}| {pipe}")?;
            parts.push(String::new());
        }
        Ok(())
    }
}

impl Display for TimeWord {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            TimeWord::Ago(0) => f.write_str("now"),
            TimeWord::Ago(seconds) => {
                let units = [(604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
                let fits = units.iter().find(|(unit, _)| seconds % unit == 0);
                let (unit, letter) = fits.copied().unwrap_or((1, "s"));
                write!(f, "{}{letter}", seconds / unit)
            }
            TimeWord::At(text) => write!(f, "\"{text}\""),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Filter::All => f.write_str("*"),
            Filter::And(inner) => joined(f, inner, " AND ", |filter| matches!(filter, Filter::Or(_) | Filter::And(_))),
            Filter::Or(inner) => joined(f, inner, " OR ", |filter| matches!(filter, Filter::Or(_))),
            Filter::Not(inner) => match **inner {
                Filter::And(_) | Filter::Or(_) => write!(f, "NOT ({inner})"),
                _ => write!(f, "NOT {inner}"),
            },
            Filter::Term(term) => term.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, inner: &[Filter], word: &str, brackets: fn(&Filter) -> bool) -> fmt::Result {
    for (number, filter) in inner.iter().enumerate() {
        if number > 0 {
            f.write_str(word)?;
        }
        if brackets(filter) { write!(f, "({filter})")? } else { write!(f, "{filter}")? }
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Term::Text(pattern) => write_pattern(f, pattern),
            Term::Field { field, is } => {
                // Bare, `c:\\x*` would be read as a path and `http://x*` as an address.
                if like_path_or_url(field, is) {
                    write_quoted(f, field)?
                } else {
                    write_name(f, field)?
                }
                f.write_char(':')?;
                is.fmt(f)
            }
        }
    }
}

fn like_path_or_url(field: &str, is: &Is) -> bool {
    let Is::Text(pattern) = is else { return false };
    let [Piece::Text(text), _, ..] = pattern.pieces() else { return false };
    let backslash = text.starts_with(|c: char| c.is_whitespace() || ESCAPED.contains(half_width(c)));
    (field.len() == 1 && backslash) || text.starts_with("//")
}

impl Display for Is {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Is::Present => f.write_str("*"),
            Is::Text(pattern) => write_pattern(f, pattern),
            Is::Within(network) => network.fmt(f),
            Is::Between { low: None, high: Some(high) } => {
                write!(f, "<{}{}", if high.inclusive { "=" } else { "" }, high.value)
            }
            Is::Between { low: Some(low), high: None } => {
                write!(f, ">{}{}", if low.inclusive { "=" } else { "" }, low.value)
            }
            Is::Between { low, high } => {
                let included = |limit: &Option<Limit>| limit.as_ref().is_none_or(|limit| limit.inclusive);
                let end =
                    |limit: &Option<Limit>| limit.as_ref().map_or("*".to_owned(), |limit| limit.value.to_string());
                f.write_char(if included(low) { '[' } else { '{' })?;
                write!(f, "{} TO {}", end(low), end(high))?;
                f.write_char(if included(high) { ']' } else { '}' })
            }
        }
    }
}

impl Display for RangeValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            RangeValue::Number(Number::Integer(integer)) => integer.fmt(f),
            // With a point or an exponent, so that it is read as a float again.
            RangeValue::Number(Number::Float(float)) => write!(f, "{float:?}"),
            RangeValue::Address(address) => address.fmt(f),
            RangeValue::Text(text) => write_quoted(f, text),
        }
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Pipe::Stats { measures, by } => {
                f.write_str("stats ")?;
                listed(f, measures, |f, measure: &Measure| measure.fmt(f))?;
                if !by.is_empty() {
                    f.write_str(" by ")?;
                    listed(f, by, |f, field: &String| write_name(f, field))?;
                }
                Ok(())
            }
            Pipe::Sort(keys) => {
                f.write_str("sort ")?;
                listed(f, keys, |f, key: &SortKey| {
                    f.write_str(if key.descending { "-" } else { "+" })?;
                    write_name(f, &key.field)
                })
            }
            Pipe::Head(rows) => write!(f, "head {rows}"),
            Pipe::Fields(fields) => {
                f.write_str("fields ")?;
                listed(f, fields, |f, field: &String| write_name(f, field))
            }
        }
    }
}

fn listed<T>(f: &mut Formatter<'_>, items: &[T], write: fn(&mut Formatter<'_>, &T) -> fmt::Result) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

impl Display for Measure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.word())?;
        let named = match &self.field {
            Some(field) => {
                f.write_char('(')?;
                write_name(f, field)?;
                f.write_char(')')?;
                format!("{}({field})", self.function.word())
            }
            None => Function::Count.word().to_owned(),
        };
        if self.name != named {
            f.write_str(" as ")?;
            write_name(f, &self.name)?;
        }
        Ok(())
    }
}

fn write_name(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    if is_field_name(name) { f.write_str(name) } else { write_quoted(f, name) }
}

fn write_quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

fn write_pattern(f: &mut Formatter<'_>, pattern: &Pattern) -> fmt::Result {
    if let Some(text) = pattern.as_literal() {
        return if plain(text) { f.write_str(text) } else { write_quoted(f, text) };
    }
    for piece in pattern.pieces() {
        match piece {
            Piece::Run => f.write_char('*')?,
            Piece::One => f.write_char('?')?,
            Piece::Dash => f.write_char('-')?,
            Piece::Text(text) => write_escaped(f, text)?,
        }
    }
    Ok(())
}

fn write_escaped(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        // `!` has a meaning nowhere but in a refusal; it is not escaped by the reader, so it stays as it is.
        if c.is_whitespace() || ESCAPED.contains(half_width(c)) {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

/// Whether a bare text is read as just that: no operator, no network, no character with a meaning.
fn plain(text: &str) -> bool {
    let operators = ["and", "or", "not", "to"];
    let word = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@'));
    word && !text.is_empty() && !operators.contains(&text.to_ascii_lowercase().as_str())
}
