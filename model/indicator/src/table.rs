//! Exact values of one kind: a filter in front, hashes in order behind it, and the values themselves to compare with.

use crate::fuse::Fuse16;
use crate::record::{Arena, Stored};

/// Records of one kind in the order of their hashes.
#[derive(Debug, Default)]
pub(crate) struct Table {
    filter: Option<Fuse16>,
    hashes: Box<[u64]>,
    records: Box<[Stored]>,
}

impl Table {
    /// From hashes and records, in any order; the same value may stand several times.
    pub(crate) fn build(mut entries: Vec<(u64, Stored)>) -> Self {
        // Of records for one value, the one that answers comes first: the surest, then the newest row.
        entries.sort_unstable_by_key(|(hash, r)| (*hash, std::cmp::Reverse((r.confidence, r.row))));
        let hashes: Box<[u64]> = entries.iter().map(|(hash, _)| *hash).collect();
        let records = entries.into_iter().map(|(_, record)| record).collect();
        let mut distinct = hashes.to_vec();
        distinct.dedup();
        Self { filter: Fuse16::build(&distinct), hashes, records }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(crate) fn records(&self) -> &[Stored] {
        &self.records
    }

    pub(crate) fn bytes(&self) -> usize {
        self.filter.as_ref().map_or(0, Fuse16::bytes) + self.hashes.len() * 8 + std::mem::size_of_val(&*self.records)
    }

    /// The best record of this value that is valid at a time (seconds).
    #[inline]
    pub(crate) fn find(&self, arena: &Arena, hash: u64, key: &[u8], at: u32) -> Option<&Stored> {
        if self.filter.as_ref().is_some_and(|filter| !filter.may_hold(hash)) {
            return None;
        }
        self.find_exactly(arena, hash, key, at)
    }

    fn find_exactly(&self, arena: &Arena, hash: u64, key: &[u8], at: u32) -> Option<&Stored> {
        let start = self.hashes.partition_point(|h| *h < hash);
        let same = self.hashes.get(start..)?.iter().take_while(|h| **h == hash).count();
        let mut run = self.records.get(start..start + same)?.iter();
        run.find(|record| record.is_valid(at) && arena.value(record) == key)
    }
}
