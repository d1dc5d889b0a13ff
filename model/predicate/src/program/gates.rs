//! The gate of a rule: probes of which one is met by every event the rule holds for. Where none is, the rule is not
//! asked.
//!
//! Chosen so that it opens as seldom as possible. What stands under a `not` needs nothing, so it gives no gate; a rule
//! of nothing else is always asked.

use super::frequency::Training;
use super::need::choices_of;
use super::probes::Probes;
use crate::sigma::{CompiledBody, CompiledItem, CompiledRule, Condition};

/// Probes of which one must be met, and the share of events in which one is.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub probes: Vec<u32>,
    pub rate: f64,
}

/// Looking into every value of an event costs more than looking into one field: a gate there must open much less.
const KEYWORD_COST: f64 = 0.05;

/// Chooses gates.
pub(crate) struct Chooser<'a> {
    /// Names of fields by number.
    pub fields: &'a [String],
    pub training: &'a Training,
    pub probes: Probes,
    /// Every probe that was weighed, chosen or not.
    pub options: Vec<u32>,
}

impl Chooser<'_> {
    /// The gate of a rule; none if it may hold for an event without any of its values.
    pub(crate) fn gate_of(&mut self, rule: &CompiledRule) -> Option<Gate> {
        self.condition(rule, &rule.condition, false)
    }

    fn condition(&mut self, rule: &CompiledRule, condition: &Condition, negated: bool) -> Option<Gate> {
        match condition {
            Condition::Not(inner) => self.condition(rule, inner, !negated),
            Condition::And(inner) | Condition::Or(inner) => {
                let gates: Vec<_> = inner.iter().map(|inner| self.condition(rule, inner, negated)).collect();
                if matches!(condition, Condition::And(_)) != negated { rarest(gates) } else { any(gates) }
            }
            Condition::Selection(_) | Condition::Of { .. } if negated => None,
            Condition::Selection(number) => self.selection(rule, *number),
            Condition::Of { least, of, .. } => {
                // With `least` of them holding, one of any (all - least + 1) of them holds: the rarest.
                let mut gates: Vec<_> = of.iter().map(|number| self.selection(rule, *number)).collect();
                gates.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
                gates.truncate((of.len() + 1).saturating_sub(*least));
                any(gates)
            }
        }
    }

    fn selection(&mut self, rule: &CompiledRule, number: usize) -> Option<Gate> {
        self.body(&rule.selections.get(number)?.body)
    }

    fn body(&mut self, body: &CompiledBody) -> Option<Gate> {
        match body {
            CompiledBody::All(items) => {
                let gates = items.iter().map(|item| self.item(item)).collect();
                rarest(gates)
            }
            CompiledBody::Any(bodies) => {
                let gates = bodies.iter().map(|body| self.body(body)).collect();
                any(gates)
            }
            CompiledBody::Item(item) => self.item(item),
        }
    }

    fn item(&mut self, item: &CompiledItem) -> Option<Gate> {
        let name = item.field.and_then(|number| self.fields.get(number as usize)).map_or("", String::as_str);
        let mut gates = Vec::new();
        for needs in choices_of(item) {
            if needs.is_empty() {
                continue;
            }
            let number = self.probes.number(item.field, name, needs);
            self.options.push(number);
            let Some(probe) = self.probes.list.get(number as usize) else { continue };
            let cost = if item.field.is_none() { KEYWORD_COST } else { 0.0 };
            gates.push(Some(Gate { probes: vec![number], rate: self.training.rate(probe) + cost }));
        }
        rarest(gates)
    }
}

fn rate(gate: &Option<Gate>) -> f64 {
    gate.as_ref().map_or(f64::INFINITY, |gate| gate.rate)
}

/// One of them, for what holds only if all hold.
fn rarest(gates: Vec<Option<Gate>>) -> Option<Gate> {
    gates.into_iter().min_by(|a, b| rate(a).total_cmp(&rate(b))).flatten()
}

/// All of them, for what holds if any holds.
fn any(gates: Vec<Option<Gate>>) -> Option<Gate> {
    let mut joined = Gate { probes: Vec::new(), rate: 0.0 };
    for gate in gates {
        let gate = gate?;
        joined.probes.extend(gate.probes);
        joined.rate += gate.rate;
    }
    joined.probes.sort_unstable();
    joined.probes.dedup();
    Some(joined)
}
