//! One transaction: batches that queued together, each looked up by its key first.

use crate::index::Index;
use crate::keys::{self, Known};
use crate::segment::{self, Entry};
use crate::writer::Unsealed;
use rusqlite::Connection;
use wardwatch_ident::{Cursor, NodeId};
use wardwatch_journal::{Accounts, AppendFault, Appended};

pub(crate) struct Group<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) index: &'a Index,
    pub(crate) unsealed: &'a [Unsealed],
    pub(crate) node: NodeId,
}

/// What a synced commit did.
pub(crate) struct Done {
    pub(crate) end: u64,
    pub(crate) accounts: Accounts,
    pub(crate) outcomes: Vec<Result<Appended, AppendFault>>,
}

impl Group<'_> {
    /// Writes the batches behind line `end` and syncs.
    pub(crate) fn commit(&self, mut end: u64, entries: &[Entry]) -> rusqlite::Result<Done> {
        let mut done = Done { end, accounts: Accounts::new(), outcomes: Vec::with_capacity(entries.len()) };
        // Dropped without commit it is rolled back, so that an error on the way leaves nothing.
        let tx = self.conn.unchecked_transaction()?;
        for entry in entries {
            let outcome = match (&entry.key, self.known(entry)?) {
                (Some((_, body)), Some(known)) if known.body == *body => {
                    done.accounts.repeated(entry.tenant, entry.source);
                    Ok(Appended::Known(known.cursor))
                }
                (Some((key, _)), Some(_)) => Err(AppendFault::KeyTaken(key.clone())),
                _ => {
                    end = segment::insert(&tx, self.node, end + 1, entry)?;
                    done.accounts.counts(entry.tenant, entry.source, entry.lines, entry.bytes, &entry.rejected);
                    Ok(Appended::Stored(Cursor(end)))
                }
            };
            done.outcomes.push(outcome);
        }
        tx.commit()?;
        done.end = end;
        Ok(done)
    }

    fn known(&self, entry: &Entry) -> rusqlite::Result<Option<Known>> {
        let Some((key, _)) = &entry.key else { return Ok(None) };
        if let Some(known) = keys::in_segment(self.conn, entry.source, key, u64::MAX)? {
            return Ok(Some(known));
        }
        for unsealed in self.unsealed {
            if let Some(known) = keys::in_segment(&unsealed.conn, entry.source, key, unsealed.last)? {
                return Ok(Some(known));
            }
        }
        keys::in_index(self.index.conn(), entry.source, key)
    }
}
