//! Events and rules in, alerts out: which rules look at an event, what they say, and what a device itself claims.
//!
//! [`evaluate`] is a function over values: no I/O, no clock. Rules and routing come in as texts; the loop over the
//! book of alerts is [`Station`]. This stage never changes an event, never suppresses an alert and never asks whether
//! one is true: that is triage.

mod alarm;
mod evaluate;
mod fast;
mod found;
mod health;
mod names;
mod plain;
mod program;
mod record;
mod routes;
mod rules;

mod ports;
mod station;

pub use evaluate::{each_guarded, each_resumed, evaluate};
pub use found::{Found, FoundAt, FoundMatch, FoundRule, FoundValue};
pub use health::{Bill, Quarantine, RuleHealth, bill};
pub use plain::evaluate_plainly;
pub use ports::{AlertBook, BookFault};
pub use program::{Program, declared_by};
pub use record::EventRecord;
pub use rules::{Listed, RuleState, Rules};
pub use station::{Station, Window};
