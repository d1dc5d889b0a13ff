//! Batches out of the files, while the writer goes on. Each reader borrows a connection of its own.

use crate::engine::{Live, Shared, hold};
use crate::segment;
use rusqlite::Connection;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use wardwatch_event::LineBatch;
use wardwatch_ident::Cursor;
use wardwatch_journal::{ReadFault, after};

/// Connections kept open per segment: consumers are few and mostly read the same one.
const IDLE_PER_SEGMENT: usize = 4;

/// Idle connections by segment.
#[derive(Default)]
pub(crate) struct Readers(Mutex<HashMap<u64, Vec<Connection>>>);

impl Readers {
    /// See `Journal::read`.
    pub(crate) fn read(&self, shared: &Shared, cursor: Cursor, bytes_max: usize) -> Result<Vec<LineBatch>, ReadFault> {
        let end = *shared.end.borrow();
        let live: Vec<Live> = hold(&shared.live).iter().filter(|s| s.last.unwrap_or(end) > cursor.0).cloned().collect();
        let mut found = Found { batches: Vec::new(), bytes: 0, bytes_max, full: false };
        for part in live {
            let through = part.last.unwrap_or(end).min(end);
            let from = Cursor(cursor.0.max(part.first.saturating_sub(1)));
            match self.read_segment(shared, part.number, from, through, &mut found) {
                Ok(()) if found.full => break,
                Ok(()) => {}
                // What is whole comes first; the damage is reported when it is next.
                Err(_) if !found.batches.is_empty() => break,
                // Covered and removed while we looked.
                Err(_) if !shared.is_live(part.number) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(found.batches)
    }

    fn read_segment(
        &self,
        shared: &Shared,
        number: u64,
        from: Cursor,
        through: u64,
        found: &mut Found,
    ) -> Result<(), ReadFault> {
        let path = segment::path(&shared.folder, number);
        let corrupt =
            |cursor: Cursor, why: String| ReadFault::Corrupt { segment: path.display().to_string(), cursor, why };
        let conn = match self.borrow(number) {
            Some(conn) => conn,
            None => segment::open(&path).map_err(|e| fault_of(&e, |why| corrupt(Cursor(through), why)))?,
        };
        let mut at = from.0;
        let mut damage = None;
        let read = segment::each(&conn, from.0, through, |row| {
            if row.first > at + 1 {
                damage =
                    Some(corrupt(Cursor(row.first - 1), format!("lines {} to {} are missing", at + 1, row.first - 1)));
                return ControlFlow::Break(());
            }
            match row.unpack() {
                Ok(batch) => {
                    at = row.last;
                    found.put(batch, from)
                }
                Err(why) => {
                    damage = Some(corrupt(Cursor(row.last), why));
                    ControlFlow::Break(())
                }
            }
        });
        let outcome = match (read, damage) {
            (_, Some(damage)) => Err(damage),
            (Err(e), None) => Err(fault_of(&e, |why| corrupt(segment::behind(&conn, at, through), why))),
            (Ok(()), None) if at < through && !found.full => {
                Err(corrupt(Cursor(through), format!("lines {} to {through} are missing", at + 1)))
            }
            (Ok(()), None) => Ok(()),
        };
        if shared.is_live(number) {
            self.give_back(number, conn);
        }
        outcome
    }

    fn borrow(&self, number: u64) -> Option<Connection> {
        hold(&self.0).get_mut(&number).and_then(Vec::pop)
    }

    fn give_back(&self, number: u64, conn: Connection) {
        let mut idle = hold(&self.0);
        let own = idle.entry(number).or_default();
        if own.len() < IDLE_PER_SEGMENT {
            own.push(conn);
        }
    }

    /// Closes what is open on segments that are gone.
    pub(crate) fn forget(&self, numbers: &[u64]) {
        hold(&self.0).retain(|number, _| !numbers.contains(number));
    }
}

/// Damage of the file is named and can be stepped over; anything else (no more file handles, a failing disk) may pass.
fn fault_of(fault: &rusqlite::Error, corrupt: impl FnOnce(String) -> ReadFault) -> ReadFault {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase};
    match fault.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase | CannotOpen) | None => corrupt(fault.to_string()),
        Some(_) => ReadFault::Io(fault.to_string()),
    }
}

struct Found {
    batches: Vec<LineBatch>,
    bytes: usize,
    bytes_max: usize,
    full: bool,
}

impl Found {
    fn put(&mut self, batch: LineBatch, from: Cursor) -> ControlFlow<()> {
        let Some(batch) = after(batch, from) else { return ControlFlow::Continue(()) };
        self.bytes += batch.received.bytes.len();
        if self.bytes > self.bytes_max && !self.batches.is_empty() {
            self.full = true;
            return ControlFlow::Break(());
        }
        self.batches.push(batch);
        self.full = self.bytes >= self.bytes_max;
        if self.full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
