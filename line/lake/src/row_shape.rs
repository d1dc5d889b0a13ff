//! What a row of the lake looks like on disk: the physical columns of each dataset, in their order.
//!
//! A file or hot chunk carries only those columns that hold a value in it; a reader takes a missing column as null.
//! That is also how a file of an older version is read: columns are added, never retyped.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::{Arc, LazyLock};
use wardwatch_schema::{ALERT_COLUMNS, COLUMNS, Column, Kind, LINE_COLUMNS, dataset};

/// Version of the columns, in every catalogue row.
pub const SCHEMA_VERSION: u32 = 1;

/// The exact bytes of a line that is not UTF-8; null where `raw` already is the line. Not searched.
pub const RAW_BYTES: &str = "raw_bytes";

/// The time zone of every instant, as an offset: Arrow reads zone names only with a database of zones.
pub const UTC: &str = "+00:00";

/// Columns whose values are looked for one at a time: compacted files carry a Bloom filter on them.
pub const NEEDLE_COLUMNS: &[&str] = &["src_ip", "dst_ip", "host", "user", "sha256", "dns_query"];

/// Columns whose values hardly ever repeat: a dictionary would only cost time.
pub const LONG_COLUMNS: &[&str] = &["raw", RAW_BYTES, "message", "event_id", "id", "evidence"];

/// Places of the columns that the line itself gives, in [`events_shape`].
pub(crate) mod place {
    pub const EVENT_ID: usize = 0;
    pub const TIME: usize = 1;
    pub const TIME_RECEIVED: usize = 2;
    pub const SOURCE: usize = 3;
    pub const PACK: usize = 4;
    pub const PEER: usize = 5;
    pub const PARSED: usize = 6;
    pub const NOTES: usize = 7;
    pub const UNMAPPED: usize = 8;
    pub const RAW: usize = 9;
    pub const RAW_BYTES: usize = 10;
    /// The first column that a pack fills.
    pub const PACKS: usize = 11;
}

/// The physical type of a column.
fn physical(column: &Column) -> DataType {
    match (column.name, column.kind) {
        ("event_id" | "id", _) => DataType::FixedSizeBinary(16),
        (_, Kind::Text | Kind::Ip) => DataType::Utf8,
        (_, Kind::Port | Kind::Int) => DataType::Int64,
        (_, Kind::Time) => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
    }
}

fn field(column: &Column) -> Field {
    Field::new(column.name, physical(column), true)
}

/// All columns of datasets `events` and `quarantine`.
pub fn events_shape() -> SchemaRef {
    static SHAPE: LazyLock<SchemaRef> = LazyLock::new(|| {
        let raw_bytes = Field::new(RAW_BYTES, DataType::Binary, true);
        let line = LINE_COLUMNS.iter().map(field).chain([raw_bytes]);
        Arc::new(Schema::new(line.chain(COLUMNS.iter().map(field)).collect::<Vec<_>>()))
    });
    SHAPE.clone()
}

/// All columns of dataset `alerts`.
pub fn alerts_shape() -> SchemaRef {
    static SHAPE: LazyLock<SchemaRef> =
        LazyLock::new(|| Arc::new(Schema::new(ALERT_COLUMNS.iter().map(field).collect::<Vec<_>>())));
    SHAPE.clone()
}

/// All columns of a dataset; `None` if there is no such dataset.
pub fn shape_of(dataset: &str) -> Option<SchemaRef> {
    match dataset {
        dataset::EVENTS | dataset::QUARANTINE => Some(events_shape()),
        dataset::ALERTS => Some(alerts_shape()),
        _ => None,
    }
}
