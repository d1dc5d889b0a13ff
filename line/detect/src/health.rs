//! What each rule costs and finds, and which are set aside because they hurt.
//!
//! Work is counted in bytes looked at, not in time: the same input always costs the same, here and in a replay. A rule
//! is judged by its mean over many events, and by panics on several of them, so that one monstrous or hostile line
//! cannot switch a rule off for everybody.

use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use wardwatch_ident::EventId;
use wardwatch_limits::{RULE_JUDGED_EVENTS, RULE_MEAN_WORK_BYTES};
/// Different events a rule may panic on before it is set aside.
const PANICS_MAX: usize = 3;
/// Rules that may panic on one event before the event is held to be at fault, and none of them: so many do not break at
/// once each by itself, but in code they share.
const RULES_AT_FAULT_MAX: usize = 4;

/// Counters of one rule. Shared by all workers.
#[derive(Debug, Default)]
pub struct RuleHealth {
    candidates: AtomicU64,
    matches: AtomicU64,
    work: AtomicU64,
    /// Alerts that were not raised because the event had its fill.
    cut: AtomicU64,
    panicked: AtomicBool,
    /// The different events it panicked on, at most [`PANICS_MAX`].
    panics: Mutex<Vec<EventId>>,
    too_slow: AtomicBool,
}

/// Why a rule is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quarantine {
    /// Its evaluation panicked on three different events: a fault of ours, please report it with the rule's id.
    Panicked,
    /// It costs too much on the events it looks at.
    TooSlow,
}

impl RuleHealth {
    /// Events it was asked about.
    #[must_use]
    pub fn candidates(&self) -> u64 {
        self.candidates.load(Ordering::Relaxed)
    }

    /// Events it held for.
    #[must_use]
    pub fn matches(&self) -> u64 {
        self.matches.load(Ordering::Relaxed)
    }

    /// Bytes it looked at, all events together.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    /// Matches that gave no alert because the event had `ALERTS_PER_EVENT` already.
    #[must_use]
    pub fn alerts_cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// Whether and why it is set aside.
    #[must_use]
    pub fn quarantine(&self) -> Option<Quarantine> {
        if self.panicked.load(Ordering::Relaxed) {
            return Some(Quarantine::Panicked);
        }
        self.too_slow.load(Ordering::Relaxed).then_some(Quarantine::TooSlow)
    }

    pub(crate) fn asked(&self, work: u64, held: bool) {
        let asked = self.candidates.fetch_add(1, Ordering::Relaxed) + 1;
        let work = self.work.fetch_add(work, Ordering::Relaxed) + work;
        if held {
            self.matches.fetch_add(1, Ordering::Relaxed);
        }
        if asked.is_multiple_of(RULE_JUDGED_EVENTS) && work / asked > RULE_MEAN_WORK_BYTES {
            self.too_slow.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn cut_one(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// It panicked on this event. The same event seen again, as in a replay, counts once.
    fn panicked(&self, event: EventId) {
        let mut events = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < PANICS_MAX && !events.contains(&event) {
            events.push(event);
        }
        if events.len() >= PANICS_MAX {
            self.panicked.store(true, Ordering::Relaxed);
        }
    }
}

/// Whose fault the panics on an event are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bill {
    /// There were none.
    Nobody,
    /// The rules': each was billed.
    Rules,
    /// The event's, or of code that all rules share.
    Event,
}

/// Bills the panics of the rules in `hurt` on one event. A rule that two groups asked may stand there twice.
pub fn bill(health: &[RuleHealth], hurt: &[u32], event: EventId) -> Bill {
    let mut different = hurt.to_vec();
    different.sort_unstable();
    different.dedup();
    match different.len() {
        0 => Bill::Nobody,
        1..=RULES_AT_FAULT_MAX => {
            different
                .iter()
                .filter_map(|number| health.get(*number as usize))
                .for_each(|health| health.panicked(event));
            Bill::Rules
        }
        _ => Bill::Event,
    }
}
