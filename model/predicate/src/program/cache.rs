//! What a value of a field opened the last time: events repeat themselves, nine values in ten were there before.
//!
//! Bounded, and without the values themselves: a value is known by 128 bits of a hash under keys that are drawn when the
//! cache is made, so nobody can prepare two values of which one borrows the other's answer. One look is one cache line,
//! two where the value opened rules. A field whose values hardly repeat is left alone for a while.

use std::hash::{BuildHasher, RandomState};
use wardwatch_limits::{CACHED_OPENED, CACHED_VALUE_BYTES, CACHED_VALUES};

/// Values and what they opened.
#[derive(Debug)]
pub(crate) struct Cache {
    sets: Vec<Set>,
    /// What values opened, list after list.
    opened: Vec<u32>,
    /// By slot of a pass.
    habits: Vec<Habit>,
    keys: [u64; 4],
}

/// Two values that may lie in each other's way.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Set([Entry; 2]);

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Zeroes if it is free.
    key: [u64; 2],
    first: u32,
    count: u32,
    /// Asked for since it last was in the way of another.
    used: bool,
}

/// How often the values of one slot repeat.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    looks: u16,
    hits: u16,
    /// Looks left without the cache.
    rest: u16,
}

/// Looks after which a slot is judged.
const JUDGED: u16 = 256;
/// Looks that a slot is left alone for.
const REST: u16 = 4_096;

/// Where a value may be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place([u64; 2]);

/// What is known of a value.
pub(crate) enum Known<'c> {
    /// These rules.
    Rules(&'c [u32]),
    /// Nothing; it may be kept here.
    Unknown(Place),
    /// Nothing, and it is not worth keeping.
    Never,
}

impl Default for Cache {
    fn default() -> Cache {
        let random = RandomState::new();
        let keys = [0u64, 1, 2, 3].map(|number| random.hash_one(number));
        Cache { sets: vec![Set::default(); CACHED_VALUES / 2], opened: Vec::new(), habits: Vec::new(), keys }
    }
}

impl Cache {
    /// What the value opened in this slot. `kind` tells apart values that are written alike.
    #[inline]
    pub(crate) fn ask(&mut self, slot: u32, kind: u8, value: &[u8]) -> Known<'_> {
        if value.len() > CACHED_VALUE_BYTES {
            return Known::Never;
        }
        if self.habits.len() <= slot as usize {
            self.habits.resize(slot as usize + 1, Habit::default());
        }
        let Some(habit) = self.habits.get_mut(slot as usize) else { return Known::Never };
        if habit.rest > 0 {
            habit.rest -= 1;
            return Known::Never;
        }
        habit.looks += 1;
        if habit.looks >= JUDGED {
            // A fifth of the looks must be answered here to pay for the others.
            *habit = Habit { rest: if habit.hits < JUDGED / 5 { REST } else { 0 }, ..Habit::default() };
        }
        let key = hash(value, u64::from(slot) << 8 | u64::from(kind), self.keys);
        let Some(Set(set)) = self.sets.get_mut(at(key)) else { return Known::Never };
        let Some(entry) = set.iter_mut().find(|entry| entry.key == key) else { return Known::Unknown(Place(key)) };
        habit.hits += 1;
        entry.used = true;
        let range = entry.first as usize..(entry.first + entry.count) as usize;
        Known::Rules(self.opened.get(range).unwrap_or_default())
    }

    /// Keeps what the value opened.
    pub(crate) fn keep(&mut self, place: Place, rules: &[u32]) {
        if rules.len() > CACHED_OPENED / 16 {
            return;
        }
        if self.opened.len() + rules.len() > CACHED_OPENED {
            self.sets.fill(Set::default());
            self.opened.clear();
        }
        let Some(Set([one, other])) = self.sets.get_mut(at(place.0)) else { return };
        // The one that nobody has asked for; if both were, the first, and the next time the other.
        let victim = if one.used && !other.used { &mut *other } else { &mut *one };
        *victim = Entry { key: place.0, first: self.opened.len() as u32, count: rules.len() as u32, used: true };
        self.opened.extend_from_slice(rules);
        for entry in [one, other] {
            entry.used &= entry.key == place.0;
        }
    }
}

fn at(key: [u64; 2]) -> usize {
    key[0] as usize & (CACHED_VALUES / 2 - 1)
}

/// Two lanes with keys of their own, each over all bytes.
#[inline]
fn hash(bytes: &[u8], seed: u64, keys: [u64; 4]) -> [u64; 2] {
    let [first, second, third, fourth] = keys;
    let (mut one, mut other) = (seed ^ first, (bytes.len() as u64).rotate_left(32) ^ seed ^ second);
    let mut add = |both: u128| {
        let (low, high) = (both as u64, (both >> 64) as u64);
        one = mixed(low ^ one, high ^ third);
        other = mixed(high ^ other, low ^ fourth);
    };
    let (pairs, rest) = bytes.as_chunks::<16>();
    pairs.iter().for_each(|pair| add(u128::from_le_bytes(*pair)));
    if let (false, Some(last)) = (rest.is_empty(), bytes.last_chunk::<16>()) {
        add(u128::from_le_bytes(*last));
    } else if !rest.is_empty() {
        add(few(rest));
    }
    [mixed(one ^ third, other ^ first), mixed(other ^ fourth, one ^ second)]
}

/// Fewer than 16 bytes as a number; the length is told apart elsewhere.
#[inline]
fn few(bytes: &[u8]) -> u128 {
    if let (Some(front), Some(back)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return u128::from(u64::from_le_bytes(*front)) << 64 | u128::from(u64::from_le_bytes(*back));
    }
    if let (Some(front), Some(back)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u128::from(u32::from_le_bytes(*front)) << 64 | u128::from(u32::from_le_bytes(*back));
    }
    bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

#[inline]
fn mixed(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    product as u64 ^ (product >> 64) as u64
}
