//! What a running server has counted about the version that is tried, where the commands find it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use wardwatch_content::{Expected, Record, Standing, Trial, VersionId};

/// Rules that are listed, those that differ most first.
const RULES: usize = 50;

/// Written every second beside the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The transition that the server has carried out.
    pub seq: u64,
    /// What it uses.
    pub in_use: Option<VersionId>,
    /// Events looked at since the version stands where it stands.
    pub events: u64,
    /// Alerts of the version in use on them.
    pub alerts_in_use: u64,
    /// Alerts of the version that is tried on them.
    pub alerts_tried: u64,
    /// Rules whose alerts differ.
    pub rules: BTreeMap<String, Counted>,
    /// Bytes looked at, in use and tried.
    pub work: (u64, u64),
    /// Why it would be halted, before it is.
    pub reason: Option<String>,
    /// What went wrong and is still so.
    pub problems: Vec<String>,
}

/// Alerts of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Under both.
    pub both: u64,
    /// Only under the tried one.
    pub new: u64,
    /// Only under the one in use.
    pub gone: u64,
}

impl Status {
    pub(super) fn of(standing: &Standing, trial: &Trial, expected: &Expected, problems: &[String]) -> Status {
        let differ = trial.rules.iter().filter(|(_, tally)| tally.new + tally.gone > 0);
        let mut rules: Vec<_> =
            differ.map(|(rule, t)| (rule, Counted { both: t.both, new: t.new, gone: t.gone })).collect();
        rules.sort_by_key(|(_, counted)| std::cmp::Reverse(counted.new + counted.gone));
        let (alerts_in_use, alerts_tried) = trial.alerts();
        Status {
            seq: standing.seq,
            in_use: Some(standing.in_use.clone()),
            events: trial.events,
            alerts_in_use,
            alerts_tried,
            rules: rules.into_iter().take(RULES).map(|(rule, counted)| (rule.clone(), counted)).collect(),
            work: (trial.work_in_use, trial.work_tried),
            reason: trial.reason_to_halt(expected),
            problems: problems.to_vec(),
        }
    }

    /// Replaces the file; a reader sees the old or the new one.
    pub(super) fn write(&self, record: &Record) -> std::io::Result<()> {
        let path = path(record);
        let part = path.with_extension("part");
        std::fs::write(&part, serde_json::to_vec(self)?)?;
        std::fs::rename(&part, &path)
    }

    /// What a server wrote last; nothing if there was none.
    pub fn read(record: &Record) -> Option<Status> {
        serde_json::from_slice(&std::fs::read(path(record)).ok()?).ok()
    }
}

fn path(record: &Record) -> PathBuf {
    record.path().with_file_name("status.json")
}
