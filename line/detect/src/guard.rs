//! What panics is stepped over: an event, or a rule on an event, never the batch.

use crate::health::RuleHealth;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work` over the positions below `count`, which it moves on itself; where it panics, that position is told to
/// `panicked` and `work` begins again behind it. One `catch_unwind` for all of them, because entering one per rule and
/// event would cost more than most rules.
pub fn each_resumed(count: usize, mut work: impl FnMut(&Cell<usize>), mut panicked: impl FnMut(usize)) {
    let at = Cell::new(0);
    while at.get() < count && catch_unwind(AssertUnwindSafe(|| work(&at))).is_err() {
        panicked(at.get());
        at.set(at.get() + 1);
    }
}

/// Calls `ask` for each rule that is not set aside. A call that panics puts its rule into `hurt`, and the next goes on.
pub fn each_guarded(rules: &[u32], health: &[RuleHealth], mut ask: impl FnMut(u32, &RuleHealth), hurt: &mut Vec<u32>) {
    let run = |at: &Cell<usize>| {
        while let Some(number) = rules.get(at.get()) {
            if let Some(health) = health.get(*number as usize).filter(|health| health.quarantine().is_none()) {
                ask(*number, health);
            }
            at.set(at.get() + 1);
        }
    };
    each_resumed(rules.len(), run, |at| hurt.extend(rules.get(at)));
}
