//! Why a rule is not loaded, or loaded with a remark. Always with a place.

use crate::place::Place;
use crate::yaml::YamlFault;

/// A rule that cannot be loaded: where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{place}: {reason}")]
pub struct RuleFault {
    /// Where in the file.
    pub place: Place,
    /// What is wrong and what to do.
    pub reason: String,
}

impl RuleFault {
    pub(crate) fn new(place: Place, reason: impl Into<String>) -> RuleFault {
        RuleFault { place, reason: reason.into() }
    }
}

impl From<YamlFault> for RuleFault {
    fn from(fault: YamlFault) -> RuleFault {
        RuleFault { place: fault.place, reason: fault.reason }
    }
}

/// Something a rule's author should look at; the rule is loaded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RuleRemark {
    /// Where in the file.
    pub place: Place,
    /// What is odd about it.
    pub remark: String,
}

impl RuleRemark {
    pub(crate) fn new(place: Place, remark: impl Into<String>) -> RuleRemark {
        RuleRemark { place, remark: remark.into() }
    }
}
