//! Opening the file, one connection that writes, a few that read.

use crate::migrate::{MigrateFault, migrate};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_ident::Clock;

/// Reading connections that are kept open: the page, a search, a worker, a metric.
const IDLE: usize = 4;

/// The ledger in one SQLite file.
pub struct SqliteLedger {
    path: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

/// Why the ledger cannot be opened.
#[derive(thiserror::Error, Debug)]
#[error("ledger {}: {why}", path.display())]
pub struct OpenFault {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub why: MigrateFault,
}

impl SqliteLedger {
    /// Opens the ledger at `path` (`<data>/ledger.db`), makes it if it is not there, and brings it to this version. The
    /// caller holds the data folder's lock.
    ///
    /// # Errors
    /// [`OpenFault`], naming the file and what to do.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenFault> {
        let fault = |why| OpenFault { path: path.to_owned(), why };
        let mut writer = connect(path).map_err(|e| fault(e.into()))?;
        let steps = migrate(&mut writer, clock.now()).map_err(fault)?;
        if steps > 0 {
            tracing::info!(path = %path.display(), steps, "the ledger was brought to this version");
        }
        Ok(Self { path: path.to_owned(), clock, writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Asks SQLite whether every page is whole; gives what is wrong, nothing if all is well.
    ///
    /// # Errors
    /// If the file cannot be read at all.
    pub fn damage(&self) -> rusqlite::Result<Vec<String>> {
        self.read(|conn| {
            let mut rows = conn.prepare("PRAGMA integrity_check")?;
            let lines = rows.query_map([], |row| row.get::<_, String>(0))?;
            lines.filter(|line| !matches!(line, Ok(text) if text == "ok")).collect()
        })
    }

    /// One transaction: committed and synced if `work` succeeds, gone without a trace if not.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// One reading transaction: everything `work` sees stands at one moment.
    pub(crate) fn read<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => connect(&self.path)?,
        };
        let done = {
            let tx = conn.unchecked_transaction()?;
            work(&tx)
        };
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE {
            readers.push(conn);
        }
        done
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(std::time::Duration::from_secs(30))?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
    Ok(conn)
}
