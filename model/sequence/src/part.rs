//! The groups of one correlation and tenant: found by key, looked at when due, forgotten by the age of their last event.

use crate::compile::{Compiled, Mode, Source};
use crate::declared::Declared;
use crate::group::{Change, Group, Surroundings};
use crate::run::Entry;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use wardwatch_ident::{AlertId, TenantId};
use wardwatch_limits::CORRELATION_GROUPS;

const SECOND: i64 = 1_000_000;

/// State of one correlation and tenant.
#[derive(Debug, Default)]
pub(crate) struct Part {
    numbers: HashMap<Arc<[u8]>, u32>,
    slots: Vec<Option<Group>>,
    free: Vec<u32>,
    /// Groups by the second at which they are looked at. A group may stand under an earlier second, too.
    due: BTreeMap<i64, Vec<u32>>,
    /// Groups by the time of their last event, made when room is needed first. What it says may be outdated.
    oldest: Option<BinaryHeap<Reverse<(i64, u32)>>>,
    pub declared: Option<Declared>,
    pub weight: usize,
    /// Since the last snapshot.
    pub changed: bool,
    /// Groups forgotten for want of room since this was told.
    pub forgotten: u64,
}

/// What a correlation says about a group.
pub(crate) struct Spoken {
    pub correlation: usize,
    pub key: Arc<[u8]>,
    pub change: Change,
}

/// Who works, on whose behalf.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub correlation: usize,
    pub rule: &'a Compiled,
    pub tenant: TenantId,
    pub early: bool,
}

impl At<'_> {
    /// The name of an alert: the same for the same rule, version, tenant, group and window.
    pub(crate) fn name(&self, key: &[u8], anchor: &[u128; 2]) -> AlertId {
        let mut hash = Sha256::new();
        hash.update("correlation");
        let [first, second] = anchor.map(u128::to_be_bytes);
        let tenant = self.tenant.0.to_be_bytes();
        let about = &self.rule.about;
        for part in [about.id.as_bytes(), about.version.as_bytes(), &tenant, key, &first, &second] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        AlertId(hash.finalize().iter().take(16).fold(0, |id, byte| (id << 8) | u128::from(*byte)))
    }

    /// Alerts that are not certain are of no use where windows are looked at when they end.
    pub(crate) fn wants(&self, reference: usize, change: &Change) -> bool {
        let chained = matches!(self.rule.references.get(reference).map(|r| r.source), Some(Source::Correlation(_)));
        chained && (matches!(self.rule.mode, Mode::Reached) || matches!(change, Change::Settled(..)))
    }
}

impl Part {
    /// A part for a correlation; `created` is where the tenant's time stood when it came.
    pub(crate) fn new(rule: &Compiled, created: i64) -> Part {
        let declared = matches!(rule.mode, Mode::Declared(_)).then(|| Declared { created, ..Declared::default() });
        Part { declared, ..Part::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Groups in the order of their keys.
    pub(crate) fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.slots.iter().flatten().collect();
        groups.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        groups
    }

    /// Takes a hit for one group. Gives how many hits had to be settled before their time for want of room.
    pub(crate) fn take(&mut self, at: At<'_>, key: &[u8], entry: Entry, out: &mut Vec<Spoken>) -> u64 {
        self.changed = true;
        if let (Some(declared), Mode::Declared(window)) = (&mut self.declared, &at.rule.mode) {
            if !declared.take(window, key, &entry) {
                self.forgotten += 1;
            }
            return 0;
        }
        let slot = match self.numbers.get(key) {
            Some(slot) => *slot,
            None => {
                while self.numbers.len() >= CORRELATION_GROUPS && self.forget_oldest(at, out) {}
                self.insert(Group::new(Arc::from(key), at.rule))
            }
        };
        let mut changes = Vec::new();
        let full = self.with(at, slot, |group, surroundings| group.add(surroundings, entry, &mut changes));
        self.say(at, slot, changes, out);
        self.schedule(at.rule, slot);
        u64::from(full == Some(true))
    }

    /// Takes back a chained alert.
    pub(crate) fn take_back(&mut self, at: At<'_>, key: &[u8], origin: AlertId, out: &mut Vec<Spoken>) {
        let Some(slot) = self.numbers.get(key).copied() else { return };
        self.changed = true;
        let mut changes = Vec::new();
        self.with(at, slot, |group, surroundings| group.remove(surroundings, origin, &mut changes));
        self.say(at, slot, changes, out);
        self.schedule(at.rule, slot);
    }

    /// Puts a group in, as it was.
    pub(crate) fn put_back(&mut self, rule: &Compiled, group: Group) {
        self.weight += group.weigh();
        let weight = group.weigh();
        let slot = self.insert(group);
        if let Some(group) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) {
            group.weight = weight;
        }
        self.schedule(rule, slot);
    }

    fn insert(&mut self, group: Group) -> u32 {
        let (key, last) = (Arc::clone(&group.key), group.last);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                (self.slots.len() - 1) as u32
            }
        };
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(group);
        }
        self.numbers.insert(key, slot);
        if let Some(oldest) = &mut self.oldest {
            oldest.push(Reverse((last, slot)));
        }
        slot
    }

    /// Works on one group and keeps its weight.
    fn with<T>(&mut self, at: At<'_>, slot: u32, work: impl FnOnce(&mut Group, &Surroundings<'_>) -> T) -> Option<T> {
        let group = self.slots.get_mut(slot as usize)?.as_mut()?;
        let key = Arc::clone(&group.key);
        let name = |anchor: &[u128; 2]| at.name(&key, anchor);
        let done = work(group, &Surroundings { rule: at.rule, early: at.early, name: &name });
        let weight = group.weigh();
        self.weight = (self.weight + weight).saturating_sub(group.weight);
        group.weight = weight;
        Some(done)
    }

    fn say(&self, at: At<'_>, slot: u32, changes: Vec<Change>, out: &mut Vec<Spoken>) {
        if changes.is_empty() {
            return;
        }
        let Some(key) = self.slots.get(slot as usize).and_then(Option::as_ref).map(|group| &group.key) else { return };
        let spoken = |change| Spoken { correlation: at.correlation, key: Arc::clone(key), change };
        out.extend(changes.into_iter().map(spoken));
    }

    fn schedule(&mut self, rule: &Compiled, slot: u32) {
        let Some(group) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        let second = group.next_due(rule).div_euclid(SECOND);
        if second < group.due {
            group.due = second;
            self.due.entry(second).or_default().push(slot);
        }
    }

    /// Settles what has become certain, and drops what can no longer matter.
    pub(crate) fn settle(&mut self, at: At<'_>, watermark: i64, out: &mut Vec<Spoken>) {
        let mut visited = Vec::new();
        while let Some(first) = self.due.first_entry().filter(|first| first.key().saturating_mul(SECOND) <= watermark) {
            let (second, slots) = first.remove_entry();
            let is_due = |slot: &u32| {
                self.slots.get(*slot as usize).and_then(Option::as_ref).is_some_and(|group| group.due == second)
            };
            visited.extend(slots.into_iter().filter(is_due));
        }
        for slot in visited {
            let mut changes = Vec::new();
            let spent = self.with(at, slot, |group, surroundings| {
                group.due = i64::MAX;
                group.settle(surroundings, watermark, &mut changes);
                group.is_spent(at.rule, watermark)
            });
            self.changed = true;
            self.say(at, slot, changes, out);
            if spent == Some(true) {
                self.remove(slot);
            } else {
                self.schedule(at.rule, slot);
            }
        }
    }

    fn remove(&mut self, slot: u32) {
        if let Some(group) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.numbers.remove(&group.key);
            self.weight = self.weight.saturating_sub(group.weight);
            self.free.push(slot);
        }
    }

    /// Forgets the group whose last event is oldest. What it still had to say it says as it stands.
    pub(crate) fn forget_oldest(&mut self, at: At<'_>, out: &mut Vec<Spoken>) -> bool {
        let slots = &self.slots;
        let numbered = || slots.iter().enumerate().filter_map(|(slot, group)| Some((group.as_ref()?, slot as u32)));
        let oldest =
            self.oldest.get_or_insert_with(|| numbered().map(|(group, slot)| Reverse((group.last, slot))).collect());
        // What was removed leaves its entry behind: the heap is made anew before it grows beyond bounds.
        if oldest.len() > 4 * slots.len() + 64 {
            *oldest = numbered().map(|(group, slot)| Reverse((group.last, slot))).collect();
        }
        let mut found = None;
        while let Some(Reverse((last, slot))) = oldest.pop() {
            match slots.get(slot as usize).and_then(Option::as_ref) {
                Some(group) if group.last > last => oldest.push(Reverse((group.last, slot))),
                Some(_) => {
                    found = Some(slot);
                    break;
                }
                None => {}
            }
        }
        let Some(slot) = found else { return false };
        let mut changes = Vec::new();
        self.with(at, slot, |group, surroundings| {
            let until = group.last.saturating_add(1);
            group.settle(surroundings, until, &mut changes);
        });
        self.say(at, slot, changes, out);
        self.remove(slot);
        self.forgotten += 1;
        true
    }
}
