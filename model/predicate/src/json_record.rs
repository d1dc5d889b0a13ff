//! A [`Record`] over a JSON value: for tests, `content test`, and tools that hold an event as JSON.
//!
//! A name reaches nested objects by dots, and a key that itself has the dots wins over the nested path. Arrays give
//! each element, objects inside arrays each path. Not for the hot path: it walks the tree for every field.

use crate::record::{FieldKey, Record, Value, ValueKind};
use serde_json::Value as Json;
use std::borrow::Cow;

/// An event held as JSON.
#[derive(Clone, Debug)]
pub struct JsonRecord {
    json: Json,
}

impl JsonRecord {
    /// Wraps a JSON value; an object is an event.
    #[must_use]
    pub fn new(json: Json) -> JsonRecord {
        JsonRecord { json }
    }
}

impl Record for JsonRecord {
    fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>) {
        path(&self.json, field.name, out);
    }

    fn all_values<'r>(&'r self, out: &mut Vec<Value<'r>>) {
        leaves(&self.json, out);
    }
}

fn path<'r>(at: &'r Json, name: &str, out: &mut Vec<Value<'r>>) {
    match at {
        Json::Object(map) => {
            if let Some(found) = map.get(name) {
                return elements(found, out);
            }
            for (dot, _) in name.match_indices('.') {
                let (Some(head), Some(tail)) = (name.get(..dot), name.get(dot + 1..)) else { continue };
                if let Some(inner) = map.get(head) {
                    path(inner, tail, out);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| path(item, name, out)),
        _ => {}
    }
}

fn elements<'r>(found: &'r Json, out: &mut Vec<Value<'r>>) {
    match found {
        Json::Array(items) if items.is_empty() => out.push(Value::null()),
        Json::Array(items) => items.iter().for_each(|item| elements(item, out)),
        Json::Object(_) => {}
        leaf => out.push(value_of(leaf)),
    }
}

fn leaves<'r>(at: &'r Json, out: &mut Vec<Value<'r>>) {
    match at {
        Json::Array(items) => items.iter().for_each(|item| leaves(item, out)),
        Json::Object(map) => map.values().for_each(|inner| leaves(inner, out)),
        Json::String(_) | Json::Number(_) => out.push(value_of(at)),
        Json::Null | Json::Bool(_) => {}
    }
}

fn value_of(leaf: &Json) -> Value<'_> {
    let (kind, text) = match leaf {
        Json::String(text) => (ValueKind::Str, Cow::Borrowed(text.as_str())),
        Json::Number(number) => (ValueKind::Number, Cow::Owned(number.to_string())),
        Json::Bool(true) => (ValueKind::Bool, Cow::Borrowed("true")),
        Json::Bool(false) => (ValueKind::Bool, Cow::Borrowed("false")),
        _ => return Value::null(),
    };
    Value { kind, text, span: None }
}
