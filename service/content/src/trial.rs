//! What is counted while a version is tried, and when that is a reason to halt.
//!
//! Counts only: who looks at events with two programs tells it here. No clock and no program.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use wardwatch_limits::{
    ALERTS_FREE, ALERTS_TIMES, STAGING_FAULTS, STAGING_RULES, VANISHED_ALERTS, WORK_JUDGED_EVENTS, WORK_TIMES,
};

/// The rest, once [`STAGING_RULES`] are counted apart.
const OTHERS: &str = "(others)";

/// Alerts of one rule, under the version in use and under the one that is tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Raised by both on the same event.
    pub both: u64,
    /// Only by the version that is tried.
    pub new: u64,
    /// Only by the version in use.
    pub gone: u64,
}

/// Everything counted since a version stands where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Trial {
    /// Events that were looked at with both; with the new one alone after everybody has it.
    pub events: u64,
    /// By rule.
    pub rules: BTreeMap<String, Tally>,
    /// Bytes looked at under the version in use.
    pub work_in_use: u64,
    /// Bytes looked at under the version that is tried.
    pub work_tried: u64,
    /// Rules of the tried version that were set aside, with the reason.
    pub quarantined: BTreeMap<String, String>,
    /// Events on which code of all rules panicked under the tried version.
    pub events_hurt: u64,
    /// Windows that could not be kept.
    pub faults: u64,
}

/// What is judged beside the counts.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Rules that both versions have: the silence of one of them is a reason to halt.
    pub in_both: BTreeSet<String>,
    /// Rules that the author took out on purpose.
    pub retired: BTreeSet<String>,
}

impl Trial {
    /// Counts the alerts of the same events under both versions; a rule and an event name an alert.
    pub fn compare<E: Ord>(
        &mut self,
        events: u64,
        in_use: impl IntoIterator<Item = (String, E)>,
        tried: impl IntoIterator<Item = (String, E)>,
    ) {
        self.events += events;
        let in_use: BTreeSet<(String, E)> = in_use.into_iter().collect();
        let tried: BTreeSet<(String, E)> = tried.into_iter().collect();
        for alert in &in_use {
            let tally = self.rule(&alert.0);
            *(if tried.contains(alert) { &mut tally.both } else { &mut tally.gone }) += 1;
        }
        for (rule, _) in tried.difference(&in_use) {
            self.rule(rule).new += 1;
        }
    }

    /// Alerts under the version in use, and under the tried one.
    pub fn alerts(&self) -> (u64, u64) {
        self.rules
            .values()
            .fold((0, 0), |(in_use, tried), tally| (in_use + tally.both + tally.gone, tried + tally.both + tally.new))
    }

    /// The reason to halt, if there is one. `expected` is what the two versions have in common.
    pub fn reason_to_halt(&self, expected: &Expected) -> Option<String> {
        if let Some((rule, why)) = self.quarantined.first_key_value() {
            return Some(format!("the rule {rule} was set aside: {why}"));
        }
        if self.events_hurt > 0 {
            return Some(format!("{} events made the evaluation panic", self.events_hurt));
        }
        if self.faults >= STAGING_FAULTS {
            return Some(format!("{} windows could not be kept while it was tried", self.faults));
        }
        let (in_use, tried) = self.alerts();
        if tried > in_use.saturating_mul(ALERTS_TIMES).saturating_add(ALERTS_FREE) {
            return Some(format!("it raises {tried} alerts where the version in use raises {in_use}"));
        }
        if self.events >= WORK_JUDGED_EVENTS && self.work_tried > self.work_in_use.saturating_mul(WORK_TIMES) {
            let (tried, in_use) = (self.work_tried, self.work_in_use);
            return Some(format!("it looks at {tried} bytes where the version in use looks at {in_use}"));
        }
        let vanished = self.rules.iter().find(|(rule, tally)| {
            let silent = tally.both + tally.new == 0 && tally.gone >= VANISHED_ALERTS;
            silent && !expected.retired.contains(*rule)
        });
        vanished.map(|(rule, tally)| {
            let why =
                if expected.in_both.contains(rule) { "and it is in both" } else { "and it is not named as retired" };
            format!("the rule {rule} raised {} alerts under the version in use and none now, {why}", tally.gone)
        })
    }

    fn rule(&mut self, rule: &str) -> &mut Tally {
        let known = self.rules.contains_key(rule) || self.rules.len() < STAGING_RULES;
        self.rules.entry(if known { rule } else { OTHERS }.to_owned()).or_default()
    }
}
