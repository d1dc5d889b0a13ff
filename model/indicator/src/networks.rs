//! Networks: the address space cut into stretches that one innermost network answers for; wider ones hang behind it.

use crate::record::Stored;
use wardwatch_limits::INDICATOR_NETWORK_STEPS;

const NONE: u32 = u32::MAX;

/// Networks of one family.
#[derive(Debug, Default)]
pub(crate) struct Networks<N> {
    /// First address of each stretch, ascending.
    starts: Box<[N]>,
    /// The innermost network of each stretch.
    inner: Box<[u32]>,
    records: Box<[Stored]>,
    /// The next wider network of each.
    wider: Box<[u32]>,
    /// For the upper 16 bits of an address: how many stretches start below it.
    coarse: Box<[u32]>,
}

/// An address as a number of its family.
pub(crate) trait Number: Copy + Ord + TryFrom<u128> {
    /// The upper 16 bits.
    fn upper(self) -> usize;
}

impl Number for u32 {
    #[inline]
    fn upper(self) -> usize {
        (self >> 16) as usize
    }
}

impl Number for u128 {
    #[inline]
    fn upper(self) -> usize {
        (self >> 112) as usize
    }
}

impl<N: Number> Networks<N> {
    /// From first and last address and the record of each network.
    pub(crate) fn build(mut networks: Vec<(u128, u128, Stored)>) -> Self {
        // Wider first; of the same network the surest record last, so that it is innermost.
        networks.sort_by_key(|(from, to, r)| (*from, std::cmp::Reverse(*to), r.confidence, r.row));
        let mut cut = Cut::default();
        for (n, (from, to, _)) in networks.iter().enumerate() {
            cut.open(*from, *to, n as u32);
        }
        cut.close_all();
        let starts: Box<[N]> = cut.stretches.iter().filter_map(|(start, _)| N::try_from(*start).ok()).collect();
        let inner = cut.stretches.iter().take(starts.len()).map(|(_, n)| *n).collect();
        let mut coarse = Vec::new();
        if !starts.is_empty() {
            let mut below = 0;
            for upper in 0..=0x1_0000usize {
                below += starts.iter().skip(below).take_while(|s| s.upper() < upper).count();
                coarse.push(below as u32);
            }
        }
        Self {
            starts,
            inner,
            records: networks.into_iter().map(|(_, _, record)| record).collect(),
            wider: cut.wider.into_boxed_slice(),
            coarse: coarse.into_boxed_slice(),
        }
    }

    pub(crate) fn records(&self) -> &[Stored] {
        &self.records
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of::<N>() * self.starts.len()
            + 4 * (self.inner.len() + self.wider.len() + self.coarse.len())
            + std::mem::size_of_val(&*self.records)
    }

    /// The narrowest network around an address that is valid at a time (seconds).
    #[inline]
    pub(crate) fn find(&self, address: N, at: u32) -> Option<&Stored> {
        let upper = address.upper();
        let low = *self.coarse.get(upper)? as usize;
        let high = *self.coarse.get(upper + 1)? as usize;
        // The stretch that holds the address starts inside, or is the last one below.
        let stretch = low + self.starts.get(low..high)?.partition_point(|s| *s <= address);
        let mut network = *self.inner.get(stretch.checked_sub(1)?)?;
        for _ in 0..INDICATOR_NETWORK_STEPS {
            let record = self.records.get(network as usize)?;
            if record.is_valid(at) {
                return Some(record);
            }
            network = *self.wider.get(network as usize)?;
        }
        None
    }
}

/// Goes over networks in order and notes where the innermost one changes.
#[derive(Default)]
struct Cut {
    stretches: Vec<(u128, u32)>,
    open: Vec<(u128, u32)>,
    wider: Vec<u32>,
}

impl Cut {
    fn open(&mut self, from: u128, to: u128, network: u32) {
        self.close_before(from);
        self.wider.push(self.open.last().map_or(NONE, |(_, n)| *n));
        self.open.push((to, network));
        self.mark(from, network);
    }

    fn close_before(&mut self, from: u128) {
        while self.open.last().is_some_and(|(to, _)| *to < from) {
            self.close_last();
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        let Some((to, _)) = self.open.pop() else { return };
        let next = self.open.last().map_or(NONE, |(_, n)| *n);
        if let Some(after) = to.checked_add(1) {
            self.mark(after, next);
        }
    }

    fn mark(&mut self, at: u128, network: u32) {
        match self.stretches.last_mut() {
            Some(last) if last.0 == at => last.1 = network,
            _ => self.stretches.push((at, network)),
        }
    }
}
