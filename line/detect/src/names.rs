//! Field names to field numbers: what rules call a field, and where a pack's events have it.
//!
//! Done once per batch from the pack's side: each native name is looked up once among all spellings, so the cost does
//! not grow with the rules. Rank decides between spellings: the rule's own name first.

use std::collections::HashMap;
use wardwatch_event::{EventBatch, FieldId};
use wardwatch_predicate::route::Taxonomy;
use wardwatch_schema::{ColumnId, find_column};

/// Every name a rule or a route uses, numbered, with its spellings.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    /// Names by number; the rule set's own table comes first.
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    /// Native spelling to (number, rank).
    by_spelling: HashMap<String, Vec<(u32, u16)>>,
    prefixes: Vec<String>,
    columns: Vec<Option<ColumnId>>,
}

/// Rank of a name found behind the first prefix.
const PREFIXED: u16 = 1_000;

impl Spellings {
    /// Starts with the rule set's fields, which keep their numbers.
    pub(crate) fn new(fields: &[String], taxonomy: &Taxonomy) -> Spellings {
        let mut spellings = Spellings { prefixes: taxonomy.prefixes().to_vec(), ..Spellings::default() };
        for field in fields {
            spellings.number(field, taxonomy);
        }
        spellings
    }

    /// The number of a name, given one if it is new.
    pub(crate) fn number(&mut self, name: &str, taxonomy: &Taxonomy) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        let own = std::iter::once(name).chain(taxonomy.spellings(name).iter().map(String::as_str));
        for (rank, spelling) in (0u16..).zip(own) {
            self.by_spelling.entry(spelling.to_owned()).or_default().push((number, rank));
        }
        let column = taxonomy.column(name).unwrap_or(name);
        self.columns.push(find_column(column));
        number
    }

    /// The number of a name that was given one.
    pub(crate) fn known(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Where the events of this batch have each name.
    pub(crate) fn resolve(&self, batch: &EventBatch) -> Resolved {
        let mut found: Vec<Vec<(u16, FieldId)>> = vec![Vec::new(); self.names.len()];
        let names = batch.pack.fields.names().iter().chain(batch.extras());
        for (id, name) in (0u16..).map(FieldId).zip(names) {
            let mut add = |spelling: &str, shift: u16| {
                for (number, rank) in self.by_spelling.get(spelling).map_or(&[][..], Vec::as_slice) {
                    if let Some(slot) = found.get_mut(*number as usize).filter(|_| shift == 0 || *rank == 0) {
                        slot.push((rank + shift, id));
                    }
                }
            };
            add(name, 0);
            for (shift, prefix) in (PREFIXED..).zip(&self.prefixes) {
                if let Some(rest) = name.strip_prefix(prefix.as_str()) {
                    add(rest, shift);
                }
            }
        }
        let ids = found.into_iter().map(|mut ranked| {
            ranked.sort_unstable();
            ranked.into_iter().map(|(_, id)| id).collect()
        });
        Resolved { ids: ids.collect(), columns: self.columns.clone() }
    }
}

/// The names of a program in one batch.
#[derive(Debug)]
pub(crate) struct Resolved {
    ids: Vec<Box<[FieldId]>>,
    columns: Vec<Option<ColumnId>>,
}

impl Resolved {
    /// The native fields that may hold it, best first.
    pub(crate) fn ids(&self, number: u32) -> &[FieldId] {
        self.ids.get(number as usize).map_or(&[], |ids| ids)
    }

    /// The typed column that holds it where no native field does.
    pub(crate) fn column(&self, number: u32) -> Option<ColumnId> {
        self.columns.get(number as usize).copied().flatten()
    }
}
