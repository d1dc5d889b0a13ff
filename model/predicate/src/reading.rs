//! One event as a rule set reads it: each field asked for once, each value folded once, however many rules look.
//!
//! Lives as long as the evaluation of one event. Decides nothing.

use crate::fold::fold;
use crate::pattern::Subject;
use crate::record::{FieldKey, Record, Value, ValueKind};
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;

/// A value with its folded text.
#[derive(Debug)]
pub struct Held<'r> {
    value: Value<'r>,
    /// Only where folding changes the text.
    folded: Option<Box<str>>,
}

impl<'r> Held<'r> {
    /// Takes a value in.
    #[must_use]
    pub fn new(value: Value<'r>) -> Held<'r> {
        let folded = match fold(&value.text) {
            Cow::Owned(text) => Some(text.into_boxed_str()),
            Cow::Borrowed(_) => None,
        };
        Held { value, folded }
    }

    /// What it was in the event.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        self.value.kind
    }

    /// Its text as in the event.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.value.text
    }

    /// Where it stands in the raw line.
    #[must_use]
    pub fn span(&self) -> Option<(u32, u32)> {
        self.value.span
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { kind: self.kind(), subject: self.subject() }
    }

    /// Text and folded text.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        let text: &str = &self.value.text;
        Subject { text, folded: self.folded.as_deref().unwrap_or(text) }
    }
}

/// A value as a test sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'v> {
    pub kind: ValueKind,
    /// As it stands in the event, and folded.
    pub subject: Subject<'v>,
}

/// The other fields of the event whose value is tested.
pub(crate) trait Others {
    /// Whether `fits` says so of any value of the field.
    fn any(&self, field: u32, fits: &mut dyn FnMut(View<'_>) -> bool) -> bool;
}

impl Others for Reading<'_> {
    fn any(&self, field: u32, fits: &mut dyn FnMut(View<'_>) -> bool) -> bool {
        self.field(field).iter().any(|held| fits(held.view()))
    }
}

/// Fields whose slots are made together. An event is asked for a few of the hundreds of fields that all rules know:
/// what nobody asks for costs nothing but its part of a shelf.
const SHELF: usize = 32;

type Slot<'r> = OnceCell<Box<[Held<'r>]>>;

/// An event under evaluation by one rule set.
pub struct Reading<'r> {
    record: &'r dyn Record,
    fields: &'r [String],
    /// [`SHELF`] slots each, made when one of them is asked for.
    shelves: Box<[OnceCell<Box<[Slot<'r>; SHELF]>>]>,
    all: OnceCell<Box<[Held<'r>]>>,
    work: Cell<u64>,
    answers: RefCell<HashMap<usize, bool>>,
}

impl<'r> Reading<'r> {
    /// Begins reading `record` with a rule set's table of `fields`.
    #[must_use]
    pub fn new(fields: &'r [String], record: &'r dyn Record) -> Reading<'r> {
        let shelves = (0..fields.len().div_ceil(SHELF)).map(|_| OnceCell::new()).collect();
        Reading { record, fields, shelves, all: OnceCell::new(), work: Cell::new(0), answers: RefCell::default() }
    }

    /// The values of the field with this number.
    #[must_use]
    pub fn field(&self, number: u32) -> &[Held<'r>] {
        let (Some(slot), Some(name)) = (self.slot(number as usize), self.name(number)) else { return &[] };
        slot.get_or_init(|| {
            let mut values = Vec::new();
            self.record.values(FieldKey { name, number }, &mut values);
            values.into_iter().map(Held::new).collect()
        })
    }

    fn slot(&self, number: usize) -> Option<&Slot<'r>> {
        let shelf = self.shelves.get(number / SHELF)?;
        shelf.get_or_init(|| Box::new([const { OnceCell::new() }; SHELF])).get(number % SHELF)
    }

    /// Every text and number of the event.
    #[must_use]
    pub fn all(&self) -> &[Held<'r>] {
        self.all.get_or_init(|| {
            let mut values = Vec::new();
            self.record.all_values(&mut values);
            values.into_iter().map(Held::new).collect()
        })
    }

    /// Bytes of values that rules have looked at so far, each as often as it was compared: what the event has cost.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.work.get()
    }

    /// The answer of an item, named by its address, about long values: asked once. The items live longer than the reading.
    pub(crate) fn remembered(&self, item: usize, ask: impl FnOnce() -> bool) -> bool {
        if let Some(answer) = self.answers.borrow().get(&item) {
            return *answer;
        }
        let answer = ask();
        self.answers.borrow_mut().insert(item, answer);
        answer
    }

    pub(crate) fn charge(&self, values: &[Held<'_>], times: usize) {
        let bytes: usize = values.iter().map(|held| held.text().len()).sum();
        self.work.set(self.work.get().saturating_add((bytes as u64).saturating_mul(times as u64)));
    }

    /// The name of the field with this number.
    #[must_use]
    pub fn name(&self, number: u32) -> Option<&'r str> {
        self.fields.get(number as usize).map(String::as_str)
    }
}
