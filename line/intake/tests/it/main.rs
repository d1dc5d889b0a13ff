//! Tests of the intake, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod attacks;
mod bulk;
mod cores;
mod files;
mod framing;
mod http;
mod join;
mod relp;
mod syslog;
mod world;
