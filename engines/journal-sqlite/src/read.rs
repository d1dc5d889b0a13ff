//! Batches out of the files, while the writer goes on. Each reader borrows a connection of its own.

use crate::engine::{Live, Shared, hold};
use crate::segment;
use rusqlite::Connection;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use wardwatch_event::LineBatch;
use wardwatch_ident::Cursor;
use wardwatch_journal::{ReadFault, after, part};

/// Connections kept open per segment: consumers are few and mostly read the same one.
const IDLE_PER_SEGMENT: usize = 4;

/// What stays between two reads.
#[derive(Default)]
pub(crate) struct Readers {
    /// Idle connections by segment.
    idle: Mutex<HashMap<u64, Vec<Connection>>>,
    /// The batch that was cut last, so that it is not unpacked again for each window.
    large: Mutex<Option<Large>>,
}

/// A batch of more than one window, and its segment.
#[derive(Clone)]
struct Large {
    number: u64,
    batch: Arc<LineBatch>,
}

impl Readers {
    /// See `Journal::read`. Tells `damaged` the segments in which it sees damage.
    pub(crate) fn read(
        &self,
        shared: &Shared,
        cursor: Cursor,
        bytes_max: usize,
        damaged: &dyn Fn(u64),
    ) -> Result<Vec<LineBatch>, ReadFault> {
        let end = *shared.end.borrow();
        let mut found = Found { batches: Vec::new(), bytes: 0, bytes_max, full: false, large: None };
        let cursor = self.rest_of_large(shared, cursor, &mut found);
        let live: Vec<Live> = hold(&shared.live).iter().filter(|s| s.last.unwrap_or(end) > cursor.0).cloned().collect();
        for segment in live {
            if found.full {
                break;
            }
            let through = segment.last.unwrap_or(end).min(end);
            let from = Cursor(cursor.0.max(segment.first.saturating_sub(1)));
            let read = self.read_segment(shared, segment.number, from, through, &mut found);
            self.keep_large(segment.number, &mut found);
            let Err(fault) = read else { continue };
            // Covered and removed while we looked.
            if !shared.is_live(segment.number) {
                if found.batches.is_empty() {
                    continue;
                }
                break;
            }
            if matches!(fault, ReadFault::Corrupt { .. }) {
                damaged(segment.number);
            }
            // What is whole comes first; the damage is reported when it is next.
            if found.batches.is_empty() {
                return Err(fault);
            }
            break;
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
            None => segment::open(&path).map_err(|e| fault_of(&e, &path, |why| corrupt(Cursor(through), why)))?,
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
            (Err(e), None) => Err(fault_of(&e, &path, |why| corrupt(segment::behind(&conn, at, through), why))),
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

    /// Goes on inside the large batch that was cut last, if that is next, and gives the cursor behind what it took.
    fn rest_of_large(&self, shared: &Shared, cursor: Cursor, found: &mut Found) -> Cursor {
        let kept = hold(&self.large).clone();
        let Some(Large { number, batch }) = kept else { return cursor };
        if batch.first.seq() > cursor.0.saturating_add(1) || batch.through() <= cursor {
            return cursor;
        }
        if !shared.is_live(number) {
            self.forget(&[number]);
            return cursor;
        }
        let Some(through) = found.put_part(&batch, cursor) else { return cursor };
        if through == batch.through() {
            // Nobody is behind it, mostly; who is unpacks it again.
            *hold(&self.large) = None;
        }
        through
    }

    fn keep_large(&self, number: u64, found: &mut Found) {
        if let Some(batch) = found.large.take() {
            *hold(&self.large) = Some(Large { number, batch: Arc::new(batch) });
        }
    }

    fn borrow(&self, number: u64) -> Option<Connection> {
        hold(&self.idle).get_mut(&number).and_then(Vec::pop)
    }

    fn give_back(&self, number: u64, conn: Connection) {
        let mut idle = hold(&self.idle);
        let own = idle.entry(number).or_default();
        if own.len() < IDLE_PER_SEGMENT {
            own.push(conn);
        }
    }

    /// Closes what is open on segments that are gone.
    pub(crate) fn forget(&self, numbers: &[u64]) {
        hold(&self.idle).retain(|number, _| !numbers.contains(number));
        let _gone = hold(&self.large).take_if(|large| numbers.contains(&large.number));
    }
}

/// Damage of the file is named and can be stepped over; anything else (no more file handles, a failing disk) may pass.
fn fault_of(fault: &rusqlite::Error, path: &Path, corrupt: impl FnOnce(String) -> ReadFault) -> ReadFault {
    if is_damage(fault, path) { corrupt(fault.to_string()) } else { ReadFault::Io(fault.to_string()) }
}

/// Whether the file is not as it was written, or gone. One that is there and cannot be opened is not damaged: SQLite
/// says the same when the process has no file handle left.
pub(crate) fn is_damage(fault: &rusqlite::Error, path: &Path) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase};
    match fault.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) | None => true,
        Some(CannotOpen) => matches!(path.try_exists(), Ok(false)),
        Some(_) => false,
    }
}

struct Found {
    batches: Vec<LineBatch>,
    bytes: usize,
    bytes_max: usize,
    full: bool,
    /// A batch that has to be cut, or whose rest is next.
    large: Option<LineBatch>,
}

impl Found {
    fn put(&mut self, batch: LineBatch, from: Cursor) -> ControlFlow<()> {
        let is_large = batch.received.bytes.len() > self.bytes_max;
        if is_large && self.batches.is_empty() {
            if self.put_part(&batch, from).is_some_and(|through| through < batch.through()) {
                self.large = Some(batch);
            }
            return self.go_on();
        }
        if is_large {
            self.full = true;
            self.large = Some(batch);
            return self.go_on();
        }
        let Some(batch) = after(batch, from) else { return ControlFlow::Continue(()) };
        if self.bytes + batch.received.bytes.len() > self.bytes_max && !self.batches.is_empty() {
            self.full = true;
            return self.go_on();
        }
        self.bytes += batch.received.bytes.len();
        self.full = self.bytes >= self.bytes_max;
        self.batches.push(batch);
        self.go_on()
    }

    /// What of a large batch fits. Gives the cursor behind it.
    fn put_part(&mut self, batch: &LineBatch, from: Cursor) -> Option<Cursor> {
        let part = part(batch, from, self.bytes_max)?;
        let through = part.through();
        self.bytes += part.received.bytes.len();
        self.full = self.bytes >= self.bytes_max || through < batch.through();
        self.batches.push(part);
        Some(through)
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
