//! What is remembered of one window of one group, and the figure it gives. One structure per kind of correlation, each
//! bounded by what its condition can tell apart.

use crate::compile::{Compiled, Mode};
use crate::distinct::Distinct;
use crate::numbers::{Number, Numbers};
use std::collections::VecDeque;
use wardwatch_limits::CORRELATION_EVIDENCE_EVENTS;
use wardwatch_predicate::sigma::CorrelationKind;

/// 128 bits that may lie anywhere: in what is kept by the hundred thousand, sixteen-byte places cost a fifth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Wide([u64; 2]);

impl Wide {
    pub(crate) const ZERO: Wide = Wide([0, 0]);

    pub(crate) fn new(number: u128) -> Wide {
        Wide([(number >> 64) as u64, number as u64])
    }

    pub(crate) fn get(self) -> u128 {
        let [high, low] = self.0;
        (u128::from(high) << 64) | u128::from(low)
    }
}

/// An event in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Stamp {
    /// Event time, microseconds.
    pub time: i64,
    id: Wide,
}

impl Stamp {
    pub(crate) fn new(time: i64, id: u128) -> Stamp {
        Stamp { time, id: Wide::new(id) }
    }

    pub(crate) fn id(self) -> u128 {
        self.id.get()
    }
}

/// What an event brings into a window beside its time.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Brings {
    Nothing,
    /// Hash of a folded value.
    Value(Wide),
    Number(Number),
}

/// A window's memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Window {
    /// The last events, as many as decide; of a window that is looked at when it ends its first event and how many.
    Ring { items: VecDeque<Stamp>, own: Option<Box<(Stamp, u64)>> },
    /// Different values.
    Distinct(Box<Distinct>),
    /// When each rule was seen last.
    Seen(Vec<Option<Stamp>>),
    /// For each rule the chain up to it that began last.
    Chain(Vec<Vec<Stamp>>),
    /// Numbers in order.
    Numbers(Box<Numbers>),
}

/// What a window shows when an alert is made of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shown {
    pub first: Stamp,
    pub last: Stamp,
    /// Events in the window; of a ring at least these.
    pub count: u64,
    /// The last of them.
    pub events: Vec<u128>,
    pub estimated: bool,
}

impl Window {
    pub(crate) fn new(rule: &Compiled) -> Window {
        match rule.kind {
            CorrelationKind::EventCount => Window::Ring { items: VecDeque::new(), own: None },
            CorrelationKind::ValueCount => Window::Distinct(Box::default()),
            CorrelationKind::Temporal => Window::Seen(vec![None; rule.references.len()]),
            CorrelationKind::TemporalOrdered => Window::Chain(vec![Vec::new(); rule.references.len()]),
            CorrelationKind::ValueSum
            | CorrelationKind::ValueAvg
            | CorrelationKind::ValuePercentile
            | CorrelationKind::ValueMedian => Window::Numbers(Box::default()),
        }
    }

    /// Forgets what lies at or before `until`.
    pub(crate) fn evict(&mut self, until: i64) {
        match self {
            Window::Ring { items, .. } => {
                while items.front().is_some_and(|stamp| stamp.time <= until) {
                    items.pop_front();
                }
            }
            Window::Distinct(distinct) => distinct.evict(until),
            Window::Seen(seen) => {
                seen.iter_mut().filter(|stamp| stamp.is_some_and(|s| s.time <= until)).for_each(|stamp| *stamp = None);
            }
            Window::Chain(chains) => {
                chains.iter_mut().filter(|c| c.first().is_some_and(|s| s.time <= until)).for_each(Vec::clear);
            }
            Window::Numbers(numbers) => numbers.evict(until),
        }
    }

    /// Takes an event. Events come in order of time.
    pub(crate) fn push(&mut self, rule: &Compiled, stamp: Stamp, reference: usize, brings: Brings) {
        match self {
            Window::Ring { items, own } => {
                // As many as decide; a window that is looked at when it ends counts on its own and shows its last events.
                let most = match rule.mode {
                    Mode::Reached => rule.enough,
                    Mode::Closing | Mode::Declared(_) => CORRELATION_EVIDENCE_EVENTS,
                };
                if !matches!(rule.mode, Mode::Reached) {
                    own.get_or_insert_with(|| Box::new((stamp, 0))).1 += 1;
                }
                if items.len() >= most {
                    items.pop_front();
                }
                items.push_back(stamp);
            }
            Window::Distinct(distinct) => {
                if let Brings::Value(hash) = brings {
                    distinct.push(stamp, hash, rule);
                }
            }
            Window::Seen(seen) => {
                if let Some(slot) = seen.get_mut(reference) {
                    *slot = Some(stamp);
                }
            }
            Window::Chain(chains) => extend_chain(chains, reference, stamp),
            Window::Numbers(numbers) => {
                if let Brings::Number(number) = brings {
                    numbers.push(stamp, number, rule.kind);
                }
            }
        }
    }

    /// The figure that the limits are held against; none where there is nothing to compare.
    pub(crate) fn figure(&mut self, rule: &Compiled, now: i64) -> Option<f64> {
        Some(match self {
            Window::Ring { items, own } => own.as_ref().map_or(items.len() as f64, |own| own.1 as f64),
            Window::Distinct(distinct) => distinct.count(rule, now),
            Window::Seen(seen) => seen.iter().flatten().count() as f64,
            Window::Chain(chains) => chains.last().map_or(0, Vec::len) as f64,
            Window::Numbers(numbers) => return numbers.figure(rule.kind, rule.percentile),
        })
    }

    /// What there is to show of the window that ends at `now`.
    pub(crate) fn shown(&self, rule: &Compiled, now: i64) -> Shown {
        let start = now.saturating_sub(rule.span_micros);
        match self {
            Window::Ring { items, own } => {
                let shown = show(items.iter().copied(), items.len() as u64, false);
                // A window of its own length knows its very first event, a sliding one the first that still counts.
                match own.as_deref() {
                    Some((first, count)) => Shown { first: *first, count: *count, ..shown },
                    None => shown,
                }
            }
            Window::Distinct(distinct) => show(distinct.stamps(), distinct.len() as u64, distinct.is_estimated(start)),
            Window::Seen(seen) => {
                let mut stamps: Vec<Stamp> = seen.iter().flatten().copied().collect();
                stamps.sort_unstable();
                show(stamps.iter().copied(), stamps.len() as u64, false)
            }
            Window::Chain(chains) => {
                let chain = chains.last().map(Vec::as_slice).unwrap_or_default();
                show(chain.iter().copied(), chain.len() as u64, false)
            }
            Window::Numbers(numbers) => show(numbers.stamps(), numbers.len() as u64, numbers.is_estimated(start)),
        }
    }

    /// Bytes it takes, about.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Window::Ring { items, .. } => items.capacity() * 24,
            Window::Distinct(distinct) => distinct.weight(),
            Window::Seen(seen) => seen.capacity() * 32,
            Window::Chain(chains) => chains.iter().map(|chain| 24 + chain.capacity() * 24).sum(),
            Window::Numbers(numbers) => numbers.weight(),
        }
    }
}

fn show(stamps: impl DoubleEndedIterator<Item = Stamp> + Clone, count: u64, estimated: bool) -> Shown {
    let first = stamps.clone().next().unwrap_or_default();
    let last = stamps.clone().next_back().unwrap_or_default();
    let mut events: Vec<u128> = Vec::new();
    for stamp in stamps.rev() {
        if events.last() == Some(&stamp.id()) {
            continue;
        }
        if events.len() == CORRELATION_EVIDENCE_EVENTS {
            break;
        }
        events.push(stamp.id());
    }
    events.reverse();
    Shown { first, last, count, events, estimated }
}

/// The chain that begins last: what a later event can still complete.
fn extend_chain(chains: &mut [Vec<Stamp>], reference: usize, stamp: Stamp) {
    let (before, from) = chains.split_at_mut(reference.min(chains.len()));
    let Some(chain) = from.first_mut() else { return };
    match before.last() {
        None => {
            chain.clear();
            chain.push(stamp);
        }
        Some(shorter) if !shorter.is_empty() => {
            chain.clone_from(shorter);
            chain.push(stamp);
        }
        Some(_) => {}
    }
}
