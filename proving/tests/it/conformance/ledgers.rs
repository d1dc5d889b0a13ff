//! Each engine of the ledger in a house of its own.

use super::samples::at;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use wardwatch_detect::{AlertBook, Checkpoints};
use wardwatch_ident::FixedClock;
use wardwatch_lake::Catalogue;
use wardwatch_ledger_memory::MemoryLedger;
use wardwatch_ledger_sqlite::SqliteLedger;

pub enum House {
    Memory(MemoryLedger, Arc<FixedClock>),
    Sqlite(Option<SqliteLedger>, Arc<FixedClock>, TempDir),
}

pub fn sqlite(folder: &Path, clock: &Arc<FixedClock>) -> SqliteLedger {
    SqliteLedger::open(&folder.join("ledger.db"), clock.clone()).expect("the ledger opens")
}

impl House {
    pub fn each() -> [Self; 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let clocks = [0, 1].map(|_| Arc::new(FixedClock::new(at(0))));
        let [one, two] = clocks;
        [
            Self::Memory(MemoryLedger::new(one.clone()), one),
            Self::Sqlite(Some(sqlite(folder.path(), &two)), two, folder),
        ]
    }

    pub fn book(&self) -> &dyn AlertBook {
        match self {
            Self::Memory(ledger, _) => ledger,
            Self::Sqlite(ledger, _, _) => ledger.as_ref().expect("open between restarts"),
        }
    }

    pub fn memory(&self) -> &dyn Checkpoints {
        match self {
            Self::Memory(ledger, _) => ledger,
            Self::Sqlite(ledger, _, _) => ledger.as_ref().expect("open between restarts"),
        }
    }

    pub fn catalogue(&self) -> &dyn Catalogue {
        match self {
            Self::Memory(ledger, _) => ledger,
            Self::Sqlite(ledger, _, _) => ledger.as_ref().expect("open between restarts"),
        }
    }

    pub fn set_clock(&self, secs: i64) {
        match self {
            Self::Memory(_, clock) | Self::Sqlite(_, clock, _) => clock.set(at(secs)),
        }
    }

    /// Does what a restart of the program does.
    pub fn restart(&mut self) {
        if let Self::Sqlite(ledger, clock, folder) = self {
            *ledger = None;
            *ledger = Some(sqlite(folder.path(), clock));
        }
    }
}
