//! What others do: how many entities have a value, in all and of the same role, and when a role is at work.

use crate::codec::{Reader, Writer};
use crate::entity::Entity;
use crate::hash::again;
use crate::sketch::Sketch;
use crate::{Definitions, ProfileKind};
use std::collections::BTreeMap;
use wardwatch_limits::{BASELINE_NAME_BYTES, BASELINE_ROLES, BASELINE_SPREAD_WIDTH};

pub(crate) const NO_ROLE: u16 = Entity::NO_ROLE;
const WEEK: usize = 168;
/// Hours of others after which an hour is usual for a role.
const SHARED_HOURS: u16 = 3;

/// Counts over the entities of a tenant.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Peers {
    roles: Vec<Box<str>>,
    /// Entities by definition and role ([`NO_ROLE`] counts all).
    counts: BTreeMap<(u16, u16), u32>,
    /// For each definition of the kind `first_seen`: on how many entities a value was seen, and of which role.
    spread: Vec<Option<Sketch>>,
    /// For each definition of the kind `hours`, by role: hours in which its entities were active.
    hours: BTreeMap<(u16, u16), Box<[u16]>>,
}

impl Peers {
    pub(crate) fn new(definitions: &Definitions) -> Self {
        let sketch = |kind| (kind == ProfileKind::FirstSeen).then(|| Sketch::new(BASELINE_SPREAD_WIDTH));
        Self {
            roles: Vec::new(),
            counts: BTreeMap::new(),
            spread: definitions.iter().map(|d| sketch(d.kind)).collect(),
            hours: BTreeMap::new(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.spread.iter().flatten().map(Sketch::bytes).sum::<usize>() + self.hours.len() * (WEEK * 2 + 64)
    }

    /// The number of a role.
    pub(crate) fn role(&mut self, name: Option<&str>) -> u16 {
        let Some(name) = name.filter(|n| !n.is_empty() && n.len() <= BASELINE_NAME_BYTES) else { return NO_ROLE };
        if let Some(at) = self.roles.iter().position(|r| **r == *name) {
            return at as u16;
        }
        if self.roles.len() >= BASELINE_ROLES {
            return NO_ROLE;
        }
        self.roles.push(name.into());
        (self.roles.len() - 1) as u16
    }

    pub(crate) fn joined(&mut self, definition: u16, role: u16) {
        for role in [Some(NO_ROLE), Some(role).filter(|r| *r != NO_ROLE)].into_iter().flatten() {
            let count = self.counts.entry((definition, role)).or_insert(0);
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn left(&mut self, definition: u16, role: u16) {
        for role in [Some(NO_ROLE), Some(role).filter(|r| *r != NO_ROLE)].into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(&(definition, role)) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn others(&self, definition: u16, role: u16) -> u32 {
        self.counts.get(&(definition, role)).map_or(0, |n| n.saturating_sub(1))
    }

    /// An entity meets a value for the first time: others that have it, others there are, and the same among its peers.
    pub(crate) fn met(&mut self, definition: u16, role: u16, value: u64) -> (u32, u32, Option<(String, u32, u32)>) {
        let (others, peers) = (self.others(definition, NO_ROLE), self.others(definition, role));
        let Some(Some(sketch)) = self.spread.get_mut(usize::from(definition)) else { return (0, others, None) };
        let with = sketch.add(value).min(others);
        if role == NO_ROLE {
            return (with, others, None);
        }
        let peers_with = sketch.add(again(value, 100 + u64::from(role))).min(peers);
        let name = self.roles.get(usize::from(role)).map(|n| n.to_string());
        (with, others, name.map(|name| (name, peers_with, peers)))
    }

    /// Notes an active hour of an entity; true if its peers were active then before. Without a role nobody is a peer.
    pub(crate) fn active(&mut self, definition: u16, role: u16, hour_of_week: usize, asked: bool) -> bool {
        if role == NO_ROLE {
            return false;
        }
        let hours = self.hours.entry((definition, role)).or_insert_with(|| vec![0; WEEK].into_boxed_slice());
        let Some(cell) = hours.get_mut(hour_of_week) else { return false };
        let shared = asked && *cell >= SHARED_HOURS;
        *cell = cell.saturating_add(1);
        shared
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.number(self.roles.len() as u64);
        self.roles.iter().for_each(|r| to.text(r));
        to.number(self.counts.len() as u64);
        for ((definition, role), count) in &self.counts {
            [u64::from(*definition), u64::from(*role), u64::from(*count)].iter().for_each(|n| to.number(*n));
        }
        self.spread.iter().flatten().for_each(|s| s.write(to));
        to.number(self.hours.len() as u64);
        for ((definition, role), cells) in &self.hours {
            to.number(u64::from(*definition));
            to.number(u64::from(*role));
            to.sparse(cells.iter().map(|c| u64::from(*c)));
        }
    }

    /// Reads what was written under definitions of these kinds.
    pub(crate) fn read(from: &mut Reader<'_>, kinds: &[ProfileKind]) -> Option<Self> {
        let roles = from.count().filter(|n| *n <= BASELINE_ROLES)?;
        let roles = (0..roles).map(|_| from.text().map(String::into_boxed_str)).collect::<Option<_>>()?;
        let small = |n: u64| u16::try_from(n).ok();
        let mut counts = BTreeMap::new();
        for _ in 0..from.count()? {
            let at = (small(from.number()?)?, small(from.number()?)?);
            counts.insert(at, u32::try_from(from.number()?).ok()?);
        }
        let mut spread = Vec::new();
        for kind in kinds {
            spread.push(match kind {
                ProfileKind::FirstSeen => {
                    let mut sketch = Sketch::new(BASELINE_SPREAD_WIDTH);
                    sketch.read(from)?;
                    Some(sketch)
                }
                _ => None,
            });
        }
        let mut hours = BTreeMap::new();
        for _ in 0..from.count()? {
            let at = (small(from.number()?)?, small(from.number()?)?);
            let mut cells = vec![0u16; WEEK].into_boxed_slice();
            from.sparse(WEEK, |at, value| {
                if let Some(cell) = cells.get_mut(at) {
                    *cell = value.min(u64::from(u16::MAX)) as u16;
                }
            })?;
            hours.insert(at, cells);
        }
        Some(Self { roles, counts, spread, hours })
    }

    /// The same under other definitions: `places` gives the new place of each old one, if it still means the same.
    pub(crate) fn moved(self, places: &[Option<usize>], definitions: &Definitions) -> Self {
        let place = |old: u16| places.get(usize::from(old)).copied().flatten().map(|n| n as u16);
        let mut new = Self::new(definitions);
        new.roles = self.roles;
        new.counts = self.counts.into_iter().filter_map(|((d, r), n)| Some(((place(d)?, r), n))).collect();
        new.hours = self.hours.into_iter().filter_map(|((d, r), n)| Some(((place(d)?, r), n))).collect();
        for (old, sketch) in self.spread.into_iter().enumerate() {
            let to = place(old as u16).and_then(|n| new.spread.get_mut(usize::from(n)));
            if let (Some(to), Some(sketch)) = (to, sketch) {
                *to = Some(sketch);
            }
        }
        new
    }
}
