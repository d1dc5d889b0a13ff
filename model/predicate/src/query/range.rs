//! Ranges: `[5 TO 9}`, `>5`, over numbers, addresses and texts.

use super::fault::QueryFault;
use super::plan::{Is, Limit, RangeValue};
use super::scan::{Scan, Word};
use crate::number::Number;
use crate::pattern::Pattern;
use crate::place::Place;
use std::net::IpAddr;

/// `>5`, `<=5`; the sign is next.
pub(super) fn comparison(scan: &mut Scan<'_>) -> Result<Is, QueryFault> {
    let less = scan.eat('<');
    if !less {
        scan.eat('>');
    }
    let inclusive = scan.eat('=');
    let place = scan.place();
    let word = value(scan, None)?;
    if word.written.is_empty() {
        return Err(QueryFault::new(place, "a number, an address or a time is expected here"));
    }
    let limit = Some(Limit { value: range_value(&word), inclusive });
    Ok(if less { Is::Between { low: None, high: limit } } else { Is::Between { low: limit, high: None } })
}

pub(super) fn value(scan: &mut Scan<'_>, stop: Option<char>) -> Result<Word, QueryFault> {
    if scan.peek() == Some('"') { scan.quoted() } else { Ok(scan.bare(stop)) }
}

/// `[5 TO 9]`; the bracket is next.
pub(super) fn range(scan: &mut Scan<'_>) -> Result<Is, QueryFault> {
    let place = scan.place();
    let from_inclusive = scan.peek() == Some('[');
    scan.eat('[');
    scan.eat('{');
    scan.blanks();
    let low = value(scan, Some(']'))?;
    scan.blanks();
    if !scan.eat_word("TO") {
        return Err(QueryFault::new(place, "a range is written `[5 TO 9]`, or `[5 TO *]` for an open end"));
    }
    scan.blanks();
    let high = high_end(scan)?;
    scan.blanks();
    let to_inclusive = scan.peek() == Some(']');
    if !scan.eat(']') && !scan.eat('}') {
        return Err(QueryFault::new(place, "this range is not closed: add `]` (included) or `}` (excluded)"));
    }
    let limit = |word: &Word, inclusive| {
        let open = !word.quoted && word.written == "*";
        (!open).then(|| Limit { value: range_value(word), inclusive })
    };
    let (low, high) = (limit(&low, from_inclusive), limit(&high, to_inclusive));
    checked_range(low, high, place)
}

fn high_end(scan: &mut Scan<'_>) -> Result<Word, QueryFault> {
    if scan.peek() == Some('"') {
        return scan.quoted();
    }
    let place = scan.place();
    let written = scan.while_fits(|c| !c.is_whitespace() && !matches!(c, ']' | '}' | '(' | ')' | '|' | '"'));
    Ok(Word { place, pattern: Pattern::literal(&written), written, quoted: false })
}

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
