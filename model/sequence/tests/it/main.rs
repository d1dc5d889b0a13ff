//! The test binary of the crate: semantics as tables, an oracle that sorts and scans, properties on any order of
//! arrival, and what hostile input may cost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod absence;
mod bounds;
mod chains;
mod loading;
mod oracle;
mod orders;
mod semantics;
mod snapshots;
mod world;
