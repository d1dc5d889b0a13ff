//! How bad an alert is: 严重, 高, 中, 低, and 信息 for what is only kept for context.

use serde::{Deserialize, Serialize};

/// Severity of an alert, least first. Incidents have a scale of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// 信息
    Info,
    /// 低
    Low,
    /// 中
    Medium,
    /// 高
    High,
    /// 严重
    Critical,
}

impl Severity {
    /// From a Sigma `level`; rules without one are [`Severity::Medium`], as the specification suggests for unknown.
    pub fn of_sigma(level: Option<&str>) -> Self {
        match level {
            Some("informational") => Self::Info,
            Some("low") => Self::Low,
            Some("high") => Self::High,
            Some("critical") => Self::Critical,
            _ => Self::Medium,
        }
    }

    /// From OCSF `severity_id` (1 informational … 5 critical, 6 fatal); what the device did not send is medium.
    pub fn of_ocsf(severity_id: Option<i64>) -> Self {
        match severity_id {
            Some(1) => Self::Info,
            Some(2) => Self::Low,
            Some(4) => Self::High,
            Some(5 | 6) => Self::Critical,
            _ => Self::Medium,
        }
    }

    /// The word in both languages, Chinese first.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Info => ("信息", "info"),
            Self::Low => ("低", "low"),
            Self::Medium => ("中", "medium"),
            Self::High => ("高", "high"),
            Self::Critical => ("严重", "critical"),
        }
    }
}
