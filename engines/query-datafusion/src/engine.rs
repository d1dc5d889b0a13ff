//! One search: its turn, its session, its bounds.

use crate::gather::Gathered;
use crate::over_time;
use crate::rows::TenantRows;
use crate::steps;
use crate::tests_as_expr::restriction;
use crate::turns::Turns;
use crate::unreadable::LakeFiles;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, exec_err};
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use object_store::local::LocalFileSystem;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use wardwatch_access::OpContext;
use wardwatch_ident::Clock;
use wardwatch_lake::{Lake, LakeView, shape_of};
use wardwatch_limits::{ANSWER_BYTES, SEARCH_BYTES, SEARCH_MS};
use wardwatch_search::{Answer, QueryEngine, Scanned, SearchFault, SearchPlan};

/// Stack of a search's thread: the planner walks over expressions by recursion. Only what is used takes memory.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// What the engine is made of.
pub struct EngineParts {
    /// Whose views are searched.
    pub lake: Arc<Lake>,
    /// The folder below which the lake's files lie.
    pub root: PathBuf,
    /// Where a search may put what does not fit in memory; emptied by whoever owns it at start.
    pub spill: PathBuf,
    /// Cores a search may use.
    pub cores: usize,
    /// Tells how long a search took.
    pub clock: Arc<dyn Clock>,
}

/// Bounds of one engine, those of `wardwatch_limits` unless a test narrows them.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    millis: u64,
    pool_bytes: usize,
    answer_bytes: usize,
}

/// Runs plans, at most `SEARCHES` at once and one for each reader, on threads of its own: a search never makes a socket wait.
pub struct DataFusionQueries {
    lake: Arc<Lake>,
    files: Arc<LakeFiles>,
    clock: Arc<dyn Clock>,
    shared: Arc<RuntimeEnv>,
    config: SessionConfig,
    turns: Arc<Turns>,
    /// Taken only when dropped.
    threads: Option<Runtime>,
    bounds: Bounds,
}

impl std::fmt::Debug for DataFusionQueries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataFusionQueries").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl Drop for DataFusionQueries {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

fn store_url() -> Result<ObjectStoreUrl, DataFusionError> {
    ObjectStoreUrl::parse("lake://segments")
}

impl DataFusionQueries {
    /// Opens the engine.
    ///
    /// # Errors
    /// [`SearchFault::Engine`] if a folder cannot be used or threads cannot be made.
    pub fn open(parts: EngineParts) -> Result<Self, SearchFault> {
        let bounds = Bounds { millis: SEARCH_MS, pool_bytes: SEARCH_BYTES, answer_bytes: ANSWER_BYTES };
        Self::open_within(parts, bounds)
    }

    /// For tests: with narrower bounds of time (milliseconds), working memory and answer (bytes).
    ///
    /// # Errors
    /// As [`DataFusionQueries::open`].
    pub fn open_narrow(parts: EngineParts, millis: u64, pool: usize, answer: usize) -> Result<Self, SearchFault> {
        Self::open_within(parts, Bounds { millis, pool_bytes: pool, answer_bytes: answer })
    }

    fn open_within(parts: EngineParts, bounds: Bounds) -> Result<Self, SearchFault> {
        std::fs::create_dir_all(&parts.spill).map_err(engine)?;
        let store = LocalFileSystem::new_with_prefix(&parts.root).map_err(engine)?;
        let shared = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(bounds.pool_bytes)))
            .with_temp_file_path(&parts.spill)
            .build_arc()
            .map_err(engine)?;
        // The lake's folder and nothing else: no other file can be named in a plan.
        shared.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref()).map_err(engine)?;
        shared.register_object_store(store_url().map_err(engine)?.as_ref(), Arc::new(store));
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(parts.cores.max(1))
            .thread_name("search")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()
            .map_err(engine)?;
        Ok(Self {
            lake: parts.lake,
            files: Arc::new(LakeFiles::new(parts.root)),
            clock: parts.clock,
            shared,
            config: session_config(parts.cores.max(1)),
            turns: Arc::default(),
            threads: Some(threads),
            bounds,
        })
    }

    async fn run_in_turn(&self, cx: &OpContext, plan: &SearchPlan) -> Result<Answer, SearchFault> {
        let turn = self.turns.take(cx).await?;
        let begun = self.clock.now();
        if begun > cx.until {
            return Err(SearchFault::TooLate);
        }
        let left_ms = u64::try_from(cx.until.micros_since(begun) / 1_000).unwrap_or(0);
        let millis = self.bounds.millis.min(left_ms.max(1));
        let threads = self.threads.as_ref().ok_or(SearchFault::TooLate)?;
        let (session, files) = (self.session(), self.files.clone());
        let (lake, cx) = (self.lake.clone(), cx.clone());
        let (plan, answer_bytes) = (plan.clone(), self.bounds.answer_bytes);
        let work = threads.spawn(async move {
            let _turn = turn;
            // Here, because it reads the ledger: the caller may be a socket's thread.
            let view = lake.view(&cx, &plan.dataset, plan.time).map_err(engine)?;
            let search = search_what_is_readable(&session, &files, view, &plan, answer_bytes);
            let found = tokio::time::timeout(Duration::from_millis(millis), search).await;
            lake.files_unreadable(files.known());
            found.unwrap_or_else(|_| Err(SearchFault::TooSlow(millis.div_ceil(1_000))))
        });
        let mut answer = EndedWithMe(work).await.map_err(engine)??;
        answer.took_us = self.clock.now().micros_since(begun);
        Ok(answer)
    }

    /// A session of its own for each run, with nothing in it.
    fn session(&self) -> SessionContext {
        SessionContext::new_with_config_rt(self.config.clone(), self.shared.clone())
    }
}

impl QueryEngine for DataFusionQueries {
    fn run<'a>(&'a self, cx: &'a OpContext, plan: &'a SearchPlan) -> BoxFuture<'a, Result<Answer, SearchFault>> {
        Box::pin(self.run_in_turn(cx, plan))
    }
}

/// A search whose caller went away is ended.
struct EndedWithMe<T>(tokio::task::JoinHandle<T>);

impl<T> Future for EndedWithMe<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for EndedWithMe<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn session_config(cores: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(cores)
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false);
    let parquet = &mut config.options_mut().execution.parquet;
    parquet.pushdown_filters = true;
    parquet.reorder_filters = true;
    config
}

/// Leaves out files that cannot be read: those that a quick look tells, and if the search fails, those that are not as
/// they were written.
async fn search_what_is_readable(
    session: &SessionContext,
    files: &LakeFiles,
    mut view: LakeView,
    plan: &SearchPlan,
    answer_bytes: usize,
) -> Result<Answer, SearchFault> {
    let mut unreadable = files.set_aside_at_once(&mut view).await;
    if view.alerts_left_out > 0 {
        unreadable.push(format!("{} alerts that wait for their file", view.alerts_left_out));
    }
    let mut found = attempt(session, &view, plan, answer_bytes).await;
    if matches!(found, Err(SearchFault::Engine(_))) {
        let damaged = files.set_aside_after_failure(&mut view).await;
        if !damaged.is_empty() {
            unreadable.extend(damaged);
            found = attempt(session, &view, plan, answer_bytes).await;
        }
    }
    let mut answer = found?;
    answer.scanned = scanned(&view);
    answer.unreadable = unreadable;
    Ok(answer)
}

/// A reader that panics over a damaged file has failed like one that says so.
async fn attempt(
    session: &SessionContext,
    view: &LakeView,
    plan: &SearchPlan,
    answer_bytes: usize,
) -> Result<Answer, SearchFault> {
    match AssertUnwindSafe(search(session, view, plan, answer_bytes)).catch_unwind().await {
        Ok(answer) => answer.map_err(fault),
        Err(_) => Err(engine("the engine panicked; the log says where")),
    }
}

async fn search(
    session: &SessionContext,
    view: &LakeView,
    plan: &SearchPlan,
    answer_bytes: usize,
) -> Result<Answer, DataFusionError> {
    let Some(shape) = shape_of(&plan.dataset) else { return exec_err!("no dataset `{}`", plan.dataset) };
    let rows = TenantRows::new(&shape, view, store_url()?);
    let mut frame = session.read_table(Arc::new(rows))?;
    if let Some(restriction) = restriction(plan) {
        frame = frame.filter(restriction)?;
    }
    let (frame, whole_rows) = steps::apply(frame, plan)?;
    let mut stream = frame.execute_stream().await?;
    let mut gathered = Gathered::new(&stream.schema(), whole_rows, plan.rows_max, answer_bytes);
    while let Some(batch) = stream.next().await {
        if !gathered.take(&batch?)? {
            break;
        }
    }
    let mut answer = gathered.answer()?;
    if plan.bars > 0 && plan.steps.is_empty() {
        answer.bars = over_time::bars(session, TenantRows::new(&shape, view, store_url()?), plan, &answer).await?;
    }
    Ok(answer)
}

fn scanned(view: &LakeView) -> Scanned {
    let hot: usize = view.hot.iter().map(RecordBatch::num_rows).sum();
    Scanned {
        files: view.files.len() as u64,
        file_bytes: view.files.iter().map(|file| file.bytes).sum(),
        rows: view.files.iter().map(|file| file.rows).sum::<u64>() + hot as u64,
    }
}

fn engine(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SearchFault {
    SearchFault::Engine(source.into())
}

fn fault(fault: DataFusionError) -> SearchFault {
    match fault.find_root() {
        DataFusionError::ResourcesExhausted(_) => SearchFault::TooLarge,
        _ => engine(fault),
    }
}
