//! The fast engine: all rules of a set asked at once.
//!
//! | question | file |
//! |---|---|
//! | what must a value have for a test to hold? | `need.rs`, for expressions `inner_literal.rs` |
//! | which questions open a rule? | `gates.rs`, `probes.rs`, by how often they are met: `frequency.rs`, `typical.rs` |
//! | which of them does a value answer? | `field_table.rs`: `ends.rs`, `grams.rs` |
//! | which rules may hold for an event? | `engine.rs`, `pass.rs`, and faster the second time: `cache.rs` |
//!
//! It decides nothing about a rule: whether a candidate holds is asked of the rule itself.

mod cache;
mod ends;
mod engine;
mod field_table;
mod frequency;
mod gates;
mod grams;
mod inner_literal;
mod need;
mod pass;
mod probes;
mod typical;

pub use engine::{Engine, State};
pub use frequency::Training;
pub use pass::Pass;
