//! How many different values a window has: exact up to a bound, beyond it estimated and said so.
//!
//! The values seen last are always kept exactly. While older ones that had to be left out would still be in the
//! window, eight sketches (HyperLogLog, 4,096 registers: ±1.6 %) of an eighth of the window each say how many there are;
//! the window of an estimate is therefore up to an eighth longer. A condition that asks for no more than the bound needs
//! no sketch: the values kept already answer it.

use crate::compile::Compiled;
use crate::window::{Stamp, Wide};
use std::collections::{HashMap, VecDeque};
use wardwatch_limits::CORRELATION_DISTINCT;

const INDEX_BITS: u32 = 12;
const REGISTERS: usize = 1 << INDEX_BITS;
const PANES: i64 = 8;

/// Different values of a window.
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    /// When each value was seen last.
    seen: HashMap<Wide, i64>,
    /// Values in the order they were seen; one that was seen again later stands here, too, and is passed over.
    order: VecDeque<(Stamp, Wide)>,
    /// Up to when values were left out: behind it the window is exact again.
    pub(crate) cut_until: i64,
    pub(crate) panes: VecDeque<Pane>,
    /// The last estimate and the first pane it was made from; none since a register changed.
    estimated: Option<(i64, f64)>,
}

/// A sketch of a part of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pane {
    pub number: i64,
    pub registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct {
            seen: HashMap::new(),
            order: VecDeque::new(),
            cut_until: i64::MIN,
            panes: VecDeque::new(),
            estimated: None,
        }
    }
}

impl PartialEq for Distinct {
    fn eq(&self, other: &Distinct) -> bool {
        let current = |d: &Distinct| d.current().collect::<Vec<_>>();
        current(self) == current(other) && self.cut_until == other.cut_until && self.panes == other.panes
    }
}

impl Distinct {
    /// The same values again.
    pub(crate) fn of(values: Vec<(Stamp, Wide)>, cut_until: i64, panes: VecDeque<Pane>) -> Distinct {
        let seen = values.iter().map(|(stamp, hash)| (*hash, stamp.time)).collect();
        Distinct { seen, order: values.into(), cut_until, panes, estimated: None }
    }

    /// Values with the event that brought each last, in order of time.
    pub(crate) fn current(&self) -> impl DoubleEndedIterator<Item = (Stamp, Wide)> + Clone {
        self.order.iter().filter(|(stamp, hash)| self.seen.get(hash) == Some(&stamp.time)).copied()
    }

    pub(crate) fn stamps(&self) -> impl DoubleEndedIterator<Item = Stamp> + Clone {
        self.current().map(|(stamp, _)| stamp)
    }

    pub(crate) fn push(&mut self, stamp: Stamp, hash: Wide, rule: &Compiled) {
        match self.seen.insert(hash, stamp.time) {
            // The same value twice in one instant: the first event stays.
            Some(before) if before == stamp.time => return,
            Some(_) => {}
            None if self.seen.len() > CORRELATION_DISTINCT => self.leave_out_oldest(rule, hash),
            None => {}
        }
        self.order.push_back((stamp, hash));
        if rule.estimates() && !self.panes.is_empty() {
            self.sketch(stamp.time, hash, rule);
        }
        if self.order.len() > 2 * self.seen.len() + 64 {
            let seen = &self.seen;
            self.order.retain(|(stamp, hash)| seen.get(hash) == Some(&stamp.time));
        }
    }

    fn leave_out_oldest(&mut self, rule: &Compiled, newest: Wide) {
        if rule.estimates() && self.panes.is_empty() {
            let known: Vec<(Stamp, Wide)> = self.current().filter(|(_, hash)| *hash != newest).collect();
            known.into_iter().for_each(|(stamp, hash)| self.sketch(stamp.time, hash, rule));
        }
        while let Some((stamp, hash)) = self.order.pop_front() {
            if self.seen.get(&hash) == Some(&stamp.time) && hash != newest {
                self.seen.remove(&hash);
                self.cut_until = self.cut_until.max(stamp.time);
                return;
            }
        }
    }

    fn sketch(&mut self, time: i64, hash: Wide, rule: &Compiled) {
        let number = time.div_euclid((rule.span_micros / PANES).max(1));
        let at = match self.panes.iter().position(|pane| pane.number >= number) {
            Some(at) if self.panes.get(at).is_some_and(|pane| pane.number == number) => at,
            at => {
                let at = at.unwrap_or(self.panes.len());
                self.panes.insert(at, Pane { number, registers: vec![0; REGISTERS] });
                at
            }
        };
        // Long gone panes go here, too: a window spans nine at most.
        while self.panes.len() > PANES as usize + 1 {
            self.panes.pop_front();
        }
        let at = at.min(self.panes.len().saturating_sub(1));
        let bits = hash.get() as u64;
        let register = (bits >> (64 - INDEX_BITS)) as usize;
        let rank = ((bits << INDEX_BITS).leading_zeros() + 1).min(64 - INDEX_BITS + 1) as u8;
        if let Some(slot) = self.panes.get_mut(at).and_then(|pane| pane.registers.get_mut(register))
            && *slot < rank
        {
            *slot = rank;
            self.estimated = None;
        }
    }

    pub(crate) fn evict(&mut self, until: i64) {
        while let Some((stamp, hash)) = self.order.front().copied() {
            let current = self.seen.get(&hash) == Some(&stamp.time);
            if current && stamp.time > until {
                break;
            }
            if current {
                self.seen.remove(&hash);
            }
            self.order.pop_front();
        }
        if self.cut_until <= until {
            self.panes.clear();
        }
    }

    /// Values left out would still be in a window that begins after `window_start`.
    pub(crate) fn is_estimated(&self, window_start: i64) -> bool {
        self.cut_until > window_start
    }

    /// How many different values; `now` is the window's end.
    pub(crate) fn count(&mut self, rule: &Compiled, now: i64) -> f64 {
        let exact = self.seen.len() as f64;
        let start = now.saturating_sub(rule.span_micros);
        if !rule.estimates() || !self.is_estimated(start) || self.panes.is_empty() {
            return exact;
        }
        let oldest = start.div_euclid((rule.span_micros / PANES).max(1));
        if let Some((made_from, estimate)) = self.estimated
            && made_from == oldest
        {
            return estimate.max(exact);
        }
        let mut merged = vec![0_u8; REGISTERS];
        for pane in self.panes.iter().filter(|pane| pane.number >= oldest) {
            merged.iter_mut().zip(&pane.registers).for_each(|(to, from)| *to = (*to).max(*from));
        }
        let estimate = estimate(&merged).round();
        self.estimated = Some((oldest, estimate));
        estimate.max(exact)
    }

    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(crate) fn weight(&self) -> usize {
        128 + self.seen.capacity() * 28 + self.order.capacity() * 40 + self.panes.len() * (REGISTERS + 32)
    }
}

/// HyperLogLog (Flajolet and others 2007) with linear counting for small counts.
fn estimate(registers: &[u8]) -> f64 {
    let m = registers.len() as f64;
    let mut ranks = [0_u32; 256];
    registers.iter().for_each(|rank| ranks.iter_mut().skip(usize::from(*rank)).take(1).for_each(|n| *n += 1));
    let sum: f64 = ranks.iter().zip(0..).map(|(n, rank)| f64::from(*n) * 2.0_f64.powi(-rank)).sum();
    let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
    let empty = ranks.first().copied().unwrap_or(0);
    if raw <= 2.5 * m && empty > 0 { m * (m / f64::from(empty)).ln() } else { raw }
}
