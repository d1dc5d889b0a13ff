//! Events and rules in, alerts out: which rules look at an event, what they say, and what a device itself claims.
//!
//! [`evaluate`] is a function over values: no I/O, no clock. Rules and routing come in as texts; the loop over the
//! book of alerts is [`Station`]. This stage never changes an event, never suppresses an alert and never asks whether
//! one is true: that is triage.

mod alarm;
mod context;
mod evaluate;
mod fast;
mod found;
mod guard;
mod health;
mod learn;
mod mask;
mod names;
mod plain;
mod program;
mod record;
mod routes;
mod rules;
mod watch;

mod ports;
mod station;

pub use context::{Answer, Ask, Context, NoContext, Provenance, Question};
pub use evaluate::evaluate;
pub use found::{Found, FoundAt, FoundMatch, FoundRule, FoundValue};
pub use guard::{each_guarded, each_resumed};
pub use health::{Bill, Quarantine, RuleHealth, bill};
pub use learn::Lesson;
pub use mask::TenantMask;
pub use plain::evaluate_plainly;
pub use ports::{AlertBook, BookFault};
pub use program::{Program, declared_by};
pub use record::EventRecord;
pub use rules::{Listed, RuleState, Rules};
pub use station::{Station, Window};
pub use watch::{Hit, Watch, watch};
