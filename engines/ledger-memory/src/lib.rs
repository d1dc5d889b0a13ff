//! The ledger in memory: the obvious implementation that tests and the conformance suite hold the others against.
//!
//! Nothing is durable here, so it never runs in production.

mod alert_book;
mod catalogue;
mod memory;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Clock, Cursor, SourceId, TenantId, Timestamp};
use wardwatch_lake::{LakeAccount, SegmentRow};

/// Alerts, catalogue and cursors under one lock: one transaction at a time, as in the others.
pub struct MemoryLedger {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    detect: Cursor,
    lake: Cursor,
    blobs: BTreeMap<u64, (TenantId, Vec<Alert>)>,
    blob_last: u64,
    /// Alerts kept once, with their reception.
    said: BTreeMap<(TenantId, AlertId), Timestamp>,
    memory: BTreeMap<String, Vec<u8>>,
    memory_at: Cursor,
    /// Files, and since when they are no longer live.
    files: BTreeMap<u128, (SegmentRow, Option<Timestamp>)>,
    accounts: BTreeMap<(TenantId, SourceId), LakeAccount>,
}

impl MemoryLedger {
    /// An empty ledger. The clock tells when a file was replaced.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
