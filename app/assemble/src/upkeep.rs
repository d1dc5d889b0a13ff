//! The machine's chores: compaction, a look at which rules are awake, retention, removal of files nobody needs.

use crate::machine::{Chores, Machine};
use crate::stages::Stage;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// How often there may be something to compact.
const COMPACT: Duration = Duration::from_secs(30);
/// Retention and sweeping every so many rounds (an hour).
const SWEEP_ROUNDS: u32 = 120;

/// A clock that is so far ahead of the newest line is not believed by retention.
const CLOCK_AHEAD_MICROS: i64 = 7 * 86_400_000_000;

/// Runs until `closing` turns true. A chore that fails is counted, logged and tried again the next time.
pub async fn run(machine: Arc<Machine>, mut closing: watch::Receiver<bool>) {
    let mut round = 0u32;
    loop {
        if compact(&machine, &closing).await.is_err() {
            Chores::count(&machine.chores.upkeep_faults);
        }
        // Not at the start: a machine that woke with a wrong clock has a while to be put right.
        if round % SWEEP_ROUNDS == SWEEP_ROUNDS - 1 && sweep(&machine).await.is_err() {
            Chores::count(&machine.chores.upkeep_faults);
        }
        crate::awake::look(&machine, round).await;
        round = round.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(COMPACT) => {}
            _ = closing.changed() => return,
        }
    }
}

async fn compact(machine: &Machine, closing: &watch::Receiver<bool>) -> Result<(), ()> {
    let failed = |fault: &dyn std::fmt::Display| {
        tracing::error!(%fault, "compaction failed; the small files stay in use");
    };
    let jobs = machine.lake.jobs(machine.clock.now()).map_err(|fault| failed(&fault))?;
    for job in jobs {
        if *closing.borrow() {
            break;
        }
        let mut job = std::pin::pin!(machine.lake.run(job, machine.clock.now()));
        let done = std::future::poll_fn(|cx| machine.stages.bill(Stage::Compact, || job.as_mut().poll(cx))).await;
        let done = done.map_err(|fault| failed(&fault))?;
        machine.chores.files_compacted.fetch_add(done.map_or(0, |done| done.files), Ordering::Relaxed);
    }
    Ok(())
}

async fn sweep(machine: &Machine) -> Result<(), ()> {
    let now = machine.clock.now();
    let newest = machine.catalogue.all_live().map_err(|_| ())?.iter().map(|file| file.received.1).max();
    if newest.is_some_and(|newest| now.micros_since(newest) > CLOCK_AHEAD_MICROS) {
        Chores::count(&machine.chores.expiry_held);
        tracing::error!(%now, ?newest, "nothing was received for a week, or the clock is wrong: no file is expired");
        return Ok(());
    }
    match machine.lake.expire_all(machine.config.retention_days, now).await {
        Ok(gone) => {
            for (tenant, files) in gone {
                tracing::info!(tenant.id = %tenant, files, "files past retention are no longer searched");
            }
        }
        Err(fault) => {
            tracing::error!(%fault, "retention failed");
            return Err(());
        }
    }
    match machine.lake.sweep(now).await {
        Ok(swept) => {
            machine.chores.files_removed.fetch_add(swept.retired + swept.orphans, Ordering::Relaxed);
            Ok(())
        }
        Err(fault) => {
            tracing::error!(%fault, "removing old files failed");
            Err(())
        }
    }
}
