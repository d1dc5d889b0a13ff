//! What a segment is called and what the catalogue says of it.

use crate::ports::{SegmentRow, Written};
use crate::row_shape::SCHEMA_VERSION;
use crate::rows::{Chunk, outer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use wardwatch_ident::{EventId, SourceId, TenantId, Timestamp};

/// Gives segments their ids: `now_ms:48 | 80 bits of a hash over seed and count`. The seed is fresh at every start, so
/// that a file which a crash left behind is never met again by name.
#[derive(Debug)]
pub(crate) struct SegmentIds {
    seed: u64,
    given: AtomicU64,
}

impl SegmentIds {
    pub fn new(seed: u64) -> Self {
        Self { seed, given: AtomicU64::new(0) }
    }

    pub fn next(&self, now: Timestamp) -> u128 {
        let n = self.given.fetch_add(1, Ordering::Relaxed);
        let mut hash = Sha256::new();
        for part in [self.seed, n, now.as_micros() as u64] {
            hash.update(part.to_be_bytes());
        }
        let tail = hash.finalize().iter().take(10).fold(0u128, |acc, byte| (acc << 8) | u128::from(*byte));
        ((now.as_millis().max(0) as u128 & 0xFFFF_FFFF_FFFF) << 80) | tail
    }
}

/// What is known of rows before they are written.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub rows: u64,
    pub events: (EventId, EventId),
    pub received: (Timestamp, Timestamp),
    pub time: (Timestamp, Timestamp),
    pub sources: BTreeMap<SourceId, u64>,
}

impl Facts {
    fn join(mut self, other: Self) -> Self {
        self.rows += other.rows;
        self.events = outer(self.events, other.events);
        self.received = outer(self.received, other.received);
        self.time = outer(self.time, other.time);
        for (source, rows) in other.sources {
            *self.sources.entry(source).or_default() += rows;
        }
        self
    }

    /// Of chunks taken together; `None` for none.
    pub fn of_chunks<'a>(chunks: impl IntoIterator<Item = &'a Chunk>) -> Option<Self> {
        let one = |c: &Chunk| Self {
            rows: c.rows.num_rows() as u64,
            events: c.events,
            received: c.received,
            time: c.time,
            sources: c.sources.clone(),
        };
        chunks.into_iter().map(one).reduce(Self::join)
    }

    /// Of files taken together; `None` for none.
    pub fn of_files<'a>(files: impl IntoIterator<Item = &'a SegmentRow>) -> Option<Self> {
        let one = |f: &SegmentRow| Self {
            rows: f.rows,
            events: f.events,
            received: f.received,
            time: f.time,
            sources: f.sources.iter().copied().collect(),
        };
        files.into_iter().map(one).reduce(Self::join)
    }
}

/// Where a file lies: the tenant is part of the path, so a path alone says whose rows it holds.
pub(crate) fn path_of(tenant: TenantId, dataset: &str, day: &str, level: u8, id: u128) -> String {
    format!("{dataset}/v{SCHEMA_VERSION}/tenant={tenant}/day={day}/{id:032x}.L{level}.parquet")
}

/// A file that is about to be written.
pub(crate) struct Draft<'a> {
    pub id: u128,
    pub tenant: TenantId,
    pub dataset: &'a str,
    pub day: &'a str,
    pub level: u8,
}

impl Draft<'_> {
    pub fn path(&self) -> String {
        path_of(self.tenant, self.dataset, self.day, self.level, self.id)
    }

    /// The catalogue's row once it is written.
    pub fn row(&self, facts: Facts, written: Written) -> SegmentRow {
        SegmentRow {
            id: self.id,
            tenant: self.tenant,
            dataset: self.dataset.to_owned(),
            day: self.day.to_owned(),
            level: self.level,
            path: self.path(),
            rows: facts.rows,
            bytes: written.bytes,
            received: facts.received,
            time: facts.time,
            events: facts.events,
            sha256: written.sha256,
            schema_version: SCHEMA_VERSION,
            sources: facts.sources.into_iter().collect(),
        }
    }
}
