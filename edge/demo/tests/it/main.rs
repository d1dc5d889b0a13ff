//! The demo's lines, its folder, and its senders.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, and its helpers need no manual"
)]

mod folder;
mod play;
mod said;
