//! What a matcher reads: a record that gives the values of a field, and all values for keywords.
//!
//! Rules and queries know nothing of how an event is kept; line and search bring adapters. A record never decides
//! what matches.

use std::borrow::Cow;

/// How a value stood in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    /// Text.
    Str,
    /// A number; its text as written.
    Number,
    /// `true` or `false`.
    Bool,
    /// Present without a value: JSON null.
    Null,
}

/// One value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// What it was.
    pub kind: ValueKind,
    /// Its text, unescaped; empty for null.
    pub text: Cow<'a, str>,
    /// The bytes it takes in the raw line: first, and one behind the last. None if it does not stand there.
    pub span: Option<(u32, u32)>,
}

impl<'a> Value<'a> {
    /// A text value without a place.
    #[must_use]
    pub fn text(text: &'a str) -> Value<'a> {
        Value { kind: ValueKind::Str, text: Cow::Borrowed(text), span: None }
    }

    /// A null.
    #[must_use]
    pub fn null() -> Value<'a> {
        Value { kind: ValueKind::Null, text: Cow::Borrowed(""), span: None }
    }
}

/// A field as a rule set names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldKey<'a> {
    /// The name as the rule writes it.
    pub name: &'a str,
    /// Its place in the rule set's table of fields, so that a record can keep names resolved by number.
    /// [`FieldKey::UNNUMBERED`] outside a rule set.
    pub number: u32,
}

impl<'a> FieldKey<'a> {
    /// The number of a field that stands in no table.
    pub const UNNUMBERED: u32 = u32::MAX;

    /// A field by name alone.
    #[must_use]
    pub fn named(name: &'a str) -> FieldKey<'a> {
        FieldKey { name, number: FieldKey::UNNUMBERED }
    }
}

/// An event as rules and queries see it.
pub trait Record {
    /// Adds each value of `field` to `out`: one for a plain field, one per element for an array, a [`Value::null`]
    /// for a field that is there without a value, and nothing for a field that is absent.
    fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>);

    /// Adds every text and number of the event to `out`, for keywords. Names of fields are not among them.
    fn all_values<'r>(&'r self, out: &mut Vec<Value<'r>>);

    /// [`Record::values`] without a list: calls `see` with each value.
    fn each_value(&self, field: FieldKey<'_>, see: &mut dyn FnMut(Value<'_>)) {
        let mut values = Vec::new();
        self.values(field, &mut values);
        values.into_iter().for_each(see);
    }

    /// [`Record::all_values`] without a list: calls `see` with each text and number.
    fn each_of_all(&self, see: &mut dyn FnMut(Value<'_>)) {
        let mut values = Vec::new();
        self.all_values(&mut values);
        values.into_iter().for_each(see);
    }

    /// The line as received, for a query's free text; none where only fields are at hand, which then stand in.
    fn line(&self) -> Option<Value<'_>> {
        None
    }
}
