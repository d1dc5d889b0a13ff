//! The reader against its oracle, on damaged files and on files made by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod damage;
mod made;
mod recorded;
mod shapes;
