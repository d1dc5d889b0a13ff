//! The fast engine: all rules of a set asked at once.
//!
//! | question | file |
//! |---|---|
//! | what must a value have for a test to hold? | `need.rs`, for expressions `inner_literal.rs` |
//! | which questions open a rule? | `gates.rs`, `probes.rs`, by how often they are met: `frequency.rs`, `typical.rs`, measured by `learner.rs` |
//! | which of them does a value answer? | `field_table.rs`: `ends.rs`, `grams.rs` |
//! | and a value that has JSON's escapes in it? | `written.rs` |
//! | which rules may hold for an event? | `engine.rs`, `pass.rs`, and faster the second time: `cache.rs` |
//! | does a candidate hold? | `trees.rs`, asked of the event's `sheet.rs`, where nothing is asked twice |
//!
//! What a test means is said in `sigma`, once, for this and for the plain evaluation that it is compared with.

mod cache;
mod ends;
mod engine;
mod field_table;
mod frequency;
mod gates;
mod grams;
mod inner_literal;
mod learner;
mod need;
mod pass;
mod probes;
mod sheet;
mod trees;
mod typical;
mod written;

pub use engine::{Engine, State};
pub use frequency::Training;
pub use learner::Learner;
pub use pass::Pass;
