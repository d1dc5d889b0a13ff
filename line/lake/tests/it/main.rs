//! The lake against stores in memory: rows, hot chunks, flushes, crashes, compaction, retention.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect fails"
)]

mod alerts;
mod compaction;
mod fakes;
mod flushing;
mod queueing;
mod retaining;
mod rows;
