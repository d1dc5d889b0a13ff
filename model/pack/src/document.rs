//! Reads a TOML table key by key, so that a key nobody knows and a value of the wrong kind are refused at their place.

use crate::fault::{PackFault, Place};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text a table came from: places are computed from it, only when something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'t> {
    pub file: &'t str,
    pub text: &'t str,
}

impl Origin<'_> {
    pub fn place(&self, offset: usize) -> Place {
        Place::of(self.file, self.text, offset)
    }
}

/// A value with its place.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t> {
    pub origin: Origin<'t>,
    pub value: &'t Spanned<DeValue<'t>>,
}

/// A table being read: each key is taken once; [`Table::finish`] refuses what is left.
pub(crate) struct Table<'t> {
    origin: Origin<'t>,
    at: usize,
    left: BTreeMap<&'t str, (usize, Value<'t>)>,
}

pub(crate) fn parse_toml<'t>(origin: Origin<'t>) -> Result<DeTable<'t>, PackFault> {
    DeTable::parse(origin.text).map(Spanned::into_inner).map_err(|fault| {
        let at = fault.span().map_or(0, |s| s.start);
        origin.place(at).fault(format!("not readable as TOML: {}", fault.message().trim()))
    })
}

impl<'t> Table<'t> {
    pub fn of(origin: Origin<'t>, at: usize, table: &'t DeTable<'t>) -> Self {
        let entry = |(key, value): (&'t Spanned<_>, _)| -> (&'t str, _) {
            let name: &'t std::borrow::Cow<'t, str> = key.get_ref();
            (name.as_ref(), (key.span().start, Value { origin, value }))
        };
        let left = table.iter().map(entry).collect();
        Self { origin, at, left }
    }

    pub fn take(&mut self, key: &str) -> Option<Value<'t>> {
        self.left.remove(key).map(|(_, value)| value)
    }

    /// Adds what `base` has and this table has not: an extending pack over its base.
    pub fn over(mut self, base: Self) -> Self {
        for (key, entry) in base.left {
            self.left.entry(key).or_insert(entry);
        }
        self
    }

    pub fn need(&mut self, key: &str) -> Result<Value<'t>, PackFault> {
        let place = self.place();
        self.take(key).ok_or_else(|| place.fault(format!("key `{key}` is missing here")))
    }

    pub fn place(&self) -> Place {
        self.origin.place(self.at)
    }

    /// Every entry that was not taken yet, with the place of its key.
    pub fn rest(self) -> impl Iterator<Item = (&'t str, Place, Value<'t>)> {
        self.left.into_iter().map(|(key, (at, value))| (key, value.origin.place(at), value))
    }

    /// Refuses unknown keys, naming the known ones.
    pub fn finish(self, known: &[&str]) -> Result<(), PackFault> {
        match self.left.iter().min_by_key(|(_, (at, _))| *at) {
            None => Ok(()),
            Some((key, (at, value))) => {
                Err(value.origin.place(*at).fault(format!("unknown key `{key}`; known here: {}", known.join(", "))))
            }
        }
    }
}

impl<'t> Value<'t> {
    pub fn place(&self) -> Place {
        self.origin.place(self.value.span().start)
    }

    pub fn wrong(&self, expected: &str) -> PackFault {
        self.place().fault(format!("expected {expected}, found {}", self.value.get_ref().type_str()))
    }

    pub fn text(&self) -> Result<&'t str, PackFault> {
        self.value.get_ref().as_str().ok_or_else(|| self.wrong("text"))
    }

    /// Text, or a whole number or boolean as its text: `is = 4624` means the field's text `4624`.
    pub fn scalar(&self) -> Result<String, PackFault> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Boolean(yes) => Ok(yes.to_string()),
            DeValue::Integer(_) => self.int().map(|n| n.to_string()),
            _ => Err(self.wrong("text or a whole number")),
        }
    }

    pub fn int(&self) -> Result<i64, PackFault> {
        let number = self.value.get_ref().as_integer().ok_or_else(|| self.wrong("a whole number"))?;
        i64::from_str_radix(number.as_str(), number.radix())
            .map_err(|_| self.place().fault("the number does not fit 64 bits"))
    }

    pub fn yes(&self) -> Result<bool, PackFault> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    pub fn table(&self) -> Result<Table<'t>, PackFault> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.wrong("a table"))?;
        Ok(Table::of(self.origin, self.value.span().start, table))
    }

    pub fn list(&self) -> Result<Vec<Value<'t>>, PackFault> {
        let list = self.value.get_ref().as_array().ok_or_else(|| self.wrong("a list"))?;
        Ok(list.iter().map(|value| Value { origin: self.origin, value }).collect())
    }

    /// One value or a list of them.
    pub fn one_or_more(&self) -> Result<Vec<Value<'t>>, PackFault> {
        if self.is_list() { self.list() } else { Ok(vec![*self]) }
    }

    pub fn texts(&self) -> Result<Vec<String>, PackFault> {
        self.one_or_more()?.iter().map(|v| v.text().map(str::to_owned)).collect()
    }

    pub fn scalars(&self) -> Result<Vec<String>, PackFault> {
        self.one_or_more()?.iter().map(Value::scalar).collect()
    }
}
