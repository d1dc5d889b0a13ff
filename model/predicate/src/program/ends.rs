//! Whole texts, fronts and backs of values, found by hashes of the lengths that occur.
//!
//! ASCII case does not count, here as in the other tables.
//!
//! A front of any of forty lengths costs one pass over the first bytes of a value, however many fronts there are.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

/// A table of texts, each found at the front (or, kept backwards, at the back) of a value, or as the whole of it.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    backwards: bool,
    /// The lengths that occur, ascending.
    lengths: Box<[u32]>,
    /// Numbers of texts by hash.
    by_hash: HashMap<u64, Vec<u32>, Plain>,
    texts: Box<[Box<[u8]>]>,
}

impl Ends {
    /// A table over `texts`; a found text is named by its place.
    pub(crate) fn new(texts: Vec<Box<[u8]>>, backwards: bool) -> Ends {
        let mut ends = Ends { backwards, ..Ends::default() };
        let mut lengths: Vec<u32> = texts.iter().map(|text| text.len() as u32).collect();
        lengths.sort_unstable();
        lengths.dedup();
        for (number, text) in (0u32..).zip(&texts) {
            let hash = if backwards { mixed_back(SEED, text) } else { mixed_all(SEED, text) };
            ends.by_hash.entry(hash).or_default().push(number);
        }
        ends.lengths = lengths.into();
        ends.texts = texts.into();
        ends
    }

    /// Calls `hit` with each text that the value begins (or ends) with. Answers how many bytes were looked at.
    pub(crate) fn find(&self, value: &[u8], mut hit: impl FnMut(u32)) -> u64 {
        let (mut hash, mut done) = (SEED, 0);
        for length in self.lengths.iter().map(|length| *length as usize) {
            if length > value.len() {
                break;
            }
            let part = if self.backwards {
                let (from, to) = (value.len() - length, value.len() - done);
                hash = mixed_back(hash, value.get(from..to).unwrap_or_default());
                value.get(from..)
            } else {
                hash = mixed_all(hash, value.get(done..length).unwrap_or_default());
                value.get(..length)
            };
            done = length;
            for number in self.by_hash.get(&hash).map_or(&[][..], Vec::as_slice) {
                if self
                    .texts
                    .get(*number as usize)
                    .is_some_and(|text| part.is_some_and(|part| part.eq_ignore_ascii_case(text)))
                {
                    hit(*number);
                }
            }
        }
        done as u64
    }

    /// Calls `hit` with each text that is the whole value.
    pub(crate) fn find_whole(&self, value: &[u8], mut hit: impl FnMut(u32)) {
        if self.lengths.binary_search(&(value.len() as u32)).is_err() {
            return;
        }
        for number in self.by_hash.get(&mixed_all(SEED, value)).map_or(&[][..], Vec::as_slice) {
            if self.texts.get(*number as usize).is_some_and(|text| text.eq_ignore_ascii_case(value)) {
                hit(*number);
            }
        }
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.texts.iter().map(|text| text.len() + size_of::<Box<[u8]>>()).sum::<usize>();
        texts + self.by_hash.capacity() * 40 + self.texts.len() * 8
    }
}

const SEED: u64 = 0xCBF2_9CE4_8422_2325;

fn mixed_all(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = mixed(hash, *byte);
    }
    hash
}

fn mixed_back(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes.iter().rev() {
        hash = mixed(hash, *byte);
    }
    hash
}

fn mixed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
}

/// The keys are hashes already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain;

#[derive(Debug, Default)]
pub(crate) struct PlainHash(u64);

impl BuildHasher for Plain {
    type Hasher = PlainHash;

    fn build_hasher(&self) -> PlainHash {
        PlainHash(0)
    }
}

impl Hasher for PlainHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = mixed_all(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
