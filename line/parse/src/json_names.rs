//! Names of nested values: each path of keys is looked up once per batch and then found by number.

use crate::text::Out;
use wardwatch_pack::{FieldId, hash};

/// The number of the path that has no key.
pub(crate) const ROOT: u32 = 0;
/// Paths of a batch; what goes beyond has no name and stays in raw only. A line alone brings at most
/// `wardwatch_limits::FIELDS` values, so a source whose keys are data (ids as keys) ends here and not in memory.
const PATHS: usize = 65_536;
/// The node of paths beyond the limit.
const NOWHERE: u32 = u32::MAX;

/// How paths become native names.
pub(crate) type Naming = fn(&str) -> Name<'_>;

/// What a path is called.
pub(crate) enum Name<'p> {
    /// This.
    Is(&'p str),
    /// This, made.
    Made(String),
    /// It is not kept.
    Dropped,
}

/// Dotted paths as they are.
pub(crate) fn dotted(path: &str) -> Name<'_> {
    Name::Is(path)
}

struct Node {
    parent: u32,
    key: Box<str>,
    path: Box<str>,
    field: Option<FieldId>,
    /// The key that followed this one last time.
    next: u32,
}

/// The paths met so far.
pub(crate) struct Names {
    nodes: Vec<Node>,
    slots: Vec<u64>,
    naming: Naming,
}

impl Names {
    pub fn new(naming: Naming) -> Self {
        let root = Node { parent: NOWHERE, key: "".into(), path: "".into(), field: None, next: ROOT };
        Self { nodes: vec![root], slots: vec![0; 256], naming }
    }

    /// The field of a path.
    #[inline]
    pub fn field(&self, node: u32) -> Option<FieldId> {
        self.nodes.get(node as usize)?.field
    }

    /// The path of `key` under `parent`; `before` is the path of the key before it.
    #[inline]
    pub fn child(&mut self, parent: u32, before: u32, key: &str, out: &mut Out<'_>) -> u32 {
        let guess = self.nodes.get(before as usize).map_or(ROOT, |node| node.next);
        if let Some(node) = self.nodes.get(guess as usize)
            && node.parent == parent
            && *node.key == *key
        {
            return guess;
        }
        let found = self.find_or_add(parent, key, out);
        if let Some(node) = self.nodes.get_mut(before as usize) {
            node.next = found;
        }
        found
    }

    fn find_or_add(&mut self, parent: u32, key: &str, out: &mut Out<'_>) -> u32 {
        let hash = hash(key.as_bytes()) ^ u64::from(parent).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mask = self.slots.len() - 1;
        let mut at = (hash >> 17) as usize & mask;
        while let Some(slot) = self.slots.get(at).copied().filter(|slot| *slot != 0) {
            let number = (slot as u32) - 1;
            if (slot >> 32) as u32 == (hash >> 32) as u32
                && let Some(node) = self.nodes.get(number as usize)
                && node.parent == parent
                && *node.key == *key
            {
                return number;
            }
            at = (at + 1) & mask;
        }
        self.add(parent, key, hash, out)
    }

    #[cold]
    fn add(&mut self, parent: u32, key: &str, hash: u64, out: &mut Out<'_>) -> u32 {
        let Some(above) = self.nodes.get(parent as usize) else { return NOWHERE };
        if self.nodes.len() >= PATHS {
            return NOWHERE;
        }
        let path = if above.path.is_empty() { key.to_owned() } else { format!("{}.{key}", above.path) };
        let field = match (self.naming)(&path) {
            Name::Is(name) => out.field(name),
            Name::Made(name) => out.field(&name),
            Name::Dropped => None,
        };
        let number = self.nodes.len() as u32;
        self.nodes.push(Node { parent, key: key.into(), path: path.into(), field, next: ROOT });
        if self.nodes.len() * 2 > self.slots.len() {
            self.grow();
        } else {
            self.place(hash, number);
        }
        number
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> 17) as usize & mask;
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (hash >> 32 << 32) | u64::from(number + 1);
        }
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 4];
        for number in 1..self.nodes.len() {
            let Some(node) = self.nodes.get(number) else { continue };
            let hash = hash(node.key.as_bytes()) ^ u64::from(node.parent).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.place(hash, number as u32);
        }
    }
}
