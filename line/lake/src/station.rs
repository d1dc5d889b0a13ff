//! The lake at work: windows in, hot rows searchable, files published. One writer; many may offer and look.
//!
//! The caller owns the loop and the clock: `step` does one turn and says whether there is more to do.

use crate::counts::Counts;
use crate::fault::LakeFault;
use crate::hot::{Building, Hot};
use crate::naming::SegmentIds;
use crate::ports::{Catalogue, CatalogueFault, Replay, SegmentStore, SourceNames};
use crate::queue::{Offer, Queue, Window};
use crate::writer::{Flush, Flushed};
use futures::lock::Mutex;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use wardwatch_event::EventBatch;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, Timestamp};
use wardwatch_limits::{FLUSH_MS, HOT_BYTES, HOT_CHUNK_MS, POISONED_BATCHES, WINDOW_BYTES};

/// What the lake is made of.
#[derive(Clone)]
pub struct Parts {
    /// Which files there are.
    pub catalogue: Arc<dyn Catalogue>,
    /// The files.
    pub store: Arc<dyn SegmentStore>,
    /// Short names of sources.
    pub names: Arc<dyn SourceNames>,
    /// Fresh at every start: names of files depend on it.
    pub seed: u64,
}

/// The lake of one process.
pub struct Lake {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) store: Arc<dyn SegmentStore>,
    pub(crate) names: Arc<dyn SourceNames>,
    pub(crate) ids: SegmentIds,
    pub(crate) hot: Hot,
    pub(crate) queue: Queue,
    writing: Mutex<Writing>,
    pub(crate) counts: Counts,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// The writer's own state.
#[derive(Debug)]
struct Writing {
    building: Building,
    /// The last line that a file covers.
    published: Cursor,
    /// The last line in a builder or a chunk.
    through: Cursor,
    /// Since when rows wait for a file.
    since: Option<Timestamp>,
    /// When something was last taken or looked for.
    looked: Timestamp,
    /// First lines of batches of which no rows could be made.
    poisoned: BTreeSet<u64>,
}

/// What a turn did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Step {
    /// Lines were taken in: turn again at once.
    pub more: bool,
    /// A flush, if there was one.
    pub flushed: Option<Flushed>,
}

impl Lake {
    /// Opens the lake where the catalogue ends.
    ///
    /// # Errors
    /// The catalogue's.
    pub fn open(parts: Parts) -> Result<Self, LakeFault> {
        let cursor = parts.catalogue.cursor()?;
        let writing = Writing {
            building: Building::default(),
            published: cursor,
            through: cursor,
            since: None,
            looked: Timestamp::default(),
            poisoned: BTreeSet::new(),
        };
        Ok(Self {
            catalogue: parts.catalogue,
            store: parts.store,
            names: parts.names,
            ids: SegmentIds::new(parts.seed),
            hot: Hot::default(),
            queue: Queue::new(cursor),
            writing: Mutex::new(writing),
            counts: Counts::default(),
        })
    }

    /// Offers parsed lines. Never waits.
    pub fn offer(&self, window: Window) -> Offer {
        let answer = self.queue.offer(window);
        if answer == Offer::Declined {
            self.counts.declined();
        }
        answer
    }

    /// One turn: takes a window (or reads one again), cuts chunks, flushes when it is time. Call it at once while
    /// `more`, else every half second or when something was offered.
    ///
    /// # Errors
    /// Nothing is lost: rows stay hot, and the next turn tries again.
    pub async fn step(&self, now: Timestamp, replay: &dyn Replay) -> Result<Step, LakeFault> {
        let mut writing = self.writing.lock().await;
        let full = |writing: &Writing| self.hot.bytes() + writing.building.bytes() >= HOT_BYTES / 4 * 3;
        let more = !full(&writing) && self.take(&mut writing, now, replay).await?;
        self.hot.add(writing.building.cut(now, false)?)?;
        let due = writing.since.is_some_and(|since| now.micros_since(since) >= FLUSH_MS * 1_000);
        let flushed = if due || full(&writing) { Some(self.flush_locked(&mut writing, now).await?) } else { None };
        Ok(Step { more, flushed })
    }

    /// Cuts and publishes everything taken so far: at the end of a drain, and for tests.
    ///
    /// # Errors
    /// As [`Lake::step`].
    pub async fn flush(&self, now: Timestamp) -> Result<Flushed, LakeFault> {
        let mut writing = self.writing.lock().await;
        while let Some(window) = self.queue.pop() {
            self.append(&mut writing, window.through, &window.batches, now)?;
        }
        self.flush_locked(&mut writing, now).await
    }

    async fn take(&self, writing: &mut Writing, now: Timestamp, replay: &dyn Replay) -> Result<bool, LakeFault> {
        if let Some(window) = self.queue.pop() {
            self.append(writing, window.through, &window.batches, now)?;
            return Ok(true);
        }
        // Workers may have stopped: when nothing came for a while, the journal itself is asked.
        if now.micros_since(writing.looked) >= HOT_CHUNK_MS * 1_000 {
            self.queue.doubt();
        }
        let Some(after) = self.queue.behind() else { return Ok(false) };
        writing.looked = now;
        let batches = replay.read(after, WINDOW_BYTES).await?;
        let through = ascending(after, &batches)?;
        if !self.queue.reread(after, through, batches.is_empty()) {
            return Ok(true);
        }
        self.append(writing, through, &batches, now)?;
        Ok(!batches.is_empty())
    }

    fn append(
        &self,
        writing: &mut Writing,
        through: Cursor,
        batches: &[Arc<EventBatch>],
        now: Timestamp,
    ) -> Result<(), LakeFault> {
        for batch in batches {
            let source = batch.lines.received.source;
            let (names, first) = (&self.names, batch.lines.first.seq());
            if writing.poisoned.contains(&first) {
                writing.building.append_poisoned(batch, &source.to_string(), now);
                continue;
            }
            let building = &mut writing.building;
            let made = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let name = names.name(source).unwrap_or_else(|| source.to_string());
                building.append(batch, &name, now);
            }));
            if made.is_err() {
                return Err(self.set_aside(writing, first));
            }
        }
        if through > writing.through {
            writing.since.get_or_insert(now);
            writing.looked = now;
            writing.through = through;
        }
        Ok(())
    }

    /// A batch on which making rows panicked goes to the quarantine when it is met again. The builders may hold half of
    /// a row now: everything since the last published line is made anew.
    fn set_aside(&self, writing: &mut Writing, first: u64) -> LakeFault {
        if writing.poisoned.len() >= POISONED_BATCHES {
            writing.poisoned.pop_first();
        }
        writing.poisoned.insert(first);
        self.counts.poisoned();
        let at = writing.published;
        self.begin_again(writing, at);
        LakeFault::Poison(first)
    }

    /// Lets go of everything in memory and reads again after `at`.
    fn begin_again(&self, writing: &mut Writing, at: Cursor) {
        writing.published = at;
        writing.building = Building::default();
        writing.through = at;
        writing.since = None;
        self.queue.restart(at);
        self.hot.clear();
    }

    /// For a writer that begins anew after the one before it ended in a panic: what that one left half done in memory is
    /// let go, and lines are read again from where the catalogue stands.
    ///
    /// # Errors
    /// The catalogue's.
    pub async fn recover(&self) -> Result<(), LakeFault> {
        let mut writing = self.writing.lock().await;
        let at = self.catalogue.cursor()?;
        self.begin_again(&mut writing, at);
        Ok(())
    }

    async fn flush_locked(&self, writing: &mut Writing, now: Timestamp) -> Result<Flushed, LakeFault> {
        self.hot.add(writing.building.cut(now, true)?)?;
        let flush = Flush { catalogue: &*self.catalogue, store: &*self.store, ids: &self.ids, now };
        let chunks = self.hot.all();
        let rows_of = |alerts: &[Alert]| self.alert_rows(alerts);
        let first = flush.run(&chunks, (writing.published, writing.through), &rows_of).await;
        if matches!(first, Err(LakeFault::Catalogue(CatalogueFault::Conflict(_)))) {
            self.take_up_again(writing)?;
        }
        let (mut done, mut left) = first?;
        self.hot.clear();
        writing.published = writing.through;
        writing.since = None;
        while left > 0 {
            let (more, still) = flush.run_alerts(&rows_of).await?;
            done += more;
            left = if still < left { still } else { 0 };
        }
        self.counts.published(&done);
        Ok(done)
    }

    /// After a conflict: if the catalogue stands elsewhere than we believe, an earlier publish came through although it
    /// told of a failure. Everything in memory is let go and read again from where the catalogue stands; trying the same
    /// again would conflict for ever.
    fn take_up_again(&self, writing: &mut Writing) -> Result<(), LakeFault> {
        let at = self.catalogue.cursor()?;
        if at == writing.published {
            return Ok(());
        }
        self.counts.restarted();
        self.begin_again(writing, at);
        Ok(())
    }

    /// The last line that is in a builder, a chunk, a file or the queue.
    pub fn taken(&self) -> Cursor {
        self.queue.taken()
    }
}

/// The last line of batches that must follow `after` and each other. Numbers may be missing: the journal names a damaged
/// batch and goes on, and an append that failed leaves its numbers unused.
fn ascending(after: Cursor, batches: &[Arc<EventBatch>]) -> Result<Cursor, LakeFault> {
    let mut through = after;
    for batch in batches {
        let got = batch.lines.first.seq();
        if got <= through.0 {
            return Err(LakeFault::Order { after: through.0, got });
        }
        through = batch.lines.through();
    }
    Ok(through)
}
