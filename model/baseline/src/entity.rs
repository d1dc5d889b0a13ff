//! The profile of one entity under one definition.

use crate::codec::{Reader, Writer};
use crate::distinct::Distinct;
use crate::seen::Seen;
use crate::site::hour_of_week;
use crate::usual::Usual;
use crate::{Numbers, ProfileKind};

/// Bytes an entity takes besides what its body holds: the map's slot, the queue's, and the struct.
pub(crate) const ENTITY_BYTES: usize = 192;
const WEEK: usize = 168;

/// Bytes of a list of so many hashes as it grows, counted the same before and after a snapshot.
pub(crate) fn room(values: usize) -> usize {
    values.next_power_of_two().max(4) * 8
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Entity {
    pub(crate) definition: u16,
    /// Role, [`Entity::NO_ROLE`] without one.
    pub(crate) role: u16,
    /// Day (of the tenant's newest event) it was last used.
    pub(crate) used_day: i64,
    /// Seconds of its first event.
    pub(crate) first: i64,
    /// Its source, for `absent`.
    pub(crate) source: u64,
    /// Its name, for `absent`: nobody else is there to say it.
    pub(crate) name: Box<str>,
    pub(crate) body: Body,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Body {
    Seen(Seen),
    FanOut(FanOut),
    Volume(Box<Volume>),
    Hours(Box<Hours>),
    Rhythm(Rhythm),
}

/// Distinct values of the current window.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct FanOut {
    window: i64,
    said: bool,
    now: Distinct,
    usual: Usual,
}

/// Amounts by hour of the week.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Volume {
    hour: i64,
    amount: f64,
    said: bool,
    cells: [Usual; WEEK],
}

/// Weeks in which each hour was active.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Hours {
    hour: i64,
    pub(crate) active: u32,
    counts: [u8; WEEK],
}

/// Gaps between events.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Rhythm {
    pub(crate) last: i64,
    longest: u64,
    usual: Usual,
    pub(crate) said: bool,
}

impl Entity {
    pub(crate) const NO_ROLE: u16 = u16::MAX;

    pub(crate) fn bytes(&self) -> usize {
        ENTITY_BYTES + self.name.len() + self.body.bytes()
    }
}

impl Body {
    pub(crate) fn new(kind: ProfileKind, at: i64) -> Self {
        match kind {
            ProfileKind::FirstSeen | ProfileKind::Rare => Self::Seen(Seen::default()),
            ProfileKind::FanOut => Self::FanOut(FanOut { window: i64::MIN, ..FanOut::default() }),
            ProfileKind::Volume => Self::Volume(Box::new(Volume {
                hour: i64::MIN,
                amount: 0.0,
                said: false,
                cells: [Usual::default(); WEEK],
            })),
            ProfileKind::Hours => Self::Hours(Box::new(Hours { hour: i64::MIN, active: 0, counts: [0; WEEK] })),
            ProfileKind::Absent => Self::Rhythm(Rhythm { last: at, ..Rhythm::default() }),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Seen(seen) => seen.bytes(),
            Self::FanOut(fan) => fan.now.bytes(),
            Self::Volume(_) => size_of::<Volume>(),
            Self::Hours(_) => size_of::<Hours>(),
            Self::Rhythm(_) => 0,
        }
    }
}

impl FanOut {
    /// Adds a value to a window; none of an earlier window is counted.
    pub(crate) fn add(&mut self, window: i64, value: u64, least: u32) -> Option<Numbers> {
        if window < self.window {
            return None;
        }
        if window > self.window {
            if self.window > i64::MIN {
                self.usual.learn(self.now.count().0 as f32);
            }
            (self.window, self.said, self.now) = (window, false, Distinct::default());
        }
        self.now.add(value);
        let (distinct, estimated) = self.now.count();
        let far = distinct >= least && self.usual.count >= 5 && self.usual.is_exceeded(distinct as f32);
        if self.said || !far {
            return None;
        }
        self.said = true;
        Some(Numbers::FanOut { distinct, estimated, usual: self.usual.mean, deviation: self.usual.deviation() })
    }
}

impl Volume {
    /// Adds an amount to an hour on the site's clocks; hours without any count as zero, at most two weeks of them.
    pub(crate) fn add(&mut self, hour: i64, amount: f64, least: u32) -> Option<Numbers> {
        if hour < self.hour {
            return None;
        }
        if hour > self.hour {
            if self.hour > i64::MIN {
                self.learn(self.hour, self.amount as f32);
                let first = self.hour.saturating_add(1).max(hour.saturating_sub(2 * WEEK as i64));
                (first..hour).for_each(|quiet| self.learn(quiet, 0.0));
            }
            (self.hour, self.said, self.amount) = (hour, false, 0.0);
        }
        self.amount = (self.amount + amount).min(1e15);
        let usual = self.cells.get(hour_of_week(hour)).copied().unwrap_or_default();
        // Two weeks of this very hour, or it is not known what is usual.
        let far = self.amount >= f64::from(least) && usual.count >= 2 && usual.is_exceeded(self.amount as f32);
        if self.said || !far {
            return None;
        }
        self.said = true;
        Some(Numbers::Volume { amount: self.amount, usual: usual.mean, deviation: usual.deviation() })
    }

    fn learn(&mut self, hour: i64, amount: f32) {
        if let Some(cell) = self.cells.get_mut(hour_of_week(hour)) {
            cell.learn(amount);
        }
    }
}

impl Hours {
    /// Notes activity; gives true if neither this hour of the week nor its neighbours were ever active, and how many
    /// hours were. An hour is counted once.
    pub(crate) fn add(&mut self, hour: i64) -> Option<u32> {
        if hour <= self.hour {
            return None;
        }
        self.hour = hour;
        let at = hour_of_week(hour);
        let count = |at: usize| self.counts.get(at % WEEK).copied().unwrap_or(0);
        let new = count(at) == 0 && count(at + 1) == 0 && count(at + WEEK - 1) == 0;
        let before = self.active;
        self.active = self.active.saturating_add(1);
        if count(at) == u8::MAX {
            self.counts.iter_mut().for_each(|c| *c /= 2);
        }
        if let Some(cell) = self.counts.get_mut(at) {
            *cell += 1;
        }
        (new && before >= 20).then_some(before)
    }
}

impl Rhythm {
    pub(crate) fn add(&mut self, at: i64) {
        if at <= self.last {
            return;
        }
        let gap = at.saturating_sub(self.last) as u64;
        self.usual.learn(gap as f32);
        self.longest = self.longest.max(gap);
        (self.last, self.said) = (at, false);
    }

    /// The numbers, if it has been silent for too long at a time.
    pub(crate) fn silence(&self, now: i64) -> Option<Numbers> {
        let silent = u64::try_from(now.saturating_sub(self.last)).ok()?;
        let far = self.usual.mean * 3.0 + 4.0 * self.usual.deviation();
        let late = silent as f32 > far && silent > self.longest.saturating_add(self.longest / 2) && silent >= 300;
        (self.usual.count >= 10 && late && !self.said).then_some(Numbers::Absent {
            silent_seconds: silent,
            usual_seconds: self.usual.mean,
            longest_seconds: self.longest,
        })
    }
}

impl Entity {
    pub(crate) fn write(&self, to: &mut Writer) {
        to.number(u64::from(self.definition));
        to.number(u64::from(self.role));
        to.signed(self.used_day);
        to.signed(self.first);
        to.fixed(self.source);
        to.text(&self.name);
        match &self.body {
            Body::Seen(seen) => seen.write(to),
            Body::FanOut(fan) => {
                to.signed(fan.window);
                to.number(u64::from(fan.said));
                fan.now.write(to);
                fan.usual.write(to);
            }
            Body::Volume(volume) => {
                to.signed(volume.hour);
                to.fixed(volume.amount.to_bits());
                to.number(u64::from(volume.said));
                volume.cells.iter().for_each(|c| c.write(to));
            }
            Body::Hours(hours) => {
                to.signed(hours.hour);
                to.number(u64::from(hours.active));
                to.0.extend_from_slice(&hours.counts);
            }
            Body::Rhythm(rhythm) => {
                to.signed(rhythm.last);
                to.number(rhythm.longest);
                to.number(u64::from(rhythm.said));
                rhythm.usual.write(to);
            }
        }
    }

    /// `kinds` gives the kind of each definition of the snapshot.
    pub(crate) fn read(from: &mut Reader<'_>, kinds: &[ProfileKind]) -> Option<Self> {
        let definition = u16::try_from(from.number()?).ok()?;
        let role = u16::try_from(from.number()?).ok()?;
        let (used_day, first, source) = (from.signed()?, from.signed()?, from.fixed()?);
        let name = from.text()?.into_boxed_str();
        let body = match kinds.get(usize::from(definition))? {
            ProfileKind::FirstSeen | ProfileKind::Rare => Body::Seen(Seen::read(from)?),
            ProfileKind::FanOut => Body::FanOut(FanOut {
                window: from.signed()?,
                said: from.number()? == 1,
                now: Distinct::read(from)?,
                usual: Usual::read(from)?,
            }),
            ProfileKind::Volume => {
                let (hour, amount) = (from.signed()?, f64::from_bits(from.fixed()?));
                let mut volume = Volume { hour, amount, said: from.number()? == 1, cells: [Usual::default(); WEEK] };
                for cell in &mut volume.cells {
                    *cell = Usual::read(from)?;
                }
                Body::Volume(amount.is_finite().then(|| Box::new(volume))?)
            }
            ProfileKind::Hours => Body::Hours(Box::new(Hours {
                hour: from.signed()?,
                active: u32::try_from(from.number()?).ok()?,
                counts: *from.take(WEEK)?.first_chunk()?,
            })),
            ProfileKind::Absent => Body::Rhythm(Rhythm {
                last: from.signed()?,
                longest: from.number()?,
                said: from.number()? == 1,
                usual: Usual::read(from)?,
            }),
        };
        Some(Self { definition, role, used_day, first, source, name, body })
    }
}
