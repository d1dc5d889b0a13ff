//! What a search gives: columns, rows, and how much was looked at.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef, TimestampMicrosecondType, UInt64Type};
use arrow::record_batch::RecordBatch;
use std::borrow::Cow;
use wardwatch_ident::Timestamp;

/// A column of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
}

/// How much was looked at, by the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scanned {
    /// Files whose rows may lie in the time.
    pub files: u64,
    /// Their size in bytes.
    pub file_bytes: u64,
    /// Rows in them and in memory.
    pub rows: u64,
}

/// One value.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell<'a> {
    /// Nothing: not sent, not known, not there.
    Null,
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// A mean or a sum of what is not whole.
    Float(f64),
    /// An instant.
    Time(Timestamp),
}

/// Rows of one tenant.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The columns, in order. Of whole rows only those in which some row has a value, and always the times and the line.
    pub columns: Vec<AnswerColumn>,
    /// Whether rows are whole rows of the lake, or made by `stats` or `fields`.
    pub whole_rows: bool,
    /// There was more than the plan's or the machine's bound.
    pub truncated: bool,
    /// How much was looked at.
    pub scanned: Scanned,
    /// Files of the lake whose rows are missing here because they cannot be read, by their paths below its folder.
    pub unreadable: Vec<String>,
    /// How many rows match in each stretch of time, also those beyond the bound of rows; empty if the plan asks for none.
    pub bars: Vec<(Timestamp, u64)>,
    /// How long it took, in microseconds.
    pub took_us: i64,
    batches: Vec<RecordBatch>,
}

impl Answer {
    /// Of batches that share `schema`.
    pub fn new(schema: &SchemaRef, batches: Vec<RecordBatch>, whole_rows: bool) -> Self {
        let columns = schema.fields().iter().map(|field| AnswerColumn { name: field.name().clone() }).collect();
        let (truncated, scanned, took_us) = (false, Scanned::default(), 0);
        let (unreadable, bars) = (Vec::new(), Vec::new());
        Self { columns, whole_rows, truncated, scanned, unreadable, bars, took_us, batches }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Each row's cells, in the order of the columns.
    pub fn each_row(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.batches.iter().flat_map(|batch| {
            (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| cell(column, row)).collect())
        })
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The rows as they came from the engine.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }
}

/// The value at a row, whatever physical type the column has. Ids are hexadecimal.
pub(crate) fn cell(column: &dyn Array, row: usize) -> Cell<'_> {
    if !column.is_valid(row) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Utf8 => Cell::Text(Cow::Borrowed(column.as_string::<i32>().value(row))),
        DataType::LargeUtf8 => Cell::Text(Cow::Borrowed(column.as_string::<i64>().value(row))),
        DataType::Utf8View => Cell::Text(Cow::Borrowed(column.as_string_view().value(row))),
        DataType::Int64 => Cell::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::UInt64 => {
            Cell::Int(i64::try_from(column.as_primitive::<UInt64Type>().value(row)).unwrap_or(i64::MAX))
        }
        DataType::Float64 => Cell::Float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(..) => {
            let micros = column.as_primitive_opt::<TimestampMicrosecondType>().map(|times| times.value(row));
            micros.map_or(Cell::Null, |micros| Cell::Time(Timestamp::from_micros(micros)))
        }
        DataType::FixedSizeBinary(_) => Cell::Text(Cow::Owned(hex(column.as_fixed_size_binary().value(row)))),
        _ => Cell::Null,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
