//! Fields without which a rule cannot hold, so that a rule whose events never have one is known to be blind.

use super::compile::{CompiledBody, CompiledItem, CompiledRule};
use super::condition::Condition;
use std::collections::BTreeSet;

type Fields = BTreeSet<u32>;

impl CompiledRule {
    /// The numbers of the fields that must be there for the rule to hold, ascending. What stands under a `not` is not
    /// among them: it holds without.
    #[must_use]
    pub fn needs_fields(&self) -> Vec<u32> {
        self.needed(&self.condition).into_iter().collect()
    }

    fn needed(&self, condition: &Condition) -> Fields {
        match condition {
            Condition::And(inner) => inner.iter().flat_map(|c| self.needed(c)).collect(),
            Condition::Or(inner) => in_all(inner.iter().map(|c| self.needed(c))),
            Condition::Not(_) => Fields::new(),
            Condition::Selection(number) => self.of_selection(*number),
            Condition::Of { least, of, .. } if *least >= of.len() => {
                of.iter().flat_map(|number| self.of_selection(*number)).collect()
            }
            Condition::Of { of, .. } => in_all(of.iter().map(|number| self.of_selection(*number))),
        }
    }

    fn of_selection(&self, number: usize) -> Fields {
        self.selections.get(number).map_or_else(Fields::new, |selection| of_body(&selection.body))
    }
}

fn of_body(body: &CompiledBody) -> Fields {
    match body {
        CompiledBody::All(items) => items.iter().filter_map(|item| of_item(item)).collect(),
        CompiledBody::Any(bodies) => in_all(bodies.iter().map(of_body)),
        CompiledBody::Item(item) => of_item(item).into_iter().collect(),
    }
}

fn of_item(item: &CompiledItem) -> Option<u32> {
    let holds_without = !item.neq && item.tests.iter().any(|test| test.holds_when_missing());
    item.field.filter(|_| !holds_without)
}

/// What all of them have.
fn in_all(mut sets: impl Iterator<Item = Fields>) -> Fields {
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |all, set| all.intersection(&set).copied().collect())
}
