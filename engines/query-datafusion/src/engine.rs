//! One search: its turn, its session, its bounds.

use crate::rows::TenantRows;
use crate::steps;
use crate::tests_as_expr::restriction;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{DataFusionError, exec_err};
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use futures::future::BoxFuture;
use object_store::local::LocalFileSystem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use wardwatch_access::OpContext;
use wardwatch_ident::Clock;
use wardwatch_lake::{Lake, LakeView, shape_of};
use wardwatch_limits::{ANSWER_BYTES, SEARCH_BYTES, SEARCH_MS, SEARCHES};
use wardwatch_search::{Answer, QueryEngine, Scanned, SearchFault, SearchPlan};

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

/// Runs plans, at most [`SEARCHES`] at once, on threads of its own: a search never makes a socket wait.
pub struct DataFusionQueries {
    lake: Arc<Lake>,
    clock: Arc<dyn Clock>,
    shared: Arc<RuntimeEnv>,
    config: SessionConfig,
    turns: Arc<Semaphore>,
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
            .enable_time()
            .build()
            .map_err(engine)?;
        Ok(Self {
            lake: parts.lake,
            clock: parts.clock,
            shared,
            config: session_config(parts.cores.max(1)),
            turns: Arc::new(Semaphore::new(SEARCHES)),
            threads: Some(threads),
            bounds,
        })
    }

    async fn run_in_turn(&self, cx: &OpContext, plan: &SearchPlan) -> Result<Answer, SearchFault> {
        let turn = self.turns.clone().acquire_owned().await.map_err(engine)?;
        let begun = self.clock.now();
        if begun > cx.until {
            return Err(SearchFault::TooLate);
        }
        let view = self.lake.view(cx, &plan.dataset, plan.time).map_err(engine)?;
        let scanned = scanned(&view);
        let left_ms = u64::try_from(cx.until.micros_since(begun) / 1_000).unwrap_or(0);
        let millis = self.bounds.millis.min(left_ms.max(1));
        let threads = self.threads.as_ref().ok_or(SearchFault::TooLate)?;
        let (session, plan, answer_bytes) = (self.session(), plan.clone(), self.bounds.answer_bytes);
        let work = threads.spawn(async move {
            let _turn = turn;
            let search = search(&session, &view, &plan, answer_bytes);
            match tokio::time::timeout(Duration::from_millis(millis), search).await {
                Ok(answer) => answer.map_err(fault),
                Err(_) => Err(SearchFault::TooSlow(millis.div_ceil(1_000))),
            }
        });
        let mut answer = EndedWithMe(work).await.map_err(engine)??;
        answer.scanned = scanned;
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
    let schema = plain(&stream.schema());
    let (mut batches, mut rows, mut bytes, mut truncated) = (Vec::new(), 0, 0, false);
    while let Some(batch) = stream.next().await {
        let batch = own(&batch?, &schema)?;
        let fitting = fitting(&batch, plan.rows_max - rows, answer_bytes - bytes);
        truncated = fitting < batch.num_rows();
        bytes = answer_bytes.min(bytes + batch.get_array_memory_size());
        rows += fitting;
        batches.push(batch.slice(0, fitting));
        if truncated {
            break;
        }
    }
    let mut answer = Answer::new(&schema, batches, whole_rows);
    answer.truncated = truncated;
    Ok(answer)
}

/// How many of the rows fit into what is left, rows being about equally long.
fn fitting(batch: &RecordBatch, rows_left: usize, bytes_left: usize) -> usize {
    let (rows, weight) = (batch.num_rows(), batch.get_array_memory_size());
    let by_bytes = if weight <= bytes_left { rows } else { rows * (bytes_left / 1_024) / (weight / 1_024).max(1) };
    by_bytes.min(rows_left)
}

/// Texts as plain texts again.
fn plain(schema: &SchemaRef) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8View => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
        _ => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// The rows without what they share with larger buffers, so that an answer weighs what it shows.
fn own(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DataFusionError> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns.collect::<Result<Vec<_>, _>>()?, &options)?)
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
