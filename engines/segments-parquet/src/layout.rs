//! How rows lie in a file: compression, encodings, row groups, page index and Bloom filters.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use std::sync::Arc;
use wardwatch_lake::{LONG_COLUMNS, Layout, NEEDLE_COLUMNS};
use wardwatch_limits::ROW_GROUP_ROWS;

/// An L0 file lives an hour: level 1 costs a tenth more bytes and two thirds of the time.
const L0_ZSTD: i32 = 1;
/// An L0 file with fewer rows is not compressed: making ready a hundred columns' compressors costs more than it saves for
/// an hour, and with hundreds of quiet tenants it would be most of the work.
const PLAIN_ROWS: usize = 4_096;
/// Level 6 halves the rate for 4 % of the bytes.
const L1_ZSTD: i32 = 3;
/// One needle in a hundred row groups is looked at in vain.
const BLOOM_FPP: f64 = 0.01;
/// Distinct values that a row group's filter is laid out for; addresses and names repeat.
const BLOOM_NDV: u64 = 50_000;

/// The columns of all batches together, in the order in which they first appear.
pub(crate) fn union(rows: &[RecordBatch]) -> SchemaRef {
    if let Some((first, rest)) = rows.split_first()
        && rest.iter().all(|batch| batch.schema_ref() == first.schema_ref())
    {
        return first.schema();
    }
    let mut fields: Vec<Arc<Field>> = Vec::new();
    for field in rows.iter().flat_map(|batch| batch.schema_ref().fields()) {
        if !fields.iter().any(|known| known.name() == field.name()) {
            fields.push(field.clone());
        }
    }
    Arc::new(Schema::new(fields))
}

/// The writer's settings for these columns.
pub(crate) fn properties(
    layout: Layout,
    schema: &Schema,
    rows: usize,
    schema_version: u32,
) -> Result<WriterProperties, ParquetError> {
    let zstd = |level| Ok::<_, ParquetError>(Compression::ZSTD(ZstdLevel::try_new(level)?));
    let (compression, statistics) = match layout {
        Layout::L0 if rows < PLAIN_ROWS => (Compression::UNCOMPRESSED, EnabledStatistics::Chunk),
        Layout::L0 => (zstd(L0_ZSTD)?, EnabledStatistics::Chunk),
        Layout::L1 => (zstd(L1_ZSTD)?, EnabledStatistics::Page),
    };
    let version = KeyValue::new("wardwatch.schema_version".to_owned(), schema_version.to_string());
    let mut builder = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(statistics)
        .set_key_value_metadata(Some(vec![version]));
    for field in schema.fields() {
        builder = column(builder, field);
    }
    if layout == Layout::L1 {
        let ndv = (rows.min(ROW_GROUP_ROWS) as u64).clamp(1, BLOOM_NDV);
        for name in NEEDLE_COLUMNS.iter().filter(|name| schema.index_of(name).is_ok()) {
            let path = ColumnPath::from(*name);
            builder = builder
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_fpp(path.clone(), BLOOM_FPP)
                .set_column_bloom_filter_max_ndv(path, ndv);
        }
    }
    Ok(builder.build())
}

/// Encodings of one column: long texts have no dictionary; instants and ids are kept as differences.
fn column(builder: WriterPropertiesBuilder, field: &Field) -> WriterPropertiesBuilder {
    let path = || ColumnPath::from(field.name().as_str());
    let long = LONG_COLUMNS.contains(&field.name().as_str());
    match field.data_type() {
        DataType::Timestamp(..) => builder
            .set_column_dictionary_enabled(path(), false)
            .set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED),
        DataType::FixedSizeBinary(_) => {
            builder.set_column_dictionary_enabled(path(), false).set_column_encoding(path(), Encoding::DELTA_BYTE_ARRAY)
        }
        // Smallest and largest of long texts tell a reader nothing.
        _ if long => builder
            .set_column_dictionary_enabled(path(), false)
            .set_column_statistics_enabled(path(), EnabledStatistics::None),
        _ => builder,
    }
}
