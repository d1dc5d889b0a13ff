//! Brings a ledger to this version's tables. Steps are numbered and never edited once they were released; a ledger of a
//! newer version is refused, because nobody can know what its tables mean.

use rusqlite::{Connection, TransactionBehavior, params};
use wardwatch_ident::Timestamp;

const STEPS: [(&str, &str); 2] = [
    ("alerts and catalogue", include_str!("../migrations/0001_alerts_and_catalogue.sql")),
    ("memory of detection", include_str!("../migrations/0002_memory_of_detection.sql")),
];

/// The version of the tables that this program works with.
pub fn version() -> u32 {
    STEPS.len() as u32
}

/// Why the tables cannot be brought to this version.
#[derive(thiserror::Error, Debug)]
pub enum MigrateFault {
    /// Written by a newer program.
    #[error(
        "its tables have version {found}, this program knows up to {known}: start the newer wardwatch again, or restore the backup from before the upgrade"
    )]
    Newer {
        /// What stands in the file.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// It is a database, but not a ledger.
    #[error("it is a database, but not a ledger of wardwatch: choose another data folder")]
    Foreign,
    /// A step failed; the ledger is as it was before that step.
    #[error("step {step} ({name}) failed, nothing of it was kept: {source}")]
    Step {
        /// The step's number.
        step: u32,
        /// Its name.
        name: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Runs the steps that are missing, each in a transaction of its own; gives how many.
pub(crate) fn migrate(conn: &mut Connection, now: Timestamp) -> Result<u32, MigrateFault> {
    let found: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > version() {
        return Err(MigrateFault::Newer { found, known: version() });
    }
    let tables: i64 =
        conn.query_row("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))?;
    if found == 0 && tables > 0 {
        return Err(MigrateFault::Foreign);
    }
    let mut done = 0;
    for (step, (name, sql)) in (1u32..).zip(STEPS).skip(found as usize) {
        run(conn, step, name, sql, now).map_err(|source| MigrateFault::Step { step, name, source })?;
        done += 1;
    }
    Ok(done)
}

fn run(conn: &mut Connection, step: u32, name: &str, sql: &str, now: Timestamp) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema (version INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    )?;
    tx.execute_batch(sql)?;
    tx.execute("INSERT INTO schema (version, name, at) VALUES ($1, $2, $3)", params![step, name, now.as_micros()])?;
    tx.pragma_update(None, "user_version", step)?;
    tx.commit()
}
