//! How a parser fills a batch, row by row.

use crate::batch::{ESCAPED, Escaped, KIND_SHIFT, MADE, Made, OFFSET, Span};
use crate::mapping::Row;
use crate::{EventBatch, FieldId, Head, LineBatch, NativeKind, Pack, ParseNote, Parsed};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use wardwatch_limits::FIELDS;
use wardwatch_pack::{Fields, Rule, hash};
use wardwatch_scan::Checked;
use wardwatch_schema::Kind;

/// Fills an [`EventBatch`]. Rows are ended in the order of the lines; every line gets exactly one row.
#[derive(Debug)]
pub struct BatchBuilder {
    batch: EventBatch,
    /// Where the current row's values begin.
    row_start: usize,
    /// Which lines are no UTF-8; none if all are.
    broken: Option<Vec<bool>>,
}

impl BatchBuilder {
    /// For these lines, parsed with this pack.
    pub fn new(lines: LineBatch, pack: Arc<Pack>) -> Self {
        let count = lines.received.len();
        let (text, broken) = checked_text(&lines);
        let batch = EventBatch {
            lines,
            pack,
            text,
            arena: String::new(),
            places: Vec::new(),
            escaped: Vec::new(),
            spans: Vec::with_capacity(count * 16),
            rows: Vec::with_capacity(count + 1),
            extras: Fields::default(),
            heads: Vec::with_capacity(count),
            notes: Vec::new(),
        };
        let mut builder = Self { batch, row_start: 0, broken };
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

    /// The lines' bytes as text, at the offsets of `Received::bytes`. Lines that are no UTF-8 are blanks here.
    pub fn checked(&self) -> &Checked {
        &self.batch.text
    }

    /// Whether line `row` is UTF-8, so that its values may be spans.
    pub fn is_text(&self, row: usize) -> bool {
        !self.broken.as_ref().is_some_and(|broken| broken.get(row).copied().unwrap_or(true))
    }

    /// The number of a native name: the pack's, or a new extra. `None` when 65,535 names are taken.
    #[inline]
    pub fn field(&mut self, name: &str) -> Option<FieldId> {
        let hash = hash(name.as_bytes());
        if let Some(id) = self.batch.pack.fields.id_hashed(hash, name) {
            return Some(id);
        }
        let known = self.batch.extras.id_hashed(hash, name);
        let extra = usize::from(known.or_else(|| self.new_extra(name))?.0);
        u16::try_from(self.batch.pack.fields.len() + extra).ok().map(FieldId)
    }

    /// The number of a name, if the pack or a line of this batch has it.
    pub fn known_field(&self, name: &str) -> Option<FieldId> {
        self.batch.field(name)
    }

    #[cold]
    fn new_extra(&mut self, name: &str) -> Option<FieldId> {
        let room = self.batch.pack.fields.len() + self.batch.extras.len() < usize::from(u16::MAX - 1);
        if room { self.batch.extras.intern(name) } else { None }
    }

    /// Adds a value that lies in the batch's text as it is (`start..end`, offsets into `Received::bytes`, not the
    /// line). The line must be UTF-8 ([`BatchBuilder::is_text`]). Answers whether it was taken: a line keeps at most
    /// [`FIELDS`] values.
    #[inline]
    pub fn span(&mut self, field: FieldId, kind: NativeKind, start: usize, end: usize) -> bool {
        if self.row_len() >= FIELDS || end < start || start > OFFSET as usize {
            return false;
        }
        match u16::try_from(end - start) {
            Ok(len) => {
                self.batch.spans.push(Span { field, len, at: start as u32 | kind_bits(kind) });
                true
            }
            Err(_) => {
                let text = self.batch.text.clone();
                let base = self.line_start();
                let raw = ((start - base.min(start)) as u32, (end - base.min(end)) as u32);
                self.text(field, kind, text.get(start..end).unwrap_or_default(), raw.0, raw.1)
            }
        }
    }

    /// Adds a value that had to be made (unescaped, decoded, joined). `raw_start..raw_end` is where it came from in
    /// the raw *line*.
    pub fn text(&mut self, field: FieldId, kind: NativeKind, text: &str, raw_start: u32, raw_end: u32) -> bool {
        self.made(field, kind, (raw_start, raw_end), text.len(), |room| room.push_str(text))
    }

    /// As [`BatchBuilder::text`], made in its place: `fill` adds the value, of at most `len` bytes, to what it is given.
    #[inline]
    pub fn made(
        &mut self,
        field: FieldId,
        kind: NativeKind,
        raw: (u32, u32),
        len: usize,
        fill: impl FnOnce(&mut String),
    ) -> bool {
        let (start, number) = (self.batch.arena.len(), self.batch.places.len());
        if self.row_len() >= FIELDS || start + len > OFFSET as usize || number > OFFSET as usize {
            return false;
        }
        fill(&mut self.batch.arena);
        let len = self.batch.arena.len().saturating_sub(start) as u32;
        self.batch.places.push(Made { start: start as u32, len, raw });
        self.batch.spans.push(Span { field, len: 0, at: number as u32 | MADE | kind_bits(kind) });
        true
    }

    /// Adds a text that lies in the batch's text with JSON's escapes in it, to be undone when somebody asks.
    /// (`start..end`, offsets as for [`BatchBuilder::span`]).
    #[inline]
    pub fn escaped(&mut self, field: FieldId, start: usize, end: usize) -> bool {
        let number = self.batch.escaped.len();
        if self.row_len() >= FIELDS || end < start || start > OFFSET as usize || number > OFFSET as usize {
            return false;
        }
        self.batch.escaped.push(Escaped { start: start as u32, len: (end - start) as u32, undone: OnceLock::new() });
        self.batch.spans.push(Span { field, len: 0, at: number as u32 | ESCAPED });
        true
    }

    /// The case of the pack that takes the row being built.
    pub fn choose(&self) -> Option<u16> {
        let row = self.row_view();
        self.batch.pack.choose(|field| row.first(field))
    }

    /// What a rule gives for the row being built.
    pub fn evaluate<'v>(&'v self, rule: &'v Rule, kind: Kind) -> Option<crate::ColumnValue<'v>> {
        self.row_view().evaluate(rule, kind)
    }

    fn row_view(&self) -> Row<'_> {
        Row::new(&self.batch, self.row_spans())
    }

    /// Notes what is odd about the current row.
    pub fn note(&mut self, note: impl Into<Cow<'static, str>>) {
        let row = self.batch.heads.len() as u32;
        self.batch.notes.push((row, ParseNote(note.into())));
    }

    /// The first value of a field in the row being built.
    pub fn get(&self, field: FieldId) -> Option<crate::Native<'_>> {
        let base = self.line_start() as u32;
        let span = self.row_spans().iter().find(|span| span.field == field)?;
        self.batch.native(span, base)
    }

    /// Where the first value of a field in the row being built lies in the batch's text; `None` if it was made.
    pub fn place_of(&self, field: FieldId) -> Option<std::ops::Range<usize>> {
        let span = self.row_spans().iter().find(|span| span.field == field)?;
        let start = (span.at & OFFSET) as usize;
        (span.at & (MADE | ESCAPED) == 0).then(|| start..start + usize::from(span.len))
    }

    /// Forgets the values of the current row (a parser gave up half-way); notes stay.
    pub fn discard_row(&mut self) {
        self.batch.spans.truncate(self.row_start);
    }

    /// Ends the current row.
    pub fn end_row(&mut self, head: Head) {
        self.batch.heads.push(head);
        self.row_start = self.batch.spans.len();
        self.batch.rows.push(self.row_start as u32);
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
    #[inline]
    pub fn row_len(&self) -> usize {
        self.batch.spans.len() - self.row_start
    }

    fn row_spans(&self) -> &[Span] {
        self.batch.spans.get(self.row_start..).unwrap_or_default()
    }

    fn line_start(&self) -> usize {
        self.batch.lines.received.range(self.row()).map_or(0, |r| r.start)
    }
}

/// The bytes as text. If they are not all UTF-8, the lines that are not become blanks of the same length in a copy, and
/// the answer says which lines those are.
fn checked_text(lines: &LineBatch) -> (Checked, Option<Vec<bool>>) {
    let received = &lines.received;
    if let Ok(text) = Checked::new(received.bytes.clone())
        && (text.is_ascii() || received.ends.iter().all(|end| text.is_char_boundary(*end as usize)))
    {
        return (text, None);
    }
    let mut text = String::with_capacity(received.bytes.len());
    let mut broken = Vec::with_capacity(received.len());
    for row in 0..received.len() {
        let line = received.line(row);
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => text.extend(std::iter::repeat_n(' ', line.len())),
        }
        broken.push(std::str::from_utf8(line).is_err());
    }
    (text.into(), Some(broken))
}

#[inline]
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
    fn escapes_are_undone_when_somebody_asks() {
        let message = r#"line one\r\nline \"two\" \u4e2d"#;
        let line = format!("x={message}");
        let mut b = builder(&["first", &line]);
        let (a, c) = (b.field("a").unwrap(), b.field("c").unwrap());
        b.end_row(head());
        assert!(b.escaped(a, 7, 7 + message.len()));
        assert_eq!(b.place_of(a), None);
        assert_eq!(b.get(a).unwrap().text, "line one\r\nline \"two\" 中");
        assert!(b.span(c, NativeKind::Text, 5, 6));
        b.end_row(head());
        let batch = b.finish();
        let event = batch.event(1).unwrap();
        let raw = (2, 2 + message.len() as u32);
        assert_eq!(event.get(a), Some(Native { kind: NativeKind::Text, text: "line one\r\nline \"two\" 中", raw }));
        assert_eq!(event.natives_of(|field| field == c).map(|(_, native)| native.text).collect::<Vec<_>>(), ["x"]);
        let mut left = String::new();
        event.unmapped(&mut left);
        assert_eq!(left, r#"{"a":"line one\r\nline \"two\" 中","c":"x"}"#);
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
