//! What comes out of a plan, gathered into an answer that weighs what it shows.

use datafusion::arrow::array::{Array, ArrayRef, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::Result;
use std::sync::Arc;
use wardwatch_search::Answer;

/// Columns of whole rows that an answer has even if no row of it has a value there.
const ALWAYS: [&str; 3] = ["time", "time_received", "raw"];

/// An answer in the making.
pub(crate) struct Gathered {
    schema: SchemaRef,
    /// Whether columns in which no row has a value may be left out.
    whole_rows: bool,
    batches: Vec<Part>,
    rows_left: usize,
    bytes_left: usize,
    /// There was more than there was room for.
    truncated: bool,
}

struct Part {
    rows: usize,
    /// None for a column without a value in these rows: of whole rows' columns, most are.
    columns: Vec<Option<ArrayRef>>,
}

impl Gathered {
    /// Of rows that have `schema`: so many rows and bytes at most.
    pub fn new(schema: &SchemaRef, whole_rows: bool, rows_left: usize, bytes_left: usize) -> Self {
        Self { schema: plain(schema), whole_rows, batches: Vec::new(), rows_left, bytes_left, truncated: false }
    }

    /// Takes what fits; whether there may be room for more.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<bool> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (column, field) in batch.columns().iter().zip(self.schema.fields()) {
            // Without what they share with larger buffers.
            let valued = column.logical_null_count() < column.len();
            columns.push(if valued { Some(cast(column, field.data_type())?) } else { None });
        }
        let weight = columns.iter().flatten().map(Array::get_array_memory_size).sum();
        let rows = fitting(batch.num_rows(), weight, self.bytes_left).min(self.rows_left);
        self.truncated = rows < batch.num_rows();
        self.rows_left -= rows;
        self.bytes_left = self.bytes_left.saturating_sub(weight);
        if rows < batch.num_rows() {
            columns = columns.into_iter().map(|column| column.map(|column| column.slice(0, rows))).collect();
        }
        self.batches.push(Part { rows, columns });
        Ok(!self.truncated)
    }

    /// The answer.
    pub fn answer(self) -> Result<Answer> {
        let shown = |at: &usize| {
            !self.whole_rows
                || self.schema.fields().get(*at).is_some_and(|field| ALWAYS.contains(&field.name().as_str()))
                || self.batches.iter().any(|part| part.columns.get(*at).is_some_and(Option::is_some))
        };
        let places: Vec<usize> = (0..self.schema.fields().len()).filter(shown).collect();
        let schema = Arc::new(self.schema.project(&places)?);
        let batch = |part: &Part| {
            let column = |(at, field): (&usize, &Arc<Field>)| match part.columns.get(*at) {
                Some(Some(column)) => column.clone(),
                _ => new_null_array(field.data_type(), part.rows),
            };
            let columns = places.iter().zip(schema.fields()).map(column).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(part.rows));
            RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        };
        let batches = self.batches.iter().map(batch).collect::<Result<Vec<_>, _>>()?;
        let mut answer = Answer::new(&schema, batches, self.whole_rows);
        answer.truncated = self.truncated;
        Ok(answer)
    }
}

/// How many of the rows fit into what is left, rows being about equally long.
fn fitting(rows: usize, weight: usize, bytes_left: usize) -> usize {
    if weight <= bytes_left { rows } else { rows * (bytes_left / 1_024) / (weight / 1_024).max(1) }
}

/// Texts as plain texts again; every column may be null.
fn plain(schema: &SchemaRef) -> SchemaRef {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8View => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
        _ => Arc::new(field.as_ref().clone().with_nullable(true)),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}
