//! The lake against stores in memory: rows, hot chunks, flushes, crashes, compaction, retention.

mod alerts;
mod compaction;
mod fakes;
mod flushing;
mod queueing;
mod retaining;
mod rows;
