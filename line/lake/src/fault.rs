//! Why the lake did not do it.

use crate::ports::{CatalogueFault, ReplayFault, StoreFault};

/// A failure of the lake. Nothing is lost by it: what is not published is read again from the journal.
#[derive(thiserror::Error, Debug)]
pub enum LakeFault {
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueFault),
    /// A file.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The journal.
    #[error(transparent)]
    Replay(#[from] ReplayFault),
    /// Columns that do not fit together.
    #[error("rows of the lake do not fit together: {0}")]
    Rows(#[from] arrow::error::ArrowError),
    /// The replay gave a batch that does not follow the cursor.
    #[error("the journal gave line {got} after line {after}, out of order: run `wardwatch verify`")]
    Order {
        /// Where it should go on.
        after: u64,
        /// What came.
        got: u64,
    },
    /// Making rows of a batch panicked; it goes to the quarantine when it is read again.
    #[error("making rows of the batch from line {0} panicked: its lines go to the quarantine")]
    Poison(u64),
    /// The catalogue gave a file of somebody else.
    #[error("the catalogue gave a file of another tenant ({0}): refused")]
    Foreign(String),
    /// A view could not be taken between two flushes.
    #[error("the lake is being flushed without pause: ask again in a moment")]
    Busy,
    /// No such dataset.
    #[error("no dataset `{0}`: use `events`, `quarantine` or `alerts`")]
    Dataset(String),
    /// A retention the law does not allow.
    #[error(
        "retention of {0} days is refused: logs must be kept at least {1} days (Cybersecurity Law of the PRC, MLPS)"
    )]
    TooShort(u32, u32),
}
