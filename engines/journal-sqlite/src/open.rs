//! Starting: takes the folder, closes what the last process left open, and says what it found.

use crate::check::{self, Damage};
use crate::engine::{Bounds, Live, Shared, SqliteJournal};
use crate::index::{Index, IndexFault, Listed, State};
use crate::lock::{DataLock, LockFault};
use crate::read::Readers;
use crate::room::Room;
use crate::seal::{self, SealJob};
use crate::segment;
use crate::writer::Writer;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use wardwatch_ident::Cursor;
use wardwatch_journal::Accounts;
use wardwatch_limits::{JOURNAL_QUEUE_BATCHES, JOURNAL_SEALS_WAITING};

/// Left free in the numbering when a segment that was written last has vanished: more lines than any segment holds.
const LOST_LINES_MAX: u64 = 1 << 32;

/// Why the journal cannot be opened.
#[derive(thiserror::Error, Debug)]
pub enum OpenFault {
    /// Somebody else has the folder.
    #[error(transparent)]
    Lock(#[from] LockFault),
    /// The index cannot be used.
    #[error("{}: {why}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The segment that was written last cannot be read.
    #[error("{}: {why}; lines after {after:?} were in it: repair it, or move it away to go on without them", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// The last line before it.
        after: Cursor,
        /// Why.
        why: String,
    },
    /// A thread cannot be started.
    #[error("the journal's threads cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What was found at the start; printed by `serve` and `verify`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// Segments on disk.
    pub segments: u64,
    /// The last durable line.
    pub end: Cursor,
    /// Segments that the last process had not closed.
    pub reopened: u64,
    /// Lines in those.
    pub recovered_lines: u64,
    /// Batches in those that do not match their checksums.
    pub damage: Vec<Damage>,
    /// A vanished segment: first line that may be missing.
    pub vanished_from: Option<u64>,
}

impl SqliteJournal {
    /// Opens the journal below `folder` (`<data>/journal`), alone.
    ///
    /// # Errors
    /// [`OpenFault`], naming the file and what to do.
    pub fn open(folder: &Path, bounds: Bounds) -> Result<(Self, Recovery), OpenFault> {
        let lock = DataLock::take(folder)?;
        let mut index = open_index(folder)?;
        let mut recovery = Recovery::default();
        let (end, live) = recover(folder, &mut index, &mut recovery)?;
        let end = end.max(bounds.floor.0);
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            bounds,
            end: watch::Sender::new(end),
            room: Room::new(bounds.queue_bytes),
            live: Mutex::new(live),
            accounts: Mutex::new(Accounts::new()),
            failed_in_row: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        });
        seal_closed(&shared, &mut index)?;
        let sums = index.accounts().map_err(|e| index_fault(folder, e))?;
        crate::engine::hold(&shared.accounts).merge_all(&sums);
        let damaged = index.damaged().map_err(|e| index_fault(folder, e))?;
        if !damaged.is_empty() {
            tracing::warn!(segments = ?damaged, "damaged journal segments are kept for repair; see `wardwatch verify --deep`");
        }
        recovery.end = Cursor(end);
        recovery.segments = crate::engine::hold(&shared.live).len() as u64;
        let (queue, jobs) = sync_channel(JOURNAL_QUEUE_BATCHES);
        let (sealer, seals) = sync_channel::<SealJob>(JOURNAL_SEALS_WAITING);
        let mut sealing = open_index(folder)?;
        let writer = Writer::new(Arc::clone(&shared), open_index(folder)?, sealer);
        let of_sealer = Arc::clone(&shared);
        let threads = vec![
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(&jobs))?,
            std::thread::Builder::new()
                .name("journal-seal".to_owned())
                .spawn(move || seal::run(&of_sealer, &mut sealing, &seals))?,
        ];
        let journal = Self {
            shared,
            readers: Readers::default(),
            index: Mutex::new(index),
            damaged: Mutex::new(damaged),
            queue: Some(queue),
            threads,
            _lock: lock,
        };
        Ok((journal, recovery))
    }
}

fn index_fault(folder: &Path, why: impl std::fmt::Display) -> OpenFault {
    OpenFault::Index { path: folder.join("index.db"), why: why.to_string() }
}

fn open_index(folder: &Path) -> Result<Index, OpenFault> {
    let path = folder.join("index.db");
    if !path.exists()
        && let Some(number) = files(folder).first()
    {
        let why = format!("is missing, but segment {number}.db is there: restore both from one backup");
        return Err(OpenFault::Index { path, why });
    }
    Index::open(folder).map_err(|e| index_fault(folder, e))
}

/// Numbers of the segment files in the folder.
fn files(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(".db")?.parse().ok()).collect()
}

/// Removes files that were made but never entered in the index. One with lines in it means that the index is older.
fn remove_strays(folder: &Path, listed: &[Listed]) -> Result<(), OpenFault> {
    for number in files(folder).into_iter().filter(|number| listed.iter().all(|s| s.number != *number)) {
        let path = segment::path(folder, number);
        let holds = segment::open(&path)
            .and_then(|conn| if segment::version(&conn)? == 0 { Ok(None) } else { segment::last(&conn) })
            .map_err(|e| OpenFault::Segment { path: path.clone(), after: Cursor(0), why: e.to_string() })?;
        if let Some(last) = holds {
            let why =
                format!("does not know {}, which ends at line {last}: restore both from one backup", path.display());
            return Err(index_fault(folder, why));
        }
        segment::remove(folder, number).map_err(|e| index_fault(folder, e))?;
    }
    Ok(())
}

/// Closes what was open, removes what was covered, and gives the journal's end and the segments that can be read.
fn recover(folder: &Path, index: &mut Index, recovery: &mut Recovery) -> Result<(u64, Vec<Live>), OpenFault> {
    let listed = index.segments().map_err(|e| index_fault(folder, e))?;
    let removed: Vec<u64> = listed.iter().filter(|s| s.state == State::Removed).map(|s| s.number).collect();
    if !removed.is_empty() {
        index.drop_segments(&removed).map_err(|e: IndexFault| index_fault(folder, e))?;
    }
    remove_strays(folder, &listed)?;
    for open in listed.iter().filter(|s| s.state == State::Open) {
        let known = recovery.damage.len();
        let end = last_line(folder, open, recovery)?;
        if recovery.damage.len() > known {
            index.mark_damaged(open.number).map_err(|e| index_fault(folder, e))?;
        }
        index.close(open.number, end).map_err(|e| index_fault(folder, e))?;
    }
    let end = index.end().map_err(|e| index_fault(folder, e))?;
    let live = index
        .segments()
        .map_err(|e| index_fault(folder, e))?
        .into_iter()
        .filter(|s| s.state != State::Removed)
        .map(|s| Live { number: s.number, first: s.first, last: s.last, state: s.state })
        .collect();
    Ok((end, live))
}

/// The last committed line of a segment that was left open. SQLite drops what was not committed whole.
fn last_line(folder: &Path, open: &Listed, recovery: &mut Recovery) -> Result<u64, OpenFault> {
    let path = segment::path(folder, open.number);
    let before = open.first.saturating_sub(1);
    let fault = |why: String| OpenFault::Segment { path: path.clone(), after: Cursor(before), why };
    recovery.reopened += 1;
    if !path.exists() {
        // Somebody moved it away: its numbers may stand in cursors and must not come again.
        recovery.vanished_from = Some(open.first);
        return Ok(before + LOST_LINES_MAX);
    }
    let conn = segment::open(&path).map_err(|e| fault(e.to_string()))?;
    match segment::version(&conn).map_err(|e| fault(e.to_string()))? {
        0 => return Ok(before),
        version if segment::readable(version) => {}
        newer => return Err(fault(format!("written by a newer version (format {newer})"))),
    }
    let last = segment::last(&conn).map_err(|e| fault(e.to_string()))?.unwrap_or(before);
    recovery.recovered_lines += last.saturating_sub(before);
    recovery.damage.extend(check::segment(&conn, &path, open.first, last).damage);
    Ok(last)
}

fn seal_closed(shared: &Arc<Shared>, index: &mut Index) -> Result<(), OpenFault> {
    let closed: Vec<(u64, u64)> = crate::engine::hold(&shared.live)
        .iter()
        .filter(|s| s.state == State::Closed)
        .filter_map(|s| Some((s.number, s.last?)))
        .collect();
    for (number, last) in closed {
        let job = SealJob { number, last, accounts: None, checkpoint: true };
        seal::seal(shared, index, &job).map_err(|e| index_fault(&shared.folder, e))?;
        for live in crate::engine::hold(&shared.live).iter_mut().filter(|s| s.number == number) {
            live.state = State::Sealed;
        }
    }
    Ok(())
}
