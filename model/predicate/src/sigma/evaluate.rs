//! Does the rule hold for this event, and which values made it hold? Straight over the tree, nothing clever.

use super::compile::{CompiledBody, CompiledItem, CompiledRule};
use super::condition::Condition;
use super::test::Test;
use crate::reading::{Held, Reading};
use crate::record::ValueKind;
use serde::Serialize;
use wardwatch_limits::{EVIDENCE_MATCHES, EVIDENCE_VALUE_BYTES};

/// A value that made a rule hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatchedValue {
    /// The selection.
    pub selection: String,
    /// The field as the rule names it; none for a keyword.
    pub field: Option<String>,
    /// The value of the event, cut at `EVIDENCE_VALUE_BYTES`; none where the match is that there is no value.
    pub value: Option<String>,
    /// First byte in the raw line, if the value stands there.
    pub start: Option<u32>,
    /// One behind the last byte in the raw line.
    pub end: Option<u32>,
}

impl CompiledRule {
    /// Whether the rule holds.
    #[must_use]
    pub fn matches(&self, reading: &Reading<'_>) -> bool {
        self.holds(&self.condition, reading)
    }

    /// The values that made the rule hold, at most `EVIDENCE_MATCHES`; nothing if it does not hold. What stands
    /// under a `not` held by being absent and gives none.
    #[must_use]
    pub fn evidence(&self, reading: &Reading<'_>) -> Vec<MatchedValue> {
        let mut found = Vec::new();
        if self.matches(reading) {
            self.collect(&self.condition, reading, &mut found);
        }
        found
    }

    fn holds(&self, condition: &Condition, reading: &Reading<'_>) -> bool {
        match condition {
            Condition::Or(inner) => inner.iter().any(|c| self.holds(c, reading)),
            Condition::And(inner) => inner.iter().all(|c| self.holds(c, reading)),
            Condition::Not(inner) => !self.holds(inner, reading),
            Condition::Selection(number) => self.selection_holds(*number, reading),
            Condition::Of { least, of, .. } => {
                of.iter().filter(|number| self.selection_holds(**number, reading)).take(*least).count() == *least
            }
        }
    }

    pub(crate) fn selection_holds(&self, number: usize, reading: &Reading<'_>) -> bool {
        self.selections.get(number).is_some_and(|selection| selection.body.holds(reading))
    }

    fn collect(&self, condition: &Condition, reading: &Reading<'_>, found: &mut Vec<MatchedValue>) {
        match condition {
            Condition::Or(inner) | Condition::And(inner) => {
                inner.iter().filter(|c| self.holds(c, reading)).for_each(|c| self.collect(c, reading, found));
            }
            Condition::Not(_) => {}
            Condition::Selection(number) => self.collect_selection(*number, reading, found),
            Condition::Of { of, .. } => {
                of.iter().for_each(|number| self.collect_selection(*number, reading, found));
            }
        }
    }

    fn collect_selection(&self, number: usize, reading: &Reading<'_>, found: &mut Vec<MatchedValue>) {
        if let Some(selection) = self.selections.get(number) {
            selection.body.collect(&selection.name, reading, found);
        }
    }
}

impl CompiledBody {
    pub(crate) fn holds(&self, reading: &Reading<'_>) -> bool {
        match self {
            CompiledBody::All(items) => items.iter().all(|item| item.holds(reading)),
            CompiledBody::Any(bodies) => bodies.iter().any(|body| body.holds(reading)),
            CompiledBody::Item(item) => item.holds(reading),
        }
    }

    fn collect(&self, selection: &str, reading: &Reading<'_>, found: &mut Vec<MatchedValue>) {
        if !self.holds(reading) {
            return;
        }
        match self {
            CompiledBody::All(items) => items.iter().for_each(|item| item.collect(selection, reading, found)),
            CompiledBody::Any(bodies) => bodies.iter().for_each(|body| body.collect(selection, reading, found)),
            CompiledBody::Item(item) => item.collect(selection, reading, found),
        }
    }
}

impl CompiledItem {
    /// The values this item looks at.
    pub(crate) fn values<'h, 'r>(&self, reading: &'h Reading<'r>) -> &'h [Held<'r>] {
        match self.field {
            Some(number) => reading.field(number),
            None => reading.all(),
        }
    }

    pub(crate) fn holds(&self, reading: &Reading<'_>) -> bool {
        let values = self.values(reading);
        // A rule's evidence asks the same several times.
        if values.iter().map(|held| held.text().len()).sum::<usize>() < REMEMBERED_BYTES {
            return self.holds_for(values, reading);
        }
        reading.remembered(std::ptr::from_ref(self).addr(), || self.holds_for(values, reading))
    }

    fn holds_for(&self, values: &[Held<'_>], reading: &Reading<'_>) -> bool {
        if self.neq {
            // A missing field does not differ: there must be a value, and in a comparison of fields one on each side.
            return has_value(values) && self.others_have_values(reading) && !self.any_or_all(values, reading);
        }
        self.any_or_all(values, reading)
    }

    fn any_or_all(&self, values: &[Held<'_>], reading: &Reading<'_>) -> bool {
        reading.charge(values, if self.many.is_some() { 1 } else { self.tests.len() });
        if let Some(many) = &self.many {
            return values.iter().any(|held| many.fits(held.view()));
        }
        let mut tests = self.tests.iter();
        match self.all {
            true => tests.all(|test| test_holds(test, values, reading)),
            false => tests.any(|test| test_holds(test, values, reading)),
        }
    }

    fn others_have_values(&self, reading: &Reading<'_>) -> bool {
        self.tests.iter().filter_map(Test::refers_to).all(|other| has_value(reading.field(other)))
    }

    fn collect(&self, selection: &str, reading: &Reading<'_>, found: &mut Vec<MatchedValue>) {
        let values = self.values(reading);
        let field = self.field.and_then(|number| reading.name(number));
        let mut push = |held: Option<&Held<'_>>| {
            let matched = matched_value(selection, field, held);
            if found.len() < EVIDENCE_MATCHES && !found.contains(&matched) {
                found.push(matched);
            }
        };
        let fits = |held: &&Held<'_>| match &self.many {
            Some(many) => many.fits(held.view()),
            None => self.tests.iter().any(|test| test.fits(held.view(), reading)),
        };
        let mut fitting = values.iter().filter(|held| if self.neq { true } else { fits(held) }).peekable();
        if fitting.peek().is_none() {
            // `null` and `exists: false`: the finding is that there is nothing.
            push(values.first());
        }
        fitting.for_each(|held| push(Some(held)));
    }
}

/// Bytes of values from which on an answer about them is remembered.
const REMEMBERED_BYTES: usize = 4_096;

fn has_value(values: &[Held<'_>]) -> bool {
    values.iter().any(|held| held.kind() != ValueKind::Null)
}

/// Whether a test holds for any of the values, or for the field as a whole.
pub(crate) fn test_holds(test: &Test, values: &[Held<'_>], reading: &Reading<'_>) -> bool {
    if test.asks_presence() {
        return test.presence(values.is_empty(), values.iter().any(|held| held.kind() == ValueKind::Null));
    }
    values.iter().any(|held| test.fits(held.view(), reading))
}

fn matched_value(selection: &str, field: Option<&str>, held: Option<&Held<'_>>) -> MatchedValue {
    let span = held.and_then(Held::span);
    MatchedValue {
        selection: selection.to_owned(),
        field: field.map(str::to_owned),
        value: held.filter(|held| held.kind() != ValueKind::Null).map(|held| cut(held.text(), EVIDENCE_VALUE_BYTES)),
        start: span.map(|(start, _)| start),
        end: span.map(|(_, end)| end),
    }
}

/// At most `bytes` of the text, cut at a character.
pub(crate) fn cut(text: &str, bytes: usize) -> String {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text).to_owned()
}
