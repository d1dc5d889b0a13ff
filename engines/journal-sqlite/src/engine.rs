//! The journal that everybody else sees: appends go to the writer's queue, reads go straight to the files.

use crate::index::{Index, State};
use crate::lock::DataLock;
use crate::read::Readers;
use crate::room::Room;
use crate::segment::Entry;
use crate::writer::Job;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{oneshot, watch};
use wardwatch_event::{LineBatch, Received};
use wardwatch_ident::{Cursor, NodeId};
use wardwatch_journal::{Accounts, AppendFault, Appended, Journal, JournalAccounts, ReadFault, body_hash, pack};
use wardwatch_limits as limits;
use wardwatch_limits::JOURNAL_QUEUE_BATCHES;

/// What the journal keeps within; tests choose smaller ones.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Goes into the id of every line.
    pub node: NodeId,
    /// Bytes that may wait for the disk.
    pub queue_bytes: usize,
    /// A segment is sealed when it has this many.
    pub segment_bytes: u64,
    /// What must stay free on the disk.
    pub reserve_bytes: u64,
    /// Batch keys remembered per source at least.
    pub keys_per_source: usize,
    /// No line gets a number up to this one: the highest cursor that any consumer has committed. Guards against a
    /// journal that was restored older than its consumers.
    pub floor: Cursor,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            node: NodeId(0),
            queue_bytes: limits::JOURNAL_QUEUE_BYTES,
            segment_bytes: limits::SEGMENT_BYTES,
            reserve_bytes: limits::DISK_RESERVE_BYTES,
            keys_per_source: limits::BATCH_KEYS_PER_SOURCE,
            floor: Cursor(0),
        }
    }
}

/// Bytes of lines up to which a batch is packed where it is appended: some milliseconds.
const PACKED_AT_ONCE: usize = 1024 * 1024;

const STOPPED: &str = "its writer has stopped";

/// One segment that can be read.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) number: u64,
    pub(crate) first: u64,
    /// `None` while it is written: up to the journal's end then.
    pub(crate) last: Option<u64>,
    pub(crate) state: State,
}

/// What the threads tell each other.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) bounds: Bounds,
    pub(crate) end: watch::Sender<u64>,
    pub(crate) room: Room,
    pub(crate) live: Mutex<Vec<Live>>,
    pub(crate) accounts: Mutex<Accounts>,
    /// Groups that could not be written since the last one that could.
    pub(crate) failed_in_row: AtomicU64,
    /// All of them.
    pub(crate) failed: AtomicU64,
}

impl Shared {
    /// Whether a segment is still there.
    pub(crate) fn is_live(&self, number: u64) -> bool {
        hold(&self.live).iter().any(|segment| segment.number == number)
    }
}

/// A lock's content; a thread that panicked while holding it has left nothing half done in these.
pub(crate) fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lines in SQLite segment files below one folder. Dropping it seals what was written.
pub struct SqliteJournal {
    pub(crate) shared: Arc<Shared>,
    pub(crate) readers: Readers,
    pub(crate) index: Mutex<Index>,
    pub(crate) damaged: Mutex<BTreeSet<u64>>,
    pub(crate) queue: Option<SyncSender<Job>>,
    pub(crate) threads: Vec<JoinHandle<()>>,
    pub(crate) _lock: DataLock,
}

impl std::fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteJournal").field("folder", &self.shared.folder).field("end", &self.end()).finish()
    }
}

impl SqliteJournal {
    /// Bytes that wait for the disk now.
    pub fn queued_bytes(&self) -> usize {
        self.shared.room.queued()
    }

    /// Groups of batches that could not be written: since the last one that could, and in all. Each failure closes its
    /// segment for good, and the next append opens a new one.
    pub fn failures(&self) -> (u64, u64) {
        (self.shared.failed_in_row.load(Ordering::Relaxed), self.shared.failed.load(Ordering::Relaxed))
    }

    /// Segment files on disk.
    pub fn segments(&self) -> usize {
        hold(&self.shared.live).len()
    }

    fn enqueue(&self, entry: Entry) -> Result<oneshot::Receiver<Result<Appended, AppendFault>>, AppendFault> {
        let bytes = entry.blob.len();
        self.shared.room.take(bytes).map_err(|queued| self.behind(queued))?;
        let (answer, answered) = oneshot::channel();
        let why = match &self.queue {
            Some(queue) => match queue.try_send(Job { entry, answer }) {
                Ok(()) => return Ok(answered),
                Err(TrySendError::Full(_)) => format!("{JOURNAL_QUEUE_BATCHES} batches wait for the disk"),
                Err(TrySendError::Disconnected(_)) => STOPPED.to_owned(),
            },
            None => STOPPED.to_owned(),
        };
        self.shared.room.give_back(bytes);
        Err(AppendFault::Busy(why))
    }

    fn behind(&self, queued: usize) -> AppendFault {
        AppendFault::Busy(format!("{} KiB wait for the disk", queued >> 10))
    }
}

/// Packs a batch. A large one takes seconds, which no other task of the runtime shall wait.
async fn prepare(batch: Received) -> Result<Entry, AppendFault> {
    if batch.bytes.len() > PACKED_AT_ONCE
        && let Ok(runtime) = tokio::runtime::Handle::try_current()
    {
        let packing = runtime.spawn_blocking(move || entry(&batch));
        return packing.await.unwrap_or_else(|e| Err(AppendFault::Io(format!("packing the batch failed: {e}"))));
    }
    entry(&batch)
}

fn entry(batch: &Received) -> Result<Entry, AppendFault> {
    let blob = pack(batch).map_err(|e| AppendFault::Io(e.to_string()))?;
    let body = batch.key.is_some().then(|| body_hash(batch));
    Ok(Entry {
        tenant: batch.tenant(),
        source: batch.source,
        lines: batch.len() as u64,
        bytes: batch.bytes.len() as u64,
        rejected: batch.rejected.clone(),
        key: batch.key.clone().zip(body),
        blob,
    })
}

impl Journal for SqliteJournal {
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Appended, AppendFault>> {
        async move {
            if self.queued_bytes() > self.shared.bounds.queue_bytes {
                return Err(self.behind(self.queued_bytes()));
            }
            let answered = self.enqueue(prepare(batch).await?)?;
            // A writer that is gone cannot say whether it committed; not acknowledging is the safe reading.
            answered.await.unwrap_or_else(|_| Err(AppendFault::Busy(STOPPED.to_owned())))
        }
        .boxed()
    }

    fn read(&self, after: Cursor, bytes_max: usize) -> Result<Vec<LineBatch>, ReadFault> {
        self.readers.read(&self.shared, after, bytes_max, &|number| self.damage_seen(number))
    }

    fn end(&self) -> Cursor {
        Cursor(*self.shared.end.borrow())
    }

    fn appended(&self, after: Cursor) -> BoxFuture<'_, ()> {
        let mut end = self.shared.end.subscribe();
        async move {
            // The sender lives as long as `self`, which this future borrows.
            let _ = end.wait_for(|end| *end > after.0).await;
        }
        .boxed()
    }

    fn covered(&self, through: Cursor) -> Result<(), ReadFault> {
        let mut live = hold(&self.shared.live);
        let gone: Vec<u64> = live
            .iter()
            .filter(|s| s.state == State::Sealed && s.last.is_some_and(|last| last <= through.0))
            .map(|s| s.number)
            .filter(|number| !self.stays_for_repair(*number))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        live.retain(|segment| !gone.contains(&segment.number));
        drop(live);
        self.readers.forget(&gone);
        hold(&self.index).drop_segments(&gone).map_err(|e| ReadFault::Io(e.to_string()))
    }

    fn accounts(&self) -> Result<JournalAccounts, ReadFault> {
        Ok(hold(&self.shared.accounts).list())
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the journal ended in a panic");
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test that meets what it did not expect has to stop")]
mod tests {
    use super::{Bounds, PACKED_AT_ONCE, SqliteJournal, hold, prepare};
    use futures::poll;
    use wardwatch_event::Received;
    use wardwatch_ident::{SourceId, TenantId, Timestamp};
    use wardwatch_journal::Journal;

    fn batch(bytes: usize) -> Received {
        let line = vec![b'x'; bytes];
        Received::of_lines(TenantId(1), SourceId(2), Timestamp::default(), &[line])
    }

    #[test]
    fn a_large_batch_is_not_packed_where_other_tasks_wait() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            // The only thread that may block is taken, so that nothing is packed unless it is packed here.
            let (go, wait) = std::sync::mpsc::sync_channel::<()>(1);
            let busy = tokio::task::spawn_blocking(move || wait.recv());
            assert!(poll!(std::pin::pin!(prepare(batch(PACKED_AT_ONCE)))).is_ready(), "a small one is packed at once");
            let mut large = std::pin::pin!(prepare(batch(PACKED_AT_ONCE + 1)));
            assert!(poll!(&mut large).is_pending());
            go.send(()).expect("it waits");
            assert_eq!(large.await.expect("packed").bytes, PACKED_AT_ONCE as u64 + 1);
            busy.await.expect("ended").expect("told to");
        });
        let alone = futures::executor::block_on(prepare(batch(PACKED_AT_ONCE + 1)));
        assert_eq!(alone.expect("packed without a runtime").lines, 1);
    }

    #[test]
    fn failures_are_counted_until_a_write_to_a_new_segment_succeeds() {
        let folder = std::env::temp_dir().join(format!("wardwatch-journal-failures-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let (journal, _) =
            SqliteJournal::open(&folder, Bounds { reserve_bytes: 0, ..Bounds::default() }).expect("opens");
        let append = || futures::executor::block_on(journal.append(batch(10)));
        append().expect("stored");
        assert_eq!(journal.failures(), (0, 0));
        let active = hold(&journal.shared.live).last().map(|live| live.number).expect("a segment");
        let other = rusqlite::Connection::open(crate::segment::path(&folder, active)).expect("opens");
        other.execute_batch("DROP TABLE batch").expect("damaged");
        assert!(append().is_err());
        assert_eq!(journal.failures(), (1, 1));
        append().expect("stored in a new segment");
        assert_eq!(journal.failures(), (0, 1));
        let now = hold(&journal.shared.live).last().map(|live| live.number).expect("a segment");
        assert!(now > active, "the file that failed is never written again");
        drop(journal);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
