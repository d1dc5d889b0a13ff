//! An event as rules read it: native fields by number, renamed where the route says so, typed columns as a last resort.

use crate::asks::{Asked, AskedField, Asker, Derived, DerivedField, each_of_statement};
use crate::context::Answer;
use crate::names::Resolved;
use crate::program::{FieldMap, Mapped};
use std::borrow::Cow;
use std::cell::OnceCell;
use wardwatch_event::{ColumnValue, Event, FieldId, Native, NativeKind, Parsed};
use wardwatch_predicate::sigma::YES;
use wardwatch_predicate::{FieldKey, Record, Value, ValueKind};
use wardwatch_schema::{ColumnId, find_column};
use wardwatch_statement::{FieldValue, Statement};

/// An event under a program's names.
pub struct EventRecord<'b> {
    event: Event<'b>,
    names: &'b Resolved,
    map: Option<&'b FieldMap>,
    /// Fields that no line has, and who answers them; without it they have no value.
    beyond: Option<(&'b Derived, Asker<'b>)>,
    /// The event's SQL statement, read when a rule asks; none if it has none.
    statement: OnceCell<Option<Box<Statement>>>,
}

impl<'b> EventRecord<'b> {
    pub(crate) fn new(event: Event<'b>, names: &'b Resolved, map: Option<&'b FieldMap>) -> EventRecord<'b> {
        EventRecord { event, names, map, beyond: None, statement: OnceCell::new() }
    }

    /// With fields that no line has.
    pub(crate) fn with(self, derived: &'b Derived, asker: Asker<'b>) -> EventRecord<'b> {
        EventRecord { beyond: Some((derived, asker)), ..self }
    }

    /// The answers to the questions among `fields`, for each value that was asked about.
    pub(crate) fn asked(&self, fields: &[u32]) -> Vec<Asked> {
        let mut found = Vec::new();
        let Some((derived, asker)) = &self.beyond else { return found };
        for asked in derived.asked(fields) {
            self.each_asked(asked, asker, &mut |value, answer| found.push(Asked::new(asked, value.to_owned(), answer)));
        }
        found
    }

    fn each_asked(&self, asked: &AskedField, asker: &Asker<'_>, see: &mut dyn FnMut(&str, Answer)) {
        self.each(FieldKey { name: "", number: asked.field }, &mut |value| {
            if value.kind != ValueKind::Null {
                see(&value.text, asker.ask(asked, &value.text));
            }
        });
    }

    fn derived(&self, field: &DerivedField, asker: &Asker<'_>, out: &mut dyn FnMut(Value<'b>)) {
        match field {
            DerivedField::Asked(asked) => {
                let mut yes = false;
                self.each_asked(asked, asker, &mut |_, answer| yes |= matches!(answer, Answer::Yes(_)));
                if yes {
                    out(Value { kind: ValueKind::Str, text: Cow::Borrowed(YES), span: None });
                }
            }
            DerivedField::Statement(wanted) => {
                let Some(statement) = self.statement() else { return };
                each_of_statement(statement, wanted, &mut |value| {
                    let (kind, text) = match value {
                        FieldValue::Text(text) => (ValueKind::Str, text.to_owned()),
                        FieldValue::Int(number) => (ValueKind::Number, number.to_string()),
                        FieldValue::Bool(yes) => (ValueKind::Bool, yes.to_string()),
                    };
                    out(Value { kind, text: Cow::Owned(text), span: None });
                });
            }
        }
    }

    fn statement(&self) -> Option<&Statement> {
        let read = || match self.event.column(statement_column()?)? {
            ColumnValue::Text(text) => Some(Box::new(Statement::read(&text))),
            ColumnValue::Int(_) => None,
        };
        self.statement.get_or_init(read).as_deref()
    }

    /// The values of the first spelling that the event has.
    fn native(&self, number: u32) -> impl Iterator<Item = Native<'b>> + use<'b> {
        let event = self.event;
        let found = self.names.ids(number).iter().copied().find(|id| event.get(*id).is_some());
        found.into_iter().flat_map(move |id: FieldId| event.values(id))
    }

    fn column(&self, number: u32) -> Option<Value<'b>> {
        let value = self.event.column(self.names.column(number)?)?;
        Some(match value {
            ColumnValue::Text(text) => Value { kind: ValueKind::Str, text, span: None },
            ColumnValue::Int(int) => Value { kind: ValueKind::Number, text: Cow::Owned(int.to_string()), span: None },
        })
    }

    /// The first text of a native field, for routing.
    pub(crate) fn first(&self, number: u32) -> Option<&'b str> {
        self.names.ids(number).iter().find_map(|id| self.event.get(*id)).map(|native| native.text)
    }

    fn mapped(&self, mapped: &'b Mapped, out: &mut dyn FnMut(Value<'b>)) {
        match mapped {
            Mapped::Name(number) => self.plain(*number, out),
            Mapped::Constant(text) => {
                out(Value { kind: ValueKind::Str, text: Cow::Borrowed(text.as_str()), span: None });
            }
            Mapped::Values(number, texts) => {
                for native in self.native(*number) {
                    if let Some((_, text)) = texts.iter().find(|(from, _)| from.eq_ignore_ascii_case(native.text)) {
                        let text = Cow::Borrowed(text.as_str());
                        out(Value { kind: ValueKind::Str, text, span: Some(native.raw) });
                    }
                }
            }
            Mapped::Join(numbers) => {
                let parts: Vec<Native<'b>> = numbers.iter().filter_map(|number| self.native(*number).next()).collect();
                if parts.len() == numbers.len() {
                    let texts: Vec<&str> = parts.iter().map(|part| part.text).collect();
                    let span = parts.first().map(|part| part.raw);
                    out(Value { kind: ValueKind::Str, text: Cow::Owned(texts.join("\\")), span });
                }
            }
        }
    }

    fn each(&self, field: FieldKey<'_>, see: &mut dyn FnMut(Value<'b>)) {
        if let Some((derived, asker)) = &self.beyond
            && let Some(field) = derived.get(field.number)
        {
            return self.derived(field, asker, see);
        }
        match self.map.and_then(|map| map.get(field.number)) {
            Some(mapped) => self.mapped(mapped, see),
            None => self.plain(field.number, see),
        }
    }

    fn plain(&self, number: u32, out: &mut dyn FnMut(Value<'b>)) {
        let mut natives = self.native(number).map(value_of).peekable();
        if natives.peek().is_none() {
            self.column(number).into_iter().for_each(&mut *out);
        }
        natives.for_each(out);
    }
}

impl Record for EventRecord<'_> {
    fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>) {
        self.each(field, &mut |value| out.push(value));
    }

    fn each_value(&self, field: FieldKey<'_>, see: &mut dyn FnMut(Value<'_>)) {
        self.each(field, &mut |value| see(value));
    }

    fn each_of_all(&self, see: &mut dyn FnMut(Value<'_>)) {
        for (_, native) in self.event.natives() {
            if !matches!(native.kind, NativeKind::Bool | NativeKind::Null) {
                see(value_of(native));
            }
        }
        if self.event.head().parsed != Parsed::Whole {
            self.line().into_iter().for_each(see);
        }
    }

    fn all_values<'r>(&'r self, out: &mut Vec<Value<'r>>) {
        let texts =
            self.event.natives().filter(|(_, native)| !matches!(native.kind, NativeKind::Bool | NativeKind::Null));
        out.extend(texts.map(|(_, native)| value_of(native)));
        // What was not cut into fields is only in the line.
        if self.event.head().parsed != Parsed::Whole {
            out.extend(self.line());
        }
    }

    fn line(&self) -> Option<Value<'_>> {
        let raw = self.event.raw();
        let span = u32::try_from(raw.len()).ok().map(|len| (0, len));
        Some(Value { kind: ValueKind::Str, text: self.event.raw_text(), span })
    }
}

/// The column that holds a statement, where a pack fills it.
pub(crate) fn statement_column() -> Option<ColumnId> {
    find_column("sql")
}

fn value_of(native: Native<'_>) -> Value<'_> {
    let kind = match native.kind {
        NativeKind::Text => ValueKind::Str,
        NativeKind::Number => ValueKind::Number,
        NativeKind::Bool => ValueKind::Bool,
        NativeKind::Null => ValueKind::Null,
    };
    Value { kind, text: Cow::Borrowed(native.text), span: Some(native.raw) }
}
