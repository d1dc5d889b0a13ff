//! A catalogue, a store and a journal in memory, with faults on request.

use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use wardwatch_access::{Actor, Mint, OpContext, Purpose, TraceId};
use wardwatch_event::{BatchBuilder, EventBatch, Head, LineBatch, Pack, Parsed, Received, TimeNote};
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_lake::{
    Catalogue, CatalogueFault, Lake, LakeAccount, LakeView, Layout, Parts, Pending, Publish, Replay, ReplayFault,
    SegmentRow, SegmentStore, SourceNames, StoreFault, StoredFile, Written,
};

pub const T1: TenantId = TenantId(1);
pub const T2: TenantId = TenantId(2);
pub const ALWAYS: (Timestamp, Timestamp) = (Timestamp(i64::MIN), Timestamp(i64::MAX));

#[allow(clippy::disallowed_methods, reason = "tests make their own reach")]
pub fn context(tenant: TenantId) -> OpContext {
    OpContext {
        who: Actor::Operator,
        scope: Mint::new().tenant(tenant),
        why: Purpose("test".into()),
        until: Timestamp(i64::MAX),
        trace: TraceId(0),
    }
}

pub fn at(secs: i64) -> Timestamp {
    // 2026-11-25T00:00:00Z
    Timestamp::from_secs(1_795_564_800 + secs)
}

#[derive(Default)]
pub struct MemoryCatalogue {
    pub state: Mutex<State>,
    /// The next publish fails without a trace, as if the process had died before it.
    pub refuse: AtomicBool,
    /// The next publish comes through, but tells of a failure.
    pub lose_answer: AtomicBool,
}

#[derive(Default)]
pub struct State {
    pub cursor: Cursor,
    pub live: Vec<SegmentRow>,
    pub retired: Vec<(Timestamp, SegmentRow)>,
    pub pending: Vec<(u64, Vec<Alert>)>,
    pub duplicates: Vec<(TenantId, SourceId, u64)>,
    pub now: Timestamp,
}

impl Catalogue for MemoryCatalogue {
    fn cursor(&self) -> Result<Cursor, CatalogueFault> {
        Ok(self.state.lock().unwrap().cursor)
    }

    fn publish(&self, change: Publish) -> BoxFuture<'_, Result<(), CatalogueFault>> {
        Box::pin(async move {
            let lost = self.lose_answer.swap(false, Ordering::SeqCst);
            if self.refuse.swap(false, Ordering::SeqCst) {
                return Err(CatalogueFault::Engine("the process died here".into()));
            }
            let mut state = self.state.lock().unwrap();
            if let Some((after, through)) = change.cursor {
                if state.cursor != after {
                    return Err(CatalogueFault::Conflict(format!("cursor is {:?}", state.cursor)));
                }
                state.cursor = through;
            }
            if !change.replace.iter().all(|id| state.live.iter().any(|row| row.id == *id)) {
                return Err(CatalogueFault::Conflict("a replaced file is not live".into()));
            }
            let now = state.now;
            let (gone, live) =
                std::mem::take(&mut state.live).into_iter().partition(|row| change.replace.contains(&row.id));
            state.live = live;
            state.retired.extend(Vec::into_iter(gone).map(|row| (now, row)));
            state.live.extend(change.add);
            state.pending.retain(|(blob, _)| !change.moved_alerts.contains(blob));
            state.duplicates.extend(change.duplicates);
            if lost {
                return Err(CatalogueFault::Engine("the answer got lost".into()));
            }
            Ok(())
        })
    }

    fn view(
        &self,
        cx: &OpContext,
        dataset: &str,
        received: (Timestamp, Timestamp),
    ) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let state = self.state.lock().unwrap();
        let mine = |row: &&SegmentRow| row.tenant == cx.scope.tenant() && row.dataset == dataset;
        let overlaps = |row: &&SegmentRow| row.received.0 <= received.1 && row.received.1 >= received.0;
        Ok(state.live.iter().filter(mine).filter(overlaps).cloned().collect())
    }

    fn all_live(&self) -> Result<Vec<SegmentRow>, CatalogueFault> {
        Ok(self.state.lock().unwrap().live.clone())
    }

    fn pending_alerts(&self, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        Ok(bounded(self.state.lock().unwrap().pending.iter(), bytes_max))
    }

    fn pending_numbers(&self, cx: &OpContext) -> Result<Vec<u64>, CatalogueFault> {
        let state = self.state.lock().unwrap();
        Ok(state.pending.iter().filter(|blob| holds(blob, cx)).map(|(number, _)| *number).collect())
    }

    fn pending_alerts_of(&self, cx: &OpContext, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        let state = self.state.lock().unwrap();
        Ok(bounded(state.pending.iter().rev().filter(|blob| holds(blob, cx)), bytes_max))
    }

    fn pending_alert(&self, cx: &OpContext, id: AlertId) -> Result<Option<Alert>, CatalogueFault> {
        let pending = self.pending_alerts_of(cx, usize::MAX)?;
        Ok(pending.blobs.into_iter().flat_map(|(_, alerts)| alerts).find(|alert| alert.id == id))
    }

    fn expire<'a>(
        &'a self,
        tenant: TenantId,
        before_day: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u64, CatalogueFault>> {
        Box::pin(async move {
            let mut state = self.state.lock().unwrap();
            let old = |row: &SegmentRow| row.tenant == tenant && *row.day < *before_day;
            let (gone, live): (Vec<_>, Vec<_>) = std::mem::take(&mut state.live).into_iter().partition(old);
            state.live = live;
            let count = gone.len() as u64;
            state.retired.extend(gone.into_iter().map(|row| (now, row)));
            Ok(count)
        })
    }

    fn retired(&self, until: Timestamp) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let state = self.state.lock().unwrap();
        Ok(state.retired.iter().filter(|(at, _)| *at < until).map(|(_, row)| row.clone()).collect())
    }

    fn forget<'a>(&'a self, ids: &'a [u128]) -> BoxFuture<'a, Result<(), CatalogueFault>> {
        Box::pin(async move {
            self.state.lock().unwrap().retired.retain(|(_, row)| !ids.contains(&row.id));
            Ok(())
        })
    }

    fn accounts(&self) -> Result<Vec<LakeAccount>, CatalogueFault> {
        Ok(Vec::new())
    }
}

fn holds(blob: &(u64, Vec<Alert>), cx: &OpContext) -> bool {
    blob.1.iter().any(|alert| alert.tenant == cx.scope.tenant())
}

/// A blob counts as many bytes as the lines of its alerts.
fn bounded<'a>(blobs: impl Iterator<Item = &'a (u64, Vec<Alert>)>, bytes_max: usize) -> Pending {
    let mut pending = Pending::default();
    let mut bytes = 0;
    for blob in blobs {
        if bytes >= bytes_max && !pending.blobs.is_empty() {
            pending.left_out += blob.1.len() as u64;
            continue;
        }
        bytes += blob.1.iter().map(|alert| alert.evidence.raw.len()).sum::<usize>();
        pending.blobs.push(blob.clone());
    }
    pending
}

/// How it is laid out, its rows, and when it was written.
pub type Stored = (Layout, Vec<RecordBatch>, Timestamp);

#[derive(Default)]
pub struct MemoryStore {
    pub files: Mutex<BTreeMap<String, Stored>>,
    pub full: AtomicBool,
}

impl SegmentStore for MemoryStore {
    fn write<'a>(
        &'a self,
        path: &'a str,
        layout: Layout,
        rows: &'a [RecordBatch],
    ) -> BoxFuture<'a, Result<Written, StoreFault>> {
        Box::pin(async move {
            let fault = |text: &str| StoreFault { path: path.into(), source: text.into() };
            if self.full.load(Ordering::SeqCst) {
                return Err(fault("no space left on device"));
            }
            let mut files = self.files.lock().unwrap();
            if files.insert(path.into(), (layout, rows.to_vec(), at(0))).is_some() {
                return Err(fault("exists"));
            }
            Ok(Written { bytes: rows.iter().map(|b| b.num_rows() as u64 * 60).sum(), sha256: "0".repeat(64) })
        })
    }

    fn rows<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<u64, StoreFault>> {
        Box::pin(async move { Ok(self.read(path).await?.iter().map(|batch| batch.num_rows() as u64).sum()) })
    }

    fn read<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Vec<RecordBatch>, StoreFault>> {
        Box::pin(async move {
            let files = self.files.lock().unwrap();
            let found = files.get(path).map(|(_, rows, _)| rows.clone());
            found.ok_or_else(|| StoreFault { path: path.into(), source: "no such file".into() })
        })
    }

    fn remove<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<(), StoreFault>> {
        Box::pin(async move {
            self.files.lock().unwrap().remove(path);
            Ok(())
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<StoredFile>, StoreFault>> {
        Box::pin(async move {
            let files = self.files.lock().unwrap();
            Ok(files
                .iter()
                .map(|(path, (.., modified))| StoredFile { path: path.clone(), modified: *modified })
                .collect())
        })
    }
}

/// The journal, already parsed.
#[derive(Default)]
pub struct MemoryJournal {
    pub batches: Mutex<Vec<Arc<EventBatch>>>,
}

impl Replay for MemoryJournal {
    fn read(&self, after: Cursor, _bytes_max: usize) -> BoxFuture<'_, Result<Vec<Arc<EventBatch>>, ReplayFault>> {
        let batches = self.batches.lock().unwrap();
        let next = batches.iter().filter(|batch| batch.lines.first.seq() > after.0).take(2).cloned().collect();
        Box::pin(async move { Ok(next) })
    }
}

pub struct Names;

impl SourceNames for Names {
    fn name(&self, source: SourceId) -> Option<String> {
        assert_ne!(source.0, 666, "making rows of this source panics");
        (source.0 < 100).then(|| format!("source-{}", source.0))
    }
}

/// Everything a lake needs, kept when a lake "dies".
#[derive(Clone, Default)]
pub struct World {
    pub catalogue: Arc<MemoryCatalogue>,
    pub store: Arc<MemoryStore>,
    pub journal: Arc<MemoryJournal>,
}

impl World {
    pub fn lake(&self, seed: u64) -> Lake {
        Lake::open(Parts { catalogue: self.catalogue.clone(), store: self.store.clone(), names: Arc::new(Names), seed })
            .unwrap()
    }

    /// Journals and parses lines; gives the batch.
    pub fn journal(&self, tenant: TenantId, source: u128, now: Timestamp, lines: &[&[u8]]) -> Arc<EventBatch> {
        let mut batches = self.journal.batches.lock().unwrap();
        let first = batches.last().map_or(1, |batch| batch.lines.through().0 + 1);
        let batch = Arc::new(parsed(tenant, source, now, first, lines));
        batches.push(batch.clone());
        batch
    }

    /// The numbers of all rows that a view shows, files first, in the order in which they are met.
    pub fn seqs(&self, view: &LakeView) -> Vec<u64> {
        let files = view.files.iter().flat_map(|file| self.store.files.lock().unwrap()[&file.path].1.clone());
        files.chain(view.hot.iter().cloned()).flat_map(|rows| ids(&rows)).map(EventId::seq).collect()
    }
}

pub fn ids(rows: &RecordBatch) -> Vec<EventId> {
    let ids = rows.column_by_name("event_id").unwrap().as_fixed_size_binary();
    (0..ids.len()).map(|row| EventId(u128::from_be_bytes(ids.value(row).try_into().unwrap()))).collect()
}

/// A line `poison…` is quarantined, `odd…` is unparsed with a note, everything else is whole with the time of reception
/// minus a second.
pub fn parsed(tenant: TenantId, source: u128, now: Timestamp, first: u64, lines: &[&[u8]]) -> EventBatch {
    let received = Received::of_lines(tenant, SourceId(source), now, lines);
    let lines_of = LineBatch { received, first: EventId::new(now, NodeId(0), first) };
    let mut builder = BatchBuilder::new(lines_of, Arc::new(Pack::bare("test/pack")));
    for line in lines {
        let (parsed, time, time_note) = match line {
            line if line.starts_with(b"poison") => (Parsed::Poison, now, TimeNote::Received),
            line if line.starts_with(b"odd") => (Parsed::Unparsed, now, TimeNote::Received),
            _ => (Parsed::Whole, now.plus_micros(-1_000_000), TimeNote::Exact),
        };
        if parsed == Parsed::Unparsed {
            builder.note("unparsed:body");
        }
        builder.end_row(Head { time, time_note, class_uid: 0, activity_id: 0, case: None, parsed });
    }
    builder.finish()
}
