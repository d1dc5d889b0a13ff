//! Would a rule fire wrongly on events that lack a field? Asked before a rule is sent to a source that only has some
//! of its fields (Security 4688 for Sysmon's process creation).
//!
//! A missing field makes a test false. Where the test is asked for, the rule stays silent, which is a gap; where it
//! stands under a `not`, a filter no longer holds and the rule fires on what its author excluded, which is a false
//! alarm. Tests for absence are the other way round.

use super::compile::{CompiledBody, CompiledItem, CompiledRule};
use super::condition::Condition;
use crate::route::Target;

impl CompiledRule {
    /// The first field that would make this rule fire wrongly on the target's events; `fields` is the rule set's table.
    #[must_use]
    pub fn misled_by<'f>(&self, target: &Target, fields: &'f [String]) -> Option<&'f str> {
        if target.has.is_none() && target.tails.is_empty() {
            return None;
        }
        let mut found = None;
        self.look(&self.condition, false, &mut |item, negated| {
            found = found.or_else(|| item.misled_by(target, fields, negated));
        });
        found
    }

    fn look(&self, condition: &Condition, negated: bool, see: &mut dyn FnMut(&CompiledItem, bool)) {
        match condition {
            Condition::Or(inner) | Condition::And(inner) => inner.iter().for_each(|c| self.look(c, negated, see)),
            Condition::Not(inner) => self.look(inner, !negated, see),
            Condition::Selection(number) => self.look_selection(*number, negated, see),
            Condition::Of { of, .. } => of.iter().for_each(|number| self.look_selection(*number, negated, see)),
        }
    }

    fn look_selection(&self, number: usize, negated: bool, see: &mut dyn FnMut(&CompiledItem, bool)) {
        if let Some(selection) = self.selections.get(number) {
            look_body(&selection.body, negated, see);
        }
    }
}

fn look_body(body: &CompiledBody, negated: bool, see: &mut dyn FnMut(&CompiledItem, bool)) {
    match body {
        CompiledBody::All(items) => items.iter().for_each(|item| see(item, negated)),
        CompiledBody::Any(bodies) => bodies.iter().for_each(|body| look_body(body, negated, see)),
        CompiledBody::Item(item) => see(item, negated),
    }
}

impl CompiledItem {
    fn misled_by<'f>(&self, target: &Target, fields: &'f [String], negated: bool) -> Option<&'f str> {
        let own = self.field.and_then(|number| fields.get(number as usize))?;
        let others = self.tests.iter().filter_map(super::test::Test::refers_to);
        let mut named = std::iter::once(own).chain(others.filter_map(|number| fields.get(number as usize)));
        if let Some(lacking) = named.find(|field| !target.has_field(field)) {
            let holds_when_missing = !self.neq && self.tests.iter().any(|test| test.holds_when_missing());
            return (holds_when_missing != negated).then_some(lacking.as_str());
        }
        let fronts = target.tails.get(own)?;
        let at_front = |label: &String| fronts.iter().any(|front| label.contains(front.as_str()));
        let minds = self.tests.iter().any(|test| test.minds_front()) || self.labels.iter().any(at_front);
        // Different from what it would be is taken as false where it would be true; `neq` turns that round.
        (minds && (negated != self.neq)).then_some(own.as_str())
    }
}
