//! Probes: questions of which each field table answers many at once, numbered, each once for all rules.

use super::need::Need;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// "Has a value of this field any of these?"
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Probe {
    /// None: any text or number of the event.
    pub field: Option<u32>,
    /// The field's name, which stays when its number changes.
    pub name: Box<str>,
    /// Sorted, each once.
    pub needs: Vec<Need>,
}

impl Probe {
    /// The same for the same question, in this program and the next.
    pub(crate) fn fingerprint(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((&self.name, &self.needs))
    }
}

/// All probes of a rule set, by number.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    pub list: Vec<Probe>,
    numbers: HashMap<(Option<u32>, Vec<Need>), u32>,
}

impl Probes {
    /// The number of a probe, given one if it is new.
    pub(crate) fn number(&mut self, field: Option<u32>, name: &str, mut needs: Vec<Need>) -> u32 {
        needs.sort_unstable();
        needs.dedup();
        // One value that is enough makes the others idle.
        for enough in [Need::There, Need::Value] {
            if needs.contains(&enough) {
                needs = vec![enough];
            }
        }
        let next = self.list.len() as u32;
        let key = (field, needs);
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        self.list.push(Probe { field, name: name.into(), needs: key.1.clone() });
        self.numbers.insert(key, next);
        next
    }
}
