//! CPU seconds by stage of the line: who spends the budget.
//!
//! A worker thread measures itself (its thread's CPU clock) around each call into a stage, so waiting costs nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// The stages that share worker threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Stage {
    /// Reading journal batches back.
    Read,
    /// Lines to events.
    Parse,
    /// Events against rules.
    Detect,
    /// Committing alerts.
    Commit,
    /// Rows and L0 segments.
    Lake,
    /// Compaction to L1.
    Compact,
}

const STAGES: [(Stage, &str); 6] = [
    (Stage::Read, "read"),
    (Stage::Parse, "parse"),
    (Stage::Detect, "detect"),
    (Stage::Commit, "commit"),
    (Stage::Lake, "lake"),
    (Stage::Compact, "compact"),
];

/// CPU microseconds per stage since the start.
#[derive(Debug, Default)]
pub struct StageMeter([AtomicU64; 6]);

impl StageMeter {
    /// Runs `work` and bills its thread's CPU time to `stage`.
    pub fn bill<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let before = thread_cpu_micros();
        let done = work();
        let spent = thread_cpu_micros().saturating_sub(before);
        if let Some(meter) = self.0.get(stage as usize) {
            meter.fetch_add(spent, Ordering::Relaxed);
        }
        done
    }

    /// Name and CPU seconds of each stage.
    pub fn seconds(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        STAGES.iter().zip(&self.0).map(|((_, name), micros)| (*name, micros.load(Ordering::Relaxed) as f64 / 1e6))
    }
}

/// CPU time of this thread so far.
pub fn thread_cpu_micros() -> u64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    (at.tv_sec as u64) * 1_000_000 + (at.tv_nsec as u64) / 1_000
}
