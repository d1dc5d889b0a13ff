//! The parser from outside: lines in, events out.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::missing_panics_doc)]

mod cutters;
mod dialects;
mod headers;
mod hostile;
mod packs;
mod show;
mod streams;
mod whole_packs;
