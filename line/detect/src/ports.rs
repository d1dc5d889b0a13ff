//! Where alerts are kept, and what detection remembers over a restart.
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`AlertBook::cursor`] | the line worker at start | – |
//! | [`AlertBook::commit`] | the line worker, once per window | it returned `Ok`: alerts and cursor in one transaction |
//! | [`AlertBook::recent`] | the page, `search` | – |
//! | [`Checkpoints::load`] | the line worker at start and after a failed commit | – |
//! | [`Checkpoints::save`] | the line worker, now and then and at its end | it returned `Ok`: pieces and their line in one transaction |
//! | [`Checkpoints::covered`] | who lets journal segments go | – |

use crate::memory::Piece;
use futures::future::BoxFuture;
use wardwatch_access::OpContext;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, Timestamp};

/// Alerts found so far and how far detection has come. Implemented by the ledger engines.
pub trait AlertBook: Send + Sync {
    /// The last line detection has covered; `Cursor(0)` at the very start.
    fn cursor(&self) -> Result<Cursor, BookFault>;

    /// Keeps the alerts of the lines in `(after, through]`, all or none, and moves the cursor to `through`. Of the alerts
    /// in `once` those are kept whose id was never kept before; they may be about earlier lines.
    ///
    /// # Errors
    /// [`BookFault::Conflict`] if the cursor is not at `after`: another worker got there first, nothing was written.
    fn commit<'a>(
        &'a self,
        after: Cursor,
        through: Cursor,
        alerts: &'a [Alert],
        once: &'a [Alert],
    ) -> BoxFuture<'a, Result<(), BookFault>>;

    /// The tenant's alerts that are still in the ledger (the lake takes them over later), newest first, at most `limit`.
    fn recent(&self, cx: &OpContext, limit: usize) -> Result<Vec<Alert>, BookFault>;
}

/// What detection remembers, as of a line. The journal keeps what comes behind that line until the next checkpoint, so
/// that memory can be made again by reading it.
pub trait Checkpoints: Send + Sync {
    /// The last one: the line it covers, and its pieces. `Cursor(0)` and nothing at the very start.
    fn load(&self) -> Result<(Cursor, Vec<Piece>), BookFault>;

    /// Replaces the pieces that changed, removes those that are gone, and moves the checkpoint to `at`, all or nothing.
    /// Ids of alerts kept once are forgotten where the alert was received before `forget`.
    fn save<'a>(
        &'a self,
        at: Cursor,
        changed: &'a [Piece],
        gone: &'a [String],
        forget: Timestamp,
    ) -> BoxFuture<'a, Result<(), BookFault>>;

    /// The line the last one covers.
    fn covered(&self) -> Result<Cursor, BookFault>;
}

/// Why the book did not do it.
#[derive(thiserror::Error, Debug)]
pub enum BookFault {
    /// The cursor has moved in between.
    #[error("detection stands at line {at:?}, not at {after:?}: another worker committed first; read again from there")]
    Conflict {
        /// What the caller thought.
        after: Cursor,
        /// Where it stands.
        at: Cursor,
    },
    /// The engine failed.
    #[error("keeping alerts failed: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}
