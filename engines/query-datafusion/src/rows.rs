//! The one table of a session: a tenant's files and hot rows, as the lake's view gave them.

use datafusion::arrow::array::{ArrayRef, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::union::UnionExec;
use std::pin::Pin;
use std::sync::Arc;
use wardwatch_lake::{LakeView, RAW_BYTES};

/// Footer and page index of most files in one read.
const FOOTER_BYTES: usize = 128 * 1024;
type Planning<'t> = Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 't>>;

/// A tenant's rows of one dataset.
#[derive(Debug)]
pub(crate) struct TenantRows {
    schema: SchemaRef,
    files: Vec<PartitionedFile>,
    /// As the lake keeps them: brought into shape when a search comes to them, one at a time.
    hot: Vec<RecordBatch>,
    store: ObjectStoreUrl,
}

/// A share of the hot rows.
#[derive(Debug)]
struct HotShare {
    schema: SchemaRef,
    rows: Vec<RecordBatch>,
}

impl PartitionStream for HotShare {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, rows) = (self.schema.clone(), self.rows.clone());
        let wide = rows.into_iter().map(move |rows| widened(&rows, &schema));
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), futures::stream::iter(wide)))
    }
}

/// The searchable columns, texts as views.
pub(crate) fn searchable(shape: &Schema) -> SchemaRef {
    let fields = shape.fields().iter().filter(|field| field.name() != RAW_BYTES);
    let view = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    };
    Arc::new(Schema::new(fields.map(view).collect::<Vec<_>>()))
}

impl TenantRows {
    /// Of a view. Columns that a file or a chunk does not have are null.
    pub fn new(shape: &Schema, view: &LakeView, store: ObjectStoreUrl) -> Self {
        let schema = searchable(shape);
        // Newest first: a search for the latest rows can then stop looking early.
        let mut files: Vec<_> = view.files.iter().collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.time.1));
        let files = files.iter().map(|file| PartitionedFile::new(file.path.clone(), file.bytes)).collect();
        Self { schema, files, hot: view.hot.clone(), store }
    }

    fn hot(&self, partitions: usize, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        let mut shares = vec![Vec::new(); partitions.min(self.hot.len()).max(1)];
        let count = shares.len();
        for (at, rows) in self.hot.iter().enumerate() {
            if let Some(share) = shares.get_mut(at % count) {
                share.push(rows.clone());
            }
        }
        let share = |rows| Arc::new(HotShare { schema: schema.clone(), rows }) as Arc<dyn PartitionStream>;
        let shares = shares.into_iter().map(share).collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema.clone(), shares, None, [], false, None)?))
    }

    fn files(&self, state: &dyn Session, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let runtime = state.runtime_env();
        let readers = CachedParquetFileReaderFactory::new(
            runtime.object_store(&self.store)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let mut options = state.config_options().execution.parquet.clone();
        options.pushdown_filters = true;
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(datafusion::common::config::TableParquetOptions {
                global: options,
                ..Default::default()
            })
            .with_parquet_file_reader_factory(Arc::new(readers))
            .with_metadata_size_hint(FOOTER_BYTES);
        let partitions = state.config().target_partitions().max(1);
        let mut groups = vec![Vec::new(); partitions.min(self.files.len())];
        let count = groups.len();
        for (at, file) in self.files.iter().enumerate() {
            if let Some(group) = groups.get_mut(at % count) {
                group.push(file.clone());
            }
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn parts(&self, state: &dyn Session, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !self.files.is_empty() {
            parts.push(self.files(state, projection)?);
        }
        if !self.hot.is_empty() || parts.is_empty() {
            parts.push(self.hot(state.config().target_partitions(), projection)?);
        }
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                parts.push(last);
                UnionExec::try_new(parts)
            }
            (None, _) => datafusion::common::internal_err!("a table has at least one part"),
        }
    }
}

impl TableProvider for TenantRows {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // Written out, as the trait's macro would: the crate is spared a dependency for one function.
    fn scan<'a, 'b, 'c, 'd, 't>(
        &'a self,
        state: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        _filters: &'d [Expr],
        _limit: Option<usize>,
    ) -> Planning<'t>
    where
        'a: 't,
        'b: 't,
        'c: 't,
        'd: 't,
        Self: 't,
    {
        let plan = self.parts(state, projection);
        Box::pin(async move { plan })
    }
}

/// Hot rows with all columns, texts as views.
fn widened(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let column = |field: &Arc<Field>| -> Result<ArrayRef> {
        match rows.column_by_name(field.name()) {
            Some(column) => Ok(cast(column, field.data_type())?),
            None => Ok(new_null_array(field.data_type(), rows.num_rows())),
        }
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}
