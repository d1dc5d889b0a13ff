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
        let looked = match self.stride {
            1 => self.find_in::<1, 7>(value, &mut hit),
            2 => self.find_in::<2, 10>(value, &mut hit),
            3 => self.find_in::<3, 13>(value, &mut hit),
            4 => self.find_in::<4, 16>(value, &mut hit),
            5 => self.find_in::<5, 19>(value, &mut hit),
            6 => self.find_in::<6, 22>(value, &mut hit),
            7 => self.find_in::<7, 25>(value, &mut hit),
            _ => self.find_in::<STRIDE_MAX, 28>(value, &mut hit),
        };
        looked + (value.len() / self.stride) as u64
    }

    /// Steps of `STRIDE`, four at once while there are `FOUR` bytes, which four pieces span. Answers how many bytes were
    /// compared.
    fn find_in<const STRIDE: usize, const FOUR: usize>(&self, value: &[u8], hit: &mut impl FnMut(u32)) -> u64 {
        let (mut at, mut rest, mut work) = (0, value, 0);
        while let Some(four) = rest.first_chunk::<FOUR>() {
            let piece = |number: usize| {
                four.get(number * STRIDE..).and_then(<[u8]>::first_chunk::<PIECE>).copied().unwrap_or_default()
            };
            let hashes = [piece(0), piece(1), piece(2), piece(3)].map(|piece| folded(piece).wrapping_mul(MULTIPLIER));
            let bits = hashes.map(|hash| self.passes(hash));
            if bits[0] | bits[1] | bits[2] | bits[3] != 0 {
                for (number, (hash, bit)) in hashes.into_iter().zip(bits).enumerate() {
                    if bit != 0 {
                        work += self.compare(value, at + number * STRIDE, folded(piece(number)), hash, hit);
                    }
                }
            }
            rest = rest.get(4 * STRIDE..).unwrap_or_default();
            at += 4 * STRIDE;
        }
        while let Some(piece) = rest.first_chunk::<PIECE>() {
            let piece = folded(*piece);
            let hash = piece.wrapping_mul(MULTIPLIER);
            if self.passes(hash) != 0 {
                work += self.compare(value, at, piece, hash, hit);
            }
            rest = rest.get(STRIDE..).unwrap_or_default();
            at += STRIDE;
        }
        work
    }

    /// 1 if a piece with this hash may be kept, else 0.
    #[inline(always)]
    fn passes(&self, hash: u32) -> u64 {
        let bit = hash >> self.filter_shift;
        self.filter.get((bit / 64) as usize).copied().unwrap_or(0) >> (bit % 64) & 1
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

fn folded(piece: [u8; PIECE]) -> u32 {
    u32::from_le_bytes(piece) | FOLD
}
