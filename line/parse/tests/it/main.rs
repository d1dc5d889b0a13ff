//! The parser from outside: lines in, events out.

mod cutters;
mod headers;
mod hostile;
mod packs;
mod show;
mod streams;
mod whole_packs;
