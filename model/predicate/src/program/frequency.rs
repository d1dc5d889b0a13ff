//! How often a probe is met, and so how good a gate it is: measured where there is something measured, guessed else.
//!
//! What was measured is kept by content, not by number, so that it outlives a reload of the rules.

use super::need::Need;
use super::probes::Probe;
use super::typical::is_typical;
use std::collections::HashMap;

/// How often probes were met among events in which they could have been. Fill it with
/// [`Engine::learn`](super::Engine::learn), merge what workers saw, and give it to the next [`Engine`](super::Engine).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Training {
    seen: HashMap<u64, Seen>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    met: u64,
    of: u64,
}

/// Events after which a measurement says more than a guess.
const EVENTS_MIN: u64 = 50;

impl Training {
    /// Adds that the probe was met in `met` of `of` events.
    pub(crate) fn add(&mut self, probe: u64, met: u64, of: u64) {
        let seen = self.seen.entry(probe).or_default();
        seen.met += met;
        seen.of += of;
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Training) {
        for (probe, seen) in &other.seen {
            self.add(*probe, seen.met, seen.of);
        }
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The share of events in which the probe is met.
    pub(crate) fn rate(&self, probe: &Probe) -> f64 {
        let guess = guess(probe);
        match self.seen.get(&probe.fingerprint()) {
            Some(seen) if seen.of > 0 => {
                // What was seen, with the guess as if it had been seen in a few events more.
                let weight = EVENTS_MIN as f64;
                (seen.met as f64 + guess * weight * 0.1) / (seen.of as f64 + weight * 0.1)
            }
            _ => guess,
        }
    }
}

/// The guess, from the texts alone.
fn guess(probe: &Probe) -> f64 {
    let sum: f64 = probe.needs.iter().map(guess_need).sum();
    sum.min(1.0)
}

fn guess_need(need: &Need) -> f64 {
    let by_length = |text: &str, typical: f64| match text.len() {
        _ if is_typical(text) => typical,
        0 => 0.5,
        1 => 0.5,
        2 => 0.25,
        3 => 0.08,
        4 => 0.02,
        length => 0.05 / length as f64,
    };
    match need {
        Need::There | Need::Value => 0.95,
        Need::Equal(text) => by_length(text, 0.15).min(0.2),
        Need::Front(text) => by_length(text, 0.4).min(0.4),
        Need::Back(text) => by_length(text, 0.2),
        Need::Within(text) => by_length(text, 0.4),
        Need::Number(_) => 0.2,
        Need::Network(_) => 0.3,
        Need::Length(_) => 0.1,
    }
}
