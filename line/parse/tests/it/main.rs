//! The parser from outside: lines in, events out.

mod packs;
mod show;
mod whole_packs;
