//! Sigma rules and the analysts' query language: text to a checked tree to a compiled matcher.
//!
//! Used by detect, search and triage. Reads no file, asks no clock, knows no event format: a caller brings texts and
//! a [`Record`]. The evaluation here is the plain one, rule by rule and node by node; it is what `explain` prints and
//! what a faster engine is compared with.

mod fold;
mod json_record;
mod network;
mod number;
mod pattern;
mod place;
pub mod program;
pub mod query;
mod reading;
mod record;
pub mod route;
pub mod sigma;
pub mod yaml;

pub use fold::fold;
pub use json_record::JsonRecord;
pub use network::Network;
pub use number::Number;
pub use pattern::{DASHES, Matcher, Pattern, Piece, Subject};
pub use place::Place;
pub use reading::{Held, Reading};
pub use record::{FieldKey, Record, Value, ValueKind};
