//! What a Sigma document is: a rule over single events, a filter over rules, or a correlation. Nouns only; they are made
//! in `read_rule.rs`.

use super::correlation::Correlation;
use super::detection::Detection;
use super::fault::{RuleFault, RuleRemark};
use crate::place::Place;
use serde::Serialize;

/// How serious a rule's author takes a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not an alert by itself.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Level {
    /// The word of the specification.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }
}

/// How far a rule is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Proven over a long time.
    Stable,
    /// Proven on few systems.
    Test,
    /// New.
    #[default]
    Experimental,
    /// Replaced by another rule.
    Deprecated,
    /// Cannot be used as it stands.
    Unsupported,
}

/// Which logs a rule is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LogSource {
    /// `windows`, `linux`, `fortigate` …
    pub product: Option<String>,
    /// `process_creation`, `firewall` …
    pub category: Option<String>,
    /// `security`, `auditd` …
    pub service: Option<String>,
}

impl std::fmt::Display for LogSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
        write!(f, "{}/{}/{}", part(&self.product), part(&self.category), part(&self.service))
    }
}

/// A rule as read, not yet compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where its document begins.
    pub place: Place,
    /// What is said about it.
    pub about: About,
    /// Which logs it is for.
    pub logsource: LogSource,
    /// Where `logsource` stands.
    pub logsource_place: Place,
    /// What it looks for.
    pub detection: Detection,
    /// What its author should look at.
    pub remarks: Vec<RuleRemark>,
}

/// What a document says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct About {
    /// The `id`, or `sha256:` and 32 digits of the version where none is given.
    pub id: String,
    /// The title.
    pub title: String,
    /// The name other documents may use instead of the id.
    pub name: Option<String>,
    /// How far it is proven.
    pub status: Status,
    /// How serious a match is, if the author says so.
    pub level: Option<Level>,
    /// Tags such as `attack.t1059`.
    pub tags: Vec<String>,
    /// What it finds.
    pub description: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Known false alarms.
    pub falsepositives: Vec<String>,
    /// Fields worth showing beside a match.
    pub fields: Vec<String>,
    /// SHA-256, in hex, of the document's keys and values; comments and layout do not count.
    pub version: String,
}

/// A document that is recognised but not a rule that looks at single events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// Where its document begins.
    pub place: Place,
    /// What is said about it.
    pub about: About,
    /// Which rules it names, by id or name.
    pub rules: Vec<String>,
    /// Why it is not evaluated here.
    pub reason: String,
    /// What it says under `correlation`.
    pub correlation: Correlation,
}

/// A filter: narrows rules it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Where its document begins.
    pub place: Place,
    /// What is said about it.
    pub about: About,
    /// Which logs it is for.
    pub logsource: LogSource,
    /// Rules by id or name; empty for any rule of the log source.
    pub rules: Vec<String>,
    /// Its selections and its condition, which must hold beside the rule's own.
    pub detection: Detection,
    /// What its author should look at.
    pub remarks: Vec<RuleRemark>,
}

/// What a document can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A rule over single events.
    Rule(Box<Rule>),
    /// A filter over rules.
    Filter(Box<Filter>),
    /// A correlation.
    Correlation(Box<Deferred>),
}

/// A document that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its title, if it got that far.
    pub title: Option<String>,
    /// Its id, if it got that far.
    pub id: Option<String>,
    /// Where and why.
    pub fault: RuleFault,
}
