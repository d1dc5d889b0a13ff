//! What a value of a field opened the last time: events repeat themselves, nine values in ten were there before.
//!
//! Bounded in entries and in bytes. A value is compared byte by byte, so nothing hostile can borrow another's answer,
//! and collisions only cost what a look without the cache costs. A field whose values hardly repeat is left alone for
//! a while.

use wardwatch_limits::{CACHED_VALUE_BYTES, CACHED_VALUES, CACHED_VALUES_BYTES};

/// Values and what they opened.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: Vec<Entry>,
    /// By slot of a pass.
    habits: Vec<Habit>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Entry {
    hash: u64,
    tag: u32,
    /// Asked for since it last was in the way of another.
    used: bool,
    value: Vec<u8>,
    rules: Vec<u32>,
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
pub(crate) struct Place {
    hash: u64,
    tag: u32,
}

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
        let entries = (0..CACHED_VALUES).map(|_| Entry::default()).collect();
        Cache { entries, habits: Vec::new(), bytes: 0 }
    }
}

impl Cache {
    /// What the value opened in this slot.
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
        let tag = slot << 2 | u32::from(kind & 3);
        let hash = hash(value, u64::from(tag));
        let at = first_of(hash);
        let holds = |entry: &Entry| entry.hash == hash && entry.tag == tag && entry.value == value;
        let Some(found) = (at..at + 2).find(|at| self.entries.get(*at).is_some_and(holds)) else {
            return Known::Unknown(Place { hash, tag });
        };
        if let Some(habit) = self.habits.get_mut(slot as usize) {
            habit.hits += 1;
        }
        match self.entries.get_mut(found) {
            Some(entry) => {
                entry.used = true;
                Known::Rules(&entry.rules)
            }
            None => Known::Never,
        }
    }

    /// Keeps what the value opened.
    pub(crate) fn keep(&mut self, place: Place, value: &[u8], rules: &[u32]) {
        if self.bytes > CACHED_VALUES_BYTES {
            self.entries.iter_mut().for_each(|entry| *entry = Entry::default());
            self.bytes = 0;
        }
        let first = first_of(place.hash);
        let Some([one, other]) = self.entries.get_mut(first..first + 2) else { return };
        // The one that nobody has asked for; if both were, the first, and the next time the other.
        let victim = if one.used && !other.used { other } else { one };
        one_more(victim, place, value, rules, &mut self.bytes);
        for entry in self.entries.get_mut(first..first + 2).into_iter().flatten() {
            entry.used &= entry.hash == place.hash;
        }
    }
}

fn one_more(entry: &mut Entry, place: Place, value: &[u8], rules: &[u32], bytes: &mut usize) {
    *bytes = bytes.saturating_sub(entry.value.len() + entry.rules.len() * 4) + value.len() + rules.len() * 4;
    entry.value.clear();
    entry.value.extend_from_slice(value);
    entry.rules.clear();
    entry.rules.extend_from_slice(rules);
    (entry.hash, entry.tag, entry.used) = (place.hash, place.tag, true);
}

fn first_of(hash: u64) -> usize {
    (hash as usize & (CACHED_VALUES - 1)) & !1
}

/// Quick and well spread; equality is decided by the bytes.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
    const SECOND: u64 = 0xD1B5_4A32_D192_ED03;
    let (pairs, rest) = bytes.as_chunks::<16>();
    let mut hash = (seed ^ FIRST).wrapping_mul(SECOND) ^ bytes.len() as u64;
    for pair in pairs {
        let both = u128::from_le_bytes(*pair);
        hash = mixed(both as u64 ^ hash, (both >> 64) as u64 ^ SECOND);
    }
    let mut last = [0u8; 16];
    if let Some(begun) = last.get_mut(..rest.len()) {
        begun.copy_from_slice(rest);
    }
    let both = u128::from_le_bytes(last);
    mixed(mixed(both as u64 ^ hash, (both >> 64) as u64 ^ FIRST), hash ^ SECOND)
}

fn mixed(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    product as u64 ^ (product >> 64) as u64
}
