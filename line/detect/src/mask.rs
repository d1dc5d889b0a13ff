//! What one tenant has made of the rules: which are off for it, and what narrows them. Looked at only for rules that
//! hold, so that a thousand tenants cost what one does.

use std::collections::{BTreeMap, BTreeSet};
use wardwatch_predicate::Reading;
use wardwatch_predicate::sigma::RuleSet;

/// A tenant's view of a program's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantMask {
    /// Numbers of rules that are off.
    pub off: BTreeSet<u32>,
    /// By rule: numbers in the set's `narrows`, all of which must hold, too.
    pub narrowed_by: BTreeMap<u32, Vec<u32>>,
}

impl TenantMask {
    /// Whether the rule is on for the tenant.
    #[must_use]
    pub fn enables(&self, rule: u32) -> bool {
        !self.off.contains(&rule)
    }

    /// Whether the filters that narrow the rule hold for the event.
    pub(crate) fn keeps(&self, rule: u32, set: &RuleSet, reading: &Reading<'_>) -> bool {
        let narrows = self.narrowed_by.get(&rule).map_or(&[][..], Vec::as_slice);
        narrows.iter().all(|number| set.narrows.get(*number as usize).is_some_and(|filter| filter.matches(reading)))
    }
}
