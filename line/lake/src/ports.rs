//! Where segments and their catalogue are kept.
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`Catalogue::cursor`] | the lake writer at start | – |
//! | [`Catalogue::publish`] | the lake writer, compaction | it returned `Ok`: rows, cursor, moved alerts in one transaction |
//! | [`Catalogue::view`] | search, one tenant | – |
//! | [`Catalogue::all_live`] | compaction, retention | – |
//! | [`Catalogue::pending_alerts`] | the lake writer | – |
//! | [`Catalogue::pending_numbers`] / [`Catalogue::pending_alerts_of`] / [`Catalogue::pending_alert`] | search and the page, one tenant | – |
//! | [`Catalogue::expire`] / [`Catalogue::retired`] / [`Catalogue::forget`] | retention, garbage collection | it returned `Ok` |
//! | [`Catalogue::accounts`] | `verify`, metrics | – |
//! | [`SegmentStore`] | the lake writer, compaction, search | the file is synced when `write` returned `Ok` |
//! | [`SegmentStore::list`] | garbage collection | – |
//! | [`SourceNames`] | the lake writer, compaction | – |
//! | [`Replay`] | the lake writer, when it had to decline | – |

use arrow::record_batch::RecordBatch;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wardwatch_access::OpContext;
use wardwatch_event::EventBatch;
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Cursor, EventId, SourceId, TenantId, Timestamp};

/// One file of the lake, as the catalogue knows it. Only the catalogue says what is in the lake; nobody lists folders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SegmentRow {
    /// Unique; part of the path.
    pub id: u128,
    /// Whose rows.
    pub tenant: TenantId,
    /// `events`, `quarantine` or `alerts`.
    pub dataset: String,
    /// UTC day of reception, `YYYY-MM-DD`.
    pub day: String,
    /// 0 as flushed, 1 compacted.
    pub level: u8,
    /// Path below the lake's folder: `events/v1/tenant=<hex>/day=<day>/<id>.L0.parquet`.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Earliest and latest reception.
    pub received: (Timestamp, Timestamp),
    /// Earliest and latest event time.
    pub time: (Timestamp, Timestamp),
    /// First and last event id.
    pub events: (EventId, EventId),
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Version of the columns.
    pub schema_version: u32,
    /// Rows per source.
    pub sources: Vec<(SourceId, u64)>,
}

/// A change of the catalogue, all of it or none.
#[derive(Clone, Debug, Default)]
pub struct Publish {
    /// New files.
    pub add: Vec<SegmentRow>,
    /// Files that the new ones replace (compaction).
    pub replace: Vec<u128>,
    /// The lines covered now: `(after, through)`; none for compaction.
    pub cursor: Option<(Cursor, Cursor)>,
    /// Alert blobs that the new files hold and the ledger may forget.
    pub moved_alerts: Vec<u64>,
    /// Rows that compaction removed because a batch had been sent twice: source and count.
    pub duplicates: Vec<(TenantId, SourceId, u64)>,
}

/// Rows that ever reached the lake, per source; retention does not lower it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LakeAccount {
    /// Whose.
    pub tenant: TenantId,
    /// Which source.
    pub source: SourceId,
    /// Rows in dataset `events`.
    pub stored: u64,
    /// Rows in dataset `quarantine`.
    pub quarantined: u64,
    /// Of `stored`: removed later as doubled by the sender.
    pub duplicates: u64,
}

/// Alerts that no file holds yet, as far as a bound allowed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pending {
    /// Blob number and the alerts in it.
    pub blobs: Vec<(u64, Vec<Alert>)>,
    /// Alerts in blobs beyond the bound, which were not unpacked.
    pub left_out: u64,
}

/// Which files there are. Implemented by the ledger engines.
pub trait Catalogue: Send + Sync {
    /// The last line the lake has covered.
    fn cursor(&self) -> Result<Cursor, CatalogueFault>;

    /// Applies a change, all or none.
    ///
    /// # Errors
    /// [`CatalogueFault::Conflict`] if the cursor is not where the change starts, or a replaced file is no longer live.
    fn publish(&self, change: Publish) -> BoxFuture<'_, Result<(), CatalogueFault>>;

    /// The tenant's live files of a dataset whose reception overlaps `received` (inclusive), oldest first.
    fn view(
        &self,
        cx: &OpContext,
        dataset: &str,
        received: (Timestamp, Timestamp),
    ) -> Result<Vec<SegmentRow>, CatalogueFault>;

    /// All live files of all tenants: for the machine's own chores, never for a request.
    fn all_live(&self) -> Result<Vec<SegmentRow>, CatalogueFault>;

    /// Alerts of all tenants that detection committed and no file holds yet, the oldest blobs first: for the machine's
    /// own chores, never for a request. Ends with the blob that reaches `bytes_max` of what it unpacks to, but gives at
    /// least one if there is one.
    fn pending_alerts(&self, bytes_max: usize) -> Result<Pending, CatalogueFault>;

    /// The numbers of the tenant's pending blobs, ascending. Unpacks nothing.
    fn pending_numbers(&self, cx: &OpContext) -> Result<Vec<u64>, CatalogueFault>;

    /// The tenant's pending alerts, the newest blobs first, as far as `bytes_max` as in [`Catalogue::pending_alerts`].
    fn pending_alerts_of(&self, cx: &OpContext, bytes_max: usize) -> Result<Pending, CatalogueFault>;

    /// The tenant's pending alert of this id, if it is still pending. Holds one blob in memory at a time.
    fn pending_alert(&self, cx: &OpContext, id: AlertId) -> Result<Option<Alert>, CatalogueFault>;

    /// Takes files of a tenant received before `day` out of the live set, noting `now`; gives how many.
    fn expire<'a>(
        &'a self,
        tenant: TenantId,
        before_day: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u64, CatalogueFault>>;

    /// Files replaced or expired before `until`: their bytes may go.
    fn retired(&self, until: Timestamp) -> Result<Vec<SegmentRow>, CatalogueFault>;

    /// Forgets retired files whose bytes are gone.
    fn forget<'a>(&'a self, ids: &'a [u128]) -> BoxFuture<'a, Result<(), CatalogueFault>>;

    /// The account of every source, see [`LakeAccount`].
    fn accounts(&self) -> Result<Vec<LakeAccount>, CatalogueFault>;
}

/// Why the catalogue did not do it.
#[derive(thiserror::Error, Debug)]
pub enum CatalogueFault {
    /// Somebody changed it in between; nothing was written.
    #[error("the lake's catalogue has changed in between ({0}): read it again and repeat")]
    Conflict(String),
    /// The engine failed.
    #[error("the lake's catalogue failed: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What to put into a file, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// As flushed: quick.
    L0,
    /// Compacted: row groups, page index, bloom filters.
    L1,
}

/// A finished file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Bytes on disk.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// Files with rows. Implemented by `engines/segments-parquet`.
pub trait SegmentStore: Send + Sync {
    /// Writes a new file (never over an old one), syncs it and its folder, reads its footer back and checks the rows.
    fn write<'a>(
        &'a self,
        path: &'a str,
        layout: Layout,
        rows: &'a [RecordBatch],
    ) -> BoxFuture<'a, Result<Written, StoreFault>>;

    /// How many rows the file's own end says it has; reads no row.
    fn rows<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<u64, StoreFault>>;

    /// Reads a whole file.
    fn read<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Vec<RecordBatch>, StoreFault>>;

    /// Removes a file; one that is gone already is fine.
    fn remove<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<(), StoreFault>>;

    /// Every file there is, also half-written ones: only for finding what a crash left behind, never for a query.
    fn list(&self) -> BoxFuture<'_, Result<Vec<StoredFile>, StoreFault>>;
}

/// A file as the store sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredFile {
    /// Path below the lake's folder.
    pub path: String,
    /// When it was last written.
    pub modified: Timestamp,
}

/// Short names of sources, as they stand in column `source`. A source that has none is written by its id.
pub trait SourceNames: Send + Sync {
    /// The short name.
    fn name(&self, source: SourceId) -> Option<String>;
}

/// Where the lake reads again what it declined: the journal, parsed once more.
pub trait Replay: Send + Sync {
    /// Batches after `after`, in the journal's order, at most about `bytes_max` of lines but at least one batch if there
    /// is one. Empty at the end. A batch that holds rejections only comes as an empty `EventBatch`.
    fn read(&self, after: Cursor, bytes_max: usize) -> BoxFuture<'_, Result<Vec<Arc<EventBatch>>, ReplayFault>>;
}

/// Why the journal could not be read again.
#[derive(thiserror::Error, Debug)]
#[error("the journal cannot be read again for the lake: {0}")]
pub struct ReplayFault(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Why a file could not be written, read or removed.
#[derive(thiserror::Error, Debug)]
#[error("segment {path}: {source}")]
pub struct StoreFault {
    /// Which file, below the lake's folder.
    pub path: String,
    /// What went wrong.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
