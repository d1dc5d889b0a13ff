//! One compiled question to the values of one field.

use super::modifier::{Anchor, Order, TimePart};
use super::time_part::time_part;
use crate::network::Network;
use crate::number::Number;
use crate::pattern::{Matcher, Pattern, Subject};
use crate::reading::{Others, View};
use crate::record::ValueKind;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use std::cmp::Ordering;

/// A question that a single value answers, or the field as a whole.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// The text fits.
    Text(Matcher),
    /// Any of the tests holds: one value of the rule in several spellings.
    AnyOf(Vec<Test>),
    /// The number is equal; where one of the two is no number, the texts are.
    Number(Option<Number>, Matcher),
    /// The number is in order.
    Ordered(Order, Number),
    /// The boolean is equal, or the text `true` or `false`.
    Bool(bool),
    /// The field is absent or has a null.
    Null,
    /// The field is there, be it empty or null.
    Exists(bool),
    /// The expression matches somewhere in the text.
    Regex(Box<Expression>),
    /// The address lies in the network.
    Cidr(Network),
    /// The text compares with each value of another field.
    FieldRef(FieldRef),
    /// The part of the time is in order; without an order, equal.
    Part(TimePart, Option<Order>, i128),
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    /// Ready to match.
    pub regex: Regex,
    /// Case does not count, by a flag that does not stand in the expression.
    pub insensitive: bool,
}

/// A comparison with another field of the same event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldRef {
    /// The other field's number.
    pub other: u32,
    /// Where the other value must stand in this one.
    pub anchor: Anchor,
    /// Whether case counts.
    pub cased: bool,
}

impl Test {
    /// Whether the field as a whole answers, without any value being looked at.
    pub(crate) fn asks_presence(&self) -> bool {
        matches!(self, Test::Null | Test::Exists(_))
    }

    /// The answer for tests that ask for presence, of a field that is `absent`, or has a null among its values.
    pub(crate) fn presence(&self, absent: bool, null: bool) -> bool {
        match self {
            Test::Null => absent || null,
            Test::Exists(wanted) => absent != *wanted,
            _ => false,
        }
    }

    /// Whether this value fits.
    pub(crate) fn fits(&self, view: View<'_>, others: &dyn Others) -> bool {
        if view.kind == ValueKind::Null {
            return false;
        }
        let (text, subject) = (view.subject.text, view.subject);
        match self {
            Test::Text(matcher) => matcher.matches(subject),
            Test::AnyOf(tests) => tests.iter().any(|test| test.fits(view, others)),
            Test::Number(number, as_text) => match (number, Number::read(text)) {
                (Some(number), Some(value)) => number.order(value) == Ordering::Equal,
                _ => as_text.matches(subject),
            },
            Test::Ordered(order, limit) => Number::read(text).is_some_and(|v| in_order(v.order(*limit), *order)),
            Test::Bool(wanted) => {
                let word = if *wanted { "true" } else { "false" };
                matches!(view.kind, ValueKind::Bool | ValueKind::Str) && subject.folded == word
            }
            Test::Null | Test::Exists(_) => false,
            Test::Regex(expression) => expression.regex.is_match(text),
            Test::Cidr(network) => network.contains_text(text),
            Test::FieldRef(reference) => others.any(reference.other, &mut |other| reference.holds(subject, other)),
            Test::Part(part, order, wanted) => {
                time_part(text, *part).is_some_and(|found| part_holds(found, *order, *wanted))
            }
        }
    }

    /// Whether the text must begin in a certain way.
    pub(crate) fn minds_front(&self) -> bool {
        match self {
            Test::Text(matcher) => matcher.minds_front(),
            Test::AnyOf(tests) => tests.iter().any(Test::minds_front),
            Test::Regex(expression) => expression.regex.as_str().contains('^'),
            Test::Null | Test::Exists(_) => false,
            _ => true,
        }
    }

    /// Whether a missing field makes this test hold.
    pub(crate) fn holds_when_missing(&self) -> bool {
        matches!(self, Test::Null | Test::Exists(false))
    }

    /// The field this test refers to besides its own.
    pub(crate) fn refers_to(&self) -> Option<u32> {
        match self {
            Test::FieldRef(reference) => Some(reference.other),
            _ => None,
        }
    }

    /// Relative cost, for ordering the members of an AND.
    pub(crate) fn cost(&self) -> u32 {
        match self {
            Test::Text(matcher) => matcher.cost(),
            Test::AnyOf(tests) => tests.iter().map(Test::cost).sum(),
            Test::Null | Test::Exists(_) | Test::Bool(_) => 1,
            Test::Number(..) | Test::Ordered(..) => 2,
            Test::Cidr(_) | Test::Part(..) => 4,
            Test::FieldRef(_) => 10,
            Test::Regex(_) => 100,
        }
    }
}

/// Whether a part of a time is as wanted; without an order, equal.
pub(super) fn part_holds(found: i128, order: Option<Order>, wanted: i128) -> bool {
    match order {
        Some(order) => in_order(found.cmp(&wanted), order),
        None => found == wanted,
    }
}

fn in_order(found: Ordering, wanted: Order) -> bool {
    match wanted {
        Order::Less => found.is_lt(),
        Order::LessOrEqual => found.is_le(),
        Order::Greater => found.is_gt(),
        Order::GreaterOrEqual => found.is_ge(),
    }
}

impl FieldRef {
    fn holds(self, subject: Subject<'_>, other: View<'_>) -> bool {
        if other.kind == ValueKind::Null {
            return false;
        }
        let (text, part) =
            if self.cased { (subject.text, other.subject.text) } else { (subject.folded, other.subject.folded) };
        match self.anchor {
            Anchor::Whole => text == part,
            Anchor::Contains => text.contains(part),
            Anchor::StartsWith => text.starts_with(part),
            Anchor::EndsWith => text.ends_with(part),
        }
    }
}

/// Many `contains` of one item searched in one pass over the value.
#[derive(Clone, Debug)]
pub(crate) struct Many {
    automaton: AhoCorasick,
}

impl Many {
    /// Worth it from here on: below, one search after the other costs less than the automaton's memory.
    const FROM: usize = 12;

    /// An automaton over tests that all are `contains` without case, or none.
    pub(crate) fn of(tests: &[Test]) -> Option<Many> {
        if tests.len() < Many::FROM {
            return None;
        }
        let needle = |test: &Test| match test {
            Test::Text(matcher) => matcher.as_within().map(<[u8]>::to_vec),
            _ => None,
        };
        let needles = tests.iter().map(needle).collect::<Option<Vec<_>>>()?;
        // The fastest kind takes fifteen times the memory, and few events get here.
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(needles);
        automaton.ok().map(|automaton| Many { automaton })
    }

    /// Whether any of them stands in the value.
    pub(crate) fn fits(&self, view: View<'_>) -> bool {
        view.kind != ValueKind::Null && self.automaton.is_match(view.subject.folded)
    }
}

/// The keyword reading of a pattern: anywhere in a value.
pub(crate) fn within(pattern: Pattern) -> Pattern {
    pattern.open_front().open_back()
}
