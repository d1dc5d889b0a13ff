//! Is this value what the query asks? The same reading as the query language's own, with everything that can be prepared
//! prepared once.

use std::cmp::Ordering;
use std::net::IpAddr;
use wardwatch_predicate::query::{Bound, Is, RangeValue};
use wardwatch_predicate::{Matcher, Number, Subject, fold};

/// A prepared question to one value's text.
#[derive(Debug)]
pub(crate) struct Holds {
    is: Is,
    matcher: Option<Matcher>,
    number: Option<Number>,
    /// The literal in ASCII, for values that are ASCII too.
    ascii: Option<String>,
}

impl Holds {
    pub fn new(is: &Is) -> Self {
        let (matcher, literal) = match is {
            Is::Text(pattern) => (Some(Matcher::new(pattern, false)), pattern.as_literal()),
            _ => (None, None),
        };
        let ascii = literal.filter(|text| text.is_ascii()).map(str::to_owned);
        Self { number: literal.and_then(Number::read), is: is.clone(), matcher, ascii }
    }

    /// Whether a value that is there holds.
    pub fn test(&self, text: &str) -> bool {
        match &self.is {
            Is::Present => true,
            Is::Within(network) => network.contains_text(text),
            Is::Text(_) => self.fits(text) || self.equals(text),
            Is::Between { low, high } => {
                let above = |low: &Bound| order(low, text).is_some_and(|o| o.is_gt() || (low.inclusive && o.is_eq()));
                let below =
                    |high: &Bound| order(high, text).is_some_and(|o| o.is_lt() || (high.inclusive && o.is_eq()));
                low.as_ref().is_none_or(above) && high.as_ref().is_none_or(below)
            }
        }
    }

    fn fits(&self, text: &str) -> bool {
        match (&self.ascii, &self.matcher) {
            (Some(ascii), _) if text.is_ascii() => ascii.eq_ignore_ascii_case(text),
            (_, Some(matcher)) => matcher.matches(Subject { text, folded: &fold(text) }),
            _ => false,
        }
    }

    fn equals(&self, text: &str) -> bool {
        let Some(wanted) = self.number else { return false };
        Number::read(text).is_some_and(|value| wanted.order(value) == Ordering::Equal)
    }
}

/// How a value stands to a bound; none where the two do not compare.
fn order(bound: &Bound, text: &str) -> Option<Ordering> {
    match &bound.value {
        RangeValue::Number(number) => Number::read(text).map(|value| value.order(*number)),
        RangeValue::Address(address) => {
            let value = text.parse::<IpAddr>().ok()?.to_canonical();
            (value.is_ipv4() == address.is_ipv4()).then(|| value.cmp(address))
        }
        RangeValue::Text(wanted) => Some((*fold(text)).cmp(&*fold(wanted))),
    }
}
