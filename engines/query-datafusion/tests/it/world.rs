//! A lake in a folder with rows made by hand, and an engine over it.

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use wardwatch_access::{Actor, Mint, OpContext, Purpose, TraceId};
use wardwatch_event::{BatchBuilder, Head, LineBatch, Pack, Parsed, Received, TimeNote};
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Cursor, EventId, FixedClock, NodeId, SourceId, TenantId, Timestamp, Zone};
use wardwatch_lake::{
    Catalogue, CatalogueFault, Lake, LakeAccount, Layout, Offer, Parts, Pending, Publish, Replay, ReplayFault,
    SegmentRow, SegmentStore, SourceNames, Window, events_shape,
};
use wardwatch_predicate::query::{Query, read_query};
use wardwatch_query_datafusion::{DataFusionQueries, EngineParts};
use wardwatch_search::{Answer, Asked, Cell, NativeNames, QueryEngine, SearchFault, SearchPlan, plan};
use wardwatch_segments_parquet::LocalSegments;

pub const T1: TenantId = TenantId(0xA1);
pub const T2: TenantId = TenantId(0xB2);

pub fn at(secs: i64) -> Timestamp {
    // 2026-11-25T00:00:00Z
    Timestamp::from_secs(1_795_564_800 + secs)
}

/// One row: which line, when (none: the line does not say), and the texts and numbers of its columns.
#[derive(Clone, Debug)]
pub struct Row {
    pub seq: u64,
    pub time: Option<Timestamp>,
    pub cells: Vec<(&'static str, String)>,
}

pub fn row(seq: u64, time: Option<i64>, cells: &[(&'static str, &str)]) -> Row {
    let cells = cells.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Row { seq, time: time.map(at), cells }
}

fn received(seq: u64) -> Timestamp {
    at(1_000 + seq as i64)
}

/// Rows as a flush would write them: only columns that hold a value.
pub fn batch(rows: &[Row]) -> RecordBatch {
    let shape = events_shape();
    let (mut fields, mut arrays): (Vec<Arc<Field>>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for field in shape.fields() {
        let name = field.name().as_str();
        let value = |row: &Row| row.cells.iter().find(|(column, _)| *column == name).map(|(_, value)| value.clone());
        let array: ArrayRef = match field.data_type() {
            DataType::FixedSizeBinary(_) => {
                let mut ids = FixedSizeBinaryBuilder::new(16);
                rows.iter().for_each(|row| ids.append_value(id(row.seq).0.to_be_bytes()).unwrap());
                Arc::new(ids.finish())
            }
            DataType::Timestamp(..) => {
                let mut times = TimestampMicrosecondBuilder::new().with_timezone("+00:00");
                let of = |row: &Row| if name == "time" { row.time } else { Some(received(row.seq)) };
                rows.iter().for_each(|row| times.append_option(of(row).map(Timestamp::as_micros)));
                Arc::new(times.finish())
            }
            DataType::Int64 => {
                let mut numbers = Int64Builder::new();
                rows.iter().for_each(|row| numbers.append_option(value(row).map(|text| text.parse::<i64>().unwrap())));
                Arc::new(numbers.finish())
            }
            DataType::Utf8 => {
                let mut texts = StringBuilder::new();
                rows.iter().for_each(|row| texts.append_option(value(row)));
                Arc::new(texts.finish())
            }
            _ => continue,
        };
        if array.null_count() < array.len() {
            fields.push(field.clone());
            arrays.push(array);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

pub fn id(seq: u64) -> EventId {
    EventId::new(received(seq), NodeId(0), seq)
}

#[derive(Default)]
pub struct Files {
    pub live: Mutex<Vec<SegmentRow>>,
    pub cursor: Mutex<Cursor>,
    /// Gives everybody everything: what the lake must refuse.
    pub leaking: bool,
    /// Alerts that no file holds yet.
    pub pending: Vec<Alert>,
    /// Further ones that are too many for memory.
    pub left_out: u64,
}

impl Files {
    fn passed(&self, last: u64) {
        let mut cursor = self.cursor.lock().unwrap();
        *cursor = Cursor(cursor.0.max(last));
    }
}

impl Catalogue for Files {
    fn cursor(&self) -> Result<Cursor, CatalogueFault> {
        Ok(*self.cursor.lock().unwrap())
    }

    fn publish(&self, change: Publish) -> BoxFuture<'_, Result<(), CatalogueFault>> {
        self.live.lock().unwrap().extend(change.add);
        Box::pin(async { Ok(()) })
    }

    fn view(
        &self,
        cx: &OpContext,
        dataset: &str,
        _: (Timestamp, Timestamp),
    ) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let live = self.live.lock().unwrap();
        let mine = |row: &&SegmentRow| self.leaking || row.tenant == cx.scope.tenant();
        Ok(live.iter().filter(mine).filter(|row| row.dataset == dataset).cloned().collect())
    }

    fn all_live(&self) -> Result<Vec<SegmentRow>, CatalogueFault> {
        Ok(self.live.lock().unwrap().clone())
    }

    fn pending_alerts(&self, _: usize) -> Result<Pending, CatalogueFault> {
        Ok(Pending { blobs: vec![(1, self.pending.clone())], left_out: self.left_out })
    }

    fn pending_numbers(&self, _: &OpContext) -> Result<Vec<u64>, CatalogueFault> {
        Ok(vec![1])
    }

    fn pending_alerts_of(&self, _: &OpContext, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        self.pending_alerts(bytes_max)
    }

    fn pending_alert(&self, _: &OpContext, id: AlertId) -> Result<Option<Alert>, CatalogueFault> {
        Ok(self.pending.iter().find(|alert| alert.id == id).cloned())
    }

    fn expire<'a>(&'a self, _: TenantId, _: &'a str, _: Timestamp) -> BoxFuture<'a, Result<u64, CatalogueFault>> {
        Box::pin(async { Ok(0) })
    }

    fn retired(&self, _: Timestamp) -> Result<Vec<SegmentRow>, CatalogueFault> {
        Ok(Vec::new())
    }

    fn forget<'a>(&'a self, _: &'a [u128]) -> BoxFuture<'a, Result<(), CatalogueFault>> {
        Box::pin(async { Ok(()) })
    }

    fn accounts(&self) -> Result<Vec<LakeAccount>, CatalogueFault> {
        Ok(Vec::new())
    }
}

struct NoNames;

impl SourceNames for NoNames {
    fn name(&self, _: SourceId) -> Option<String> {
        Some("src".into())
    }
}

struct NoJournal;

impl Replay for NoJournal {
    fn read(&self, _: Cursor, _: usize) -> BoxFuture<'_, Result<Vec<Arc<wardwatch_event::EventBatch>>, ReplayFault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// A pack that maps `EventID` to `code` and `DstPort` to `dst_port`.
pub struct Aliases;

impl NativeNames for Aliases {
    fn columns(&self, native: &str) -> Vec<String> {
        match native {
            "EventID" => vec!["code".into()],
            "DstPort" => vec!["dst_port".into()],
            _ => Vec::new(),
        }
    }
}

pub struct World {
    folder: tempfile::TempDir,
    store: LocalSegments,
    catalogue: Arc<Files>,
    pub lake: Arc<Lake>,
    pub engine: DataFusionQueries,
}

/// Milliseconds, bytes of the pool, bytes of an answer.
pub const WIDE: (u64, usize, usize) = (60_000, 64 << 20, 64 << 20);

impl World {
    pub fn new() -> Self {
        Self::with(WIDE, Files::default())
    }

    pub fn with((millis, pool, answer): (u64, usize, usize), files: Files) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lake");
        let store = LocalSegments::open(&root).unwrap();
        let catalogue = Arc::new(files);
        let parts =
            Parts { catalogue: catalogue.clone(), store: Arc::new(store.clone()), names: Arc::new(NoNames), seed: 1 };
        let lake = Arc::new(Lake::open(parts).unwrap());
        let parts = EngineParts {
            lake: lake.clone(),
            root,
            spill: folder.path().join("spill"),
            cores: 2,
            clock: Arc::new(FixedClock::new(at(5_000))),
        };
        let engine = DataFusionQueries::open_narrow(parts, millis, pool, answer).unwrap();
        Self { folder, store, catalogue, lake, engine }
    }

    /// Writes and publishes a file.
    pub async fn file(&self, tenant: TenantId, layout: Layout, rows: &[Row]) {
        let id = self.catalogue.live.lock().unwrap().len() as u128;
        let path = format!("events/v1/tenant={tenant}/day=2026-11-25/{id:032x}.parquet");
        let written = self.store.write(&path, layout, &[batch(rows)]).await.unwrap();
        let times = || rows.iter().map(|row| row.time.unwrap_or(received(row.seq)));
        let seqs = || rows.iter().map(|row| row.seq);
        let (first, last) = (seqs().min().unwrap(), seqs().max().unwrap());
        let segment = SegmentRow {
            id,
            tenant,
            dataset: "events".into(),
            day: "2026-11-25".into(),
            level: 0,
            path,
            rows: rows.len() as u64,
            bytes: written.bytes,
            received: (received(first), received(last)),
            time: (times().min().unwrap(), times().max().unwrap()),
            events: (self::id(first), self::id(last)),
            sha256: written.sha256,
            schema_version: 1,
            sources: Vec::new(),
        };
        self.catalogue.passed(last);
        self.catalogue.publish(Publish { add: vec![segment], ..Publish::default() }).await.unwrap();
    }

    /// The file that begins with a line: its path below the lake's folder, and where it lies.
    pub fn file_of(&self, seq: u64) -> (String, std::path::PathBuf) {
        let live = self.catalogue.live.lock().unwrap();
        let path = live.iter().find(|file| file.events.0 == id(seq)).unwrap().path.clone();
        let place = self.folder.path().join("lake").join(&path);
        (path, place)
    }

    /// Lines that are in no file yet; received at `received` of their first number.
    pub async fn hot(&self, tenant: TenantId, first: u64, lines: &[&str]) {
        let received = Received::of_lines(tenant, SourceId(1), received(first), lines);
        let lines = LineBatch { received, first: id(first) };
        let mut builder = BatchBuilder::new(lines, Arc::new(Pack::bare("test")));
        while builder.row() < builder.lines().received.len() {
            let time = at(1_000 + first as i64);
            let parsed = Parsed::Unparsed;
            builder.end_row(Head {
                time,
                time_note: TimeNote::Received,
                class_uid: 0,
                activity_id: 0,
                case: None,
                parsed,
            });
        }
        let batch = Arc::new(builder.finish());
        let window = Window { after: self.lake.taken(), through: batch.lines.through(), batches: vec![batch] };
        assert_eq!(self.lake.offer(window), Offer::Taken);
        self.lake.step(at(0), &NoJournal).await.unwrap();
        self.lake.step(at(10), &NoJournal).await.unwrap();
    }

    pub async fn ask(&self, tenant: TenantId, text: &str) -> Result<Answer, SearchFault> {
        self.ask_rows(tenant, text, 10_000).await
    }

    pub async fn ask_rows(&self, tenant: TenantId, text: &str, rows_max: usize) -> Result<Answer, SearchFault> {
        self.engine.run(&context(tenant), &planned(&query(text), rows_max)?).await
    }
}

pub fn query(text: &str) -> Query {
    read_query(text).unwrap_or_else(|fault| panic!("{text}: {fault}")).query
}

pub fn planned(query: &Query, rows_max: usize) -> Result<SearchPlan, SearchFault> {
    planned_in("events", query, rows_max)
}

pub fn planned_in(dataset: &str, query: &Query, rows_max: usize) -> Result<SearchPlan, SearchFault> {
    let zone = Zone::china();
    plan(Asked { query, dataset, range: (None, None), rows_max, now: at(5_000), zone: &zone, natives: &Aliases })
}

#[allow(clippy::disallowed_methods, reason = "tests make their own reach")]
pub fn context(tenant: TenantId) -> OpContext {
    OpContext {
        who: Actor::Person("zhang".into()),
        scope: Mint::new().tenant(tenant),
        why: Purpose("test".into()),
        until: Timestamp(i64::MAX),
        trace: TraceId(0),
    }
}

/// Runs on the threads of a small runtime of its own.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

/// The numbers of the answer's lines, in its order.
pub fn seqs(answer: &Answer) -> Vec<u64> {
    let all = answer.batches().iter().flat_map(|rows| {
        let ids = rows.column_by_name("event_id").unwrap().as_fixed_size_binary();
        (0..ids.len())
            .map(|at| EventId(u128::from_be_bytes(ids.value(at).try_into().unwrap())).seq())
            .collect::<Vec<_>>()
    });
    all.collect()
}

/// A table as text: `a=1 b=2; a=3`, nulls left out.
pub fn shown(answer: &Answer) -> String {
    let rows = answer.each_row().map(|row| {
        let cells = answer.columns.iter().zip(&row).filter(|(_, cell)| **cell != Cell::Null).map(|(column, cell)| {
            let text = match cell {
                Cell::Null => String::new(),
                Cell::Text(text) => text.to_string(),
                Cell::Int(number) => number.to_string(),
                Cell::Float(number) => number.to_string(),
                Cell::Time(at) => at.to_string(),
            };
            format!("{}={text}", column.name)
        });
        cells.collect::<Vec<_>>().join(" ")
    });
    rows.collect::<Vec<_>>().join("; ")
}
