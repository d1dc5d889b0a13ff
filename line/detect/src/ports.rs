//! Where alerts are kept.
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`AlertBook::cursor`] | the line worker at start | – |
//! | [`AlertBook::commit`] | the line worker, once per window | it returned `Ok`: alerts and cursor in one transaction |
//! | [`AlertBook::recent`] | the page, `search` | – |

use futures::future::BoxFuture;
use wardwatch_access::OpContext;
use wardwatch_finding::Alert;
use wardwatch_ident::Cursor;

/// Alerts found so far and how far detection has come. Implemented by the ledger engines.
pub trait AlertBook: Send + Sync {
    /// The last line detection has covered; `Cursor(0)` at the very start.
    fn cursor(&self) -> Result<Cursor, BookFault>;

    /// Keeps the alerts of the lines in `(after, through]`, all or none, and moves the cursor to `through`.
    ///
    /// # Errors
    /// [`BookFault::Conflict`] if the cursor is not at `after`: another worker got there first, nothing was written.
    fn commit<'a>(
        &'a self,
        after: Cursor,
        through: Cursor,
        alerts: &'a [Alert],
    ) -> BoxFuture<'a, Result<(), BookFault>>;

    /// The tenant's alerts that are still in the ledger (the lake takes them over later), newest first, at most `limit`.
    fn recent(&self, cx: &OpContext, limit: usize) -> Result<Vec<Alert>, BookFault>;
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
