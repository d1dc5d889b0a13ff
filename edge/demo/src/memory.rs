//! What one run leaves for the next: the seed and the second the play has come to.

use crate::fault::DemoFault;
use rand::TryRngCore;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Name of the file in the demo's folder; it also marks the folder as ours.
pub(crate) const FILE: &str = "demo.json";

/// Where the play stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Chosen once, by chance.
    pub seed: u64,
    /// The next second to play.
    pub second: u64,
    /// Runs so far, this one included.
    pub runs: u64,
}

impl Memory {
    /// What an earlier run left, or a new beginning.
    pub(crate) fn open(folder: &Path) -> Result<Self, DemoFault> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Self::begin(),
            Err(e) => return Err(DemoFault::folder("reading", &path)(e)),
        };
        let old: Self = serde_json::from_str(&text).map_err(|e| DemoFault::Memory { path, why: e.to_string() })?;
        Ok(Self { runs: old.runs.saturating_add(1), ..old })
    }

    fn begin() -> Result<Self, DemoFault> {
        let seed = rand::rngs::OsRng.try_next_u64().map_err(|e| DemoFault::machine("choosing a seed", e))?;
        Ok(Self { seed, second: 0, runs: 1 })
    }

    /// Keeps it, whole or not at all.
    pub(crate) fn keep(&self, folder: &Path) -> Result<(), DemoFault> {
        let path = folder.join(FILE);
        let new = folder.join("demo.json.new");
        let text = serde_json::to_string(self).map_err(|e| DemoFault::machine("keeping the demo's state", e))?;
        std::fs::write(&new, text).map_err(DemoFault::folder("writing", &new))?;
        std::fs::rename(&new, &path).map_err(DemoFault::folder("writing", &path))
    }
}
