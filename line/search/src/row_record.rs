//! One row of the lake as the plain reading of a query sees it: what every engine's answer is compared with.

use crate::answer::{Cell, cell};
use crate::field::{Access, NativeNames, resolve};
use arrow::record_batch::RecordBatch;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use std::borrow::Cow;
use wardwatch_predicate::{FieldKey, Record, Value, ValueKind};

/// A row of `dataset`. Slow and obvious; for tests and for looking at single rows.
#[derive(Clone, Copy)]
pub struct RowRecord<'a> {
    /// The batch; columns may be missing.
    pub rows: &'a RecordBatch,
    /// The row.
    pub row: usize,
    /// `events`, `quarantine` or `alerts`.
    pub dataset: &'a str,
    /// The packs' native names.
    pub natives: &'a dyn NativeNames,
}

impl RowRecord<'_> {
    fn column(&self, name: &str) -> Option<Value<'_>> {
        let (kind, text) = match cell(self.rows.column_by_name(name)?, self.row) {
            Cell::Null => return None,
            Cell::Text(text) => (ValueKind::Str, text),
            Cell::Int(number) => (ValueKind::Number, Cow::Owned(number.to_string())),
            Cell::Float(number) => (ValueKind::Number, Cow::Owned(number.to_string())),
            Cell::Time(at) => (ValueKind::Str, Cow::Owned(at.to_string())),
        };
        Some(Value { kind, text, span: None })
    }
}

impl Record for RowRecord<'_> {
    fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>) {
        match resolve(self.dataset, field.name, self.natives) {
            Ok(Access::Column(column)) => out.extend(self.column(column.name)),
            Ok(Access::Native { key, columns }) => {
                out.extend(columns.iter().filter_map(|column| self.column(column.name)));
                let Some(unmapped) = self.column("unmapped") else { return };
                out.extend(native_values(&unmapped.text, &key).into_iter().map(|(kind, text)| Value {
                    kind,
                    text: Cow::Owned(text),
                    span: None,
                }));
            }
            Err(_) => {}
        }
    }

    fn all_values<'r>(&'r self, out: &mut Vec<Value<'r>>) {
        out.extend(self.line());
    }

    fn line(&self) -> Option<Value<'_>> {
        self.column("raw")
    }
}

/// The values under a key of a flat JSON object: one, each of an array, and each where the key stands more than once.
fn native_values(json: &str, key: &str) -> Vec<(ValueKind, String)> {
    struct Values<'k>(&'k str);
    impl<'de> Visitor<'de> for Values<'_> {
        type Value = Vec<serde_json::Value>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut found = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                if name == self.0 {
                    found.push(value);
                }
            }
            Ok(found)
        }
    }
    let found = serde_json::Deserializer::from_str(json).deserialize_map(Values(key)).unwrap_or_default();
    found.into_iter().flat_map(leaves).collect()
}

fn leaves(value: serde_json::Value) -> Vec<(ValueKind, String)> {
    match value {
        serde_json::Value::Null => vec![(ValueKind::Null, String::new())],
        serde_json::Value::Bool(yes) => vec![(ValueKind::Bool, yes.to_string())],
        serde_json::Value::Number(number) => vec![(ValueKind::Number, number.to_string())],
        serde_json::Value::String(text) => vec![(ValueKind::Str, text)],
        serde_json::Value::Array(inner) => inner.into_iter().flat_map(leaves).collect(),
        serde_json::Value::Object(_) => Vec::new(),
    }
}
