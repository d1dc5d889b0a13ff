//! What intake needs from the rest.
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`Durable::append`] | every listener and reader | it returned `Ok`: only then is the sender told |
//! | [`Positions::load`] | followed files, at start | – |
//! | [`Positions::save`] | followed files, before and after each batch | it returned `Ok` |

use futures::future::BoxFuture;
use std::time::Duration;
use wardwatch_event::Received;

/// The lines are durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stored {
    /// They were before: the same key with the same body.
    pub known: bool,
}

/// Nothing of the batch is durable, and the sender must not be told it is.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Too much waits for the disk: try again.
    #[error("too much is waiting for the disk; send again in {} s", retry_after.as_secs().max(1))]
    Busy {
        /// After this time.
        retry_after: Duration,
    },
    /// The batch key stands for another body.
    #[error("this batch key was already used for another body; use a new key")]
    KeyTaken,
    /// The disk is full or nearly so.
    #[error("the disk is full; send again when there is room")]
    Full,
    /// Writing failed.
    #[error("making the lines durable failed; send again in a moment")]
    Failed,
}

impl Refused {
    /// How long a sender should wait before it tries again.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Busy { retry_after } => (*retry_after).clamp(Duration::from_millis(10), Duration::from_secs(30)),
            Self::KeyTaken => Duration::ZERO,
            Self::Full => Duration::from_secs(10),
            Self::Failed => Duration::from_secs(2),
        }
    }
}

/// Where lines become durable. Implemented by assemble over the journal.
pub trait Durable: Send + Sync {
    /// Makes the batch durable, all or nothing.
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Stored, Refused>>;
}

/// How far a followed file has been read. All offsets are bytes of the file as it lies on disk.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// Everything before is durable.
    pub done: u64,
    /// The batch from `done` to here was handed over but its answer not yet written down: after a restart exactly the
    /// same bytes are sent under the same key, which the journal recognises.
    pub sent: u64,
    /// Names this file in batch keys; made when the file was first seen, and anew when it began anew.
    pub epoch: String,
    /// SHA-256 over the first `head_len` bytes, hexadecimal: the same name and inode with another head is another file.
    pub head: String,
    /// How many bytes `head` covers, at most 1,024.
    pub head_len: u64,
    /// SHA-256 over the last bytes before `done`, as many as `head` may cover: the same head with another tail is another
    /// file, too, and another file with both is a copy of this one. Empty in positions of older versions.
    #[serde(default)]
    pub tail: String,
    /// How often the file began anew under this inode.
    pub generation: u32,
    /// The file is a whole (packed, EVTX): read once and not followed.
    pub whole: bool,
}

/// Keeps positions. The key names a file for ever: `<device>-<inode>`.
pub trait Positions: Send + Sync {
    /// The position of a file, if it was read before.
    fn load(&self, file: &str) -> std::io::Result<Option<Position>>;

    /// Writes a position down.
    fn save(&self, file: &str, position: &Position) -> std::io::Result<()>;
}
