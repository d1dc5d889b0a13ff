//! Configuration to engines, engines to stations, stations to edge: the only crate that knows who follows whom.
//!
//! It connects; it decides nothing about lines, rules or rows.

mod account;
mod awake;
mod clock;
mod commands;
pub mod config;
mod content;
mod desk;
#[cfg(test)]
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it did not expect has to stop"
)]
mod fence;
mod figures;
mod intake;
mod line;
mod logging;
mod machine;
mod page;
mod question;
mod run;
mod samples;
mod serve;
mod stages;
mod staging;
mod tally;
mod upkeep;
mod watching;

pub use clock::SystemClock;
pub use run::run;
