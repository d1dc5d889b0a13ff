//! What was found: an [`Alert`] is one claim, with its evidence, that something happened.
//!
//! A device's own words stay beside ours and are never overwritten; what it did not send is `None` ("not sent"),
//! never "no".

mod alert;
mod severity;

pub use alert::{Alert, AlertEvidence, Fact, Match, Origin, RuleRef, VendorClaim};
pub use severity::Severity;
