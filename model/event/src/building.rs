//! How a parser fills a batch, row by row.

use crate::batch::{ARENA_HEAD, IN_ARENA, KIND_SHIFT, OFFSET, Span};
use crate::{EventBatch, FieldId, Head, LineBatch, NativeKind, Pack, ParseNote, Parsed};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use wardwatch_limits::FIELDS;

/// Fills an [`EventBatch`]. Rows are ended in the order of the lines; every line gets exactly one row.
#[derive(Debug)]
pub struct BatchBuilder {
    batch: EventBatch,
    extra_ids: HashMap<Box<str>, FieldId>,
}

impl BatchBuilder {
    /// For these lines, parsed with this pack.
    pub fn new(lines: LineBatch, pack: Arc<Pack>) -> Self {
        let count = lines.received.len();
        let batch = EventBatch {
            lines,
            pack,
            arena: Vec::new(),
            spans: Vec::with_capacity(count * 16),
            rows: Vec::with_capacity(count + 1),
            extras: Vec::new(),
            heads: Vec::with_capacity(count),
            notes: Vec::new(),
        };
        let mut builder = Self { batch, extra_ids: HashMap::new() };
        builder.batch.rows.push(0);
        builder
    }

    /// The lines to parse. Cheap to clone: the bytes are shared.
    pub fn lines(&self) -> &LineBatch {
        &self.batch.lines
    }

    /// The pack.
    pub fn pack(&self) -> &Arc<Pack> {
        &self.batch.pack
    }

    /// The number of a native name: the pack's, or a new extra. `None` when 65,535 names are taken.
    pub fn field(&mut self, name: &str) -> Option<FieldId> {
        if let Some(id) = self.batch.pack.fields.id(name).or_else(|| self.extra_ids.get(name).copied()) {
            return Some(id);
        }
        let next = self.batch.pack.fields.len() + self.batch.extras.len();
        let id = FieldId(u16::try_from(next).ok().filter(|n| *n < u16::MAX)?);
        self.batch.extras.push(name.into());
        self.extra_ids.insert(name.into(), id);
        Some(id)
    }

    /// Adds a value that lies in the batch's raw bytes as it is (`start..end`, offsets into `Received::bytes`, not the
    /// line). The bytes must be UTF-8: the caller has checked the line. Answers whether it was taken: a line keeps
    /// at most [`FIELDS`] values.
    pub fn span(&mut self, field: FieldId, kind: NativeKind, start: usize, end: usize) -> bool {
        if self.row_len() >= FIELDS {
            return false;
        }
        let fits = end >= start && start <= OFFSET as usize;
        match (fits, u16::try_from(end.saturating_sub(start))) {
            (true, Ok(len)) => {
                self.batch.spans.push(Span { field, len, at: start as u32 | kind_bits(kind) });
                true
            }
            (true, Err(_)) => {
                let bytes = self.batch.lines.received.bytes.clone();
                let text = bytes.get(start..end).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
                let base = self.line_start();
                self.text(field, kind, text, (start - base.min(start)) as u32, (end - base.min(end)) as u32)
            }
            _ => false,
        }
    }

    /// Adds a value that had to be made (unescaped, decoded, joined). `raw_start..raw_end` is where it came from in
    /// the raw *line*.
    pub fn text(&mut self, field: FieldId, kind: NativeKind, text: &str, raw_start: u32, raw_end: u32) -> bool {
        let at = self.batch.arena.len();
        if self.row_len() >= FIELDS || at + ARENA_HEAD + text.len() > OFFSET as usize {
            return false;
        }
        for number in [raw_start, raw_end, text.len() as u32] {
            self.batch.arena.extend_from_slice(&number.to_le_bytes());
        }
        self.batch.arena.extend_from_slice(text.as_bytes());
        self.batch.spans.push(Span { field, len: 0, at: at as u32 | IN_ARENA | kind_bits(kind) });
        true
    }

    /// Notes what is odd about the current row.
    pub fn note(&mut self, note: impl Into<Cow<'static, str>>) {
        let row = self.batch.heads.len() as u32;
        self.batch.notes.push((row, ParseNote(note.into())));
    }

    /// The first value of a field in the row being built.
    pub fn get(&self, field: FieldId) -> Option<crate::Native<'_>> {
        let from = self.batch.rows.last().copied().unwrap_or(0) as usize;
        let base = self.line_start() as u32;
        let span = self.batch.spans.get(from..)?.iter().find(|span| span.field == field)?;
        self.batch.native(span, base)
    }

    /// Forgets the values of the current row (a parser gave up half-way); notes stay.
    pub fn discard_row(&mut self) {
        let from = self.batch.rows.last().copied().unwrap_or(0) as usize;
        self.batch.spans.truncate(from);
    }

    /// Ends the current row.
    pub fn end_row(&mut self, head: Head) {
        self.batch.heads.push(head);
        self.batch.rows.push(self.batch.spans.len() as u32);
    }

    /// The finished batch. Lines without a row (a parser that stopped early) become unparsed rows.
    pub fn finish(mut self) -> EventBatch {
        while self.batch.heads.len() < self.batch.lines.received.len() {
            self.note("unparsed:skipped");
            let head = Head {
                time: self.batch.lines.received.at,
                time_note: crate::TimeNote::Received,
                class_uid: 0,
                activity_id: 0,
                case: None,
                parsed: Parsed::Unparsed,
            };
            self.end_row(head);
        }
        self.batch
    }

    /// Which line the current row is about.
    pub fn row(&self) -> usize {
        self.batch.heads.len()
    }

    /// Values in the current row so far.
    pub fn row_len(&self) -> usize {
        self.batch.spans.len() - self.batch.rows.last().copied().unwrap_or(0) as usize
    }

    fn line_start(&self) -> usize {
        self.batch.lines.received.range(self.row()).map_or(0, |r| r.start)
    }
}

fn kind_bits(kind: NativeKind) -> u32 {
    let number = match kind {
        NativeKind::Text => 0,
        NativeKind::Number => 1,
        NativeKind::Bool => 2,
        NativeKind::Null => 3,
    };
    number << KIND_SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Native, Received};
    use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
    use wardwatch_pack::Pack;

    fn builder(lines: &[&str]) -> BatchBuilder {
        let at = Timestamp::from_secs(1);
        let received = Received::of_lines(TenantId(1), SourceId(2), at, lines);
        BatchBuilder::new(LineBatch { received, first: EventId::new(at, NodeId(0), 7) }, Arc::new(Pack::bare("t")))
    }

    fn head() -> Head {
        Head {
            time: Timestamp::from_secs(1),
            time_note: crate::TimeNote::Exact,
            class_uid: 0,
            activity_id: 0,
            case: None,
            parsed: Parsed::Whole,
        }
    }

    #[test]
    fn values_come_back_with_their_place_in_the_line() {
        let mut b = builder(&["a=1 b=2", "a=\\u4e2d"]);
        let (a, c) = (b.field("a").unwrap(), b.field("c").unwrap());
        assert!(b.span(a, NativeKind::Number, 2, 3));
        b.end_row(head());
        assert!(b.text(a, NativeKind::Text, "中", 2, 8));
        b.note("odd");
        b.end_row(head());
        let batch = b.finish();
        let (first, second) = (batch.event(0).unwrap(), batch.event(1).unwrap());
        assert_eq!(first.get(a), Some(Native { kind: NativeKind::Number, text: "1", raw: (2, 3) }));
        assert_eq!(second.get(a), Some(Native { kind: NativeKind::Text, text: "中", raw: (2, 8) }));
        assert_eq!(second.get(c), None);
        assert_eq!((first.notes().count(), second.notes().count()), (0, 1));
        assert_eq!(second.id().seq(), 8);
        assert_eq!(batch.field("a"), Some(a));
        assert_eq!(batch.field_name(c), Some("c"));
    }

    #[test]
    fn a_value_longer_than_64_kib_is_kept_whole() {
        let line = "x".repeat(100_000);
        let mut b = builder(&["first", &line]);
        let a = b.field("a").unwrap();
        b.end_row(head());
        assert!(b.span(a, NativeKind::Text, 5, 5 + 100_000));
        b.end_row(head());
        let batch = b.finish();
        let value = batch.event(1).unwrap().get(a).unwrap();
        assert_eq!((value.text.len(), value.raw), (100_000, (0, 100_000)));
    }

    #[test]
    fn a_line_keeps_a_bounded_number_of_fields_and_every_line_gets_a_row() {
        let mut b = builder(&["x", "y"]);
        let a = b.field("a").unwrap();
        let taken = (0..FIELDS + 10).filter(|_| b.span(a, NativeKind::Text, 0, 1)).count();
        b.end_row(head());
        let batch = b.finish();
        assert_eq!((taken, batch.len()), (FIELDS, 2));
        assert_eq!(batch.event(1).unwrap().head().parsed, Parsed::Unparsed);
    }
}
