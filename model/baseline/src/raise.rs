//! What a fact may do: stand beside a match, or raise a risk together with a second, independent one.

use crate::Fact;
use wardwatch_limits::BASELINE_RISK_MAX;

/// A claim that something happened, made by somebody else: a rule, a device, an indicator. Stages implement it for
/// their matches; facts are none.
pub trait Claim {}

/// A claim with the facts that stand beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct Supported<M: Claim> {
    /// The claim, unchanged.
    pub claim: M,
    /// Facts about the same entities.
    pub facts: Vec<Fact>,
    /// Points the facts add to the claim's risk; bounded, so that they never decide alone.
    pub risk_added: u8,
}

impl<M: Claim> Supported<M> {
    /// Puts facts beside a claim.
    pub fn by(claim: M, facts: Vec<Fact>) -> Self {
        let sum: u32 = facts.iter().map(|f| u32::from(f.risk)).sum();
        Self { claim, risk_added: sum.min(u32::from(BASELINE_RISK_MAX)) as u8, facts }
    }
}

/// The risk of an entity rises because two facts that do not follow from each other came within an hour. Triage adds the
/// points to the entity; there is still no alert.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct RiskRaise {
    /// The earlier fact.
    pub earlier: Fact,
    /// The later fact.
    pub later: Fact,
    /// Points for the entity.
    pub points: u8,
}

impl RiskRaise {
    pub(crate) fn of(earlier: &Fact, later: &Fact) -> Option<Self> {
        let same = earlier.entity_field == later.entity_field && earlier.entity == later.entity;
        // Two definitions that answer the same question about the same value are one observation told twice.
        let independent = earlier.definition != later.definition && earlier.numbers.kind() != later.numbers.kind();
        let points = earlier.risk.saturating_add(later.risk).min(BASELINE_RISK_MAX);
        (same && independent).then(|| Self { earlier: earlier.clone(), later: later.clone(), points })
    }
}
