//! What more than one crate has to do together. One test binary, so that everything links once.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect has to stop"
)]

mod attacks;
mod book;
mod browser;
mod conformance;
mod corpora;
mod journey;
mod killed;
mod remembering;
mod server;
mod shows;
