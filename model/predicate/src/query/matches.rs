//! Does an event answer the query? The plain reading, against which an engine's answer is compared.

use super::plan::{Filter, Is, Limit, Query, RangeValue, Term};
use crate::number::Number;
use crate::pattern::{Matcher, Pattern};
use crate::reading::Held;
use crate::record::{FieldKey, Record, ValueKind};
use std::cmp::Ordering;
use std::net::IpAddr;

impl Query {
    /// Whether the filter holds for the record. Time range and pipes are not looked at: a record has no clock.
    #[must_use]
    pub fn matches(&self, record: &dyn Record) -> bool {
        self.filter.matches(record)
    }
}

impl Filter {
    /// Whether the filter holds for the record.
    #[must_use]
    pub fn matches(&self, record: &dyn Record) -> bool {
        match self {
            Filter::All => true,
            Filter::And(inner) => inner.iter().all(|filter| filter.matches(record)),
            Filter::Or(inner) => inner.iter().any(|filter| filter.matches(record)),
            Filter::Not(inner) => !inner.matches(record),
            Filter::Term(term) => term.matches(record),
        }
    }
}

impl Term {
    fn matches(&self, record: &dyn Record) -> bool {
        match self {
            Term::Text(pattern) => {
                let matcher = Matcher::new(&pattern.clone().open_front().open_back(), false);
                let mut values = Vec::new();
                match record.line() {
                    Some(line) => values.push(line),
                    None => record.all_values(&mut values),
                }
                values.into_iter().map(Held::new).any(|held| matcher.matches(held.subject()))
            }
            Term::Field { field, is } => {
                let mut values = Vec::new();
                record.values(FieldKey::named(field), &mut values);
                values.into_iter().map(Held::new).any(|held| held.kind() != ValueKind::Null && is.holds(&held))
            }
        }
    }
}

impl Is {
    fn holds(&self, held: &Held<'_>) -> bool {
        match self {
            Is::Present => true,
            Is::Text(pattern) => Matcher::new(pattern, false).matches(held.subject()) || equal_numbers(pattern, held),
            Is::Within(network) => network.contains_text(held.text()),
            Is::Between { low, high } => {
                let above = low.as_ref().is_none_or(|low| low.order(held).is_some_and(|o| o.is_gt() || low.takes(o)));
                let below =
                    high.as_ref().is_none_or(|high| high.order(held).is_some_and(|o| o.is_lt() || high.takes(o)));
                above && below
            }
        }
    }
}

fn equal_numbers(pattern: &Pattern, held: &Held<'_>) -> bool {
    let wanted = pattern.as_literal().and_then(Number::read);
    matches!((wanted, Number::read(held.text())), (Some(a), Some(b)) if a.order(b) == Ordering::Equal)
}

impl Limit {
    fn takes(&self, order: Ordering) -> bool {
        self.inclusive && order == Ordering::Equal
    }

    /// How a value stands to this limit; none where the two do not compare.
    fn order(&self, held: &Held<'_>) -> Option<Ordering> {
        match &self.value {
            RangeValue::Number(number) => Number::read(held.text()).map(|value| value.order(*number)),
            RangeValue::Address(address) => {
                let value = held.text().parse::<IpAddr>().ok()?.to_canonical();
                (value.is_ipv4() == address.is_ipv4()).then(|| value.cmp(address))
            }
            RangeValue::Text(text) => Some(held.subject().folded.cmp(&*crate::fold::fold(text))),
        }
    }
}
