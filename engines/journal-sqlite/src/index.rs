//! `index.db`: which segments there are, up to which line each counts, and what outlives them: accounts and batch keys.
//!
//! | step | in one transaction | a crash after it leaves |
//! |---|---|---|
//! | (create the file) | | an empty file that the index does not know: removed at the next start |
//! | rotate | the old segment's last line, the new segment's number | nothing to do |
//! | seal | accounts and keys of the closed segment, its state | nothing to do |
//! | drop | the state `removed` | files that the next start removes |
//! | (remove the files) | | |
//!
//! So that a line's account is always in exactly one place: its segment until it is sealed, here afterwards.

use crate::keys;
use crate::segment::{self, sql};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use wardwatch_ident::{SourceId, TenantId};
use wardwatch_journal::{Accounts, JournalAccount};

/// The version that this program writes.
const VERSION: i64 = 1;
const TABLES: &str = "
CREATE TABLE segment (
  number INTEGER PRIMARY KEY,
  first  INTEGER NOT NULL,
  last   INTEGER,            -- lines after it in the file were never acknowledged and do not count
  state  TEXT NOT NULL       -- open, closed, sealed, removed
) STRICT;
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE account (
  tenant BLOB NOT NULL, source BLOB NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE batch_key (
  source BLOB NOT NULL, epoch TEXT NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL, cursor INTEGER NOT NULL,
  PRIMARY KEY (source, epoch, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_key_age ON batch_key (source, cursor);
PRAGMA user_version = 1;
";

/// How far a segment has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Being written, or was when the process ended.
    Open,
    /// Never written again; its accounts and keys are still its own.
    Closed,
    /// Accounts and keys are in the index.
    Sealed,
    /// Covered: its files may be gone.
    Removed,
}

const STATES: [(State, &str); 4] =
    [(State::Open, "open"), (State::Closed, "closed"), (State::Sealed, "sealed"), (State::Removed, "removed")];

impl State {
    fn word(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).map_or("open", |(_, word)| word)
    }
}

/// One segment as the index knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    pub(crate) number: u64,
    pub(crate) first: u64,
    /// `None` while it is open.
    pub(crate) last: Option<u64>,
    pub(crate) state: State,
}

/// A connection to `index.db`; each thread has its own.
#[derive(Debug)]
pub(crate) struct Index {
    conn: Connection,
    folder: PathBuf,
}

/// Why the index cannot be used.
#[derive(thiserror::Error, Debug)]
pub(crate) enum IndexFault {
    #[error("it was written by a newer version (format {0}): start that version")]
    Newer(i64),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

impl Index {
    /// Opens it, and makes it if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self, IndexFault> {
        let conn = Connection::open(folder.join("index.db"))?;
        conn.busy_timeout(std::time::Duration::from_secs(60))?;
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
        match segment::version(&conn)? {
            0 => conn.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} COMMIT;"))?,
            VERSION => {}
            newer => return Err(IndexFault::Newer(newer)),
        }
        Ok(Self { conn, folder: folder.to_owned() })
    }

    /// Every segment, oldest first.
    pub(crate) fn segments(&self) -> rusqlite::Result<Vec<Listed>> {
        let mut rows = self.conn.prepare("SELECT number, first, last, state FROM segment ORDER BY number")?;
        let rows = rows.query_map([], |row| {
            let word: String = row.get(3)?;
            Ok(Listed {
                number: row.get::<_, i64>(0)? as u64,
                first: row.get::<_, i64>(1)? as u64,
                last: row.get::<_, Option<i64>>(2)?.map(|last| last as u64),
                state: STATES.iter().find(|(_, known)| *known == word).map_or(State::Open, |(state, _)| *state),
            })
        })?;
        rows.collect()
    }

    /// The last line of all segments that were closed, also of those that are gone.
    pub(crate) fn end(&self) -> rusqlite::Result<u64> {
        self.mark("end")
    }

    fn mark(&self, name: &str) -> rusqlite::Result<u64> {
        let value: Option<i64> =
            self.conn.query_row("SELECT value FROM mark WHERE name = ?1", [name], |row| row.get(0)).optional()?;
        Ok(value.unwrap_or(0) as u64)
    }

    /// The highest number a segment ever had.
    pub(crate) fn number(&self) -> rusqlite::Result<u64> {
        self.mark("number")
    }

    /// Closes `old` (if there is one) at line `end` and enters segment `number`, whose file is there, behind it.
    pub(crate) fn rotate(&mut self, old: Option<u64>, end: u64, number: u64) -> rusqlite::Result<()> {
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        close(&tx, old, end)?;
        tx.execute(
            "INSERT INTO segment (number, first, state) VALUES (?1, ?2, ?3)",
            params![sql(number), sql(end + 1), State::Open.word()],
        )?;
        set_mark(&tx, "number", number)?;
        tx.commit()
    }

    /// Closes a segment at line `end` without a new one: at the end of the process, or after a crash.
    pub(crate) fn close(&mut self, number: u64, end: u64) -> rusqlite::Result<()> {
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        close(&tx, Some(number), end)?;
        tx.commit()
    }

    /// Takes over the accounts and keys of a closed segment; a second time changes nothing.
    pub(crate) fn seal(
        &mut self,
        number: u64,
        accounts: &Accounts,
        from: Option<(&Connection, u64)>,
        keys_per_source: usize,
    ) -> rusqlite::Result<()> {
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let changed = tx.execute(
            "UPDATE segment SET state = ?2 WHERE number = ?1 AND state = ?3",
            params![sql(number), State::Sealed.word(), State::Closed.word()],
        )?;
        if changed == 1 {
            let mut sum = load_accounts(&tx)?;
            sum.merge_all(accounts);
            for (tenant, source, _) in accounts.iter() {
                let account = sum.iter().find(|(t, s, _)| (*t, *s) == (tenant, source)).map(|(_, _, account)| account);
                store_account(&tx, tenant, source, account)?;
            }
            if let Some((conn, through)) = from {
                keys::take_over(&tx, conn, through, keys_per_source)?;
            }
        }
        tx.commit()
    }

    /// Notes that sealed segments are covered, removes their files, then forgets them.
    pub(crate) fn drop_segments(&mut self, numbers: &[u64]) -> Result<(), IndexFault> {
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for number in numbers {
            tx.execute(
                "UPDATE segment SET state = ?2 WHERE number = ?1",
                params![sql(*number), State::Removed.word()],
            )?;
        }
        tx.commit()?;
        for number in numbers {
            // A file that stays costs room, never a line; the next start tries again.
            match segment::remove(&self.folder, *number) {
                Ok(()) => {
                    self.unmark_damaged(*number)?;
                    self.conn.execute("DELETE FROM segment WHERE number = ?1", [sql(*number)])?;
                }
                Err(e) => {
                    tracing::warn!(segment = number, error = %e, "a covered journal segment could not be removed")
                }
            }
        }
        Ok(())
    }

    /// Remembers that damage was seen in a segment.
    pub(crate) fn mark_damaged(&self, number: u64) -> rusqlite::Result<()> {
        set_mark(&self.conn, &damage_mark(number), number)
    }

    /// Forgets it again.
    pub(crate) fn unmark_damaged(&self, number: u64) -> rusqlite::Result<()> {
        self.conn.execute("DELETE FROM mark WHERE name = ?1", [damage_mark(number)])?;
        Ok(())
    }

    /// Segments in which damage was seen.
    pub(crate) fn damaged(&self) -> rusqlite::Result<BTreeSet<u64>> {
        let mut rows = self.conn.prepare("SELECT value FROM mark WHERE name GLOB 'damaged *'")?;
        let rows = rows.query_map([], |row| Ok(row.get::<_, i64>(0)? as u64))?;
        rows.collect()
    }

    /// What all sealed segments add up to.
    pub(crate) fn accounts(&self) -> rusqlite::Result<Accounts> {
        load_accounts(&self.conn)
    }

    /// For looking up batch keys.
    pub(crate) fn conn(&self) -> &Connection {
        &self.conn
    }
}

fn close(conn: &Connection, number: Option<u64>, end: u64) -> rusqlite::Result<()> {
    if let Some(number) = number {
        conn.execute(
            "UPDATE segment SET state = ?2, last = ?3 WHERE number = ?1 AND state = ?4",
            params![sql(number), State::Closed.word(), sql(end), State::Open.word()],
        )?;
    }
    set_mark(conn, "end", end)
}

fn damage_mark(number: u64) -> String {
    format!("damaged {number}")
}

fn set_mark(conn: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT INTO mark (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE excluded.value > mark.value",
        params![name, sql(value)],
    )?;
    Ok(())
}

fn load_accounts(conn: &Connection) -> rusqlite::Result<Accounts> {
    let mut accounts = Accounts::new();
    let mut rows = conn.prepare("SELECT tenant, source, body FROM account")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(2)?;
        let account: JournalAccount = serde_json::from_str(&text)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, Box::new(e)))?;
        let (tenant, source) = (u128::from_be_bytes(row.get(0)?), u128::from_be_bytes(row.get(1)?));
        accounts.merge(TenantId(tenant), SourceId(source), &account);
    }
    Ok(accounts)
}

fn store_account(
    conn: &Connection,
    tenant: TenantId,
    source: SourceId,
    account: Option<&JournalAccount>,
) -> rusqlite::Result<()> {
    let Some(account) = account else { return Ok(()) };
    let body = serde_json::to_string(account).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    conn.execute(
        "INSERT INTO account (tenant, source, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant, source) DO UPDATE SET body = excluded.body",
        params![tenant.0.to_be_bytes(), source.0.to_be_bytes(), body],
    )?;
    Ok(())
}
