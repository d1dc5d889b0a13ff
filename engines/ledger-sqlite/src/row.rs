//! One file of the lake as a row.

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use wardwatch_ident::{EventId, TenantId, Timestamp};
use wardwatch_lake::SegmentRow;

/// The columns in the order in which [`read`] takes and [`add`] gives them.
pub(crate) const COLUMNS: &str = "tenant, id, dataset, day, level, path, row_count, bytes, received_from, received_to, \
    time_from, time_to, event_from, event_to, sha256, schema_version, sources";

/// Adds a live file.
pub(crate) fn add(conn: &Connection, file: &SegmentRow) -> rusqlite::Result<()> {
    let sources =
        serde_json::to_string(&file.sources).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let text = format!(
        "INSERT INTO segment ({COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    );
    conn.prepare_cached(&text)?.execute(params![
        file.tenant.0.to_be_bytes(),
        file.id.to_be_bytes(),
        file.dataset,
        file.day,
        file.level,
        file.path,
        file.rows as i64,
        file.bytes as i64,
        file.received.0.as_micros(),
        file.received.1.as_micros(),
        file.time.0.as_micros(),
        file.time.1.as_micros(),
        file.events.0.0.to_be_bytes(),
        file.events.1.0.to_be_bytes(),
        file.sha256,
        file.schema_version,
        sources,
    ])?;
    Ok(())
}

/// Reads a row of [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<SegmentRow> {
    let id = |at: usize| -> rusqlite::Result<u128> { Ok(u128::from_be_bytes(row.get(at)?)) };
    let instant = |at: usize| -> rusqlite::Result<Timestamp> { Ok(Timestamp::from_micros(row.get(at)?)) };
    let sources: String = row.get(16)?;
    Ok(SegmentRow {
        tenant: TenantId(id(0)?),
        id: id(1)?,
        dataset: row.get(2)?,
        day: row.get(3)?,
        level: row.get(4)?,
        path: row.get(5)?,
        rows: row.get::<_, i64>(6)? as u64,
        bytes: row.get::<_, i64>(7)? as u64,
        received: (instant(8)?, instant(9)?),
        time: (instant(10)?, instant(11)?),
        events: (EventId(id(12)?), EventId(id(13)?)),
        sha256: row.get(14)?,
        schema_version: row.get(15)?,
        sources: serde_json::from_str(&sources)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(16, Type::Text, Box::new(e)))?,
    })
}
