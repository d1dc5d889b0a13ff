//! One tenant: its time, and its part of every correlation. What one correlation says may be an event of another.

use crate::compile::{Compiled, Correlations, Mode};
use crate::declared::Looked;
use crate::fired::{Fired, Said};
use crate::group::Change;
use crate::group_key;
use crate::numbers::Number;
use crate::part::{At, Part, Spoken};
use crate::run::{Entry, Firing};
use crate::value_hash::hash_value;
use crate::window::{Brings, Stamp, Wide};
use std::collections::HashMap;
use std::sync::Arc;
use wardwatch_ident::{AlertId, EventId, SourceId, TenantId, Timestamp};
use wardwatch_limits::CORRELATION_TENANT_BYTES;
use wardwatch_predicate::sigma::CorrelationKind;

/// State of one tenant. Times are microseconds of event time.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub id: TenantId,
    /// The earliest event.
    pub first: i64,
    /// The latest event.
    pub newest: i64,
    /// Nothing older is expected any more.
    pub watermark: i64,
    /// One for each correlation.
    pub parts: Vec<Part>,
    pub changed: bool,
    taken: u64,
}

/// Hits after which a tenant's memory is added up.
const WEIGHED_EVERY: u64 = 64;

/// What a call needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Work<'w> {
    pub rules: &'w Correlations,
    pub early: bool,
    pub bytes_most: usize,
}

/// Groups a tenant says it has, by the name of the set and a time; each with the values of `group-by`.
pub(crate) type SetOf<'s> = &'s dyn Fn(TenantId, &str, Timestamp) -> Option<Vec<Vec<String>>>;

impl Tenant {
    pub(crate) fn new(id: TenantId, rules: &Correlations) -> Tenant {
        let parts = rules.rules.iter().map(|rule| Part::new(rule, i64::MIN)).collect();
        Tenant { id, first: i64::MAX, newest: i64::MIN, watermark: i64::MIN, parts, changed: true, taken: 0 }
    }

    /// Sees that there was an event, whether a rule held for it or not.
    pub(crate) fn see(&mut self, time: i64, lateness: i64) {
        self.first = self.first.min(time);
        if time > self.newest {
            self.newest = time;
            self.watermark = self.watermark.max(time.saturating_sub(lateness));
            self.changed = true;
        }
    }

    fn at<'a>(&self, work: Work<'a>, correlation: usize) -> Option<At<'a>> {
        let rule = work.rules.rules.get(correlation)?;
        Some(At { correlation, rule, tenant: self.id, early: work.early })
    }

    /// A hit of one group. Gives how many hits were settled before their time for want of room.
    pub(crate) fn take(
        &mut self,
        work: Work<'_>,
        correlation: usize,
        key: &[u8],
        entry: Entry,
        out: &mut Vec<Said>,
    ) -> u64 {
        let Some(at) = self.at(work, correlation) else { return 0 };
        let mut spoken = Vec::new();
        let cut = self.parts.get_mut(correlation).map_or(0, |part| part.take(at, key, entry, &mut spoken));
        self.spread(work, spoken, out);
        // Adding up all parts for each hit would cost more than the hit.
        self.taken = self.taken.wrapping_add(1);
        if self.taken.is_multiple_of(WEIGHED_EVERY) {
            self.make_room(work, correlation, out);
        }
        cut
    }

    /// Forgets groups while the tenant takes more than its share: of the part that grew, or of the heaviest.
    fn make_room(&mut self, work: Work<'_>, grown: usize, out: &mut Vec<Said>) {
        while self.parts.iter().map(|part| part.weight).sum::<usize>() > work.bytes_most.min(CORRELATION_TENANT_BYTES) {
            let heaviest = (0..self.parts.len()).max_by_key(|at| self.parts.get(*at).map_or(0, |part| part.weight));
            let roomy = |at: &usize| self.parts.get(*at).is_some_and(|part| part.len() > 1);
            let Some(from) = [Some(grown), heaviest].into_iter().flatten().find(roomy) else { return };
            let (Some(at), mut spoken) = (self.at(work, from), Vec::new()) else { return };
            if !self.parts.get_mut(from).is_some_and(|part| part.forget_oldest(at, &mut spoken)) {
                return;
            }
            self.spread(work, spoken, out);
        }
    }

    /// Everything older than the watermark becomes certain, those that others stand on first.
    pub(crate) fn advance(&mut self, work: Work<'_>, sets: SetOf<'_>, out: &mut Vec<Said>) -> HashMap<usize, Looked> {
        let mut looked = HashMap::new();
        let (watermark, tenant, first) = (self.watermark, self.id, self.first);
        for &correlation in &work.rules.order {
            let (Some(at), mut spoken) = (self.at(work, correlation), Vec::new()) else { continue };
            let Some(part) = self.parts.get_mut(correlation) else { continue };
            part.settle(at, watermark, &mut spoken);
            if let (Some(declared), Mode::Declared(window)) = (&mut part.declared, &at.rule.mode) {
                declared.since = first.max(declared.created);
                let before = declared.looked_until;
                let mut missing = Vec::new();
                let set = |name: &str, time: i64| sets(tenant, name, Timestamp(time));
                looked.insert(correlation, declared.look(at.rule, window, watermark, &set, &mut missing));
                part.weight = declared.weigh();
                part.changed |= before != declared.looked_until;
                spoken.extend(missing.into_iter().map(|(key, firing)| {
                    let change = Change::Settled(at.name(&key, &firing.anchor), firing);
                    Spoken { correlation, key: Arc::from(key), change }
                }));
            }
            let forgotten = std::mem::take(&mut part.forgotten);
            if forgotten > 0 {
                out.push(Said::Forgotten { tenant, correlation, groups: forgotten });
            }
            self.spread(work, spoken, out);
        }
        looked
    }

    /// Gives what was said to whoever listens: the outside, and the correlations that stand on it.
    fn spread(&mut self, work: Work<'_>, spoken: Vec<Spoken>, out: &mut Vec<Said>) {
        let mut open = std::collections::VecDeque::from(spoken);
        while let Some(Spoken { correlation, key, change }) = open.pop_front() {
            let Some(rule) = work.rules.rules.get(correlation) else { continue };
            for &(parent, reference) in &rule.parents {
                let Some(at) = self.at(work, parent).filter(|at| at.wants(reference, &change)) else { continue };
                let mut more = Vec::new();
                self.pass_on(at, reference, &key, &change, &mut more);
                open.extend(more);
            }
            if rule.speaks {
                out.push(self.said(rule, correlation, &key, change));
            }
        }
    }

    fn pass_on(&mut self, at: At<'_>, reference: usize, key: &Arc<[u8]>, change: &Change, out: &mut Vec<Spoken>) {
        let Some(read) = at.rule.references.get(reference) else { return };
        let Some(part) = self.parts.get_mut(at.correlation) else { return };
        let group = group_key::part(key, &read.group);
        match change {
            Change::Withdrawn(id) => part.take_back(at, &group, *id, out),
            Change::Early(id, firing) | Change::Settled(id, firing) => {
                if let Some(brings) = brings(at.rule, &read.value, key) {
                    part.take(at, &group, entry(*id, firing, reference, brings), out);
                }
            }
        }
    }

    fn said(&self, rule: &Compiled, correlation: usize, key: &Arc<[u8]>, change: Change) -> Said {
        match change {
            Change::Withdrawn(id) => Said::Withdrawn { tenant: self.id, id },
            Change::Early(id, firing) => Said::Early(self.fired(rule, correlation, key, id, firing)),
            Change::Settled(id, firing) => Said::Settled(self.fired(rule, correlation, key, id, firing)),
        }
    }

    fn fired(&self, rule: &Compiled, correlation: usize, key: &Arc<[u8]>, id: AlertId, firing: Firing) -> Fired {
        let shown = firing.shown;
        let seen = |stamp: Stamp| (stamp != Stamp::default()).then(|| (EventId(stamp.id()), Timestamp(stamp.time)));
        Fired {
            id,
            tenant: self.id,
            correlation,
            group: rule.group_names.iter().cloned().zip(group_key::values(key)).collect(),
            time: Timestamp(firing.time),
            from: Timestamp(firing.from),
            figure: firing.figure,
            count: shown.count,
            first: seen(shown.first),
            last: seen(shown.last),
            events: shown.events.into_iter().map(EventId).collect(),
            source: firing.source,
            received: Timestamp(if firing.source == SourceId(0) { firing.time } else { firing.received }),
            estimated: shown.estimated,
            clamped: firing.clamped,
        }
    }
}

fn entry(id: AlertId, firing: &Firing, reference: usize, brings: Brings) -> Entry {
    let event = if firing.shown.last == Stamp::default() { id.0 } else { firing.shown.last.id() };
    Entry {
        stamp: Stamp::new(firing.time, event),
        origin: Wide::new(id.0),
        reference: reference as u8,
        clamped: firing.clamped,
        brings,
        source: Wide::new(firing.source.0),
        received: firing.received,
    }
}

/// What the alert of a correlation brings: values of its group.
fn brings(rule: &Compiled, places: &[usize], key: &[u8]) -> Option<Brings> {
    if !rule.kind.has_field() || places.is_empty() {
        return Some(Brings::Nothing);
    }
    let value = group_key::part(key, places);
    if rule.kind == CorrelationKind::ValueCount {
        return Some(Brings::Value(Wide::new(hash_value(&value))));
    }
    group_key::values(&value).first().and_then(|text| Number::read(text)).map(Brings::Number)
}
