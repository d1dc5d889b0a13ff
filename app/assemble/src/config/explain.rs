//! Where each value came from.

use super::{ConfigFault, Place};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use toml::Spanned;

/// One value and its origin, as `config explain` prints it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Setting {
    /// The key (`retention_days`).
    pub key: String,
    /// The value in force.
    pub value: String,
    /// `default`, `file:line:column`, or `environment WARDWATCH_…`.
    pub origin: String,
}

/// Collects settings while a configuration is read. The environment wins over the file, the file over the default.
pub(super) struct Origins<'p> {
    place: &'p Place<'p>,
    env: &'p dyn Fn(&str) -> Option<String>,
    settings: Vec<Setting>,
    by_key: HashMap<String, String>,
}

/// `data` and `content` have names of their own: `WARDWATCH_DATA` is where tests look for recorded data.
fn variable(key: &str) -> String {
    match key {
        "data" => "WARDWATCH_DATA_FOLDER".into(),
        key => format!("WARDWATCH_{}", key.to_ascii_uppercase()),
    }
}

impl<'p> Origins<'p> {
    pub fn new(place: &'p Place<'p>, env: &'p dyn Fn(&str) -> Option<String>) -> Self {
        Self { place, env, settings: Vec::new(), by_key: HashMap::new() }
    }

    pub fn take<T>(&mut self, key: &str, value: Option<Spanned<T>>, default: impl Fn() -> T) -> Result<T, ConfigFault>
    where
        T: DeserializeOwned + Serialize,
    {
        match self.take_optional(key, value)? {
            Some(value) => Ok(value),
            None => {
                self.push(key, shown(&default()), "default".into());
                Ok(default())
            }
        }
    }

    pub fn take_optional<T>(&mut self, key: &str, value: Option<Spanned<T>>) -> Result<Option<T>, ConfigFault>
    where
        T: DeserializeOwned + Serialize,
    {
        let name = variable(key);
        if let Some(text) = (self.env)(&name) {
            let value = from_environment(&text).ok_or_else(|| ConfigFault {
                place: format!("environment {name}"),
                why: format!("`{text}` is no value for `{key}`"),
            })?;
            self.push(key, shown(&value), format!("environment {name}"));
            return Ok(Some(value));
        }
        let Some(value) = value else { return Ok(None) };
        self.note(key, &shown(value.get_ref()), value.span().start);
        Ok(Some(value.into_inner()))
    }

    /// A value from the file at this offset.
    pub fn note(&mut self, key: &str, value: &str, offset: usize) {
        let origin = self.place.of(offset);
        self.push(key, value.to_owned(), origin);
    }

    pub fn place_of(&self, key: &str) -> String {
        self.by_key.get(key).cloned().unwrap_or_else(|| self.place.path.display().to_string())
    }

    pub fn finish(self) -> Vec<Setting> {
        self.settings
    }

    fn push(&mut self, key: &str, value: String, origin: String) {
        self.by_key.insert(key.to_owned(), origin.clone());
        self.settings.push(Setting { key: key.to_owned(), value, origin });
    }
}

/// A number stays a number; everything else is text.
fn from_environment<T: DeserializeOwned>(text: &str) -> Option<T> {
    let number = text.parse::<u64>().ok().map(serde_json::Value::from);
    number
        .and_then(|n| serde_json::from_value(n).ok())
        .or_else(|| serde_json::from_value(serde_json::Value::from(text)).ok())
}

fn shown<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(e) => format!("({e})"),
    }
}
