//! A few of the events that came in, from which the gates of rules are chosen: what is rare here opens few rules.
//!
//! Kept in memory only, of every hospital alike, and looked at by nobody but the compiler.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_detect::{Lesson, Program};
use wardwatch_event::EventBatch;
use wardwatch_limits::{SAMPLE_BATCHES, SAMPLE_EVENTS, SAMPLE_EVERY};

/// The newest batches that were kept.
#[derive(Debug, Default)]
pub struct Samples {
    kept: Mutex<VecDeque<Arc<EventBatch>>>,
    windows: AtomicU64,
    /// They were enough for a first choice, and nobody has chosen yet.
    ripe: AtomicBool,
    chosen: AtomicBool,
}

impl Samples {
    /// A window was looked at.
    pub fn see(&self, batches: &[Arc<EventBatch>]) {
        if !self.windows.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLE_EVERY) {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for batch in batches.iter().filter(|batch| batch.len() <= SAMPLE_EVENTS) {
            kept.push_back(Arc::clone(batch));
        }
        let over = kept.len().saturating_sub(SAMPLE_BATCHES);
        kept.drain(..over);
        if !self.chosen.load(Ordering::Relaxed) && kept.iter().map(|batch| batch.len()).sum::<usize>() >= SAMPLE_EVENTS
        {
            self.ripe.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there are enough for the first time: rules that were compiled without them should be compiled anew.
    pub fn are_ripe(&self) -> bool {
        self.ripe.swap(false, Ordering::Relaxed) && !self.chosen.swap(true, Ordering::Relaxed)
    }

    /// Chooses the program's gates by what came in; without samples they stay as guessed.
    pub fn train(&self, program: &mut Program) {
        let kept: Vec<_> = self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        if kept.is_empty() {
            return;
        }
        let mut lesson = Lesson::new(program);
        kept.iter().for_each(|batch| lesson.look(batch));
        let training = lesson.training();
        program.train(&training);
    }
}
