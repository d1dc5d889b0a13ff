//! `send` against the real intake, with a journal in memory that refuses and connections that break.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod pieces;
mod sending;
