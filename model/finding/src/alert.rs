//! The alert and the evidence it carries.

use crate::Severity;
use serde::{Deserialize, Serialize};
use wardwatch_ident::{AlertId, EventId, SourceId, TenantId, Timestamp};

/// Who makes the claim.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A security device raised it.
    Device,
    /// One of our rules.
    Rule,
    /// A baseline.
    Baseline,
    /// An indicator matched.
    Indicator,
    /// A decoy was touched.
    Decoy,
    /// A person.
    Person,
}

/// One claim that something happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Hash of rule, rule version and event: the same after a replay.
    pub id: AlertId,
    /// Whose alert it is.
    pub tenant: TenantId,
    /// The source whose line it is about.
    pub source: SourceId,
    /// Who makes the claim.
    pub origin: Origin,
    /// When it happened, by the line (reception time where the line does not say).
    pub time: Timestamp,
    /// When the line was received.
    pub received: Timestamp,
    /// The line.
    pub event: EventId,
    /// How bad.
    pub severity: Severity,
    /// What is claimed, in words: the rule's title or the device's.
    pub title: String,
    /// The rule; none for a device's alarm.
    pub rule: Option<RuleRef>,
    /// Why it is claimed.
    pub evidence: AlertEvidence,
    /// What the device says; none for our own rules.
    pub vendor: Option<VendorClaim>,
    /// The reporting host, the addresses and the user, where the line names them: what a reader looks for first.
    pub entities: Vec<(String, String)>,
}

/// The rule that fired, as it was then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RuleRef {
    /// Sigma `id`, or the file's path where a rule has none.
    pub id: String,
    /// Hash of the rule's text, 16 hexadecimal digits.
    pub version: String,
    /// Sigma `title`.
    pub title: String,
    /// Sigma `level`.
    pub level: Option<String>,
    /// Sigma `tags`.
    pub tags: Vec<String>,
}

/// Everything that made the claim true.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AlertEvidence {
    /// Which selection matched which value at which bytes. Bounded; see `wardwatch_limits::EVIDENCE_MATCHES`.
    pub matched: Vec<Match>,
    /// The raw line, cut at 16 KiB (bytes that are no text are replaced).
    pub raw: String,
    /// The pack and its version that parsed the line.
    pub pack: String,
    /// What is unusual about the event, by its tenant's baselines. Never a reason for the alert by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// Something unusual that stands beside an alert.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// The baseline that says so.
    pub definition: String,
    /// In Chinese, with its numbers.
    pub zh: String,
    /// In English, with its numbers.
    pub en: String,
    /// Points it adds to the alert's risk.
    pub risk: u8,
}

/// One value that satisfied one part of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Match {
    /// The selection's name in the rule.
    pub selection: String,
    /// The native field; none for keywords.
    pub field: Option<String>,
    /// The value, cut at `wardwatch_limits::EVIDENCE_VALUE_BYTES`.
    pub value: String,
    /// Where the value starts in the raw line, bytes; none where it has no place there.
    pub start: Option<u32>,
    /// Where it ends, exclusive.
    pub end: Option<u32>,
}

/// A device's own words. `None` is "not sent".
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VendorClaim {
    /// The device's rule or signature id.
    pub rule_uid: Option<String>,
    /// The device's rule name.
    pub rule_name: Option<String>,
    /// What it calls the threat.
    pub threat: Option<String>,
    /// Its kind of threat.
    pub threat_class: Option<String>,
    /// ATT&CK technique.
    pub attack_id: Option<String>,
    /// OCSF severity it maps to.
    pub severity_id: Option<i64>,
    /// OCSF disposition: 1 allowed, 2 blocked, 17 alert, 99 other.
    pub disposition_id: Option<i64>,
    /// Stage of the attack.
    pub attack_stage: Option<String>,
    /// Result (success, failure, attempt).
    pub attack_result: Option<String>,
    /// 1 low, 2 medium, 3 high.
    pub confidence_id: Option<i64>,
    /// 1 inbound, 2 outbound, 3 lateral.
    pub direction_id: Option<i64>,
    /// How many occurrences the device merged.
    pub count: Option<i64>,
    /// Payload excerpt.
    pub excerpt: Option<String>,
}
