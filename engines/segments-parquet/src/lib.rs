//! Segments as Parquet files in one folder.
//!
//! A file is written beside its name, synced, renamed, and read back by its footer before anybody hears of it. It is never
//! changed afterwards. This crate lists the folder only to find what a crash left behind.

mod layout;
mod local;

pub use local::LocalSegments;
