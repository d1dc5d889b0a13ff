//! Has this batch been stored already? Exact as long as the key is remembered: while its segment lives, and afterwards
//! in the index, the newest `BATCH_KEYS_PER_SOURCE` of each source.

use crate::segment::sql;
use rusqlite::{Connection, OptionalExtension, params};
use wardwatch_ident::{BatchKey, Cursor, SourceId};

/// A batch that stands under a key.
pub(crate) struct Known {
    pub(crate) body: [u8; 32],
    pub(crate) cursor: Cursor,
}

/// Looks into a segment, not past line `through`.
pub(crate) fn in_segment(
    conn: &Connection,
    source: SourceId,
    key: &BatchKey,
    through: u64,
) -> rusqlite::Result<Option<Known>> {
    let text = "SELECT body, last FROM batch WHERE source = ?1 AND epoch = ?2 AND n = ?3 AND last <= ?4";
    look_up(conn, text, source, key, through)
}

/// Looks into the index.
pub(crate) fn in_index(conn: &Connection, source: SourceId, key: &BatchKey) -> rusqlite::Result<Option<Known>> {
    let text = "SELECT body, cursor FROM batch_key WHERE source = ?1 AND epoch = ?2 AND n = ?3 AND cursor <= ?4";
    look_up(conn, text, source, key, u64::MAX)
}

fn look_up(
    conn: &Connection,
    text: &str,
    source: SourceId,
    key: &BatchKey,
    through: u64,
) -> rusqlite::Result<Option<Known>> {
    conn.prepare_cached(text)?
        .query_row(params![source.0.to_be_bytes(), key.epoch, key.n as i64, sql(through)], |row| {
            Ok(Known { body: row.get(0)?, cursor: Cursor(row.get::<_, i64>(1)? as u64) })
        })
        .optional()
}

/// Copies a segment's keys up to line `through` into the index and lets the oldest of each source go.
pub(crate) fn take_over(
    index: &Connection,
    segment: &Connection,
    through: u64,
    keys_per_source: usize,
) -> rusqlite::Result<()> {
    let mut put = index.prepare(
        "INSERT INTO batch_key (source, epoch, n, body, cursor) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (source, epoch, n) DO NOTHING",
    )?;
    let mut sources = std::collections::BTreeSet::new();
    let mut rows =
        segment.prepare("SELECT source, epoch, n, body, last FROM batch WHERE epoch IS NOT NULL AND last <= ?1")?;
    let mut rows = rows.query([sql(through)])?;
    while let Some(row) = rows.next()? {
        let source: [u8; 16] = row.get(0)?;
        let (epoch, n): (String, i64) = (row.get(1)?, row.get(2)?);
        let (body, last): ([u8; 32], i64) = (row.get(3)?, row.get(4)?);
        put.execute(params![source, epoch, n, body, last])?;
        sources.insert(source);
    }
    let mut trim = index.prepare(
        "DELETE FROM batch_key WHERE source = ?1 AND cursor <=
           (SELECT cursor FROM batch_key WHERE source = ?1 ORDER BY cursor DESC LIMIT 1 OFFSET ?2)",
    )?;
    for source in sources {
        trim.execute(params![source, sql(keys_per_source as u64)])?;
    }
    Ok(())
}
