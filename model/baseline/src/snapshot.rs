//! Profiles as bytes and back.
//!
//! A snapshot belongs to the cursor up to which the tenant's events were observed: stored in one transaction with it,
//! restoring and observing the rest gives the same profiles and the same facts as never having stopped. A definition
//! whose meaning changed starts anew, the others go on.

use crate::codec::{Reader, Writer};
use crate::entity::Entity;
use crate::peers::Peers;
use crate::sketch::Sketch;
use crate::{Baselines, Counters, Definitions, Fact, ProfileKind, Site};
use std::sync::Arc;
use wardwatch_limits::{
    BASELINE_DEFINITIONS, BASELINE_RECENT_FACTS, BASELINE_SKETCH_WIDTH, BASELINE_SNAPSHOT_BYTES, BASELINE_SOURCES,
    BASELINE_STORM_ENTITIES,
};

/// `WWBL` and the version of the form.
const HEAD: &[u8] = b"WWBL\x01";

/// A damaged count must not overflow later.
const COUNT_MAX: u64 = 1 << 62;

/// Why a snapshot is not taken.
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SnapshotFault {
    /// Not one, or of a version that is not known.
    #[error("these bytes are no snapshot of baselines of a version known here: learn anew")]
    Foreign,
    /// Of another tenant.
    #[error("the snapshot was made under another key: it belongs to another tenant")]
    OtherKey,
    /// Damaged.
    #[error("the snapshot is damaged: take the one before, or learn anew")]
    Damaged,
}

const KINDS: [ProfileKind; 6] = [
    ProfileKind::FirstSeen,
    ProfileKind::Rare,
    ProfileKind::FanOut,
    ProfileKind::Volume,
    ProfileKind::Hours,
    ProfileKind::Absent,
];

impl Baselines {
    /// All profiles as bytes; the same profiles give the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut to = Writer(HEAD.to_vec());
        to.fixed(self.key.mark());
        to.number(self.definitions.len() as u64);
        for definition in self.definitions.iter() {
            to.number(KINDS.iter().position(|k| *k == definition.kind).unwrap_or(0) as u64);
            to.fixed(self.key.of(&["meaning", &definition.meaning()]));
        }
        to.signed(self.newest);
        let c = &self.counters;
        for n in [c.observed, c.ignored_early, c.ignored_ahead, c.learning, c.known_to_peers, c.stormed, c.evicted] {
            to.number(n);
        }
        let mut sources: Vec<_> = self.sources.iter().collect();
        sources.sort_unstable();
        to.number(sources.len() as u64);
        for (source, (first, last)) in sources {
            to.fixed(*source);
            to.signed(*first);
            to.signed(*last);
        }
        for (sketch, total) in self.rare.iter().flatten() {
            to.number(*total);
            sketch.write(&mut to);
        }
        self.peers.write(&mut to);
        to.signed(self.storm_hour);
        let mut storms: Vec<_> = self.storms.iter().collect();
        storms.sort_unstable();
        to.number(storms.len() as u64);
        for (entity, count) in storms {
            to.fixed(*entity);
            to.number(u64::from(*count));
        }
        to.number(self.recent.len() as u64);
        for fact in &self.recent {
            to.text(&serde_json::to_string(fact).unwrap_or_default());
        }
        // In the order in which they would be forgotten.
        let fresh = |(day, key): &(i64, u64)| self.entities.get(key).filter(|e| e.used_day == *day).map(|e| (*key, e));
        let in_order: Vec<(u64, &Entity)> = self.by_use.iter().filter_map(fresh).collect();
        to.number(in_order.len() as u64);
        for (key, entity) in in_order {
            to.fixed(key);
            entity.write(&mut to);
        }
        to.0
    }

    /// Profiles from a snapshot, for the same tenant and perhaps other definitions.
    pub fn restore(
        definitions: Arc<Definitions>,
        site: Site,
        key: [u8; 16],
        snapshot: &[u8],
    ) -> Result<Self, SnapshotFault> {
        let body = snapshot.strip_prefix(HEAD).filter(|b| b.len() <= BASELINE_SNAPSHOT_BYTES);
        let mut from = Reader(body.ok_or(SnapshotFault::Foreign)?);
        let mut new = Self::new(definitions, site, key);
        if from.fixed() != Some(new.key.mark()) {
            return Err(SnapshotFault::OtherKey);
        }
        new.read(&mut from).filter(|()| from.0.is_empty()).ok_or(SnapshotFault::Damaged)?;
        Ok(new)
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (kinds, places) = self.read_definitions(from)?;
        self.newest = from.signed()?;
        let mut counters = [0u64; 7];
        for counter in &mut counters {
            *counter = from.number()?.min(COUNT_MAX);
        }
        let [observed, ignored_early, ignored_ahead, learning, known_to_peers, stormed, evicted] = counters;
        self.counters = Counters { observed, ignored_early, ignored_ahead, learning, known_to_peers, stormed, evicted };
        for _ in 0..from.count().filter(|n| *n <= BASELINE_SOURCES)? {
            self.sources.insert(from.fixed()?, (from.signed()?, from.signed()?));
        }
        for (old, _) in kinds.iter().enumerate().filter(|(_, kind)| **kind == ProfileKind::Rare) {
            let (total, mut sketch) = (from.number()?.min(COUNT_MAX), Sketch::new(BASELINE_SKETCH_WIDTH));
            sketch.read(from)?;
            let place = places.get(old).copied().flatten().and_then(|n| self.rare.get_mut(n));
            if let Some(Some(place)) = place {
                *place = (sketch, total);
            }
        }
        self.peers = Peers::read(from, &kinds)?.moved(&places, &Arc::clone(&self.definitions));
        self.storm_hour = from.signed()?;
        for _ in 0..from.count().filter(|n| *n <= BASELINE_STORM_ENTITIES)? {
            self.storms.insert(from.fixed()?, u32::try_from(from.number()?).ok()?);
        }
        for _ in 0..from.count().filter(|n| *n <= BASELINE_RECENT_FACTS)? {
            let fact: Fact = serde_json::from_str(&from.text()?).ok()?;
            self.recent.push_back(fact);
        }
        for _ in 0..from.count()? {
            let key = from.fixed()?;
            let mut entity = Entity::read(from, &kinds)?;
            let Some(place) = *places.get(usize::from(entity.definition))? else { continue };
            entity.definition = place as u16;
            self.bytes += entity.bytes();
            self.by_use.push_back((entity.used_day, key));
            self.entities.insert(key, entity);
        }
        Some(())
    }

    /// Kinds of the snapshot's definitions, and where each stands now, if it still means the same.
    fn read_definitions(&self, from: &mut Reader<'_>) -> Option<(Vec<ProfileKind>, Vec<Option<usize>>)> {
        let now: Vec<u64> = self.definitions.iter().map(|d| self.key.of(&["meaning", &d.meaning()])).collect();
        let (mut kinds, mut places) = (Vec::new(), Vec::new());
        for _ in 0..from.count().filter(|n| *n <= BASELINE_DEFINITIONS)? {
            kinds.push(*KINDS.get(usize::try_from(from.number()?).ok()?)?);
            let meaning = from.fixed()?;
            places.push(now.iter().position(|m| *m == meaning));
        }
        Some((kinds, places))
    }
}
