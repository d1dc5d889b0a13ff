//! A batch of which the first lines are covered already.

use wardwatch_event::{LineBatch, Received};
use wardwatch_ident::Cursor;

/// The part of a batch after `cursor`: the whole batch mostly, its last lines if a consumer stopped inside it, `None`
/// if all of it is covered. Rejections stay with the batch's first part: they are counted, not read.
pub fn after(batch: LineBatch, cursor: Cursor) -> Option<LineBatch> {
    if batch.through() <= cursor {
        return None;
    }
    let skip = (cursor.0 + 1).saturating_sub(batch.first.seq()) as usize;
    if skip == 0 {
        return Some(batch);
    }
    let whole = &batch.received;
    let from = whole.ends.get(skip.checked_sub(1)?).copied()?;
    let mut part = Received::new(whole.tenant(), whole.source, whole.at, whole.peer);
    part.key = whole.key.clone();
    part.bytes = whole.bytes.slice((from as usize).min(whole.bytes.len())..);
    part.ends = whole.ends.iter().skip(skip).map(|end| end.saturating_sub(from)).collect();
    part.notes =
        whole.notes.iter().filter_map(|(line, note)| Some(((*line).checked_sub(skip as u32)?, *note))).collect();
    Some(LineBatch { received: part, first: batch.first.plus(skip as u32) })
}
