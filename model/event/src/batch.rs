//! Parsed lines: the lines' own bytes, 8-byte spans into them, and an arena for what had to be unescaped or decoded.

use crate::readable::{Looks, readable};
use crate::{FieldId, LineBatch, Native, NativeKind, Pack};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use wardwatch_ident::{EventId, Timestamp};
use wardwatch_pack::Fields;
use wardwatch_scan::{Checked, unescape};

/// How far a line was understood. All four are stored, searchable and counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// Header, body and the pack's required columns.
    Whole,
    /// Something was missing or did not convert; the rest is there.
    Partly,
    /// Not understood: raw only.
    Unparsed,
    /// The parse panicked or broke a limit: goes to dataset `quarantine`.
    Poison,
}

impl Parsed {
    /// As it stands in column `parsed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Partly => "partly",
            Self::Unparsed => "unparsed",
            Self::Poison => "poison",
        }
    }
}

/// Where the event's time came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TimeNote {
    /// The line carries date, year and zone.
    #[default]
    Exact,
    /// The zone is the source's.
    ZoneAssumed,
    /// Year and zone are assumed.
    YearAssumed,
    /// The line's time is more than 24 h off reception, or there is none: reception time stands in.
    Received,
}

/// A short code of what was odd about a line, with what it was about (`unparsed:body`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseNote(pub std::borrow::Cow<'static, str>);

/// What is known of a row before its columns are built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// When it happened, UTC; [`TimeNote::Received`] says that it is the reception time instead.
    pub time: Timestamp,
    /// Where the time came from.
    pub time_note: TimeNote,
    /// OCSF class, 0 if unknown.
    pub class_uid: u32,
    /// OCSF activity within the class.
    pub activity_id: u8,
    /// The case of the pack that took the line: its number in the pack's flat list, or none.
    pub case: Option<u16>,
    /// How far the line was understood.
    pub parsed: Parsed,
}

/// 8 bytes: which field, and where its text lies.
///
/// `at`: bit 31 = made; bits 30-29 = kind; bit 28 = escaped; bits 27-0 = offset. In the batch's text `len` is the length. A
/// made value's offset is its number in [`EventBatch::places`], an escaped one's in [`EventBatch::escaped`]; `len` is not
/// used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub field: FieldId,
    pub len: u16,
    pub at: u32,
}

/// Where a made value lies in the arena, and where it came from in the raw line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub start: u32,
    pub len: u32,
    pub raw: (u32, u32),
}

/// A long value that lies in the batch's text with JSON's escapes in it, and without them once somebody asked.
#[derive(Debug)]
pub(crate) struct Escaped {
    pub start: u32,
    pub len: u32,
    pub undone: OnceLock<Box<str>>,
}

pub(crate) const MADE: u32 = 1 << 31;
pub(crate) const KIND_SHIFT: u32 = 29;
pub(crate) const ESCAPED: u32 = 1 << 28;
pub(crate) const OFFSET: u32 = ESCAPED - 1;

/// Events of one tenant, source and pack version. Made by [`crate::BatchBuilder`]; never changed afterwards.
#[derive(Debug)]
pub struct EventBatch {
    /// The lines, as journalled.
    pub lines: LineBatch,
    /// The pack that parsed them.
    pub pack: Arc<Pack>,
    /// The lines' bytes, checked to be text: reading a value costs no check. Where a line is not UTF-8 it is a copy, at the
    /// same offsets, in which that line is blanks; the line's values are made ones.
    pub(crate) text: Checked,
    /// What had to be unescaped, decoded or joined, one after the other.
    pub(crate) arena: String,
    pub(crate) places: Vec<Made>,
    pub(crate) escaped: Vec<Escaped>,
    pub(crate) spans: Vec<Span>,
    /// First span of each row, and one more at the end.
    pub(crate) rows: Vec<u32>,
    pub(crate) extras: Fields,
    /// One per row.
    pub heads: Vec<Head>,
    /// Row and note, ascending by row.
    pub notes: Vec<(u32, ParseNote)>,
}

impl EventBatch {
    /// How many events.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// No events.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Event `row`; `None` past the last.
    pub fn event(&self, row: u32) -> Option<Event<'_>> {
        ((row as usize) < self.heads.len()).then_some(Event { batch: self, row })
    }

    /// All events in order.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        (0..self.heads.len() as u32).map(|row| Event { batch: self, row })
    }

    /// The number of a native name in this batch: the pack's, or an extra of the batch.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.pack.fields.id(name).or_else(|| self.extra(name))
    }

    /// Names this batch met that the pack does not know.
    pub fn extras(&self) -> &[Box<str>] {
        self.extras.names()
    }

    fn extra(&self, name: &str) -> Option<FieldId> {
        let at = usize::from(self.extras.id(name)?.0);
        u16::try_from(self.pack.fields.len() + at).ok().map(FieldId)
    }

    /// The native name of a field number of this batch.
    pub fn field_name(&self, field: FieldId) -> Option<&str> {
        match usize::from(field.0).checked_sub(self.pack.fields.len()) {
            None => self.pack.fields.name(field),
            Some(extra) => self.extras.name(FieldId(extra as u16)),
        }
    }
}

/// A native value as it lies in the batch.
#[derive(Clone, Copy, Debug)]
pub struct Lying<'b> {
    /// Its field.
    pub field: FieldId,
    /// What the format says it is.
    pub kind: NativeKind,
    /// The text; with JSON's escapes in it if it is `written`.
    pub text: &'b str,
    /// How to have the escapes undone.
    pub written: Option<Written<'b>>,
}

/// A text of a batch with JSON's escapes in it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'b> {
    batch: &'b EventBatch,
    span: &'b Span,
}

impl<'b> Written<'b> {
    /// The text without the escapes, undone once for all who ask.
    #[must_use]
    pub fn undone(self) -> &'b str {
        self.batch.span_text(self.span).unwrap_or_default()
    }
}

/// One event: a view into its batch.
#[derive(Clone, Copy, Debug)]
pub struct Event<'b> {
    batch: &'b EventBatch,
    row: u32,
}

impl<'b> Event<'b> {
    /// The batch it lies in.
    pub fn batch(&self) -> &'b EventBatch {
        self.batch
    }

    /// Its row.
    pub fn row(&self) -> u32 {
        self.row
    }

    /// Its id.
    pub fn id(&self) -> EventId {
        self.batch.lines.id(self.row)
    }

    /// What is known before columns are built.
    pub fn head(&self) -> &'b Head {
        // A row is only handed out below `heads.len()`.
        #[allow(clippy::indexing_slicing, reason = "checked where the view is made")]
        &self.batch.heads[self.row as usize]
    }

    /// The line as received.
    pub fn raw(&self) -> &'b [u8] {
        self.batch.lines.received.line(self.row as usize)
    }

    /// The line for reading and for full text: as it is if it is UTF-8, else as the parser read it, and where the parser
    /// did not say, as [`crate::readable`] does. [`Event::raw`] stays the truth.
    pub fn raw_text(&self) -> Cow<'b, str> {
        let raw = self.raw();
        match std::str::from_utf8(raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => match self.notes().find_map(|note| Looks::of_note(&note.0)) {
                Some(looks) => looks.text(raw),
                None => readable(raw),
            },
        }
    }

    /// The first value of a native field.
    pub fn get(&self, field: FieldId) -> Option<Native<'b>> {
        self.values(field).next()
    }

    /// All values of a native field (arrays give several).
    pub fn values(&self, field: FieldId) -> impl Iterator<Item = Native<'b>> + use<'b> {
        let (batch, base) = (self.batch, self.raw_start());
        self.spans().iter().filter(move |span| span.field == field).filter_map(move |span| batch.native(span, base))
    }

    /// Every native field with its value, in the order of the line.
    pub fn natives(&self) -> impl Iterator<Item = (FieldId, Native<'b>)> + use<'b> {
        let (batch, base) = (self.batch, self.raw_start());
        self.spans().iter().filter_map(move |span| Some((span.field, batch.native(span, base)?)))
    }

    /// As [`Event::natives`], of the fields that are wanted: a value that nobody asks for may cost nothing.
    pub fn natives_of<W: Fn(FieldId) -> bool>(
        &self,
        wanted: W,
    ) -> impl Iterator<Item = (FieldId, Native<'b>)> + use<'b, W> {
        let (batch, base) = (self.batch, self.raw_start());
        let spans = self.spans().iter().filter(move |span| wanted(span.field));
        spans.filter_map(move |span| Some((span.field, batch.native(span, base)?)))
    }

    /// The texts in which every native value stands: the line, with JSON's escapes in those that [`Event::lying_of`] calls
    /// written, and what had to be made.
    pub fn texts(&self) -> (&'b str, &'b str) {
        let batch = self.batch;
        let range = batch.lines.received.range(self.row as usize).unwrap_or_default();
        let made = self.spans().iter().filter(|span| span.at & MADE != 0);
        let places = made.filter_map(|span| batch.places.get((span.at & OFFSET) as usize));
        let (mut from, mut to) = (usize::MAX, 0);
        for place in places {
            from = from.min(place.start as usize);
            to = to.max(place.start as usize + place.len as usize);
        }
        (batch.text.get(range).unwrap_or_default(), batch.arena.get(from..to).unwrap_or_default())
    }

    /// As [`Event::natives_of`], each as it lies in the batch: who can read a long value with its escapes need not have
    /// them undone. With `written` those are given of fields that are not wanted, too.
    pub fn lying_of<W: Fn(FieldId) -> bool>(
        &self,
        written: bool,
        wanted: W,
    ) -> impl Iterator<Item = Lying<'b>> + use<'b, W> {
        let batch = self.batch;
        let escaped = move |span: &Span| written && span.at & (MADE | ESCAPED) == ESCAPED;
        let spans = self.spans().iter().filter(move |span| wanted(span.field) || escaped(span));
        spans.filter_map(move |span| {
            let (field, kind) = (span.field, span.kind());
            Some(match batch.written(span) {
                Some(text) => Lying { field, kind, text, written: Some(Written { batch, span }) },
                None => Lying { field, kind, text: batch.span_text(span)?, written: None },
            })
        })
    }

    /// What was odd about the line.
    pub fn notes(&self) -> impl Iterator<Item = &'b ParseNote> + use<'b> {
        let row = self.row;
        let from = self.batch.notes.partition_point(|(at, _)| *at < row);
        self.batch.notes.iter().skip(from).take_while(move |(at, _)| *at == row).map(|(_, note)| note)
    }

    fn raw_start(&self) -> u32 {
        self.batch.lines.received.range(self.row as usize).map_or(0, |r| r.start as u32)
    }

    pub(crate) fn spans(&self) -> &'b [Span] {
        let at = self.row as usize;
        let from = self.batch.rows.get(at).copied().unwrap_or(0) as usize;
        let to = self.batch.rows.get(at + 1).copied().unwrap_or(0) as usize;
        self.batch.spans.get(from..to).unwrap_or_default()
    }
}

impl EventBatch {
    /// The text of a span.
    #[inline]
    pub(crate) fn span_text(&self, span: &Span) -> Option<&str> {
        let at = (span.at & OFFSET) as usize;
        match span.at & (MADE | ESCAPED) {
            0 => return self.text.get(at..at + usize::from(span.len)),
            ESCAPED => {
                let escaped = self.escaped.get(at)?;
                let undo = || unescape(self.as_written(escaped)).into_boxed_str();
                return Some(escaped.undone.get_or_init(undo));
            }
            _ => {}
        }
        let made = self.places.get(at)?;
        self.arena.get(made.start as usize..made.start as usize + made.len as usize)
    }

    /// The text of a value with its escapes, if it has some and nobody has undone them for good.
    pub(crate) fn written(&self, span: &Span) -> Option<&str> {
        let escaped =
            self.escaped.get((span.at & OFFSET) as usize).filter(|_| span.at & (MADE | ESCAPED) == ESCAPED)?;
        Some(self.as_written(escaped))
    }

    fn as_written(&self, escaped: &Escaped) -> &str {
        let start = escaped.start as usize;
        self.text.get(start..start + escaped.len as usize).unwrap_or_default()
    }

    /// The value of a span; `base` is where its line starts in the raw bytes.
    #[inline]
    pub(crate) fn native(&self, span: &Span, base: u32) -> Option<Native<'_>> {
        let at = span.at & OFFSET;
        let within = |start: u32, len: u32| (start.saturating_sub(base), (start + len).saturating_sub(base));
        let raw = match span.at & (MADE | ESCAPED) {
            0 => within(at, u32::from(span.len)),
            ESCAPED => self.escaped.get(at as usize).map(|escaped| within(escaped.start, escaped.len))?,
            _ => self.places.get(at as usize)?.raw,
        };
        Some(Native { kind: span.kind(), text: self.span_text(span)?, raw })
    }
}

impl Span {
    /// What the format says the value is.
    #[inline]
    pub fn kind(&self) -> NativeKind {
        match (self.at >> KIND_SHIFT) & 3 {
            0 => NativeKind::Text,
            1 => NativeKind::Number,
            2 => NativeKind::Bool,
            _ => NativeKind::Null,
        }
    }
}
