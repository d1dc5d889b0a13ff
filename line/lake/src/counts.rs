//! How much the lake has done and holds.

use crate::station::Lake;
use crate::writer::Flushed;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Counts {
    declined: AtomicU64,
    rows: AtomicU64,
    flushes: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    restarts: AtomicU64,
    poisoned: AtomicU64,
    unreadable: AtomicU64,
}

/// Counters since the start, and what is held and known now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LakeCounts {
    /// Offers that were declined.
    pub offers_declined_total: u64,
    /// Rows published, alerts included.
    pub rows_published_total: u64,
    /// Flushes published.
    pub flushes_total: u64,
    /// Files published.
    pub files_published_total: u64,
    /// Bytes of files published.
    pub bytes_published_total: u64,
    /// Times that the catalogue stood elsewhere than believed and lines were read again from there.
    pub restarts_total: u64,
    /// Batches of which no rows could be made and that went to the quarantine.
    pub batches_poisoned_total: u64,
    /// Files that searches leave out now because they are missing or damaged; each stands in the log once.
    pub files_unreadable: u64,
    /// Memory of hot chunks.
    pub hot_bytes: u64,
    /// Rows in hot chunks.
    pub hot_rows: u64,
    /// Memory of windows that wait.
    pub queue_bytes: u64,
}

impl Counts {
    pub fn declined(&self) {
        self.declined.fetch_add(1, Ordering::Relaxed);
    }

    pub fn poisoned(&self) {
        self.poisoned.fetch_add(1, Ordering::Relaxed);
    }

    pub fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub fn published(&self, done: &Flushed) {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(done.rows, Ordering::Relaxed);
        self.files.fetch_add(done.files, Ordering::Relaxed);
        self.bytes.fetch_add(done.bytes, Ordering::Relaxed);
    }
}

impl Lake {
    /// Whoever reads the files says how many of them it has to leave out now.
    pub fn files_unreadable(&self, files: u64) {
        self.counts.unreadable.store(files, Ordering::Relaxed);
    }

    /// Counters.
    pub fn counts(&self) -> LakeCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LakeCounts {
            offers_declined_total: read(&self.counts.declined),
            rows_published_total: read(&self.counts.rows),
            flushes_total: read(&self.counts.flushes),
            files_published_total: read(&self.counts.files),
            bytes_published_total: read(&self.counts.bytes),
            restarts_total: read(&self.counts.restarts),
            batches_poisoned_total: read(&self.counts.poisoned),
            files_unreadable: read(&self.counts.unreadable),
            hot_bytes: self.hot.bytes() as u64,
            hot_rows: self.hot.rows() as u64,
            queue_bytes: self.queue.bytes() as u64,
        }
    }
}
