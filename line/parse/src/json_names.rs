//! Names of nested values: each path of keys is looked up once per batch and then found by number.

use crate::text::Out;
use wardwatch_pack::{FieldId, hash};
use wardwatch_scan::Marks;

/// The number of the path that has no key.
pub(crate) const ROOT: u32 = 0;
/// Paths of a batch; what goes beyond has no name and stays in raw only. A line alone brings at most
/// `wardwatch_limits::FIELDS` values, so a source whose keys are data (ids as keys) ends here and not in memory.
const PATHS: usize = 65_536;
/// The node of paths beyond the limit.
const NOWHERE: u32 = u32::MAX;
/// What the root lies under.
const NOTHING: u32 = u32::MAX - 1;
/// Bytes of a key that are compared at once.
const HEAD: usize = 16;

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
    /// The first bytes of the key, zeros behind them.
    head: u128,
    /// The bits of `head` that count.
    mask: u128,
    /// Bytes of the key; [`u32::MAX`] if it cannot stand between quotes as it is.
    len: u32,
    parent: u32,
    field: Option<FieldId>,
    /// The key that followed this one last time.
    next: u32,
}

impl Node {
    fn new(parent: u32, key: &str, field: Option<FieldId>) -> Self {
        let mut head = [0; HEAD];
        head.iter_mut().zip(key.bytes()).for_each(|(to, from)| *to = from);
        let bare = !key.bytes().any(|b| matches!(b, b'"' | b'\\'));
        let mask = u128::MAX.checked_shr(8 * HEAD.saturating_sub(key.len()) as u32).unwrap_or(0);
        let len = u32::try_from(key.len()).ok().filter(|_| bare).unwrap_or(u32::MAX);
        Self { head: u128::from_le_bytes(head), mask, len, parent, field, next: ROOT }
    }
}

/// What is known of a path beside its node.
struct Path {
    key: Box<str>,
    path: Box<str>,
}

/// The paths met so far, and what is reused from line to line.
pub(crate) struct Names {
    nodes: Vec<Node>,
    paths: Vec<Path>,
    slots: Vec<u64>,
    naming: Naming,
    /// Where the line's strings are.
    pub marks: Marks,
}

impl Names {
    pub fn new(naming: Naming) -> Self {
        let root = Node { len: u32::MAX, ..Node::new(NOTHING, "", None) };
        let path = Path { key: "".into(), path: "".into() };
        Self { nodes: vec![root], paths: vec![path], slots: vec![0; 256], naming, marks: Marks::default() }
    }

    /// The field of a path.
    #[inline]
    pub fn field(&self, node: u32) -> Option<FieldId> {
        self.nodes.get(node as usize)?.field
    }

    /// The path under `parent` whose key stands in `bytes` from `at` to a quote, if it is the one that followed `before`
    /// last time; and where that quote is.
    #[inline]
    pub fn guess(&self, parent: u32, before: u32, bytes: &[u8], at: usize) -> Option<(u32, usize)> {
        let number = self.nodes.get(before as usize)?.next;
        let node = self.nodes.get(number as usize).filter(|node| node.parent == parent)?;
        let end = at.checked_add(node.len as usize)?;
        let head = u128::from_le_bytes(bytes.get(at..at + HEAD)?.try_into().ok()?);
        if (head ^ node.head) & node.mask != 0 || bytes.get(end) != Some(&b'"') {
            return None;
        }
        if end - at > HEAD && bytes.get(at..end)? != self.paths.get(number as usize)?.key.as_bytes() {
            return None;
        }
        Some((number, end))
    }

    /// The path of `key` under `parent`; `before` is the path of the key before it.
    #[inline]
    pub fn child(&mut self, parent: u32, before: u32, key: &str, out: &mut Out<'_>) -> u32 {
        let guess = self.nodes.get(before as usize).map_or(ROOT, |node| node.next) as usize;
        if self.nodes.get(guess).is_some_and(|node| node.parent == parent)
            && self.paths.get(guess).is_some_and(|path| *path.key == *key)
        {
            return guess as u32;
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
                && self.nodes.get(number as usize).is_some_and(|node| node.parent == parent)
                && self.paths.get(number as usize).is_some_and(|path| *path.key == *key)
            {
                return number;
            }
            at = (at + 1) & mask;
        }
        self.add(parent, key, hash, out)
    }

    #[cold]
    fn add(&mut self, parent: u32, key: &str, hash: u64, out: &mut Out<'_>) -> u32 {
        let Some(above) = self.paths.get(parent as usize) else { return NOWHERE };
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
        self.nodes.push(Node::new(parent, key, field));
        self.paths.push(Path { key: key.into(), path: path.into() });
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
            let (Some(node), Some(path)) = (self.nodes.get(number), self.paths.get(number)) else { continue };
            let hash = hash(path.key.as_bytes()) ^ u64::from(node.parent).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.place(hash, number as u32);
        }
    }
}
