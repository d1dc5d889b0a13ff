//! Value maps: a device's words to the numbers or words of a column.

use crate::document::Value;
use crate::fault::{PackFault, Place};
use crate::fields::Fields;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a value map gives for words it does not hold, in number columns: OCSF "Other".
pub const OTHER: i64 = 99;

/// A constant of a pack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Constant {
    /// Text.
    Text(Box<str>),
    /// A number.
    Int(i64),
}

/// A named table, looked up without regard to case.
#[derive(Debug)]
pub struct ValueMap {
    /// Its name in the manifest.
    pub name: String,
    keys: Fields,
    values: Vec<Constant>,
    missed: AtomicU64,
}

impl ValueMap {
    fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), keys: Fields::default(), values: Vec::new(), missed: AtomicU64::new(0) }
    }

    /// The value of a word; `None` (and one more on the count) if the map does not hold it.
    pub fn get(&self, word: &str) -> Option<&Constant> {
        let word = word.trim();
        let mut buffer = [0u8; 64];
        let found = match buffer.get_mut(..word.len()) {
            Some(folded) if word.is_ascii() => {
                folded.copy_from_slice(word.as_bytes());
                folded.make_ascii_lowercase();
                std::str::from_utf8(folded).ok().and_then(|folded| self.keys.id(folded))
            }
            _ => self.keys.id(&word.to_lowercase()),
        };
        let found = found.and_then(|id| self.values.get(usize::from(id.0)));
        if found.is_none() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    /// How often a word was looked up that the map does not hold.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Every word (folded to lower case) with its value, in the order of the manifest's keys.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Constant)> {
        self.keys.names().iter().map(AsRef::as_ref).zip(&self.values)
    }

    /// Whether some value is text.
    pub fn gives_text(&self) -> bool {
        self.values.iter().any(|value| matches!(value, Constant::Text(_)))
    }

    fn add(&mut self, word: &str, value: Constant, place: &Place) -> Result<(), PackFault> {
        let folded = word.trim().to_lowercase();
        if self.keys.id(&folded).is_some() {
            return Err(
                place.fault(format!("`{word}` stands twice in value map `{}` (case does not count)", self.name))
            );
        }
        if self.keys.intern(&folded).is_none() {
            return Err(place.fault(format!("value map `{}` is too long: at most 65,534 words", self.name)));
        }
        self.values.push(value);
        Ok(())
    }
}

/// Reads `NAME = { text = number or text }` or `NAME = { file = 'maps/x.csv' }`. `layers` are the map of that name in the
/// pack and its bases, nearest first: words merge, the nearer wins; a file stands for the whole map.
pub(crate) fn read_value_map(
    name: &str,
    layers: &[Value<'_>],
    files: &BTreeMap<String, String>,
) -> Result<ValueMap, PackFault> {
    let mut map = ValueMap::empty(name);
    for (depth, value) in layers.iter().enumerate() {
        let mut entries: Vec<_> = value.table()?.rest().collect();
        if let [("file", place, path)] = entries.as_slice()
            && let Ok(path) = path.text()
            && path.contains('/')
        {
            if depth == 0 {
                let text = files.get(path).ok_or_else(|| {
                    place.fault(format!("value map `{name}` names the file `{path}`, which the pack does not have"))
                })?;
                read_csv(&mut map, path, text)?;
            }
            break;
        }
        entries.sort_by_key(|(_, place, _)| (place.line, place.column));
        let nearer = map.keys.clone();
        for (word, place, value) in entries {
            if nearer.id(&word.trim().to_lowercase()).is_none() {
                map.add(word, constant(value)?, &place)?;
            }
        }
    }
    match layers.first() {
        Some(value) if map.values.is_empty() => {
            Err(value.place().fault(format!("value map `{name}` is empty: give it words or remove it")))
        }
        _ => Ok(map),
    }
}

/// A number or a text.
pub(crate) fn constant(value: Value<'_>) -> Result<Constant, PackFault> {
    match value.text() {
        Ok(text) => Ok(Constant::Text(text.into())),
        Err(_) => value.int().map(Constant::Int).map_err(|_| value.wrong("a whole number or text")),
    }
}

/// Two columns, `word,value`; the heading `text,value` may stand in the first line, lines with `#` in front are skipped.
fn read_csv(map: &mut ValueMap, file: &str, text: &str) -> Result<(), PackFault> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).comment(Some(b'#')).flexible(true).from_reader(text.as_bytes());
    for record in reader.records() {
        let place = |at: Option<&csv::Position>| Place {
            file: file.to_owned(),
            line: at.map_or(1, |p| p.line() as u32),
            column: 1,
        };
        let record = record.map_err(|fault| place(fault.position()).fault(format!("not readable as CSV: {fault}")))?;
        let place = place(record.position());
        let (Some(word), Some(value), 2) = (record.get(0), record.get(1), record.len()) else {
            return Err(place.fault("expected two columns: word,value"));
        };
        if (word, value) == ("text", "value") && map.values.is_empty() {
            continue;
        }
        let value = value.trim();
        let value = value.parse().map_or_else(|_| Constant::Text(value.into()), Constant::Int);
        map.add(word, value, &place)?;
    }
    Ok(())
}
