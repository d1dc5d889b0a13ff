//! A binary fuse filter with 16 bits a key (Graf and Lemire, "Binary Fuse Filters", ACM JEA 2022): says no for all but
//! about 1 in 65,000 keys that were not put in, with three reads in 2.25 bytes a key.

use crate::hash::mix;
use wardwatch_limits::INDICATOR_FILTER_SEEDS;

/// The filter. Without keys it says no to everything.
#[derive(Debug, Default)]
pub(crate) struct Fuse16 {
    seed: u64,
    segment: u32,
    /// Places a first position may take; the others follow one and two segments later.
    span: u32,
    prints: Box<[u16]>,
}

impl Fuse16 {
    /// From distinct hashes; none if no seed of the allowed number works, which does not happen with distinct ones.
    pub(crate) fn build(keys: &[u64]) -> Option<Self> {
        if keys.is_empty() {
            return Some(Self::default());
        }
        let size = keys.len() as f64;
        let segment = 1u32 << (((size.ln() / 3.33f64.ln() + 2.25).floor()).clamp(2.0, 18.0) as u32);
        let factor = (0.875 + 0.25 * 1_000_000f64.ln() / size.max(2.0).ln()).max(1.125);
        let capacity = (size * factor).round() as u32;
        let segments = capacity.div_ceil(segment).saturating_sub(2).max(1);
        let span = segments * segment;
        (0..INDICATOR_FILTER_SEEDS as u64).find_map(|n| {
            let seed = mix(n + 1, 0x9e37_79b9_7f4a_7c15);
            let empty = vec![0u16; (span + 2 * segment) as usize].into_boxed_slice();
            Self { seed, segment, span, prints: empty }.filled(keys)
        })
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.prints.len() * 2
    }

    /// False: certainly not put in.
    #[inline]
    pub(crate) fn may_hold(&self, key: u64) -> bool {
        let hash = mix(key ^ self.seed, 0xd6e8_feb8_6659_fd93);
        let [a, b, c] = self.places(hash);
        match (self.prints.get(a), self.prints.get(b), self.prints.get(c)) {
            (Some(a), Some(b), Some(c)) => a ^ b ^ c == print(hash),
            _ => false,
        }
    }

    #[inline]
    fn places(&self, hash: u64) -> [usize; 3] {
        let mask = self.segment.wrapping_sub(1);
        let first = ((u128::from(hash) * u128::from(self.span)) >> 64) as u32;
        let second = first.wrapping_add(self.segment) ^ ((hash >> 18) as u32 & mask);
        let third = first.wrapping_add(self.segment).wrapping_add(self.segment) ^ (hash as u32 & mask);
        [first as usize, second as usize, third as usize]
    }

    /// Peels the graph of keys and positions; none if a core remains, and another seed must be tried.
    fn filled(mut self, keys: &[u64]) -> Option<Self> {
        let mut count = vec![0u8; self.prints.len()];
        let mut which = vec![0u8; self.prints.len()];
        let mut sum = vec![0u64; self.prints.len()];
        for key in keys {
            let hash = mix(key ^ self.seed, 0xd6e8_feb8_6659_fd93);
            for (turn, place) in self.places(hash).into_iter().enumerate() {
                let n = count.get_mut(place)?;
                *n = n.checked_add(1)?;
                *which.get_mut(place)? ^= turn as u8;
                *sum.get_mut(place)? ^= hash;
            }
        }
        let mut alone: Vec<u32> = Vec::with_capacity(self.prints.len() / 2);
        alone.extend(count.iter().enumerate().filter(|(_, n)| **n == 1).map(|(at, _)| at as u32));
        let mut peeled: Vec<(u64, u8)> = Vec::with_capacity(keys.len());
        while let Some(place) = alone.pop() {
            let place = place as usize;
            if *count.get(place)? != 1 {
                continue;
            }
            let (hash, turn) = (*sum.get(place)?, *which.get(place)?);
            peeled.push((hash, turn));
            for (turn, place) in self.places(hash).into_iter().enumerate() {
                let n = count.get_mut(place)?;
                *n = n.checked_sub(1)?;
                if *n == 1 {
                    alone.push(place as u32);
                }
                *which.get_mut(place)? ^= turn as u8;
                *sum.get_mut(place)? ^= hash;
            }
        }
        if peeled.len() != keys.len() {
            return None;
        }
        for (hash, turn) in peeled.into_iter().rev() {
            let places = self.places(hash);
            let others = places.iter().enumerate().filter(|(n, _)| *n != usize::from(turn));
            let xor = others.fold(print(hash), |x, (_, at)| x ^ self.prints.get(*at).copied().unwrap_or(0));
            *self.prints.get_mut(*places.get(usize::from(turn))?)? = xor;
        }
        Some(self)
    }
}

#[inline]
fn print(hash: u64) -> u16 {
    (hash ^ (hash >> 32)) as u16
}
