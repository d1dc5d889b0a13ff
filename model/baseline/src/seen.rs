//! Values an entity was seen with: exactly while they are few, then in a pair of Bloom filters that take turns.

use crate::codec::{Reader, Writer};
use crate::entity::room;
use crate::hash::again;
use wardwatch_limits::{BASELINE_BLOOM_BITS, BASELINE_BLOOM_DAYS, BASELINE_EXACT_VALUES};

const HASHES: u64 = 5;
const WORDS: usize = BASELINE_BLOOM_BITS / 64;

/// What was seen.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Seen {
    /// Hashes in order.
    Exact(Vec<u64>),
    /// This turn's values, last turn's, and the day this turn began.
    Turns(Box<[u64]>, Box<[u64]>, i64),
}

impl Default for Seen {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Seen {
    /// Remembers a value; true if it was not known. `day` is the newest day of the tenant.
    pub(crate) fn is_new(&mut self, hash: u64, day: i64) -> bool {
        if let Self::Exact(values) = self {
            let Err(at) = values.binary_search(&hash) else { return false };
            if values.len() < BASELINE_EXACT_VALUES {
                values.insert(at, hash);
                return true;
            }
            let mut now = vec![0u64; WORDS].into_boxed_slice();
            values.iter().for_each(|value| put(&mut now, *value));
            *self = Self::Turns(now, vec![0; WORDS].into_boxed_slice(), day);
        }
        let Self::Turns(now, before, since) = self else { return false };
        let turns = day.saturating_sub(*since).div_euclid(BASELINE_BLOOM_DAYS);
        if turns > 0 {
            // After two turns without a look nothing of either is left.
            std::mem::swap(now, before);
            now.fill(0);
            if turns > 1 {
                before.fill(0);
            }
            *since = day;
        }
        let known_now = holds(now, hash);
        let known = known_now || holds(before, hash);
        if !known_now {
            put(now, hash);
        }
        !known
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Exact(values) => room(values.len()),
            Self::Turns(..) => 2 * WORDS * 8,
        }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        match self {
            Self::Exact(values) => {
                to.number(0);
                to.number(values.len() as u64);
                values.iter().for_each(|v| to.fixed(*v));
            }
            Self::Turns(now, before, since) => {
                to.number(1);
                to.signed(*since);
                [now, before].iter().for_each(|f| to.sparse(f.iter().copied()));
            }
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        if from.number()? == 0 {
            let count = from.count().filter(|n| *n <= BASELINE_EXACT_VALUES)?;
            let values: Vec<u64> = (0..count).map(|_| from.fixed()).collect::<Option<_>>()?;
            return values.is_sorted().then_some(Self::Exact(values));
        }
        let since = from.signed()?;
        let mut filter = || {
            let mut words = vec![0u64; WORDS].into_boxed_slice();
            from.sparse(WORDS, |at, value| {
                if let Some(word) = words.get_mut(at) {
                    *word = value;
                }
            })?;
            Some(words)
        };
        Some(Self::Turns(filter()?, filter()?, since))
    }
}

fn places(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..HASHES).map(move |n| {
        let bit = again(hash, n + 11) as usize % BASELINE_BLOOM_BITS;
        (bit / 64, 1 << (bit % 64))
    })
}

fn put(filter: &mut [u64], hash: u64) {
    for (word, bit) in places(hash) {
        if let Some(word) = filter.get_mut(word) {
            *word |= bit;
        }
    }
}

fn holds(filter: &[u64], hash: u64) -> bool {
    places(hash).all(|(word, bit)| filter.get(word).is_some_and(|w| w & bit != 0))
}
