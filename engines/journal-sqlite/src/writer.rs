//! The one thread that writes: takes whatever queued while the disk synced the commit before, commits it as one
//! transaction, then answers. There is no timer: an idle disk is used at once, a busy one makes the groups larger.

use crate::engine::{Live, Shared, hold};
use crate::group::Group;
use crate::index::{Index, State};
use crate::seal::SealJob;
use crate::segment::{self, Entry};
use crate::space;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use tokio::sync::oneshot;
use wardwatch_journal::{Accounts, AppendFault, Appended};

/// A batch and who waits for the answer.
pub(crate) struct Job {
    pub(crate) entry: Entry,
    pub(crate) answer: oneshot::Sender<Result<Appended, AppendFault>>,
}

/// The segment that is written.
struct Active {
    number: u64,
    conn: Connection,
    bytes: u64,
    accounts: Accounts,
}

/// A segment whose keys are not in the index yet.
pub(crate) struct Unsealed {
    pub(crate) number: u64,
    pub(crate) last: u64,
    pub(crate) conn: Connection,
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    index: Index,
    sealer: SyncSender<SealJob>,
    active: Option<Active>,
    /// A segment that was entered in the index but must not be written any more.
    broken: Option<u64>,
    unsealed: Vec<Unsealed>,
    /// A segment that was made, empty, and that the index may or may not know: the next try enters it.
    spare: Option<(u64, Connection)>,
    end: u64,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, index: Index, sealer: SyncSender<SealJob>) -> Self {
        let end = *shared.end.borrow();
        Self { shared, index, sealer, active: None, broken: None, unsealed: Vec::new(), spare: None, end }
    }

    /// Runs until nobody can append any more, then seals.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let jobs: Vec<Job> = std::iter::once(first).chain(queue.try_iter()).collect();
            let bytes: usize = jobs.iter().map(|job| job.entry.blob.len()).sum();
            self.group(jobs, bytes);
        }
        if let Some(active) = self.active.take() {
            match self.index.close(active.number, self.end) {
                Ok(()) => self.hand_to_sealer(active),
                Err(e) => tracing::warn!(error = %e, "the journal's last segment stays open, the next start closes it"),
            }
        }
    }

    fn group(&mut self, jobs: Vec<Job>, bytes: usize) {
        let (entries, answers): (Vec<Entry>, Vec<_>) = jobs.into_iter().map(|job| (job.entry, job.answer)).unzip();
        let committed = self.commit(&entries, bytes as u64);
        // Before anybody is answered: whoever was may append again at once.
        entries.iter().for_each(|entry| self.shared.room.give_back(entry.blob.len()));
        match committed {
            Ok(outcomes) => {
                self.shared.failed_in_row.store(0, Ordering::Relaxed);
                for (outcome, answer) in outcomes.into_iter().zip(answers) {
                    // A sender that has gone away sends again and is answered from its key.
                    let _ = answer.send(outcome);
                }
            }
            Err(fault) => {
                self.shared.failed_in_row.fetch_add(1, Ordering::Relaxed);
                self.shared.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(error = %fault, batches = answers.len(), "the journal refuses");
                for answer in answers {
                    let _ = answer.send(Err(fault.clone()));
                }
            }
        }
        if self.active.is_some()
            && self.is_full_or_none()
            && let Err(fault) = self.rotate()
        {
            tracing::error!(error = %fault, "the journal cannot open its next segment and refuses until it can");
        }
    }

    /// Whether the next line needs a new segment.
    fn is_full_or_none(&self) -> bool {
        self.active.as_ref().is_none_or(|active| active.bytes >= self.shared.bounds.segment_bytes)
    }

    /// All of the group is durable, or none of it.
    fn commit(&mut self, entries: &[Entry], bytes: u64) -> Result<Vec<Result<Appended, AppendFault>>, AppendFault> {
        space::check(&self.shared.folder, bytes, self.shared.bounds.reserve_bytes)?;
        // A full segment takes no line: if closing it failed, the index may say after a crash that it ended there.
        if self.is_full_or_none() {
            self.rotate()?;
        }
        self.drop_sealed();
        let Some(active) = self.active.as_mut() else {
            return Err(AppendFault::Busy("it has no segment to write to".to_owned()));
        };
        let group =
            Group { conn: &active.conn, index: &self.index, unsealed: &self.unsealed, node: self.shared.bounds.node };
        match group.commit(self.end, entries) {
            Ok(done) => {
                active.bytes += bytes;
                active.accounts.merge_all(&done.accounts);
                self.end = done.end;
                // Under one lock, so that nobody sees the one without the other; and before anybody is answered, so that
                // who was answered can read the lines.
                let mut accounts = hold(&self.shared.accounts);
                accounts.merge_all(&done.accounts);
                self.shared.end.send_replace(done.end);
                drop(accounts);
                Ok(done.outcomes)
            }
            Err(fault) => {
                let fault = space::append_fault(&segment::path(&self.shared.folder, active.number), &fault);
                self.abandon();
                Err(fault)
            }
        }
    }

    /// Never writes this file again: after a failed write or sync nobody knows what of it is on disk.
    fn abandon(&mut self) {
        if let Some(active) = self.active.take() {
            self.broken = Some(active.number);
            // Its accounts are counted anew from the file, up to the last line that was acknowledged.
            drop(active);
        }
    }

    /// Opens the next segment and closes the one at hand. What fails here is tried again with the next append, which is
    /// refused until it succeeds.
    fn rotate(&mut self) -> Result<(), AppendFault> {
        let (number, conn) = match self.spare.take() {
            Some(spare) => spare,
            None => self.make_segment()?,
        };
        let old = self.active.as_ref().map(|active| active.number).or(self.broken);
        if let Err(fault) = self.index.rotate(old, self.end, number) {
            // It may be on disk all the same, so the file stays and is used by the next try.
            self.spare = Some((number, conn));
            return Err(space::append_fault(&self.shared.folder.join("index.db"), &fault));
        }
        match (self.active.take(), self.broken.take()) {
            (Some(active), _) => self.hand_to_sealer(active),
            (None, Some(broken)) => self.leave_broken(broken),
            (None, None) => {}
        }
        let live = Live { number, first: self.end + 1, last: None, state: State::Open };
        hold(&self.shared.live).push(live);
        self.active = Some(Active { number, conn, bytes: 0, accounts: Accounts::new() });
        Ok(())
    }

    /// An empty segment whose name is durable.
    fn make_segment(&self) -> Result<(u64, Connection), AppendFault> {
        let folder = &self.shared.folder;
        let fault = |e: rusqlite::Error| space::append_fault(folder, &e);
        let number = free_number(folder, self.index.number().map_err(fault)?);
        let made = segment::create(&segment::path(folder, number)).map_err(fault).and_then(|conn| {
            sync_folder(folder).map_err(|e| AppendFault::Io(format!("{}: {e}", folder.display())))?;
            Ok((number, conn))
        });
        if made.is_err() {
            // Nothing is in it, and the index was not told. If it stays, the next start removes it.
            let _ = segment::remove(folder, number);
        }
        made
    }

    fn hand_to_sealer(&mut self, active: Active) {
        let Active { number, conn, accounts, .. } = active;
        self.set_last(number);
        self.unsealed.push(Unsealed { number, last: self.end, conn });
        self.to_sealer(SealJob { number, last: self.end, accounts: Some(accounts), checkpoint: true });
    }

    fn leave_broken(&mut self, number: u64) {
        self.set_last(number);
        let path = segment::path(&self.shared.folder, number);
        match segment::open(&path) {
            Ok(conn) => self.unsealed.push(Unsealed { number, last: self.end, conn }),
            Err(e) => tracing::warn!(segment = number, error = %e, "the failed journal segment cannot be opened"),
        }
        self.to_sealer(SealJob { number, last: self.end, accounts: None, checkpoint: false });
    }

    fn set_last(&self, number: u64) {
        for segment in hold(&self.shared.live).iter_mut().filter(|s| s.number == number) {
            (segment.last, segment.state) = (Some(self.end), State::Closed);
        }
    }

    fn to_sealer(&self, job: SealJob) {
        if self.sealer.send(job).is_err() {
            tracing::error!("the journal's sealer has stopped; the next start seals");
        }
    }

    /// Keys of sealed segments are found in the index from now on.
    fn drop_sealed(&mut self) {
        if self.unsealed.is_empty() {
            return;
        }
        let live = hold(&self.shared.live);
        self.unsealed.retain(|own| live.iter().any(|s| s.number == own.number && s.state == State::Closed));
    }
}

/// The next number that no file has: a file is never written by two segments.
fn free_number(folder: &std::path::Path, highest: u64) -> u64 {
    (highest + 1..).find(|number| !segment::path(folder, *number).exists()).unwrap_or(u64::MAX)
}

/// Makes the names of new files durable.
fn sync_folder(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test that meets what it did not expect has to stop")]
mod tests {
    use crate::{Bounds, SqliteJournal};
    use wardwatch_event::Received;
    use wardwatch_ident::{Cursor, SourceId, TenantId, Timestamp};
    use wardwatch_journal::{AppendFault, Journal};

    fn lines_of(journal: &SqliteJournal) -> usize {
        journal.read(Cursor(0), usize::MAX).expect("readable").iter().map(|batch| batch.received.len()).sum()
    }

    #[test]
    fn a_full_segment_that_cannot_be_closed_takes_no_line_until_it_can() {
        let folder = std::env::temp_dir().join(format!("wardwatch-journal-stuck-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let bounds = Bounds { reserve_bytes: 0, segment_bytes: 1, ..Bounds::default() };
        let (journal, _) = SqliteJournal::open(&folder, bounds).expect("opens");
        let append = || {
            let one = Received::of_lines(TenantId(1), SourceId(2), Timestamp::default(), &[b"a line"]);
            futures::executor::block_on(journal.append(one))
        };
        let index = || rusqlite::Connection::open(folder.join("index.db")).expect("the index");
        append().expect("stored");
        // Entering a segment fails, whatever the disk does: as if the index could not be written.
        index()
            .execute_batch("CREATE TRIGGER stuck BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'stuck'); END")
            .expect("stuck");
        // The rotation behind the first append may have been quicker than the trigger.
        let stored = 1 + u64::from(append().is_ok());
        for n in 1..=4 {
            assert!(matches!(append(), Err(AppendFault::Io(why)) if why.contains("index.db")), "try {n}");
            assert_eq!(journal.end(), Cursor(stored), "nothing went into the full segment");
        }
        assert!(journal.failures().0 >= 4, "health sees it");
        let files = || std::fs::read_dir(&folder).expect("the folder").flatten().map(|e| e.path());
        let segments = || files().filter(|p| p.extension().is_some_and(|e| e == "db")).count() as u64 - 1;
        assert!(segments() <= stored + 1, "tries do not leave a file each: {}", segments());
        index().execute_batch("DROP TRIGGER stuck").expect("mended");
        append().expect("stored again");
        assert_eq!(journal.failures().0, 0);
        assert_eq!(lines_of(&journal) as u64, stored + 1);
        drop(journal);
        let (journal, recovery) = SqliteJournal::open(&folder, bounds).expect("opens again");
        assert_eq!((recovery.end, recovery.damage.len(), recovery.vanished_from), (Cursor(stored + 1), 0, None));
        let account: u64 = journal.accounts().expect("accounts").iter().map(|(_, _, a)| a.lines).sum();
        assert_eq!((lines_of(&journal) as u64, account), (stored + 1, stored + 1));
        drop(journal);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
