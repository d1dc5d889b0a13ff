//! Values in `unmapped`: a flat JSON object of native names, read without building it.

use memchr::memmem::Finder;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// A native name to look up.
#[derive(Debug)]
pub(crate) struct NativeKey {
    name: String,
    /// As it stands in the text, so that most rows are passed over without reading JSON.
    quoted: Option<Finder<'static>>,
}

impl NativeKey {
    pub fn new(name: &str) -> Self {
        let plain = name.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/'));
        let quoted = plain.then(|| Finder::new(&format!("\"{name}\"")).into_owned());
        Self { name: name.to_owned(), quoted }
    }

    /// Calls `see` with each value that is not null, until it breaks.
    pub fn each(&self, json: &str, see: &mut dyn FnMut(&str) -> ControlFlow<()>) {
        if self.quoted.as_ref().is_some_and(|quoted| quoted.find(json.as_bytes()).is_none()) {
            return;
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        // A text that is no object holds nothing; what came before a break counts.
        let _ = reader.deserialize_map(Values { name: &self.name, see });
    }

    /// The first value.
    pub fn first(&self, json: &str) -> Option<String> {
        let mut found = None;
        self.each(json, &mut |text| {
            found = Some(text.to_owned());
            ControlFlow::Break(())
        });
        found
    }
}

struct Values<'s> {
    name: &'s str,
    see: &'s mut dyn FnMut(&str) -> ControlFlow<()>,
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut found = Vec::new();
        while let Some(hit) = map.next_key_seed(IsName(self.name))? {
            if hit {
                found.push(map.next_value::<Value>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        for value in &found {
            if leaves(value, self.see).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Whether a key is the wanted name, without keeping it.
struct IsName<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for IsName<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for IsName<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

fn leaves(value: &Value, see: &mut dyn FnMut(&str) -> ControlFlow<()>) -> ControlFlow<()> {
    let text: Cow<'_, str> = match value {
        Value::Null | Value::Object(_) => return ControlFlow::Continue(()),
        Value::Array(inner) => return inner.iter().try_for_each(|value| leaves(value, see)),
        Value::String(text) => Cow::Borrowed(text),
        Value::Bool(_) | Value::Number(_) => Cow::Owned(plain(value)),
    };
    see(&text)
}

fn plain(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
