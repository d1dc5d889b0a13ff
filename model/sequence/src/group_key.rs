//! The group an event belongs to: the values of `group-by`, their letters folded, as one key.

use crate::compile::{Correlations, Reference};
use crate::hit::{FieldName, HitFields};
use sha2::{Digest, Sha256};
use wardwatch_limits::{CORRELATION_ELEMENTS, CORRELATION_VALUE_BYTES};
use wardwatch_predicate::fold;

/// Values, each after its length, so that no two groups share a key.
pub(crate) type Key = [u8];

/// What could not be placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unplaced {
    /// A field of the group is missing: the event belongs to no group.
    pub missing: bool,
    /// Memberships or values beyond the bound.
    pub cut: u32,
}

/// Keys of the groups that an event belongs to: one, or one per element of an array. Buffers are used again.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Vec<Vec<u8>>,
    used: usize,
    values: Vec<Vec<u8>>,
    values_used: usize,
}

impl Keys {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().take(self.used).map(Vec::as_slice)
    }

    pub(crate) fn read(&mut self, rules: &Correlations, reference: &Reference, fields: &dyn HitFields) -> Unplaced {
        let mut unplaced = Unplaced::default();
        self.used = 0;
        self.push(&[], &[]);
        for number in &reference.group {
            let Some(name) = rules.fields().get(*number) else { continue };
            self.read_values(FieldName { name, number: *number }, fields, &mut unplaced);
            if self.values_used == 0 {
                self.used = 0;
                unplaced.missing = true;
                return unplaced;
            }
            self.multiply(&mut unplaced);
        }
        unplaced
    }

    fn push(&mut self, head: &[u8], tail: &[u8]) {
        if self.keys.len() == self.used {
            self.keys.push(Vec::new());
        }
        if let Some(key) = self.keys.get_mut(self.used) {
            key.clear();
            key.extend_from_slice(head);
            key.extend_from_slice(tail);
            self.used += 1;
        }
    }

    fn read_values(&mut self, field: FieldName<'_>, fields: &dyn HitFields, unplaced: &mut Unplaced) {
        let (values, used) = (&mut self.values, &mut self.values_used);
        *used = 0;
        fields.values(field, &mut |value| {
            if *used >= CORRELATION_ELEMENTS {
                unplaced.cut += 1;
                return;
            }
            if values.len() == *used {
                values.push(Vec::new());
            }
            let Some((buffer, before)) = values.get_mut(..=*used).and_then(|v| v.split_last_mut()) else { return };
            buffer.clear();
            append(buffer, value);
            if !before.contains(buffer) {
                *used += 1;
            }
        });
    }

    /// Every key so far with every value of one more field.
    fn multiply(&mut self, unplaced: &mut Unplaced) {
        let values = std::mem::take(&mut self.values);
        if let ([value], 1) = (values.get(..self.values_used).unwrap_or_default(), self.used) {
            if let Some(key) = self.keys.first_mut() {
                key.extend_from_slice(value);
            }
        } else {
            let heads: Vec<Vec<u8>> = self.keys.iter().take(self.used).cloned().collect();
            self.used = 0;
            for head in &heads {
                for value in values.iter().take(self.values_used) {
                    if self.used < CORRELATION_ELEMENTS {
                        self.push(head, value);
                    } else {
                        unplaced.cut += 1;
                    }
                }
            }
        }
        self.values = values;
    }
}

/// Adds a value to a key: its letters folded; a long one by its beginning and a hash.
pub(crate) fn append(key: &mut Vec<u8>, value: &str) {
    let folded = fold(value);
    let mut put = |bytes: &[u8]| {
        key.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
        key.extend_from_slice(bytes);
    };
    if folded.len() <= CORRELATION_VALUE_BYTES {
        return put(folded.as_bytes());
    }
    let mut cut = CORRELATION_VALUE_BYTES - 36;
    while !folded.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut short = folded.get(..cut).unwrap_or_default().to_owned();
    short.push('\u{2026}');
    for byte in Sha256::digest(folded.as_bytes()).iter().take(16) {
        short.push_str(&format!("{byte:02x}"));
    }
    put(short.as_bytes());
}

/// The values of a key.
pub(crate) fn values(key: &Key) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = key;
    while let Some((len, tail)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_le_bytes(*len)).min(tail.len());
        let (value, tail) = tail.split_at(len);
        values.push(String::from_utf8_lossy(value).into_owned());
        rest = tail;
    }
    values
}

/// The part of a key that holds these values, in this order.
pub(crate) fn part(key: &Key, places: &[usize]) -> Vec<u8> {
    let mut spans: Vec<&[u8]> = Vec::new();
    let mut rest = key;
    while let Some((len, tail)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_le_bytes(*len)).min(tail.len()) + 2;
        let (value, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        spans.push(value);
        rest = tail;
    }
    places.iter().filter_map(|place| spans.get(*place)).flat_map(|span| span.iter().copied()).collect()
}
