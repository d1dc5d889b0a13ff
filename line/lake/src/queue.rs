//! Windows of parsed lines that wait for the lake's writer, bounded in bytes. What does not fit, or does not follow, is
//! declined: the writer reads it again from the journal. Whoever offers never waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardwatch_event::EventBatch;
use wardwatch_ident::Cursor;
use wardwatch_limits::LAKE_QUEUE_BYTES;

/// Consecutive batches: every line after `after` up to and with `through`.
#[derive(Clone, Debug)]
pub struct Window {
    /// The last line before the window.
    pub after: Cursor,
    /// The last line in it.
    pub through: Cursor,
    /// The batches, in the journal's order. Lines without a batch (rejections only) need none.
    pub batches: Vec<Arc<EventBatch>>,
}

/// The answer to an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// Will be written, or is already.
    Taken,
    /// Out of order or over the budget: the lake reads it again by itself, the line goes on.
    Declined,
}

/// Memory that a batch stands for, roughly: its bytes, spans into them, and heads.
pub(crate) fn weight(batch: &EventBatch) -> usize {
    batch.lines.received.bytes.len() * 2 + batch.len() * 64 + 256
}

/// The queue, and how far lines were taken.
#[derive(Debug)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Debug)]
struct Waiting {
    windows: VecDeque<(usize, Window)>,
    bytes: usize,
    taken: Cursor,
    /// The last line of the furthest window that was declined: up to there the writer reads by itself.
    declined: Cursor,
}

impl Queue {
    /// Starts where the catalogue ends. Nobody knows yet what the journal holds beyond: everything counts as declined.
    pub fn new(taken: Cursor) -> Self {
        let declined = Cursor(u64::MAX);
        Self(Mutex::new(Waiting { windows: VecDeque::new(), bytes: 0, taken, declined }))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a window if it follows and fits; one that is covered already is fine.
    pub fn offer(&self, mut window: Window) -> Offer {
        let mut waiting = self.lock();
        if window.through <= waiting.taken {
            return Offer::Taken;
        }
        let taken = waiting.taken;
        let straddles = |batch: &EventBatch| batch.lines.first.seq() <= taken.0 && batch.lines.through() > taken;
        let fits = |bytes: usize| waiting.bytes + bytes <= LAKE_QUEUE_BYTES;
        if window.after < taken {
            if window.batches.iter().any(|batch| straddles(batch)) {
                waiting.declined = waiting.declined.max(window.through);
                return Offer::Declined;
            }
            window.batches.retain(|batch| batch.lines.first.seq() > taken.0);
            window.after = taken;
        }
        let bytes = window.batches.iter().map(|batch| weight(batch)).sum::<usize>();
        if window.after != taken || !fits(bytes) {
            waiting.declined = waiting.declined.max(window.through);
            return Offer::Declined;
        }
        waiting.taken = window.through;
        waiting.bytes += bytes;
        waiting.windows.push_back((bytes, window));
        Offer::Taken
    }

    /// The next window.
    pub fn pop(&self) -> Option<Window> {
        let mut waiting = self.lock();
        let (bytes, window) = waiting.windows.pop_front()?;
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        Some(window)
    }

    /// Where to read again from, if something was declined and everything taken has been popped.
    pub fn behind(&self) -> Option<Cursor> {
        let waiting = self.lock();
        (waiting.windows.is_empty() && waiting.declined > waiting.taken).then_some(waiting.taken)
    }

    /// How far lines were taken.
    pub fn taken(&self) -> Cursor {
        self.lock().taken
    }

    /// Notes that the writer read on by itself, from `after` to `through`, unless an offer was quicker. `end` says that
    /// there was nothing more.
    pub fn reread(&self, after: Cursor, through: Cursor, end: bool) -> bool {
        let mut waiting = self.lock();
        if waiting.taken != after {
            return false;
        }
        waiting.taken = through;
        if end {
            waiting.declined = through;
        }
        true
    }

    /// Forgets what waits and begins again after `at`.
    pub fn restart(&self, at: Cursor) {
        *self.lock() = Waiting { windows: VecDeque::new(), bytes: 0, taken: at, declined: Cursor(u64::MAX) };
    }

    /// Bytes waiting.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Asks the writer to look into the journal once more, whatever was offered.
    pub fn doubt(&self) {
        self.lock().declined = Cursor(u64::MAX);
    }
}
