//! The lake at work: windows in, hot rows searchable, files published. One writer; many may offer and look.
//!
//! The caller owns the loop and the clock: `step` does one turn and says whether there is more to do.

use crate::alert_rows;
use crate::fault::LakeFault;
use crate::hot::{Building, Hot};
use crate::naming::SegmentIds;
use crate::ports::{Catalogue, Replay, SegmentStore, SourceNames};
use crate::queue::{Offer, Queue, Window};
use crate::view::{self, LakeView};
use crate::writer::{Flush, Flushed};
use arrow::record_batch::RecordBatch;
use futures::lock::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wardwatch_access::OpContext;
use wardwatch_event::EventBatch;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, Timestamp};
use wardwatch_limits::{FLUSH_MS, HOT_BYTES, HOT_CHUNK_MS, WINDOW_BYTES};
use wardwatch_schema::dataset;

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
    hot: Hot,
    queue: Queue,
    writing: Mutex<Writing>,
    counts: Counts,
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
}

#[derive(Debug, Default)]
struct Counts {
    declined: AtomicU64,
    rows: AtomicU64,
    flushes: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
}

/// Counters since the start, and what is held now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LakeCounts {
    /// Offers that were declined.
    pub offers_declined_total: u64,
    /// Rows published, alerts included.
    pub rows_published_total: u64,
    /// Flushes published.
    pub flushes_total: u64,
    /// Files published.
    pub files_published_total: u64,
    /// Bytes of files published.
    pub bytes_published_total: u64,
    /// Memory of hot chunks.
    pub hot_bytes: u64,
    /// Rows in hot chunks.
    pub hot_rows: u64,
    /// Memory of windows that wait.
    pub queue_bytes: u64,
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
            self.counts.declined.fetch_add(1, Ordering::Relaxed);
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
        self.hot.add(writing.building.cut(now, false)?);
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
            self.append(&mut writing, window.through, &window.batches, now);
        }
        self.flush_locked(&mut writing, now).await
    }

    async fn take(&self, writing: &mut Writing, now: Timestamp, replay: &dyn Replay) -> Result<bool, LakeFault> {
        if let Some(window) = self.queue.pop() {
            self.append(writing, window.through, &window.batches, now);
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
        self.append(writing, through, &batches, now);
        Ok(!batches.is_empty())
    }

    fn append(&self, writing: &mut Writing, through: Cursor, batches: &[Arc<EventBatch>], now: Timestamp) {
        for batch in batches {
            let source = batch.lines.received.source;
            let name = self.names.name(source).unwrap_or_else(|| source.to_string());
            writing.building.append(batch, &name, now);
        }
        if through > writing.through {
            writing.since.get_or_insert(now);
            writing.looked = now;
            writing.through = through;
        }
    }

    async fn flush_locked(&self, writing: &mut Writing, now: Timestamp) -> Result<Flushed, LakeFault> {
        self.hot.add(writing.building.cut(now, true)?);
        let flush = Flush { catalogue: &*self.catalogue, store: &*self.store, ids: &self.ids, now };
        let chunks = self.hot.all();
        let rows_of = |alerts: &[Alert]| self.alert_rows(alerts);
        let done = flush.run(&chunks, (writing.published, writing.through), &rows_of).await?;
        self.hot.clear();
        writing.published = writing.through;
        writing.since = None;
        self.counts.flushes.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(done.rows, Ordering::Relaxed);
        self.counts.files.fetch_add(done.files, Ordering::Relaxed);
        self.counts.bytes.fetch_add(done.bytes, Ordering::Relaxed);
        Ok(done)
    }

    fn alert_rows(&self, alerts: &[Alert]) -> Result<RecordBatch, LakeFault> {
        let name = |alert: &Alert| self.names.name(alert.source).unwrap_or_else(|| alert.source.to_string());
        Ok(alert_rows::rows_of(alerts, &name)?)
    }

    /// What the context's tenant may search in `dataset`, for rows whose time may lie in `time` (inclusive).
    ///
    /// # Errors
    /// [`LakeFault::Dataset`] for an unknown dataset, [`LakeFault::Busy`] under flushes without pause.
    pub fn view(&self, cx: &OpContext, dataset: &str, time: (Timestamp, Timestamp)) -> Result<LakeView, LakeFault> {
        let catalogue = &*self.catalogue;
        match dataset {
            dataset::EVENTS | dataset::QUARANTINE => {
                let hot = || self.hot.of(cx.scope.tenant(), dataset);
                view::of_events(catalogue, cx, dataset, time, &hot)
            }
            dataset::ALERTS => view::of_alerts(catalogue, cx, dataset, time, &|alerts| self.alert_rows(alerts)),
            other => Err(LakeFault::Dataset(other.to_owned())),
        }
    }

    /// Counters.
    pub fn counts(&self) -> LakeCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LakeCounts {
            offers_declined_total: read(&self.counts.declined),
            rows_published_total: read(&self.counts.rows),
            flushes_total: read(&self.counts.flushes),
            files_published_total: read(&self.counts.files),
            bytes_published_total: read(&self.counts.bytes),
            hot_bytes: self.hot.bytes() as u64,
            hot_rows: self.hot.rows() as u64,
            queue_bytes: self.queue.bytes() as u64,
        }
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
