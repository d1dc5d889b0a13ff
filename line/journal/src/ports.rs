//! Where lines are made durable.
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`Journal::append`] | intake, through assemble | it returned `Ok`: synced to disk; only then may the sender be told |
//! | [`Journal::read`] | the line workers | – |
//! | [`Journal::covered`] | the line workers after a commit elsewhere | – (a hint: segments may go) |
//! | [`Journal::accounts`] | `verify`, metrics | – |

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use wardwatch_event::{LineBatch, Received, RejectReason};
use wardwatch_ident::{BatchKey, Cursor, SourceId, TenantId};

/// What `append` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// The lines are durable, up to this cursor.
    Stored(Cursor),
    /// The same batch (key and body) is durable already, up to this cursor: nothing was stored again.
    Known(Cursor),
}

/// Why `append` refused or failed. In each case nothing of the batch is durable, and the sender must not be told it is.
#[derive(thiserror::Error, Debug, Clone)]
pub enum AppendFault {
    /// More waits for the disk than `JOURNAL_QUEUE_BYTES`, or a previous failure is being recovered: try again.
    #[error("the journal is behind ({0}); send again in a moment")]
    Busy(String),
    /// The key stands for another body.
    #[error("batch {0} was already sent with another body; use a new key")]
    KeyTaken(BatchKey),
    /// The disk is full or nearly so (less than `DISK_RESERVE_BYTES` left).
    #[error("the disk of the journal is full ({0}); free space or enlarge it, senders keep their data until then")]
    Full(String),
    /// Writing or syncing failed. The segment is closed and never written again; the next append opens a new one.
    #[error("writing the journal failed: {0}")]
    Io(String),
}

/// Why `read` failed.
#[derive(thiserror::Error, Debug)]
pub enum ReadFault {
    /// A batch does not match its checksum: named, skipped on request, never silently.
    #[error("journal segment {segment}, line {cursor:?}: {why}")]
    Corrupt {
        /// The segment's file.
        segment: String,
        /// The last line of the damaged part: reading on from here leaves it out, knowingly.
        cursor: Cursor,
        /// What is wrong.
        why: String,
    },
    /// The engine failed.
    #[error("reading the journal failed: {0}")]
    Io(String),
}

/// What one source has ever had made durable. Removing segments does not lower it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JournalAccount {
    /// Lines in committed batches.
    pub lines: u64,
    /// Bytes of those lines.
    pub bytes: u64,
    /// Batches.
    pub batches: u64,
    /// Batches answered as known already.
    pub repeated: u64,
    /// Refused records by reason.
    pub rejected: Vec<(RejectReason, u64)>,
}

/// Account by tenant and source.
pub type JournalAccounts = Vec<(TenantId, SourceId, JournalAccount)>;

/// Lines made durable, in one order, readable from any cursor. Implemented by the journal engines.
pub trait Journal: Send + Sync {
    /// Makes the batch durable, all or nothing, and gives the cursor of its last line. Refuses at once when too much is
    /// waiting: HTTP answers 429, a stream stops reading and asks again. Dropping the future takes nothing back.
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Appended, AppendFault>>;

    /// The batches after `after`, in order, until about `bytes_max` bytes of lines (at least one batch if there is one).
    /// If `after` lies inside a batch, only the lines behind it are given; a batch of more than `bytes_max` is cut
    /// between two lines, and its rest is next.
    ///
    /// # Errors
    /// [`ReadFault::Corrupt`] only when the very next batch is damaged: what is whole before it is given first.
    fn read(&self, after: Cursor, bytes_max: usize) -> Result<Vec<LineBatch>, ReadFault>;

    /// The cursor of the last durable line.
    fn end(&self) -> Cursor;

    /// Resolves when something was appended after `after` (at once if something has been).
    fn appended(&self, after: Cursor) -> BoxFuture<'_, ()>;

    /// All consumers have passed `through`: sealed segments that end there may be removed. One in which damage was seen
    /// stays, for whoever repairs it.
    fn covered(&self, through: Cursor) -> Result<(), ReadFault>;

    /// The account of every source.
    fn accounts(&self) -> Result<JournalAccounts, ReadFault>;
}
