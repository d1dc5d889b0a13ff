//! One segment file: its table, how it is opened, one batch in and out.
//!
//! A segment is written by one connection, in WAL mode with `synchronous=FULL`: a commit has been synced when it
//! returns. The WAL is copied into the file once, when the segment is sealed. A commit that failed may still come back
//! from the WAL when the file is opened again; the index says up to which line a segment counts, and nobody reads
//! past it.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use wardwatch_event::{LineBatch, Received, Rejection};
use wardwatch_ident::{Cursor, EventId, NodeId, SourceId, TenantId};
use wardwatch_journal::{Accounts, unpack};

/// `PRAGMA user_version` of a segment.
const VERSION: i64 = 1;
const TABLE: &str = "
CREATE TABLE batch (
  first    INTEGER PRIMARY KEY,  -- sequence number of the first line
  last     INTEGER NOT NULL,     -- and of the last; an empty batch takes one number
  node     INTEGER NOT NULL,
  tenant   BLOB NOT NULL,
  source   BLOB NOT NULL,
  lines    INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  rejected TEXT,                 -- JSON, mostly NULL
  epoch    TEXT,
  n        INTEGER,
  body     BLOB,                 -- SHA-256, where there is a key
  crc      INTEGER NOT NULL,     -- CRC32C of the blob
  blob     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX batch_key ON batch (source, epoch, n) WHERE epoch IS NOT NULL;
PRAGMA user_version = 1;
";

/// The file of segment `number`.
pub fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.db"))
}

/// A batch on its way to disk.
pub(crate) struct Entry {
    pub(crate) tenant: TenantId,
    pub(crate) source: SourceId,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) key: Option<(wardwatch_ident::BatchKey, [u8; 32])>,
    pub(crate) blob: Vec<u8>,
}

/// Makes the file and its table and syncs both.
pub(crate) fn create(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch("PRAGMA page_size = 65536")?;
    settle(&conn)?;
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {TABLE} COMMIT;"))?;
    Ok(conn)
}

/// Opens a file that is there, for reading, recovery or sealing.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    settle(&conn)?;
    Ok(conn)
}

fn settle(conn: &Connection) -> rusqlite::Result<()> {
    // Closing must not write: a file that failed is left alone, and a sealed one has been copied already.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.busy_timeout(std::time::Duration::from_secs(10))?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -4096;",
    )
}

/// The format of an opened file; 0 if its table was never made.
pub(crate) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether this version can read it.
pub(crate) fn readable(version: i64) -> bool {
    version == VERSION
}

/// Adds a batch to the open transaction and gives its last line's number.
pub(crate) fn insert(conn: &Connection, node: NodeId, first: u64, entry: &Entry) -> rusqlite::Result<u64> {
    let last = first + entry.lines.max(1) - 1;
    let rejected = (!entry.rejected.is_empty()).then(|| serde_json::to_string(&entry.rejected).unwrap_or_default());
    let (epoch, n, body) = match &entry.key {
        Some((key, body)) => (Some(key.epoch.as_str()), Some(key.n as i64), Some(body.as_slice())),
        None => (None, None, None),
    };
    conn.prepare_cached(
        "INSERT INTO batch (first, last, node, tenant, source, lines, bytes, rejected, epoch, n, body, crc, blob)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        first as i64,
        last as i64,
        node.0,
        entry.tenant.0.to_be_bytes(),
        entry.source.0.to_be_bytes(),
        entry.lines as i64,
        entry.bytes as i64,
        rejected,
        epoch,
        n,
        body,
        crc32c::crc32c(&entry.blob),
        entry.blob,
    ])?;
    Ok(last)
}

/// One row as it stands in the file.
pub(crate) struct Row {
    pub(crate) first: u64,
    pub(crate) last: u64,
    node: NodeId,
    crc: u32,
    blob: Vec<u8>,
}

/// Hands the batches that end in `(after, through]` to `take`, in order, until it says to stop.
pub(crate) fn each(
    conn: &Connection,
    after: u64,
    through: u64,
    mut take: impl FnMut(Row) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    // The batch that holds line `after + 1` starts there or before; batches leave no gap inside a segment.
    let mut rows = conn.prepare_cached(
        "SELECT first, last, node, crc, blob FROM batch
         WHERE first >= COALESCE((SELECT MAX(first) FROM batch WHERE first <= ?1), 0) AND last > ?2 AND last <= ?3
         ORDER BY first",
    )?;
    let mut rows = rows.query([sql(after.saturating_add(1)), sql(after), sql(through)])?;
    while let Some(row) = rows.next()? {
        let row = Row {
            first: row.get::<_, i64>(0)? as u64,
            last: row.get::<_, i64>(1)? as u64,
            node: NodeId(row.get(2)?),
            crc: row.get(3)?,
            blob: row.get(4)?,
        };
        if take(row).is_break() {
            break;
        }
    }
    Ok(())
}

/// A number as SQLite keeps it.
pub(crate) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Row {
    /// Checks the checksum and unpacks.
    pub(crate) fn unpack(&self) -> Result<LineBatch, String> {
        let found = crc32c::crc32c(&self.blob);
        if found != self.crc {
            return Err(format!("checksum is {found:08x}, written was {:08x}", self.crc));
        }
        let received: Received = unpack(&self.blob).map_err(|e| e.to_string())?;
        if self.first + received.len().max(1) as u64 - 1 != self.last {
            return Err(format!("holds {} lines, its row says {} to {}", received.len(), self.first, self.last));
        }
        let first = EventId::new(received.at, self.node, self.first);
        Ok(LineBatch { received, first })
    }
}

/// Where reading can go on behind a damaged place: the last line before the next batch that can be found.
pub(crate) fn behind(conn: &Connection, after: u64, through: u64) -> Cursor {
    let next: rusqlite::Result<Option<i64>> =
        conn.query_row("SELECT MIN(first) FROM batch WHERE first > ?1", [sql(after.saturating_add(1))], |row| {
            row.get(0)
        });
    match next {
        Ok(Some(first)) if first as u64 > after + 1 && first as u64 <= through => Cursor(first as u64 - 1),
        _ => Cursor(through),
    }
}

/// The last line's number; `None` if the segment is empty.
pub(crate) fn last(conn: &Connection) -> rusqlite::Result<Option<u64>> {
    conn.query_row("SELECT MAX(last) FROM batch WHERE first = (SELECT MAX(first) FROM batch)", [], |row| {
        Ok(row.get::<_, Option<i64>>(0)?.map(|last| last as u64))
    })
}

/// What the batches up to `through` add up to.
pub(crate) fn accounts(conn: &Connection, through: u64) -> rusqlite::Result<Accounts> {
    let mut accounts = Accounts::new();
    let mut rows = conn.prepare("SELECT tenant, source, lines, bytes, rejected FROM batch WHERE last <= ?1")?;
    let mut rows = rows.query([sql(through)])?;
    while let Some(row) = rows.next()? {
        let rejected: Option<String> = row.get(4)?;
        let rejected: Vec<Rejection> = match rejected {
            Some(text) => serde_json::from_str(&text)
                .map_err(|e| rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, Box::new(e)))?,
            None => Vec::new(),
        };
        accounts.counts(
            TenantId(u128::from_be_bytes(row.get(0)?)),
            SourceId(u128::from_be_bytes(row.get(1)?)),
            row.get::<_, i64>(2)? as u64,
            row.get::<_, i64>(3)? as u64,
            &rejected,
        );
    }
    Ok(accounts)
}

/// Copies the WAL into the file and empties it.
pub(crate) fn checkpoint(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Removes a segment's file and what SQLite keeps beside it. Files that are gone are fine.
pub(crate) fn remove(folder: &Path, number: u64) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(folder.join(format!("{number}.db{suffix}"))) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}
