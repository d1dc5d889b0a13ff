//! What each rule costs and finds, and which are set aside because they hurt.
//!
//! Work is counted in bytes looked at, not in time: the same input always costs the same, here and in a replay. A rule
//! is judged by its mean over many events, so that one monstrous line cannot switch a rule off.

use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wardwatch_limits::{RULE_JUDGED_EVENTS, RULE_MEAN_WORK_BYTES};

/// Counters of one rule. Shared by all workers.
#[derive(Debug, Default)]
pub struct RuleHealth {
    candidates: AtomicU64,
    matches: AtomicU64,
    work: AtomicU64,
    /// Alerts that were not raised because the event had its fill.
    cut: AtomicU64,
    panicked: AtomicBool,
    too_slow: AtomicBool,
}

/// Why a rule is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quarantine {
    /// Its evaluation panicked: a fault of ours, please report it with the rule's id.
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

    pub(crate) fn panicked(&self) {
        self.panicked.store(true, Ordering::Relaxed);
    }
}
