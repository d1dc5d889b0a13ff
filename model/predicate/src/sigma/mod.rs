//! Sigma, the part that looks at single events: read, check, compile, evaluate, explain.
//!
//! The readings where engines differ are settled, and each has a test; the non-obvious ones: a missing field makes an
//! item false (so `not selection` holds) and `neq` too; `null` is absent or null; `neq` over an array means no element
//! is equal; keywords look into texts and numbers, not into field names.

mod ask;
mod compile;
mod condition;
mod correlation;
mod detection;
mod dice;
mod encode;
mod evaluate;
mod explain;
mod fault;
mod misled;
mod modifier;
mod needed_fields;
mod read_correlation;
mod read_rule;
mod regex_sample;
mod rule;
mod sample;
mod synthesise;
mod test;
mod time_part;
mod value_test;

pub use ask::{AskKind, FieldAsk, YES};
pub use compile::{Added, CompiledRule, Compiler, Placeholders, RuleSet};
pub(crate) use compile::{CompiledBody, CompiledItem};
pub use condition::{Condition, read_condition};
pub use correlation::{
    Absence, Comparison, Correlation, CorrelationKind, Daily, DeclaredGroups, FieldAlias, Limit, Limits, Named,
};
pub use detection::{Body, Detection, Item, Literal, LiteralScalar, Selection};
pub use evaluate::MatchedValue;
pub use explain::Trace;
pub use fault::{RuleFault, RuleRemark};
pub use modifier::{Anchor, Encoding, Modifiers, Operation, Order, TimePart};
pub use read_rule::read_rules;
pub use rule::{About, Deferred, Document, Filter, Level, LogSource, Refused, Rule, Status};
pub use synthesise::{Givable, Synthesis, Unmade};
pub(crate) use test::Test;
pub use time_part::time_part;
