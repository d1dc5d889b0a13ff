//! The test binary of the crate: routing, evidence, device alarms, rules that hurt, the book, and real recordings.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod batches;
mod book;
mod canaries;
mod detecting;
mod devices;
mod guard;
mod listing;
mod recordings;
mod routing;
