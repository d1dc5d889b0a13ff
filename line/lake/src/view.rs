//! What one tenant's search reads: files and hot rows that fit together, so that no row is missed or doubled while a
//! flush is going on.
//!
//! Files count as read at one cursor: the cursor is looked at before and after them and must be the same. Hot chunks are
//! taken *before*: whatever was flushed meanwhile is then in the files and is cut from the hot rows by its number.
//! Alerts likewise: the tenant's blobs that were pending before must all be pending after the files were read. Only its
//! own blobs are unpacked, the newest first, up to a bound; what lies beyond is said to be missing.

use crate::alert_rows;
use crate::fault::LakeFault;
use crate::ports::{Catalogue, SegmentRow};
use crate::rows::Chunk;
use crate::station::Lake;
use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use std::collections::BTreeSet;
use std::sync::Arc;
use wardwatch_access::OpContext;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, EventId, TenantId, Timestamp};
use wardwatch_limits::PENDING_VIEW_BYTES;
use wardwatch_schema::dataset;

/// How often a view is tried again because a flush was published meanwhile; flushes are seconds apart.
const TRIES: usize = 16;

/// One tenant's rows of one dataset, at one moment.
#[derive(Clone, Debug)]
pub struct LakeView {
    /// Files whose rows may lie in the asked time, oldest first.
    pub files: Vec<SegmentRow>,
    /// Rows that are in no file yet; each batch has only columns that hold a value.
    pub hot: Vec<RecordBatch>,
    /// The last line that the files cover.
    pub cursor: Cursor,
    /// Alerts that are in no file yet and were too many for memory: the oldest of those, missing in `hot`.
    pub alerts_left_out: u64,
}

impl Lake {
    /// What the context's tenant may search in `dataset`, for rows whose time may lie in `time` (inclusive).
    ///
    /// # Errors
    /// [`LakeFault::Dataset`] for an unknown dataset, [`LakeFault::Busy`] under flushes without pause.
    pub fn view(&self, cx: &OpContext, dataset: &str, time: (Timestamp, Timestamp)) -> Result<LakeView, LakeFault> {
        let catalogue = &*self.catalogue;
        match dataset {
            dataset::EVENTS | dataset::QUARANTINE => {
                let hot = || self.hot.of(cx.scope.tenant(), dataset);
                of_events(catalogue, cx, dataset, time, &hot)
            }
            dataset::ALERTS => of_alerts(catalogue, cx, dataset, time, &|alerts| self.alert_rows(alerts)),
            other => Err(LakeFault::Dataset(other.to_owned())),
        }
    }

    pub(crate) fn alert_rows(&self, alerts: &[Alert]) -> Result<RecordBatch, LakeFault> {
        let name = |alert: &Alert| self.names.name(alert.source).unwrap_or_else(|| alert.source.to_string());
        Ok(alert_rows::rows_of(alerts, &name)?)
    }
}

/// Files and cursor that belong together; none if the cursor moved meanwhile.
fn files_at_one_cursor(
    catalogue: &dyn Catalogue,
    cx: &OpContext,
    dataset: &str,
    time: (Timestamp, Timestamp),
) -> Result<Option<(Vec<SegmentRow>, Cursor)>, LakeFault> {
    let always = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
    let cursor = catalogue.cursor()?;
    let mut files = catalogue.view(cx, dataset, always)?;
    if catalogue.cursor()? != cursor {
        return Ok(None);
    }
    // The catalogue fences by itself; a foreign file here would be its defect and must not become a leak.
    if let Some(foreign) = files.iter().find(|file| file.tenant != cx.scope.tenant()) {
        return Err(LakeFault::Foreign(foreign.path.clone()));
    }
    // Lines may come days after what they tell of, so files are chosen by their rows' own times.
    files.retain(|file| file.time.0 <= time.1 && file.time.1 >= time.0);
    Ok(Some((files, cursor)))
}

/// Datasets `events` and `quarantine`. `hot` is asked once per try, before the files.
fn of_events(
    catalogue: &dyn Catalogue,
    cx: &OpContext,
    dataset: &str,
    time: (Timestamp, Timestamp),
    hot: &dyn Fn() -> Vec<Arc<Chunk>>,
) -> Result<LakeView, LakeFault> {
    for _ in 0..TRIES {
        let chunks = hot();
        let Some((files, cursor)) = files_at_one_cursor(catalogue, cx, dataset, time)? else { continue };
        let in_time = chunks.iter().filter(|chunk| chunk.time.0 <= time.1 && chunk.time.1 >= time.0);
        let hot = in_time.filter_map(|chunk| after(chunk, cursor)).collect();
        return Ok(LakeView { files, hot, cursor, alerts_left_out: 0 });
    }
    Err(LakeFault::Busy)
}

/// Dataset `alerts`: files, and the alerts that no file holds yet, made into rows by `rows_of`.
fn of_alerts(
    catalogue: &dyn Catalogue,
    cx: &OpContext,
    dataset: &str,
    time: (Timestamp, Timestamp),
    rows_of: &dyn Fn(&[Alert]) -> Result<RecordBatch, LakeFault>,
) -> Result<LakeView, LakeFault> {
    for _ in 0..TRIES {
        let pending = catalogue.pending_alerts_of(cx, PENDING_VIEW_BYTES)?;
        let Some((files, cursor)) = files_at_one_cursor(catalogue, cx, dataset, time)? else { continue };
        let still: BTreeSet<u64> = catalogue.pending_numbers(cx)?.into_iter().collect();
        if !pending.blobs.iter().all(|(blob, _)| still.contains(blob)) {
            continue;
        }
        let alerts_left_out = pending.left_out;
        let mine = own(pending.blobs, cx.scope.tenant());
        let hot = if mine.is_empty() { Vec::new() } else { vec![rows_of(&mine)?] };
        return Ok(LakeView { files, hot, cursor, alerts_left_out });
    }
    Err(LakeFault::Busy)
}

fn own(pending: Vec<(u64, Vec<Alert>)>, tenant: TenantId) -> Vec<Alert> {
    let mut seen = BTreeSet::new();
    let all = pending.into_iter().flat_map(|(_, alerts)| alerts);
    all.filter(|alert| alert.tenant == tenant && seen.insert(alert.id)).collect()
}

/// The rows of a chunk whose lines come after the cursor. Rows stand in the order of their numbers.
fn after(chunk: &Chunk, cursor: Cursor) -> Option<RecordBatch> {
    let ids = chunk.rows.column_by_name("event_id")?.as_fixed_size_binary_opt()?;
    let covered = |row: &usize| seq(ids.value(*row)) <= cursor.0;
    let from = (0..ids.len()).take_while(covered).count();
    (from < ids.len()).then(|| chunk.rows.slice(from, ids.len() - from))
}

fn seq(id: &[u8]) -> u64 {
    id.try_into().map_or(0, |bytes| EventId(u128::from_be_bytes(bytes)).seq())
}
