//! What a query asks for, as a value: stored, compared, printed, planned by an engine.

use crate::network::Network;
use crate::number::Number;
use crate::pattern::Pattern;
use std::net::IpAddr;

/// A checked query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which events.
    pub filter: Filter,
    /// The time range the text names; what it leaves open the caller gives.
    pub range: TimeRange,
    /// What becomes of them, in order.
    pub pipes: Vec<Pipe>,
}

/// Which events.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every event.
    All,
    /// All of at least two.
    And(Vec<Filter>),
    /// Any of at least two.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// A single question.
    Term(Term),
}

/// A single question.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// The line as received contains this, in any case. Not opened at its ends: engines look for it anywhere.
    Text(Pattern),
    /// A field answers.
    Field {
        /// Which field.
        field: Field,
        /// What it must be.
        is: Is,
    },
}

/// A field by the name the analyst uses: a typed column or a native name.
pub type Field = String;

/// What a field must be. A missing field is none of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Is {
    /// There, and not null.
    Present,
    /// The whole value fits, in any case; a number also by value (`443` and `443.0`).
    Text(Pattern),
    /// An address inside.
    Within(Network),
    /// Between two bounds, at least one of which is given.
    Between {
        /// The lower.
        low: Option<Bound>,
        /// The upper.
        high: Option<Bound>,
    },
}

/// An end of a range.
pub type Bound = Limit;

/// A value and whether it belongs to the range.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The value.
    pub value: RangeValue,
    /// Whether it is inside.
    pub inclusive: bool,
}

/// What a range is over; both ends are of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum RangeValue {
    /// Numbers; values that are no number are outside.
    Number(Number),
    /// Addresses of one family; IPv4 inside IPv6 counts as IPv4.
    Address(IpAddr),
    /// Texts in the order of their characters, in any case: times in ISO 8601.
    Text(String),
}

/// The time range of a query's own text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// `since:` or `earliest:`.
    pub earliest: Option<TimeWord>,
    /// `latest:`.
    pub latest: Option<TimeWord>,
}

/// A point in time as an analyst writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeWord {
    /// So many seconds before now; 0 is now.
    Ago(u64),
    /// A date, or a date and time, ISO 8601; without a zone it is the reader's.
    At(String),
}

/// A step after the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pipe {
    /// One row per group, with the measures.
    Stats {
        /// At least one.
        measures: Vec<Measure>,
        /// Empty: one row over everything.
        by: Vec<Field>,
    },
    /// Order, first key first.
    Sort(Vec<SortKey>),
    /// The first so many rows.
    Head(u64),
    /// Only these columns, in this order.
    Fields(Vec<Field>),
}

/// A figure over the events of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Which.
    pub function: Function,
    /// Over which field; none for `count` of events.
    pub field: Option<Field>,
    /// The name of its column: given by `as`, or `count`, `dc(user)`.
    pub name: String,
}

/// A function over a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// How many events, or how many with the field.
    Count,
    /// How many different values.
    Distinct,
    /// Sum of the numbers.
    Sum,
    /// Mean of the numbers.
    Average,
    /// Least.
    Least,
    /// Greatest.
    Greatest,
}

impl Function {
    /// The word in a query.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Function::Count => "count",
            Function::Distinct => "dc",
            Function::Sum => "sum",
            Function::Average => "avg",
            Function::Least => "min",
            Function::Greatest => "max",
        }
    }

    /// The function of a word, in any case.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Function> {
        const ALL: [Function; 6] = [
            Function::Count,
            Function::Distinct,
            Function::Sum,
            Function::Average,
            Function::Least,
            Function::Greatest,
        ];
        ALL.into_iter().find(|function| function.word().eq_ignore_ascii_case(word))
    }
}

/// A column to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// Which.
    pub field: Field,
    /// Greatest first.
    pub descending: bool,
}

impl Filter {
    /// Calls `see` with every field the filter names.
    pub fn each_field<'f>(&'f self, see: &mut impl FnMut(&'f str)) {
        match self {
            Filter::All | Filter::Term(Term::Text(_)) => {}
            Filter::And(inner) | Filter::Or(inner) => inner.iter().for_each(|filter| filter.each_field(see)),
            Filter::Not(inner) => inner.each_field(see),
            Filter::Term(Term::Field { field, .. }) => see(field),
        }
    }

    /// All of these: flat, without [`Filter::All`].
    #[must_use]
    pub fn all_of(filters: Vec<Filter>) -> Filter {
        let mut flat = Vec::new();
        for filter in filters {
            match filter {
                Filter::All => {}
                Filter::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.pop() {
            None => Filter::All,
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Filter::And(flat)
            }
        }
    }

    /// Any of these: flat; [`Filter::All`] if that is among them.
    #[must_use]
    pub fn any_of(filters: Vec<Filter>) -> Filter {
        let mut flat = Vec::new();
        for filter in filters {
            match filter {
                Filter::All => return Filter::All,
                Filter::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.pop() {
            None => Filter::All,
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Filter::Or(flat)
            }
        }
    }
}
