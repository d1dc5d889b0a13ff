//! Sealing, in a thread of its own so that nobody waits for it: copies the WAL of a closed segment into its file and
//! its accounts and keys into the index.

use crate::engine::{Shared, hold};
use crate::index::{Index, IndexFault, State};
use crate::segment;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use wardwatch_journal::Accounts;

/// A segment that nobody writes any more.
pub(crate) struct SealJob {
    pub(crate) number: u64,
    /// Its last acknowledged line.
    pub(crate) last: u64,
    /// What it adds up to; `None` if that must be counted from the file.
    pub(crate) accounts: Option<Accounts>,
    /// Whether its file may be written: not after a failure.
    pub(crate) checkpoint: bool,
}

/// Runs until the writer is gone. What fails is tried again before the next one, and at the next start.
pub(crate) fn run(shared: &Arc<Shared>, index: &mut Index, jobs: &Receiver<SealJob>) {
    let mut waiting: Vec<SealJob> = Vec::new();
    while let Ok(job) = jobs.recv() {
        waiting.push(job);
        waiting.retain(|job| match seal(shared, index, job) {
            Ok(()) => {
                for live in hold(&shared.live).iter_mut().filter(|s| s.number == job.number) {
                    live.state = State::Sealed;
                }
                false
            }
            Err(e) => {
                tracing::error!(segment = job.number, error = %e, "a journal segment could not be sealed yet");
                true
            }
        });
    }
}

/// Seals one closed segment.
pub(crate) fn seal(shared: &Shared, index: &mut Index, job: &SealJob) -> Result<(), IndexFault> {
    let path = segment::path(&shared.folder, job.number);
    let keys = shared.bounds.keys_per_source;
    if !path.exists() {
        // Entered in the index, but its file was never made: nothing can be in it.
        return Ok(index.seal(job.number, &Accounts::new(), None, keys)?);
    }
    let conn = segment::open(&path)?;
    if segment::version(&conn)? == 0 {
        return Ok(index.seal(job.number, &Accounts::new(), None, keys)?);
    }
    if job.checkpoint
        && let Err(e) = segment::checkpoint(&conn)
    {
        // The lines are safe in the WAL and read from there.
        tracing::warn!(segment = job.number, error = %e, "the WAL of a journal segment stays beside it");
    }
    let counted = match &job.accounts {
        Some(accounts) => accounts.clone(),
        None => segment::accounts(&conn, job.last)?,
    };
    Ok(index.seal(job.number, &counted, Some((&conn, job.last)), keys)?)
}
