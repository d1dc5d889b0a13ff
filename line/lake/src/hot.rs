//! Rows that are searchable before they are in a file: chunks in memory, per tenant, dataset and day.
//!
//! Chunks are cut from builders at `HOT_CHUNK_ROWS` rows or `HOT_CHUNK_MS`. A flush puts all of them into files and
//! only then lets them go. Never holds more than the caller lets in; the bound is kept by the station.

use crate::rows::{Chunk, RowsBuilder, Shared};
use arrow::error::ArrowError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardwatch_event::{EventBatch, Parsed};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_limits::{HOT_CHUNK_MS, HOT_CHUNK_ROWS, HOT_JOINED_ROWS};
use wardwatch_schema::dataset;

/// Which file rows go to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Home {
    /// Whose rows.
    pub tenant: TenantId,
    /// `events` or `quarantine`.
    pub dataset: &'static str,
    /// UTC day of reception.
    pub day: String,
}

/// Rows on their way to a chunk; only the writer touches them.
#[derive(Debug, Default)]
pub(crate) struct Building {
    builders: BTreeMap<Home, (Timestamp, RowsBuilder)>,
}

impl Building {
    /// Adds all events of a batch. `now` starts the age of a builder that was empty.
    pub fn append(&mut self, batch: &EventBatch, source_name: &str, now: Timestamp) {
        let received = &batch.lines.received;
        let day = received.at.day();
        let pack = format!("{}@{}", batch.pack.id, batch.pack.version);
        let peer = received.peer.map(|peer| peer.to_string());
        let shared =
            Shared { source: received.source, source_name, pack: &pack, peer: peer.as_deref(), received: received.at };
        let poisoned = |parsed: Parsed| parsed == Parsed::Poison;
        for (dataset, poison) in [(dataset::EVENTS, false), (dataset::QUARANTINE, true)] {
            let mut events = batch.events().filter(|event| poisoned(event.head().parsed) == poison).peekable();
            if events.peek().is_none() {
                continue;
            }
            let home = Home { tenant: received.tenant(), dataset, day: day.clone() };
            let (_, builder) = self.builders.entry(home).or_insert_with(|| (now, RowsBuilder::default()));
            events.for_each(|event| builder.append(&event, &shared));
        }
    }

    /// Adds all lines of a batch whose rows cannot be made as what they are: to the quarantine, with nothing but the line.
    pub fn append_poisoned(&mut self, batch: &EventBatch, source_name: &str, now: Timestamp) {
        let received = &batch.lines.received;
        let home = Home { tenant: received.tenant(), dataset: dataset::QUARANTINE, day: received.at.day() };
        let pack = batch.pack.id.clone();
        let shared = Shared { source: received.source, source_name, pack: &pack, peer: None, received: received.at };
        let (_, builder) = self.builders.entry(home).or_insert_with(|| (now, RowsBuilder::default()));
        batch.events().for_each(|event| builder.append_line(&event, &shared));
    }

    /// Roughly the memory of the rows, in bytes.
    pub fn bytes(&self) -> usize {
        self.builders.values().map(|(_, builder)| builder.bytes()).sum()
    }

    /// Cuts what is full or old enough, or everything.
    pub fn cut(&mut self, now: Timestamp, everything: bool) -> Result<Vec<(Home, Chunk)>, ArrowError> {
        let ripe = |since: Timestamp, builder: &RowsBuilder| {
            everything || builder.len() >= HOT_CHUNK_ROWS || now.micros_since(since) >= HOT_CHUNK_MS * 1_000
        };
        let homes: Vec<Home> =
            self.builders.iter().filter(|(_, (since, b))| ripe(*since, b)).map(|(home, _)| home.clone()).collect();
        let mut cut = Vec::with_capacity(homes.len());
        for home in homes {
            if let Some((_, mut builder)) = self.builders.remove(&home)
                && let Some(chunk) = builder.cut()?
            {
                cut.push((home, chunk));
            }
        }
        Ok(cut)
    }
}

/// The chunks that search reads. Cheap to clone a list of; locked only for that.
#[derive(Debug, Default)]
pub(crate) struct Hot(Mutex<Chunks>);

#[derive(Debug, Default)]
struct Chunks {
    by_home: BTreeMap<Home, Vec<Arc<Chunk>>>,
    bytes: usize,
}

impl Hot {
    fn lock(&self) -> MutexGuard<'_, Chunks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds chunks; they are searchable from now on. A quiet tenant's small chunks are joined with those before them as
    /// they grow, each row a few times in all, so that columns of a handful of rows do not fill the memory.
    pub fn add(&self, cut: Vec<(Home, Chunk)>) -> Result<(), ArrowError> {
        for (home, mut chunk) in cut {
            // Only the writer adds: what is last now is last when the joined chunk takes its place.
            let mut joined = 0;
            let before: Vec<Arc<Chunk>> = self.lock().by_home.get(&home).cloned().unwrap_or_default();
            for last in before.iter().rev() {
                let (rows, new) = (last.rows.num_rows(), chunk.rows.num_rows());
                if rows >= 2 * new || rows + new > HOT_JOINED_ROWS {
                    break;
                }
                chunk = last.join(&chunk)?;
                joined += 1;
            }
            let mut guard = self.lock();
            let Chunks { by_home, bytes } = &mut *guard;
            let list = by_home.entry(home).or_default();
            for gone in list.drain(list.len().saturating_sub(joined)..) {
                *bytes = bytes.saturating_sub(gone.bytes);
            }
            *bytes += chunk.bytes;
            list.push(Arc::new(chunk));
        }
        Ok(())
    }

    /// Memory of all chunks.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Rows in all chunks.
    pub fn rows(&self) -> usize {
        self.lock().by_home.values().flatten().map(|chunk| chunk.rows.num_rows()).sum()
    }

    /// Everything, for a flush.
    pub fn all(&self) -> Vec<(Home, Vec<Arc<Chunk>>)> {
        self.lock().by_home.iter().map(|(home, chunks)| (home.clone(), chunks.clone())).collect()
    }

    /// One tenant's chunks of a dataset, oldest first.
    pub fn of(&self, tenant: TenantId, dataset: &str) -> Vec<Arc<Chunk>> {
        let chunks = self.lock();
        let mine = chunks.by_home.iter().filter(|(home, _)| home.tenant == tenant && home.dataset == dataset);
        mine.flat_map(|(_, chunks)| chunks.iter().cloned()).collect()
    }

    /// Lets go of everything: it is in published files now. Only the writer adds, so nothing came in between.
    pub fn clear(&self) {
        *self.lock() = Chunks::default();
    }
}
