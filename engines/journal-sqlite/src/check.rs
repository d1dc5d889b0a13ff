//! Reads everything there is: every checksum, every batch, every number in its order. For a thorough `verify`.

use crate::engine::{Live, SqliteJournal, hold};
use crate::read::is_damage;
use crate::segment;
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::Path;
use wardwatch_ident::Cursor;

/// One place that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub segment: String,
    /// The last line of the damaged part.
    pub cursor: Cursor,
    /// What is wrong.
    pub why: String,
}

/// What a look at everything found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Segments.
    pub segments: u64,
    /// Batches.
    pub batches: u64,
    /// Lines in whole batches.
    pub lines: u64,
    /// What is not as it was written.
    pub damage: Vec<Damage>,
}

impl SqliteJournal {
    /// Looks at every batch of every segment, up to the journal's end now.
    pub fn check(&self) -> Checked {
        let end = *self.shared.end.borrow();
        let live: Vec<Live> = hold(&self.shared.live).clone();
        let mut all = Checked { segments: live.len() as u64, ..Checked::default() };
        for part in live {
            let path = segment::path(&self.shared.folder, part.number);
            let last = part.last.unwrap_or(end).min(end);
            if last < part.first {
                continue;
            }
            let opened = segment::open(&path);
            let looked = opened.as_ref().err().is_none_or(|e| is_damage(e, &path));
            let one = match opened {
                Ok(conn) => segment(&conn, &path, part.first, last),
                Err(e) => damaged(&path, last, e.to_string()),
            };
            if !self.shared.is_live(part.number) {
                continue;
            }
            match one.damage.is_empty() {
                true => self.damage_gone(part.number),
                false if looked => self.damage_seen(part.number),
                false => {}
            }
            all.batches += one.batches;
            all.lines += one.lines;
            all.damage.extend(one.damage);
        }
        all
    }
}

fn damaged(path: &Path, last: u64, why: String) -> Checked {
    let damage = Damage { segment: path.display().to_string(), cursor: Cursor(last), why };
    Checked { damage: vec![damage], ..Checked::default() }
}

/// Looks at every batch of a segment.
pub(crate) fn segment(conn: &Connection, path: &Path, first: u64, last: u64) -> Checked {
    let mut found = Checked { segments: 1, ..Checked::default() };
    let mut at = first.saturating_sub(1);
    let place = path.display().to_string();
    let read = segment::each(conn, at, last, |row| {
        if row.first != at + 1 {
            let why = format!("line {} follows line {at}", row.first);
            found.damage.push(Damage { segment: place.clone(), cursor: Cursor(row.first.saturating_sub(1)), why });
        }
        at = row.last;
        found.batches += 1;
        match row.unpack() {
            Ok(batch) => found.lines += batch.received.len() as u64,
            Err(why) => found.damage.push(Damage { segment: place.clone(), cursor: Cursor(row.last), why }),
        }
        ControlFlow::Continue(())
    });
    match read {
        Err(e) => found.damage.push(Damage { segment: place, cursor: Cursor(last), why: e.to_string() }),
        Ok(()) if at < last => {
            let why = format!("lines {} to {last} are missing", at + 1);
            found.damage.push(Damage { segment: place, cursor: Cursor(last), why });
        }
        Ok(()) => {}
    }
    found
}
