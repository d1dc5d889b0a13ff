//! Events become rows: typed columns, `unmapped`, `raw`, the pack's version and what was odd.
//!
//! Reads each batch once and never fails: what a column cannot hold stays in `raw`. Knows no file and no tenant; the
//! caller keeps rows of different tenants in different builders.

use crate::row_shape::{UTC, events_shape, place};
use arrow::array::{
    Array, ArrayRef, BinaryBuilder, FixedSizeBinaryBuilder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
    new_null_array,
};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use wardwatch_event::{ColumnValue, Event, Parsed, TimeNote};
use wardwatch_ident::{EventId, SourceId, Timestamp};
use wardwatch_schema::ColumnId;

/// Rows that were made together, with what the catalogue wants to know of them.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The rows, in the order of their ids; only columns that hold a value.
    pub rows: RecordBatch,
    /// First and last id.
    pub events: (EventId, EventId),
    /// Earliest and latest reception.
    pub received: (Timestamp, Timestamp),
    /// Earliest and latest event time, reception standing in where the line has none.
    pub time: (Timestamp, Timestamp),
    /// Rows per source.
    pub sources: BTreeMap<SourceId, u64>,
    /// Memory the rows take, in bytes.
    pub bytes: usize,
}

impl Chunk {
    /// Both chunks' rows as one chunk, these first.
    ///
    /// # Errors
    /// Arrow's, if the columns do not fit together, which would be a defect.
    pub fn join(&self, next: &Self) -> Result<Self, ArrowError> {
        let both = [&self.rows, &next.rows];
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for field in events_shape().fields() {
            if both.iter().all(|rows| rows.column_by_name(field.name()).is_none()) {
                continue;
            }
            let part = |rows: &RecordBatch| match rows.column_by_name(field.name()) {
                Some(column) => column.clone(),
                None => new_null_array(field.data_type(), rows.num_rows()),
            };
            let (first, second) = (part(&self.rows), part(&next.rows));
            columns.push(concat(&[&*first, &*second])?);
            fields.push(field.clone());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.num_rows() + next.rows.num_rows()));
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
        let mut sources = self.sources.clone();
        for (source, count) in &next.sources {
            *sources.entry(*source).or_default() += count;
        }
        Ok(Self {
            bytes: rows.get_array_memory_size(),
            rows,
            events: outer(self.events, next.events),
            received: outer(self.received, next.received),
            time: outer(self.time, next.time),
            sources,
        })
    }
}

/// The earlier beginning and the later end.
pub(crate) fn outer<T: Copy + Ord>(a: (T, T), b: (T, T)) -> (T, T) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// What all rows of a batch share.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The source.
    pub source: SourceId,
    /// Its short name.
    pub source_name: &'a str,
    /// Pack and version, `<id>@<version>`.
    pub pack: &'a str,
    /// The sender's address.
    pub peer: Option<&'a str>,
    /// When the batch was received.
    pub received: Timestamp,
}

/// One column in the making. Nulls are filled in when the next value comes, so an empty column costs nothing.
enum Cells {
    Id(FixedSizeBinaryBuilder),
    Time(TimestampMicrosecondBuilder),
    Int(Int64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
}

impl Cells {
    /// Starts small: hundreds of tenants have a hundred columns each in the making.
    fn new(kind: &DataType) -> Self {
        match kind {
            DataType::FixedSizeBinary(width) => Self::Id(FixedSizeBinaryBuilder::with_capacity(0, *width)),
            DataType::Timestamp(..) => Self::Time(TimestampMicrosecondBuilder::with_capacity(0).with_timezone(UTC)),
            DataType::Int64 => Self::Int(Int64Builder::with_capacity(0)),
            DataType::Binary => Self::Bytes(BinaryBuilder::with_capacity(0, 0)),
            _ => Self::Text(StringBuilder::with_capacity(0, 0)),
        }
    }

    fn len(&self) -> usize {
        use arrow::array::ArrayBuilder;
        match self {
            Self::Id(b) => b.len(),
            Self::Time(b) => b.len(),
            Self::Int(b) => b.len(),
            Self::Text(b) => b.len(),
            Self::Bytes(b) => b.len(),
        }
    }

    /// Fills up with nulls to `rows`.
    fn pad(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.len());
        if missing == 0 {
            return;
        }
        match self {
            Self::Id(b) => b.append_nulls(missing),
            Self::Time(b) => b.append_nulls(missing),
            Self::Int(b) => b.append_nulls(missing),
            Self::Text(b) => b.append_nulls(missing),
            Self::Bytes(b) => b.append_nulls(missing),
        }
    }

    fn text(&mut self, value: &str) {
        match self {
            Self::Text(b) => b.append_value(value),
            // A pack whose map gives text to a number's column: the value stays in `raw`.
            _ => self.pad(self.len() + 1),
        }
    }

    fn number(&mut self, value: i64) {
        match self {
            Self::Int(b) => b.append_value(value),
            Self::Time(b) => b.append_value(value),
            Self::Text(b) => b.append_value(value.to_string()),
            _ => self.pad(self.len() + 1),
        }
    }

    /// The column, without the room it had left.
    fn finish(self) -> ArrayRef {
        let mut column: ArrayRef = match self {
            Self::Id(mut b) => Arc::new(b.finish()),
            Self::Time(mut b) => Arc::new(b.finish()),
            Self::Int(mut b) => Arc::new(b.finish()),
            Self::Text(mut b) => Arc::new(b.finish()),
            Self::Bytes(mut b) => Arc::new(b.finish()),
        };
        column.shrink_to_fit();
        column
    }
}

/// Makes rows of one tenant and dataset.
#[derive(Default)]
pub struct RowsBuilder {
    rows: usize,
    columns: Vec<Option<Cells>>,
    events: Option<(EventId, EventId)>,
    received: Option<(Timestamp, Timestamp)>,
    time: Option<(Timestamp, Timestamp)>,
    sources: BTreeMap<SourceId, u64>,
    bytes: usize,
    unmapped: String,
    notes: String,
}

impl std::fmt::Debug for RowsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowsBuilder").field("rows", &self.rows).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl RowsBuilder {
    /// Rows so far.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// No rows yet.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Roughly the memory of the values so far, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds one event.
    pub fn append(&mut self, event: &Event<'_>, shared: &Shared<'_>) {
        let (id, head) = (event.id(), *event.head());
        self.cells(place::EVENT_ID, |cells| {
            if let Cells::Id(ids) = cells {
                // The builder's width is 16: this cannot fail.
                let _ = ids.append_value(id.0.to_be_bytes());
            }
        });
        if head.time_note != TimeNote::Received {
            self.number(place::TIME, head.time.as_micros());
        }
        self.number(place::TIME_RECEIVED, shared.received.as_micros());
        self.text(place::SOURCE, shared.source_name);
        self.text(place::PACK, shared.pack);
        if let Some(peer) = shared.peer {
            self.text(place::PEER, peer);
        }
        self.text(place::PARSED, head.parsed.name());
        self.add_notes(event, head.time_note);
        self.add_raw(event);
        self.add_columns(event);
        self.rows += 1;
        self.count(id, if head.time_note == TimeNote::Received { shared.received } else { head.time }, shared);
    }

    /// Adds an event by its line alone: for one on which making its columns has failed.
    pub fn append_line(&mut self, event: &Event<'_>, shared: &Shared<'_>) {
        let id = event.id();
        self.cells(place::EVENT_ID, |cells| {
            if let Cells::Id(ids) = cells {
                // The builder's width is 16: this cannot fail.
                let _ = ids.append_value(id.0.to_be_bytes());
            }
        });
        self.number(place::TIME_RECEIVED, shared.received.as_micros());
        self.text(place::SOURCE, shared.source_name);
        self.text(place::PACK, shared.pack);
        self.text(place::PARSED, Parsed::Poison.name());
        self.text(place::NOTES, "time:received poison:row");
        self.text(place::RAW, &String::from_utf8_lossy(event.raw()));
        self.rows += 1;
        self.count(id, shared.received, shared);
    }

    /// The pack's columns and what none of them holds.
    fn add_columns(&mut self, event: &Event<'_>) {
        let mut unmapped = std::mem::take(&mut self.unmapped);
        unmapped.clear();
        let mut each = |column: ColumnId, value: ColumnValue<'_>| {
            let at = place::PACKS + usize::from(column.0);
            match value {
                ColumnValue::Text(text) => self.text(at, &text),
                ColumnValue::Int(number) => self.number(at, number),
            }
        };
        event.columns_and_unmapped(&mut each, &mut unmapped);
        if !unmapped.is_empty() {
            self.text(place::UNMAPPED, &unmapped);
        }
        self.unmapped = unmapped;
    }

    /// The line as text, and where it is not UTF-8 its exact bytes beside it.
    fn add_raw(&mut self, event: &Event<'_>) {
        let text = event.raw_text();
        self.text(place::RAW, &text);
        if let Cow::Owned(_) = text {
            let raw = event.raw();
            self.bytes += raw.len();
            self.cells(place::RAW_BYTES, |cells| {
                if let Cells::Bytes(bytes) = cells {
                    bytes.append_value(raw);
                }
            });
        }
    }

    fn add_notes(&mut self, event: &Event<'_>, time_note: TimeNote) {
        let mut notes = std::mem::take(&mut self.notes);
        notes.clear();
        let time = match time_note {
            TimeNote::Exact => None,
            TimeNote::ZoneAssumed => Some("time:zone"),
            TimeNote::YearAssumed => Some("time:year"),
            TimeNote::Received => Some("time:received"),
        };
        for note in time.into_iter().chain(event.notes().map(|note| note.0.as_ref())) {
            if !notes.is_empty() {
                notes.push(' ');
            }
            notes.push_str(note);
        }
        if !notes.is_empty() {
            self.text(place::NOTES, &notes);
        }
        self.notes = notes;
    }

    fn count(&mut self, id: EventId, time: Timestamp, shared: &Shared<'_>) {
        widen(&mut self.events, id);
        widen(&mut self.received, shared.received);
        widen(&mut self.time, time);
        *self.sources.entry(shared.source).or_default() += 1;
        self.bytes += 64;
    }

    fn text(&mut self, at: usize, value: &str) {
        self.bytes += value.len() + 4;
        self.cells(at, |cells| cells.text(value));
    }

    fn number(&mut self, at: usize, value: i64) {
        self.bytes += 8;
        self.cells(at, |cells| cells.number(value));
    }

    /// The column at `at`, filled up to the current row; a second value for the same row is left out.
    fn cells(&mut self, at: usize, put: impl FnOnce(&mut Cells)) {
        let row = self.rows;
        let cells = match self.columns.get_mut(at) {
            Some(Some(cells)) => cells,
            _ => match self.begin(at) {
                Some(cells) => cells,
                None => return,
            },
        };
        if cells.len() <= row {
            cells.pad(row);
            put(cells);
        }
    }

    /// A column's first value. None for a place that no column has.
    fn begin(&mut self, at: usize) -> Option<&mut Cells> {
        let shape = events_shape();
        if self.columns.is_empty() {
            self.columns.resize_with(shape.fields().len(), || None);
        }
        let kind = shape.fields().get(at)?.data_type();
        self.columns.get_mut(at).map(|slot| slot.get_or_insert_with(|| Cells::new(kind)))
    }

    /// The rows so far as a chunk, and an empty builder again; `None` if there are none.
    ///
    /// # Errors
    /// Arrow's, if the columns do not fit together, which would be a defect.
    pub fn cut(&mut self) -> Result<Option<Chunk>, ArrowError> {
        let made = std::mem::take(self);
        let (Some(events), Some(received), Some(time)) = (made.events, made.received, made.time) else {
            return Ok(None);
        };
        let shape = events_shape();
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (field, cells) in shape.fields().iter().zip(made.columns) {
            let Some(mut cells) = cells else { continue };
            cells.pad(made.rows);
            fields.push(field.clone());
            arrays.push(cells.finish());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(made.rows));
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?;
        let bytes = rows.get_array_memory_size();
        Ok(Some(Chunk { rows, events, received, time, sources: made.sources, bytes }))
    }
}

/// Widens a pair of earliest and latest.
pub(crate) fn widen<T: Copy + Ord>(pair: &mut Option<(T, T)>, value: T) {
    *pair = Some(pair.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
}
