//! Native field names, interned once per pack so that a rule compares integers.

use std::collections::HashMap;

/// A native field name by number: first the pack's own names, then what a batch met besides (its extras).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FieldId(pub u16);

/// The names a pack knows, in a fixed order.
#[derive(Debug, Default, Clone)]
pub struct Fields {
    names: Vec<Box<str>>,
    ids: HashMap<Box<str>, FieldId>,
}

impl Fields {
    /// The id of a name, given one if it is new; `None` when 65,535 names are taken.
    pub fn intern(&mut self, name: &str) -> Option<FieldId> {
        if let Some(id) = self.ids.get(name) {
            return Some(*id);
        }
        let id = FieldId(u16::try_from(self.names.len()).ok().filter(|n| *n < u16::MAX)?);
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        Some(id)
    }

    /// The id of a known name.
    pub fn id(&self, name: &str) -> Option<FieldId> {
        self.ids.get(name).copied()
    }

    /// The name of an id of this table.
    pub fn name(&self, id: FieldId) -> Option<&str> {
        self.names.get(usize::from(id.0)).map(AsRef::as_ref)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// No names at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
