//! The journal's values: the packed batch, accounts, what verify makes of them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect has to stop"
)]

mod packed;
mod tail;
mod verify;
