//! The journal in SQLite segment files.
//!
//! One writer thread commits whatever queued while the disk synced the commit before; an append is answered after its
//! commit was synced and never before. A file that failed once is never written again. Nothing here looks into a line.
//!
//! ```text
//! <data>/journal/LOCK       one process at a time
//! <data>/journal/index.db   segments, accounts and batch keys of what was sealed
//! <data>/journal/<n>.db     one segment: its batches, each one packed blob
//! ```
//!
//! In what order things happen on disk, and what a crash in between leaves, stands in [`segment`] and `index.rs`.

mod check;
mod damaged;
mod engine;
mod group;
mod index;
mod keys;
mod lock;
mod open;
mod read;
mod room;
mod seal;
pub mod segment;
mod space;
mod writer;

pub use check::{Checked, Damage};
pub use engine::{Bounds, SqliteJournal};
pub use lock::{DataLock, LockFault};
pub use open::{OpenFault, Recovery};
