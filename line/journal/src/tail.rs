//! A part of a batch: the rest of one that a consumer stopped inside, or what of a large one fits a window.

use bytes::Bytes;
use wardwatch_event::{LineBatch, Received};
use wardwatch_ident::Cursor;

/// The part of a batch after `cursor`: the whole batch mostly, its last lines if a consumer stopped inside it, `None`
/// if all of it is covered. Rejections stay with the batch's first part: they are counted, not read.
pub fn after(batch: LineBatch, cursor: Cursor) -> Option<LineBatch> {
    match skipped(&batch, cursor)? {
        0 => Some(batch),
        skip => cut(&batch, skip, batch.received.ends.len()),
    }
}

/// The part of a batch after `cursor` that holds at most `bytes_max` bytes of lines, but one line at least; `None` if
/// all of the batch is covered. What is cut off has bytes of its own, so that a window of a large body does not keep
/// all of the body in memory.
pub fn part(batch: &LineBatch, cursor: Cursor, bytes_max: usize) -> Option<LineBatch> {
    let skip = skipped(batch, cursor)?;
    let ends = &batch.received.ends;
    let bound = start(batch, skip)?.saturating_add(bytes_max);
    let until = ends.partition_point(|end| *end as usize <= bound).max(skip + 1).min(ends.len());
    if skip == 0 && until == ends.len() {
        return Some(batch.clone());
    }
    let mut part = cut(batch, skip, until)?;
    part.received.bytes = Bytes::copy_from_slice(&part.received.bytes);
    Some(part)
}

/// How many lines of the batch `cursor` covers; `None` if all of them.
fn skipped(batch: &LineBatch, cursor: Cursor) -> Option<usize> {
    (batch.through() > cursor).then(|| (cursor.0 + 1).saturating_sub(batch.first.seq()) as usize)
}

/// Where line `skip` starts.
fn start(batch: &LineBatch, skip: usize) -> Option<usize> {
    match skip.checked_sub(1) {
        None => Some(0),
        Some(before) => batch.received.ends.get(before).map(|end| *end as usize),
    }
}

/// Lines `skip..until`.
fn cut(batch: &LineBatch, skip: usize, until: usize) -> Option<LineBatch> {
    let whole = &batch.received;
    let from = start(batch, skip)?;
    let to = start(batch, until)?.min(whole.bytes.len());
    let mut part = Received::new(whole.tenant(), whole.source, whole.at, whole.peer);
    part.key = whole.key.clone();
    part.bytes = whole.bytes.slice(from.min(to)..to);
    part.ends = whole.ends.get(skip..until)?.iter().map(|end| end.saturating_sub(from as u32)).collect();
    let inside = |(line, _): &&(u32, _)| (skip..until).contains(&(*line as usize));
    part.notes = whole.notes.iter().filter(inside).map(|(line, note)| (line - skip as u32, *note)).collect();
    if skip == 0 {
        part.rejected = whole.rejected.clone();
    }
    Some(LineBatch { received: part, first: batch.first.plus(skip as u32) })
}
