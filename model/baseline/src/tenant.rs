//! The baselines of one tenant: observations in, facts out.

use crate::entity::{Body, Entity};
use crate::hash::{Key, again};
use crate::peers::{NO_ROLE, Peers};
use crate::site::hour_of_week;
use crate::sketch::Sketch;
use crate::{Definition, Definitions, Fact, Numbers, ProfileKind, RiskRaise, Site, Window};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use wardwatch_ident::Timestamp;
use wardwatch_limits::{
    BASELINE_ABSENT_FACTS, BASELINE_AHEAD_MS, BASELINE_LATE_DAYS, BASELINE_NAME_BYTES, BASELINE_RECENT_FACTS,
    BASELINE_SKETCH_WIDTH, BASELINE_SOURCES, BASELINE_STORM_ENTITIES, BASELINE_STORM_FACTS, BASELINE_TENANT_BYTES,
};

/// One event as one definition sees it.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'e> {
    /// Place of the definition in [`Definitions::iter`].
    pub definition: usize,
    /// The source the line came from.
    pub source: &'e str,
    /// The entity.
    pub entity: &'e str,
    /// The value; for `volume` the number.
    pub value: Option<&'e str>,
    /// What the entity is (its peers have the same), where somebody knows.
    pub role: Option<&'e str>,
    /// Somebody knows that the entity is at work now: nothing is out of hours.
    pub on_shift: bool,
    /// When it happened, by the line: profiles go by this.
    pub at: Timestamp,
    /// When the line was received: tells clocks that are wrong.
    pub received: Timestamp,
}

/// What an event gives.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Look {
    /// Facts about it.
    pub facts: Vec<Fact>,
    /// Risks that rise because a fact came together with an earlier one.
    pub raises: Vec<RiskRaise>,
}

/// What was counted instead of said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Observations that were learned from.
    pub observed: u64,
    /// Event times too long before their reception, 1970 among them: ignored.
    pub ignored_early: u64,
    /// Event times after their reception, 2099 among them: ignored.
    pub ignored_ahead: u64,
    /// Facts that were not made because entity or source is still learned.
    pub learning: u64,
    /// First-seen values that peers know well.
    pub known_to_peers: u64,
    /// First-seen facts beyond those of a storm.
    pub stormed: u64,
    /// Entities that were forgotten for want of room.
    pub evicted: u64,
}

/// Profiles of one tenant. Not shared: the thread that sees the tenant's events in order owns it.
#[derive(Debug)]
pub struct Baselines {
    pub(crate) definitions: Arc<Definitions>,
    site: Site,
    pub(crate) key: Key,
    pub(crate) budget: usize,
    /// Bytes of all entities.
    pub(crate) bytes: usize,
    pub(crate) entities: HashMap<u64, Entity, Hashed>,
    /// Entities by the day they were used, with entries that are out of date.
    pub(crate) by_use: VecDeque<(i64, u64)>,
    pub(crate) peers: Peers,
    /// One for each definition of the kind `rare`, with the total.
    pub(crate) rare: Vec<Option<(Sketch, u64)>>,
    /// First and newest second of each source.
    pub(crate) sources: HashMap<u64, (i64, i64), Hashed>,
    /// Newest event time, seconds.
    pub(crate) newest: i64,
    pub(crate) storms: HashMap<u64, u32, Hashed>,
    pub(crate) storm_hour: i64,
    pub(crate) recent: VecDeque<Fact>,
    pub(crate) counters: Counters,
}

impl Baselines {
    /// Empty profiles. `key` is the tenant's own: hashes of names depend on it, so nobody outside can choose names that
    /// collide. Profiles keep no name but those of `absent`.
    pub fn new(definitions: Arc<Definitions>, site: Site, key: [u8; 16]) -> Self {
        let rare = |d: &Definition| (d.kind == ProfileKind::Rare).then(|| (Sketch::new(BASELINE_SKETCH_WIDTH), 0));
        Self {
            rare: definitions.iter().map(rare).collect(),
            peers: Peers::new(&definitions),
            definitions,
            site,
            key: Key::new(key),
            budget: BASELINE_TENANT_BYTES,
            bytes: 0,
            entities: HashMap::default(),
            by_use: VecDeque::new(),
            sources: HashMap::default(),
            newest: i64::MIN,
            storms: HashMap::default(),
            storm_hour: i64::MIN,
            recent: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Another budget for the profiles of entities, bytes. Sketches come on top, a fixed number of bytes a definition.
    pub fn with_budget(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// Bytes of memory: entities and sketches.
    pub fn bytes(&self) -> usize {
        let rare: usize = self.rare.iter().flatten().map(|(sketch, _)| sketch.bytes()).sum();
        self.bytes + rare + self.peers.bytes() + self.by_use.capacity() * 16
    }

    /// How many entities have a profile.
    pub fn entities(&self) -> usize {
        self.entities.len()
    }

    /// What was counted instead of said.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The definitions it was made with.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Looks at one event under every definition that applies to it. `get` gives a field's text.
    pub fn event<'e>(&mut self, about: Observation<'e>, get: &dyn Fn(&str) -> Option<&'e str>) -> Look {
        let definitions = Arc::clone(&self.definitions);
        let mut look = Look::default();
        for (n, definition) in definitions.iter().enumerate() {
            let Some(entity) = get(&definition.entity).filter(|_| definition.applies(get)) else { continue };
            let value = definition.value.as_deref().and_then(get);
            let seen = self.observe(&Observation { definition: n, entity, value, ..about });
            look.facts.extend(seen.facts);
            look.raises.extend(seen.raises);
        }
        look
    }

    /// Learns from one observation, and says what is unusual about it.
    pub fn observe(&mut self, seen: &Observation<'_>) -> Look {
        let definitions = Arc::clone(&self.definitions);
        let Some(definition) = definitions.get(seen.definition) else { return Look::default() };
        let needs_value = definition.value.is_some();
        if seen.entity.is_empty() || needs_value && seen.value.is_none_or(str::is_empty) || !self.is_timely(seen) {
            return Look::default();
        }
        self.counters.observed += 1;
        let at = seen.at.as_secs();
        self.advance(at);
        let source_learned = self.source_learned(seen.source, at, definition);
        let (numbers, learned) = match definition.kind {
            ProfileKind::Rare => (self.rare(seen, definition), source_learned),
            _ => {
                let (numbers, days) = self.profiled(seen, definition, at);
                (numbers, source_learned && days >= i64::from(definition.days_min))
            }
        };
        match numbers {
            Some(_) if !learned => {
                self.counters.learning += 1;
                Look::default()
            }
            Some(numbers) => self.say(seen, definition, numbers),
            None => Look::default(),
        }
    }

    fn is_timely(&mut self, seen: &Observation<'_>) -> bool {
        let behind = seen.received.micros_since(seen.at);
        if behind < -BASELINE_AHEAD_MS * 1_000 {
            self.counters.ignored_ahead += 1;
            return false;
        }
        if behind > BASELINE_LATE_DAYS * 86_400 * 1_000_000 || seen.at.as_secs() < 0 {
            self.counters.ignored_early += 1;
            return false;
        }
        true
    }

    /// Moves the tenant's clock on; each new day halves what `rare` counted.
    fn advance(&mut self, at: i64) {
        if at <= self.newest {
            return;
        }
        if self.newest > i64::MIN {
            let days = day_of(at) - day_of(self.newest);
            for _ in 0..days.min(32) {
                for (sketch, total) in self.rare.iter_mut().flatten() {
                    sketch.halve();
                    *total /= 2;
                }
            }
        }
        self.newest = at;
    }

    /// True if the source was seen for long enough. Sources beyond the bound are only learned from.
    fn source_learned(&mut self, source: &str, at: i64, definition: &Definition) -> bool {
        let hash = self.key.of(&["source", source]);
        if self.sources.len() >= BASELINE_SOURCES && !self.sources.contains_key(&hash) {
            return false;
        }
        let (first, last) = self.sources.entry(hash).or_insert((at, at));
        (*first, *last) = ((*first).min(at), (*last).max(at));
        at.saturating_sub(*first) / 86_400 >= i64::from(definition.days_min)
    }

    fn rare(&mut self, seen: &Observation<'_>, definition: &Definition) -> Option<Numbers> {
        let hash = self.key.of(&["value", &definition.id, seen.value?]);
        let (sketch, total) = self.rare.get_mut(seen.definition)?.as_mut()?;
        *total += 1;
        let count = sketch.add(hash);
        // A day or two of a small site: below it everything is rare.
        let known = *total >= 1_000;
        let rare = u64::from(count) * 1_000_000 <= u64::from(definition.share_ppm_max) * *total;
        (known && rare).then_some(Numbers::Rare { count, total: *total })
    }

    /// The profile of the entity: what is unusual, and days since it was first seen.
    fn profiled(&mut self, seen: &Observation<'_>, definition: &Definition, at: i64) -> (Option<Numbers>, i64) {
        let key = self.key.of(&["entity", &definition.id, seen.entity]);
        let today = day_of(self.newest);
        let role = self.peers.role(seen.role);
        let n = seen.definition as u16;
        if !self.entities.contains_key(&key) {
            let name = if definition.kind == ProfileKind::Absent { cut(seen.entity).into() } else { Box::default() };
            let source = self.key.of(&["source", seen.source]);
            let body = Body::new(definition.kind, at);
            let entity = Entity { definition: n, role, used_day: i64::MIN, first: at, source, name, body };
            self.bytes += entity.bytes();
            self.peers.joined(n, role);
            self.entities.insert(key, entity);
        }
        let Some(entity) = self.entities.get_mut(&key) else { return (None, 0) };
        if entity.used_day < today {
            entity.used_day = today;
            self.by_use.push_back((today, key));
        }
        if role != NO_ROLE && entity.role != role {
            self.peers.left(n, entity.role);
            self.peers.joined(n, role);
            entity.role = role;
        }
        entity.first = entity.first.min(at);
        let days = at.saturating_sub(entity.first) / 86_400;
        let before = entity.body.bytes();
        let hour = self.site.local_hour(seen.at);
        let number = |text: Option<&str>| text.and_then(|t| t.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
        let value = seen.value.map(|v| self.key.of(&["value", &definition.id, v]));
        let numbers = match (&mut entity.body, value) {
            (Body::Seen(known), Some(value)) => known.is_new(value, today).then(|| {
                let (with, others, peers) = self.peers.met(n, role, value);
                Numbers::FirstSeen { days: days.max(0) as u32, with, others, peers }
            }),
            (Body::FanOut(fan), Some(value)) => {
                let window = if definition.window == Window::Hour { hour } else { hour.div_euclid(24) };
                fan.add(window, again(value, 5), definition.least)
            }
            (Body::Volume(volume), _) => {
                let amount = if definition.value.is_some() { number(seen.value) } else { Some(1.0) };
                amount.filter(|n| *n >= 0.0).and_then(|amount| volume.add(hour, amount, definition.least))
            }
            (Body::Hours(hours), _) => {
                let place = hour_of_week(hour);
                let new = hours.add(hour);
                let shared = self.peers.active(n, role, place, new.is_some());
                let expected = seen.on_shift || shared || self.site.in_shift(place, seen.role);
                new.filter(|_| !expected).map(|active| Numbers::Hours {
                    weekday: (place / 24) as u8,
                    hour: (place % 24) as u8,
                    active,
                })
            }
            (Body::Rhythm(rhythm), _) => {
                rhythm.add(at);
                None
            }
            _ => None,
        };
        self.bytes = (self.bytes + entity.body.bytes()).saturating_sub(before);
        self.make_room(key);
        (numbers, days)
    }

    /// Forgets whole entities, those used longest ago first, until the rest fits. The one just used stays.
    fn make_room(&mut self, keep: u64) {
        if self.by_use.len() > 2 * self.entities.len() + 1_024 {
            let entities = &self.entities;
            self.by_use.retain(|(day, key)| entities.get(key).is_some_and(|e| e.used_day == *day));
        }
        // Each entity has one entry that is not out of date, so another than the one kept is found.
        while self.bytes > self.budget && self.entities.len() > 1 {
            let Some((day, key)) = self.by_use.pop_front() else { return };
            if self.entities.get(&key).is_none_or(|e| e.used_day != day) {
                continue;
            }
            if key == keep {
                self.by_use.push_back((day, key));
                continue;
            }
            if let Some(entity) = self.entities.remove(&key) {
                self.bytes = self.bytes.saturating_sub(entity.bytes());
                self.peers.left(entity.definition, entity.role);
                self.counters.evicted += 1;
            }
        }
    }

    fn say(&mut self, seen: &Observation<'_>, definition: &Definition, numbers: Numbers) -> Look {
        let numbers = match numbers {
            Numbers::FirstSeen { peers: Some((_, with, all)), .. } if with >= 3 && with * 10 >= all => {
                self.counters.known_to_peers += 1;
                return Look::default();
            }
            Numbers::FirstSeen { .. } => match self.storm(seen, definition) {
                0..=BASELINE_STORM_FACTS => numbers,
                new if new == BASELINE_STORM_FACTS + 1 => Numbers::Storm { new },
                _ => {
                    self.counters.stormed += 1;
                    return Look::default();
                }
            },
            other => other,
        };
        self.look(fact(definition, seen.entity, seen.value, seen.at, numbers))
    }

    /// First-seen values of this entity in the tenant's newest hour, over all definitions.
    fn storm(&mut self, seen: &Observation<'_>, definition: &Definition) -> u32 {
        let hour = self.newest.div_euclid(3_600);
        if hour != self.storm_hour {
            self.storms.clear();
            self.storm_hour = hour;
        }
        let key = self.key.of(&["storm", &definition.entity, seen.entity]);
        if self.storms.len() >= BASELINE_STORM_ENTITIES && !self.storms.contains_key(&key) {
            return 0;
        }
        let count = self.storms.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        *count
    }

    /// A fact with the risks it raises together with those of the last hour.
    fn look(&mut self, fact: Fact) -> Look {
        let since = self.newest.saturating_sub(3_600);
        while self.recent.front().is_some_and(|f| f.at.as_secs() < since) || self.recent.len() >= BASELINE_RECENT_FACTS
        {
            self.recent.pop_front();
        }
        let raises = self.recent.iter().filter_map(|earlier| RiskRaise::of(earlier, &fact)).take(4).collect();
        self.recent.push_back(fact.clone());
        Look { facts: vec![fact], raises }
    }

    /// Facts about entities that are silent although their source is not. To be asked every minute or so; an entity is
    /// named once until it is back, and a look names a bounded number of them.
    pub fn silent(&mut self) -> Look {
        let definitions = Arc::clone(&self.definitions);
        let mut found: Vec<(u64, Numbers)> = Vec::new();
        for (key, entity) in &self.entities {
            let Body::Rhythm(rhythm) = &entity.body else { continue };
            let Some((first, now)) = self.sources.get(&entity.source).copied() else { continue };
            let days = definitions.get(usize::from(entity.definition)).map_or(0, |d| i64::from(d.days_min)) * 86_400;
            if now.saturating_sub(entity.first) >= days && now.saturating_sub(first) >= days {
                found.extend(rhythm.silence(now).map(|numbers| (*key, numbers)));
            }
        }
        found.sort_unstable_by_key(|(key, _)| *key);
        let mut look = Look::default();
        for (key, numbers) in found.into_iter().take(BASELINE_ABSENT_FACTS) {
            let Some(entity) = self.entities.get_mut(&key) else { continue };
            let Some(definition) = definitions.get(usize::from(entity.definition)) else { continue };
            if let Body::Rhythm(rhythm) = &mut entity.body {
                rhythm.said = true;
            }
            let at = self.sources.get(&entity.source).map_or(0, |(_, now)| *now);
            let fact = fact(definition, &entity.name, None, Timestamp::from_secs(at), numbers);
            let seen = self.look(fact);
            look.facts.extend(seen.facts);
            look.raises.extend(seen.raises);
        }
        look
    }
}

fn fact(definition: &Definition, entity: &str, value: Option<&str>, at: Timestamp, numbers: Numbers) -> Fact {
    Fact {
        definition: definition.id.clone(),
        title: (&definition.title).into(),
        entity_field: definition.entity.clone(),
        entity: cut(entity).to_owned(),
        value: value.filter(|_| definition.kind != ProfileKind::Volume).map(|v| cut(v).to_owned()),
        at,
        risk: numbers.risk(),
        numbers,
    }
}

/// A name as it is shown.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(BASELINE_NAME_BYTES)).unwrap_or_default()
}

fn day_of(secs: i64) -> i64 {
    secs.div_euclid(86_400)
}

/// Keys are hashes already.
pub(crate) type Hashed = BuildHasherDefault<AsItIs>;

/// Takes the last number written as the hash.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}
