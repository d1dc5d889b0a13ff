//! Many texts looked for at once: each is known by a few four-byte pieces of it, one of which any look at every n-th
//! place of a value must meet.
//!
//! A text of at least 3 + n bytes has n pieces that begin at neighbouring distances; wherever it stands, one of them
//! begins at a multiple of n. For each remainder the piece that is rarest is kept. A look is a load, a fold by `| 0x20`
//! and a bit; the few that pass are compared with the whole text. ASCII case never counts here, so the caller may hand
//! in a value that is not folded as long as it is ASCII; other values must be folded.

use super::typical::commonness;
use std::collections::HashMap;

/// Bytes of a piece.
const PIECE: usize = 4;
/// Bits of the filter for each piece that is kept.
const FILTER_BITS: usize = 64;
/// Bits of the smallest filter.
const FILTER_MIN: usize = 4_096;
/// The longest steps.
pub(crate) const STRIDE_MAX: usize = 8;
/// Texts that may share a piece before the steps are made shorter.
const CROWD_MAX: u32 = 12;
const MULTIPLIER: u32 = 0x9E37_79B1;
const FOLD: u32 = 0x2020_2020;

/// Texts and the table that finds them.
#[derive(Debug, Default)]
pub(crate) struct Grams {
    stride: usize,
    /// Right shift of a hash to a bit of the filter.
    filter_shift: u32,
    filter: Box<[u64]>,
    slot_shift: u32,
    slots: Box<[Slot]>,
    entries: Box<[Entry]>,
    texts: Box<[Box<[u8]>]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    piece: u32,
    first: u32,
    /// 0 in a free slot.
    count: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    text: u32,
    /// Where in the text the piece begins.
    at: u32,
}

impl Grams {
    /// The shortest text that a table with this stride takes.
    pub(crate) const fn shortest(stride: usize) -> usize {
        PIECE + stride - 1
    }

    /// A table over `texts` that looks at a value as seldom as is good: longer steps leave less choice of pieces, and a
    /// piece that many texts share makes each place where it stands dear.
    pub(crate) fn suited(texts: Vec<Box<[u8]>>, stride_max: usize) -> Grams {
        let mut table = Grams::new(texts, stride_max);
        debug_assert!(stride_max <= STRIDE_MAX);
        while table.crowd() > CROWD_MAX && table.stride > 1 {
            let stride = table.stride / 2;
            table = Grams::new(table.texts.into_vec(), stride);
        }
        table
    }

    /// The most texts that share a piece.
    fn crowd(&self) -> u32 {
        self.slots.iter().map(|slot| slot.count).max().unwrap_or(0)
    }

    /// A table over `texts`, none shorter than [`Grams::shortest`]; a found text is named by its place.
    fn new(texts: Vec<Box<[u8]>>, stride: usize) -> Grams {
        let mut buckets: HashMap<u32, Vec<Entry>> = HashMap::new();
        for (number, text) in (0u32..).zip(&texts) {
            for remainder in 0..stride {
                let pieces = text.array_windows::<PIECE>().enumerate().skip(remainder).step_by(stride);
                let rated = pieces.map(|(at, piece)| {
                    let crowd = buckets.get(&folded(*piece)).map_or(0, Vec::len);
                    (crowd as u32 * 8 + commonness(*piece), at, folded(*piece))
                });
                if let Some((_, at, piece)) = rated.min() {
                    buckets.entry(piece).or_default().push(Entry { text: number, at: at as u32 });
                }
            }
        }
        Grams::of(buckets, texts, stride)
    }

    fn of(buckets: HashMap<u32, Vec<Entry>>, texts: Vec<Box<[u8]>>, stride: usize) -> Grams {
        let filter_bits = (buckets.len() * FILTER_BITS).next_power_of_two().max(FILTER_MIN);
        let slots_len = (buckets.len() * 2).next_power_of_two().max(2);
        let (filter_shift, slot_shift) = (32 - filter_bits.ilog2(), 32 - slots_len.ilog2());
        let mut filter = vec![0u64; filter_bits / 64];
        let mut slots = vec![Slot::default(); slots_len];
        let mut entries = Vec::new();
        let mut ordered: Vec<(u32, Vec<Entry>)> = buckets.into_iter().collect();
        ordered.sort_unstable_by_key(|(piece, _)| *piece);
        for (piece, bucket) in ordered {
            let hash = piece.wrapping_mul(MULTIPLIER);
            let bit = (hash >> filter_shift) as usize;
            if let Some(word) = filter.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
            let mut at = (hash >> slot_shift) as usize;
            while slots.get(at).is_some_and(|slot| slot.count > 0) {
                at = (at + 1) % slots_len;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = Slot { piece, first: entries.len() as u32, count: bucket.len() as u32 };
            }
            entries.extend(bucket);
        }
        Grams {
            stride,
            filter_shift,
            filter: filter.into(),
            slot_shift,
            slots: slots.into(),
            entries: entries.into(),
            texts: texts.into(),
        }
    }

    /// Calls `hit` with each text found, as often as it is found. Answers how many bytes were looked at.
    pub(crate) fn find(&self, value: &[u8], mut hit: impl FnMut(u32)) -> u64 {
        if self.texts.is_empty() {
            return 0;
        }
        let (mut at, mut rest) = (0, value);
        let mut work = (value.len() / self.stride) as u64;
        while let Some(step) = self.next(rest) {
            at += step;
            let Some(piece) = rest.get(step..).and_then(<[u8]>::first_chunk::<PIECE>) else { break };
            let piece = folded(*piece);
            work += self.compare(value, at, piece, piece.wrapping_mul(MULTIPLIER), &mut hit);
            at += self.stride;
            rest = value.get(at..).unwrap_or_default();
        }
        work
    }

    /// Where the next look passes the filter.
    fn next(&self, value: &[u8]) -> Option<usize> {
        match self.stride {
            1 => self.next_near::<1>(value, |[a, b, c, d, e, f, g, ..]| {
                [[*a, *b, *c, *d], [*b, *c, *d, *e], [*c, *d, *e, *f], [*d, *e, *f, *g]]
            }),
            2 => self.next_near::<2>(value, |[a, b, c, d, e, f, g, h, i, j, ..]| {
                [[*a, *b, *c, *d], [*c, *d, *e, *f], [*e, *f, *g, *h], [*g, *h, *i, *j]]
            }),
            3 => self.next_near::<3>(value, |[a, b, c, d, e, f, g, h, i, j, k, l, m]| {
                [[*a, *b, *c, *d], [*d, *e, *f, *g], [*g, *h, *i, *j], [*j, *k, *l, *m]]
            }),
            4 => self.next_far::<4>(value),
            5 => self.next_far::<5>(value),
            6 => self.next_far::<6>(value),
            7 => self.next_far::<7>(value),
            _ => self.next_far::<STRIDE_MAX>(value),
        }
    }

    /// Pieces that overlap: four of them at once, which `cut` takes from the bytes that they span.
    #[inline(always)]
    fn next_near<const STRIDE: usize>(
        &self,
        value: &[u8],
        cut: impl Fn(&[u8; 13]) -> [[u8; PIECE]; 4],
    ) -> Option<usize> {
        let (filter, shift) = (&*self.filter, self.filter_shift);
        let (mut at, mut rest) = (0, value);
        while let Some(bytes) = rest.first_chunk::<13>() {
            let [one, two, three, four] = cut(bytes);
            let one = passes(filter, shift, one);
            let two = passes(filter, shift, two);
            let three = passes(filter, shift, three);
            let four = passes(filter, shift, four);
            if one | two | three | four {
                let before = if one {
                    0
                } else if two {
                    1
                } else if three {
                    2
                } else {
                    3
                };
                return Some(at + before * STRIDE);
            }
            at += 4 * STRIDE;
            rest = rest.get(4 * STRIDE..)?;
        }
        self.next_last(at, rest)
    }

    /// Pieces that do not overlap.
    #[inline(always)]
    fn next_far<const STRIDE: usize>(&self, value: &[u8]) -> Option<usize> {
        let (filter, shift) = (&*self.filter, self.filter_shift);
        let (steps, rest) = value.as_chunks::<STRIDE>();
        for (number, step) in steps.iter().enumerate() {
            if step.first_chunk::<PIECE>().is_some_and(|piece| passes(filter, shift, *piece)) {
                return Some(number * STRIDE);
            }
        }
        self.next_last(value.len() - rest.len(), rest)
    }

    /// What is left behind the last full step.
    fn next_last(&self, from: usize, rest: &[u8]) -> Option<usize> {
        let mut pieces = rest.array_windows::<PIECE>().step_by(self.stride);
        pieces.position(|piece| passes(&self.filter, self.filter_shift, *piece)).map(|at| from + at * self.stride)
    }

    fn compare(&self, value: &[u8], at: usize, piece: u32, hash: u32, hit: &mut impl FnMut(u32)) -> u64 {
        let mut slot_at = (hash >> self.slot_shift) as usize;
        let mut work = 1;
        loop {
            let Some(slot) = self.slots.get(slot_at).filter(|slot| slot.count > 0) else { return work };
            if slot.piece == piece {
                let range = slot.first as usize..(slot.first + slot.count) as usize;
                for entry in self.entries.get(range).unwrap_or_default() {
                    let Some(text) = self.texts.get(entry.text as usize) else { continue };
                    // Nearly all that differ do so in their first bytes.
                    work += PIECE as u64;
                    let Some(start) = at.checked_sub(entry.at as usize) else { continue };
                    let found = value.get(start..start + text.len());
                    if found.is_some_and(|found| found.eq_ignore_ascii_case(text)) {
                        work += text.len() as u64;
                        hit(entry.text);
                    }
                }
                return work;
            }
            slot_at = (slot_at + 1) % self.slots.len();
        }
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.filter.len() * 8
            + self.slots.len() * size_of::<Slot>()
            + self.entries.len() * size_of::<Entry>()
            + self.texts.iter().map(|text| text.len() + size_of::<Box<[u8]>>()).sum::<usize>()
    }
}

/// Whether a piece may be kept.
#[inline(always)]
fn passes(filter: &[u64], shift: u32, piece: [u8; PIECE]) -> bool {
    let bit = folded(piece).wrapping_mul(MULTIPLIER) >> shift;
    filter.get((bit / 64) as usize).is_some_and(|word| word >> (bit % 64) & 1 != 0)
}

#[inline(always)]
fn folded(piece: [u8; PIECE]) -> u32 {
    u32::from_le_bytes(piece) | FOLD
}
