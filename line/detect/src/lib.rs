//! Events and rules in, alerts out: which rules look at an event, what they say, and what a device itself claims.
//!
//! [`evaluate`] is a function over values: no I/O, no clock. Rules and routing come in as texts; the loop over the
//! book of alerts is [`Station`]. This stage never changes an event, never suppresses an alert and never asks whether
//! one is true: that is triage.

mod alarm;
mod asks;
mod canary;
mod canary_event;
mod canary_sequence;
mod canary_statement;
mod context;
mod coverage;
mod detector;
mod evaluate;
mod fast;
mod found;
mod guard;
mod health;
mod indicated;
mod learn;
mod mask;
mod memory;
mod names;
mod plain;
mod program;
mod record;
mod routes;
mod rules;
mod tenant_rules;
mod tenant_view;
mod unusual;
mod watch;

mod ports;
mod station;

pub use canary::{Canaries, CanaryOutcome, CanaryReport};
pub use context::{Answer, Ask, Context, NoContext, Provenance, Question};
pub use coverage::{Blindness, Coverage, Seen, State as CoverageState};
pub use detector::{Detector, Findings};
pub use evaluate::evaluate;
pub use found::{Found, FoundAt, FoundMatch, FoundRule, FoundValue};
pub use guard::{each_guarded, each_resumed};
pub use health::{Bill, Quarantine, RuleHealth, bill};
pub use learn::Lesson;
pub use mask::TenantMask;
pub use memory::{LostPiece, Memory, Piece};
pub use plain::evaluate_plainly;
pub use ports::{AlertBook, BookFault, Checkpoints};
pub use program::{Program, declared_by};
pub use record::EventRecord;
pub use rules::{Listed, RuleState, Rules};
pub use station::Station;
pub use tenant_rules::TenantWishes;
pub use tenant_view::{TenantView, Views};
pub use watch::{Hit, Under, Watch, watch};
