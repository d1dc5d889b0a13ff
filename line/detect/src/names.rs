//! Field names to field numbers: what rules call a field, and where a pack's events have it.
//!
//! Done once per pack, and per batch for names that the pack does not know: each native name is looked up once among all
//! spellings, so the cost does not grow with the rules. Rank decides between spellings: the rule's own name first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_event::{EventBatch, FieldId, Pack};
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
    /// Packs that were met, with what their own names give.
    packs: Mutex<Vec<(Arc<Pack>, Arc<Fields>)>>,
}

/// By number: the fields of a pack that may hold it, best first, and their ranks.
#[derive(Debug, Default)]
struct Fields {
    ids: Vec<Box<[FieldId]>>,
    ranks: Vec<Box<[u16]>>,
}

/// Packs that are remembered; there are some dozens.
const PACKS: usize = 256;

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
        let pack = self.of_pack(&batch.pack);
        let mut own: Vec<(u32, u16, FieldId)> = Vec::new();
        let first = u16::try_from(batch.pack.fields.len()).unwrap_or(u16::MAX);
        for (id, name) in (first..).map(FieldId).zip(batch.extras()) {
            self.each_of(name, |number, rank| own.push((number, rank, id)));
        }
        own.sort_unstable();
        let mut extras = Vec::new();
        for found in own.chunk_by(|one, other| one.0 == other.0) {
            let Some((number, ..)) = found.first() else { continue };
            let at = *number as usize;
            let known = pack.ranks.get(at).into_iter().flatten().copied().zip(pack.ids.get(at).into_iter().flatten());
            let mut ranked: Vec<(u16, FieldId)> = known.map(|(rank, id)| (rank, *id)).collect();
            ranked.extend(found.iter().map(|(_, rank, id)| (*rank, *id)));
            ranked.sort_unstable();
            extras.push((*number, ranked.into_iter().map(|(_, id)| id).collect()));
        }
        Resolved { pack, extras, columns: self.columns.clone() }
    }

    /// Where events of a pack have each name, as far as the pack's own fields go.
    fn of_pack(&self, pack: &Arc<Pack>) -> Arc<Fields> {
        let mut packs = self.packs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fields)) = packs.iter().find(|(known, _)| Arc::ptr_eq(known, pack)) {
            return Arc::clone(fields);
        }
        let mut found: Vec<Vec<(u16, FieldId)>> = vec![Vec::new(); self.names.len()];
        for (id, name) in (0u16..).map(FieldId).zip(pack.fields.names()) {
            self.each_of(name, |number, rank| {
                found.get_mut(number as usize).into_iter().for_each(|slot| slot.push((rank, id)));
            });
        }
        found.iter_mut().for_each(|ranked| ranked.sort_unstable());
        let ids = found.iter().map(|ranked| ranked.iter().map(|(_, id)| *id).collect()).collect();
        let ranks = found.iter().map(|ranked| ranked.iter().map(|(rank, _)| *rank).collect()).collect();
        let fields = Arc::new(Fields { ids, ranks });
        if packs.len() >= PACKS {
            packs.clear();
        }
        packs.push((Arc::clone(pack), Arc::clone(&fields)));
        fields
    }

    /// Calls `add` with each number, and its rank, that a native name stands for.
    fn each_of(&self, name: &str, mut add: impl FnMut(u32, u16)) {
        let mut spelled = |spelling: &str, shift: u16| {
            for (number, rank) in self.by_spelling.get(spelling).map_or(&[][..], Vec::as_slice) {
                if shift == 0 || *rank == 0 {
                    add(*number, rank + shift);
                }
            }
        };
        spelled(name, 0);
        for (shift, prefix) in (PREFIXED..).zip(&self.prefixes) {
            if let Some(rest) = name.strip_prefix(prefix.as_str()) {
                spelled(rest, shift);
            }
        }
    }
}

/// The names of a program in one batch.
#[derive(Debug)]
pub(crate) struct Resolved {
    pack: Arc<Fields>,
    /// What fields that the pack does not know change, by number, ascending.
    extras: Vec<(u32, Box<[FieldId]>)>,
    columns: Vec<Option<ColumnId>>,
}

impl Resolved {
    /// The native fields that may hold it, best first.
    pub(crate) fn ids(&self, number: u32) -> &[FieldId] {
        if !self.extras.is_empty()
            && let Ok(at) = self.extras.binary_search_by_key(&number, |(number, _)| *number)
        {
            return self.extras.get(at).map_or(&[], |(_, ids)| ids);
        }
        self.pack.ids.get(number as usize).map_or(&[], |ids| ids)
    }

    /// The typed column that holds it where no native field does.
    pub(crate) fn column(&self, number: u32) -> Option<ColumnId> {
        self.columns.get(number as usize).copied().flatten()
    }
}
