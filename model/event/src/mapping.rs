//! Native values become typed columns, by the pack's map. Nothing is stored here: columns are built when somebody asks.

use crate::batch::Span;
use crate::{ColumnValue, Event, EventBatch, NativeKind};
use std::borrow::Cow;
use wardwatch_pack::{
    Constant, Converted, FieldId, OTHER, Pick, Rule, Source, convert, finish, run_steps, says_nothing,
};
use wardwatch_schema::{ColumnId, Kind, find_column};

/// Fields of a pack up to this number are found by table in one step; a pack with more pays a scan per field.
const SLOTS: usize = 512;
/// In a slot: the field has several values in this row.
const REPEATED: u16 = 1 << 15;

/// The values of one row, and which of them columns hold without loss.
pub(crate) struct Row<'b> {
    batch: &'b EventBatch,
    spans: &'b [Span],
}

/// First span of each field of the pack (its place + 1), with [`REPEATED`].
struct Slots([u16; SLOTS]);

/// One bit per span of the row: a column holds exactly its text.
struct Held([u64; 32]);

impl Held {
    fn mark(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn holds(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }
}

/// How the first span of a field is found.
trait Find {
    fn find(&self, spans: &[Span], field: FieldId) -> Option<(usize, bool)>;
}

impl Find for Slots {
    #[inline]
    fn find(&self, spans: &[Span], field: FieldId) -> Option<(usize, bool)> {
        match self.0.get(usize::from(field.0)) {
            Some(0) => None,
            Some(slot) => Some((usize::from(slot & !REPEATED) - 1, slot & REPEATED != 0)),
            None => Scan.find(spans, field),
        }
    }
}

/// Looks through the row: right for a few fields of one row.
struct Scan;

impl Find for Scan {
    fn find(&self, spans: &[Span], field: FieldId) -> Option<(usize, bool)> {
        let mut all = spans.iter().enumerate().filter(|(_, span)| span.field == field);
        let (at, _) = all.next()?;
        Some((at, all.next().is_some()))
    }
}

impl<'b> Row<'b> {
    pub fn new(batch: &'b EventBatch, spans: &'b [Span]) -> Self {
        Self { batch, spans }
    }

    /// The first value of a field.
    pub fn first(&self, field: FieldId) -> Option<&'b str> {
        let span = self.spans.iter().find(|span| span.field == field)?;
        self.batch.span_text(span)
    }

    /// What a rule gives.
    pub fn evaluate(&self, rule: &'b Rule, kind: Kind) -> Option<ColumnValue<'b>> {
        self.apply(rule, kind, &Scan, &mut Held([0; 32]))
    }

    fn slots(&self) -> Slots {
        let mut slots = Slots([0; SLOTS]);
        for (at, span) in self.spans.iter().enumerate() {
            if let Some(slot) = slots.0.get_mut(usize::from(span.field.0)) {
                *slot = if *slot == 0 { at as u16 + 1 } else { *slot | REPEATED };
            }
        }
        slots
    }

    fn apply(&self, rule: &'b Rule, kind: Kind, find: &impl Find, held: &mut Held) -> Option<ColumnValue<'b>> {
        if let Some(when) = &rule.when
            && !when.holds(|field| {
                find.find(self.spans, field).and_then(|(at, _)| self.batch.span_text(self.spans.get(at)?))
            })
        {
            return None;
        }
        for source in &rule.from {
            if let Some(value) = self.take_source(*source, rule, kind, find, held) {
                return Some(value);
            }
        }
        if let Some(or) = &rule.or
            && let Some(value) = self.apply(or, kind, find, held)
        {
            return Some(value);
        }
        rule.default.as_ref().map(constant)
    }

    fn take_source(
        &self,
        source: Source,
        rule: &'b Rule,
        kind: Kind,
        find: &impl Find,
        held: &mut Held,
    ) -> Option<ColumnValue<'b>> {
        let (first, repeated) = find.find(self.spans, source.field)?;
        let (at, text) = match source.pick {
            Pick::First => (first, self.batch.span_text(self.spans.get(first)?)?),
            Pick::At(nth) => {
                let mut all = self.spans.iter().enumerate().filter(|(_, span)| span.field == source.field);
                let (at, span) = all.nth(usize::from(nth))?;
                (at, self.batch.span_text(span)?)
            }
            Pick::All if repeated => return self.joined(source.field, rule, kind),
            Pick::All => (first, self.batch.span_text(self.spans.get(first)?)?),
        };
        if says_nothing(text) {
            return None;
        }
        if rule.map.is_some() {
            return self.mapped(rule, kind, &run_steps(&rule.steps, text)?);
        }
        let (value, same) = convert(&rule.steps, text, kind)?;
        if same && !repeated {
            held.mark(at);
        }
        Some(column_value(value))
    }

    fn mapped(&self, rule: &Rule, kind: Kind, word: &str) -> Option<ColumnValue<'b>> {
        let map = self.batch.pack.values.get(usize::from(rule.map?))?;
        match (map.get(word), kind) {
            (Some(value), _) => Some(constant(value)),
            (None, Kind::Int | Kind::Port | Kind::Time) => Some(ColumnValue::Int(OTHER)),
            (None, _) => finish(Converted::Text(Cow::Borrowed(word)), kind).map(|value| match value {
                Converted::Text(text) => ColumnValue::Text(Cow::Owned(text.into_owned())),
                Converted::Int(n) => ColumnValue::Int(n),
            }),
        }
    }

    /// All values of a repeated field, each converted, separated by `, `.
    fn joined(&self, field: FieldId, rule: &Rule, kind: Kind) -> Option<ColumnValue<'b>> {
        let mut joined = String::new();
        for span in self.spans.iter().filter(|span| span.field == field) {
            let Some(text) = self.batch.span_text(span).filter(|text| !says_nothing(text)) else { continue };
            let value = if rule.map.is_some() {
                run_steps(&rule.steps, text).and_then(|word| self.mapped(rule, kind, &word))
            } else {
                convert(&rule.steps, text, kind).map(|(value, _)| column_value(value))
            };
            match value {
                Some(ColumnValue::Int(n)) if kind != Kind::Text => return Some(ColumnValue::Int(n)),
                Some(ColumnValue::Text(text)) if kind == Kind::Text => {
                    if !joined.is_empty() {
                        joined.push_str(", ");
                    }
                    joined.push_str(&text);
                }
                Some(other) => return Some(other),
                None => {}
            }
        }
        (!joined.is_empty()).then_some(ColumnValue::Text(Cow::Owned(joined)))
    }
}

fn constant(value: &Constant) -> ColumnValue<'_> {
    match value {
        Constant::Text(text) => ColumnValue::Text(Cow::Borrowed(text)),
        Constant::Int(n) => ColumnValue::Int(*n),
    }
}

fn column_value(value: Converted<'_>) -> ColumnValue<'_> {
    match value {
        Converted::Text(text) => ColumnValue::Text(text),
        Converted::Int(n) => ColumnValue::Int(n),
    }
}

impl<'b> Event<'b> {
    /// Every typed column the pack fills for this event, each at most once, in no particular order. Values that a value
    /// map does not hold are counted in the map, each time this is called.
    pub fn columns(&self, each: &mut dyn FnMut(ColumnId, ColumnValue<'b>)) {
        self.build(each, None);
    }

    /// One typed column.
    pub fn column(&self, wanted: ColumnId) -> Option<ColumnValue<'b>> {
        let head = self.head();
        if Some(wanted) == find_column("class_uid") {
            return Some(ColumnValue::Int(i64::from(head.class_uid)));
        }
        if Some(wanted) == find_column("activity_id") {
            return Some(ColumnValue::Int(i64::from(head.activity_id)));
        }
        let program = self.batch().pack.program(head.case);
        let rule = program.columns.iter().find(|rule| rule.column == wanted)?;
        Row::new(self.batch(), self.spans()).evaluate(&rule.rule, rule.kind)
    }

    /// Writes the native fields that no column holds without loss as one JSON object (sorted by nothing, in the order of the
    /// line; bounded by `wardwatch_limits::UNMAPPED_BYTES`). Leaves `out` empty if there are none.
    pub fn unmapped(&self, out: &mut String) {
        self.build(&mut |_, _| {}, Some(out));
    }

    /// [`Event::columns`] and [`Event::unmapped`] in one go, for who needs both: half the work.
    pub fn columns_and_unmapped(&self, each: &mut dyn FnMut(ColumnId, ColumnValue<'b>), out: &mut String) {
        self.build(each, Some(out));
    }

    /// What tells this event from its copy sent twice: a hash over the pack's key fields; `None` if the pack names none
    /// or the line lacks one.
    pub fn natural_key(&self) -> Option<[u8; 16]> {
        use sha2::{Digest, Sha256};
        let pack = &self.batch().pack;
        if pack.identity.is_empty() {
            return None;
        }
        let mut hash = Sha256::new();
        for part in std::iter::once(Some(pack.id.as_str()))
            .chain(pack.identity.iter().map(|source| self.get(source.field).map(|native| native.text)))
        {
            let part = part?;
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().get(..16)?.try_into().ok()
    }

    fn build(&self, each: &mut dyn FnMut(ColumnId, ColumnValue<'b>), unmapped: Option<&mut String>) {
        let head = self.head();
        let row = Row::new(self.batch(), self.spans());
        let (slots, mut held) = (row.slots(), Held([0; 32]));
        for (name, number) in [("class_uid", i64::from(head.class_uid)), ("activity_id", i64::from(head.activity_id))] {
            if let Some(column) = find_column(name) {
                each(column, ColumnValue::Int(number));
            }
        }
        for rule in &self.batch().pack.program(head.case).columns {
            if let Some(value) = row.apply(&rule.rule, rule.kind, &slots, &mut held) {
                each(rule.column, value);
            }
        }
        if let Some(out) = unmapped {
            let value = |at: usize, span: &Span| match slots.find(row.spans, span.field) {
                _ if held.holds(at) => Place::Held,
                Some((first, _)) if first != at => Place::Later,
                Some((_, true)) => Place::Repeated,
                _ => Place::Alone,
            };
            crate::leftover::write(self, row.spans, &value, out);
        }
    }
}

/// How a value stands among the values of its row.
pub(crate) enum Place {
    /// A column has it.
    Held,
    /// It is the only one of its field.
    Alone,
    /// It is the first of several.
    Repeated,
    /// It comes after the first.
    Later,
}

/// Kinds that are written without quotes.
pub(crate) fn is_bare(kind: NativeKind) -> bool {
    matches!(kind, NativeKind::Number | NativeKind::Bool)
}
