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
    end: u64,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, index: Index, sealer: SyncSender<SealJob>) -> Self {
        let end = *shared.end.borrow();
        Self { shared, index, sealer, active: None, broken: None, unsealed: Vec::new(), end }
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
        let full = self.active.as_ref().is_some_and(|active| active.bytes >= self.shared.bounds.segment_bytes);
        if full && let Err(fault) = self.rotate() {
            tracing::error!(error = %fault, "the journal cannot open its next segment");
        }
    }

    /// All of the group is durable, or none of it.
    fn commit(&mut self, entries: &[Entry], bytes: u64) -> Result<Vec<Result<Appended, AppendFault>>, AppendFault> {
        space::check(&self.shared.folder, bytes, self.shared.bounds.reserve_bytes)?;
        if self.active.is_none() {
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

    /// Opens the next segment and closes the one at hand. What fails here is tried again with the next append.
    fn rotate(&mut self) -> Result<(), AppendFault> {
        let folder = self.shared.folder.clone();
        let fault = |e: rusqlite::Error| space::append_fault(&folder, &e);
        let number = free_number(&folder, self.index.number().map_err(fault)?);
        let old = self.active.as_ref().map(|active| active.number).or(self.broken);
        let made = segment::create(&segment::path(&folder, number)).map_err(fault).and_then(|conn| {
            sync_folder(&folder).map_err(|e| AppendFault::Io(format!("{}: {e}", folder.display())))?;
            self.index.rotate(old, self.end, number).map_err(fault)?;
            Ok(conn)
        });
        let conn = match made {
            Ok(conn) => conn,
            Err(fault) => {
                // Nothing is in it. If it stays, the next start removes it.
                let _ = segment::remove(&folder, number);
                return Err(fault);
            }
        };
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
