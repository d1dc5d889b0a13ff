//! One group: what is certain, and what may still be joined by events that come late.
//!
//! Events older than the tenant's watermark are settled: nothing can come before them any more. Those behind it wait, and
//! a second copy of the window runs ahead over them, so that an alert need not wait. When an event comes in between, the
//! copy is made anew; what it said and no longer says is withdrawn. What is settled is exactly what a run over all events
//! in order of time would say.

use crate::compile::{Compiled, Mode};
use crate::run::{Entry, Firing, Run};
use crate::window::Wide;
use std::collections::VecDeque;
use std::sync::Arc;
use wardwatch_ident::AlertId;
use wardwatch_limits::{CORRELATION_LOOKED_AT_AGAIN, CORRELATION_WAITING};

/// A group of one correlation and tenant.
#[derive(Debug)]
pub(crate) struct Group {
    pub key: Arc<[u8]>,
    pub settled: Run,
    pub ahead: Option<Box<Ahead>>,
    /// Time of its last event.
    pub last: i64,
    /// The second at which it is looked at next.
    pub due: i64,
    pub weight: usize,
}

/// What is not certain yet.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// In order.
    pub waiting: VecDeque<Entry>,
    /// The window over what is settled and what waits; none where few wait, which are gone over again for each event, and
    /// where alerts are given when certain only.
    pub tip: Option<Box<Run>>,
    /// An event came in between and the tip has not been made anew.
    pub stale: bool,
    /// What was said early and is not certain yet.
    pub said: Vec<(AlertId, Firing)>,
}

/// What a group has to say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Early(AlertId, Firing),
    Settled(AlertId, Firing),
    Withdrawn(AlertId),
}

/// Waiting events up to which no second window is kept: most groups have few, and memory is dearer than going over them.
pub(crate) const FEW: usize = 8;

/// What a group needs to know to work.
pub(crate) struct Surroundings<'s> {
    pub rule: &'s Compiled,
    pub early: bool,
    /// The name of an alert of this group.
    pub name: &'s dyn Fn(&[u128; 2]) -> AlertId,
}

impl Surroundings<'_> {
    /// Alerts are given before they are certain.
    fn is_early(&self) -> bool {
        self.early && matches!(self.rule.mode, Mode::Reached)
    }
}

impl Group {
    pub(crate) fn new(key: Arc<[u8]>, rule: &Compiled) -> Group {
        Group { key, settled: Run::new(rule), ahead: None, last: i64::MIN, due: i64::MAX, weight: 0 }
    }

    /// Takes an event that is not older than the watermark. True if some that waited had to be settled for want of room.
    pub(crate) fn add(&mut self, at: &Surroundings<'_>, entry: Entry, out: &mut Vec<Change>) -> bool {
        self.last = self.last.max(entry.stamp.time);
        let ahead = self.ahead.get_or_insert_default();
        let mut in_order = true;
        if entry.origin != Wide::ZERO
            && let Some(known) = ahead.waiting.iter().position(|other| other.origin == entry.origin)
        {
            if ahead.waiting.get(known) == Some(&entry) {
                return false;
            }
            ahead.waiting.remove(known);
            in_order = false;
        }
        let place = match ahead.waiting.back() {
            Some(last) if last.order(&entry).is_gt() => {
                ahead.waiting.partition_point(|other| other.order(&entry).is_le())
            }
            _ => ahead.waiting.len(),
        };
        in_order &= place == ahead.waiting.len();
        ahead.waiting.insert(place, entry);
        match &mut ahead.tip {
            _ if !at.is_early() => {}
            Some(tip) if in_order && !ahead.stale => {
                if let Some(firing) = tip.step(at.rule, &entry) {
                    let id = (at.name)(&firing.anchor);
                    ahead.said.push((id, firing.clone()));
                    out.push(Change::Early(id, firing));
                }
            }
            _ => self.look_again(at, out),
        }
        let full = self.ahead.as_ref().is_some_and(|ahead| ahead.waiting.len() > CORRELATION_WAITING);
        if full {
            let middle = self.ahead.as_ref().and_then(|ahead| ahead.waiting.get(ahead.waiting.len() / 2));
            let until = middle.map_or(i64::MIN, |entry| entry.stamp.time.saturating_add(1));
            self.settle(at, until, out);
        }
        full
    }

    /// Takes back what a correlation said early and then withdrew.
    pub(crate) fn remove(&mut self, at: &Surroundings<'_>, origin: AlertId, out: &mut Vec<Change>) {
        let Some(ahead) = &mut self.ahead else { return };
        let before = ahead.waiting.len();
        ahead.waiting.retain(|entry| entry.origin != Wide::new(origin.0));
        if ahead.waiting.len() != before && at.is_early() {
            self.look_again(at, out);
        }
    }

    /// Makes the tip anew, and says what changed; with very many waiting that is left until they are settled.
    fn look_again(&mut self, at: &Surroundings<'_>, out: &mut Vec<Change>) {
        let Some(ahead) = &mut self.ahead else { return };
        if ahead.waiting.len() > CORRELATION_LOOKED_AT_AGAIN {
            ahead.stale = true;
            return;
        }
        ahead.stale = false;
        let mut tip = self.settled.clone();
        let firings: Vec<(AlertId, Firing)> = ahead
            .waiting
            .iter()
            .filter_map(|entry| tip.step(at.rule, entry))
            .map(|firing| ((at.name)(&firing.anchor), firing))
            .collect();
        for (id, _) in &ahead.said {
            if !firings.iter().any(|(still, _)| still == id) {
                out.push(Change::Withdrawn(*id));
            }
        }
        for (id, firing) in &firings {
            if !ahead.said.iter().any(|(known, before)| known == id && before == firing) {
                out.push(Change::Early(*id, firing.clone()));
            }
        }
        ahead.said = firings;
        ahead.tip = (ahead.waiting.len() > FEW).then(|| Box::new(tip));
    }

    /// Nothing older than `watermark` can come any more.
    pub(crate) fn settle(&mut self, at: &Surroundings<'_>, watermark: i64, out: &mut Vec<Change>) {
        if let Some(mut ahead) = self.ahead.take() {
            let certain = ahead.waiting.partition_point(|entry| entry.stamp.time < watermark);
            let all = certain == ahead.waiting.len();
            match ahead.tip.take_if(|_| all && !ahead.stale) {
                Some(tip) => {
                    self.settled = *tip;
                    out.extend(ahead.said.drain(..).map(|(id, firing)| Change::Settled(id, firing)));
                }
                None => {
                    for entry in ahead.waiting.drain(..certain) {
                        if let Some(firing) = self.settled.step(at.rule, &entry) {
                            let id = (at.name)(&firing.anchor);
                            ahead.said.retain(|(known, _)| *known != id);
                            out.push(Change::Settled(id, firing));
                        }
                    }
                    if !all {
                        self.ahead = Some(ahead);
                        if self.ahead.as_ref().is_some_and(|ahead| ahead.stale) {
                            self.look_again(at, out);
                        }
                    } else {
                        out.extend(ahead.said.drain(..).map(|(id, _)| Change::Withdrawn(id)));
                    }
                }
            }
        }
        if let Some(firing) = self.settled.close(at.rule, watermark) {
            out.push(Change::Settled((at.name)(&firing.anchor), firing));
        }
    }

    /// When it must be looked at: an event becomes certain, a window ends, or everything in it is too old to matter.
    pub(crate) fn next_due(&self, rule: &Compiled) -> i64 {
        let waits = self.ahead.as_ref().and_then(|ahead| ahead.waiting.front()).map(|entry| entry.stamp.time);
        let ends = self.settled.opened.map(|opened| opened.saturating_add(rule.span_micros));
        match (waits, ends) {
            (None, None) => self.last.saturating_add(rule.span_micros),
            (waits, ends) => waits.unwrap_or(i64::MAX).min(ends.unwrap_or(i64::MAX)),
        }
    }

    /// Nothing in it can matter any more.
    pub(crate) fn is_spent(&self, rule: &Compiled, watermark: i64) -> bool {
        let waits = self.ahead.as_ref().is_some_and(|ahead| !ahead.waiting.is_empty());
        !waits && self.settled.opened.is_none() && self.last.saturating_add(rule.span_micros) <= watermark
    }

    /// Bytes it takes, about.
    pub(crate) fn weigh(&self) -> usize {
        let ahead = self.ahead.as_ref().map_or(0, |ahead| {
            let tip = ahead.tip.as_ref().map_or(0, |tip| size_of::<Run>() + tip.window.weight());
            size_of::<Ahead>() + 16 + ahead.waiting.capacity() * size_of::<Entry>() + tip + ahead.said.len() * 512
        });
        size_of::<Group>() + 64 + 2 * self.key.len() + self.settled.window.weight() + ahead
    }
}
