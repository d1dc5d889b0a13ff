//! The values that a record brings to its templates, and the templates of a chunk.

use crate::cursor::{Cursor, u32_at};
use crate::fault::Fault;
use crate::program::compile;
use crate::tree::{Builder, Node, Stream, Tree, spend};
use crate::value::{BINXML, LIST, Value};
use std::cell::Cell;
use std::ops::Range;
use wardwatch_limits::EVENT_LOG_NESTING;

/// No element or instance.
pub(crate) const NONE: u32 = u32::MAX;
/// Offset of the next template with the same hash, GUID, size.
const TEMPLATE_HEAD_BYTES: usize = 24;
/// Trees whose memory is kept for the next chunk: ordinary chunks have fewer templates.
const KEPT_TREES: usize = 256;
/// Work that a template, or a stream without one, costs beside its bytes: its tree is kept until the chunk is done.
const TREE_COST: usize = 256;
/// Places of [`Store::found`], a power of two.
const PLACES: usize = 256;

/// A value of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub value: Value,
    /// What the value is, if it is a stream.
    pub instance: u32,
}

/// A tree with the values of its slots.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub tree: u32,
    pub root: u32,
    /// Range of [`Store::slots`].
    pub slots: Range<u32>,
    /// There is a list among the values.
    pub lists: bool,
}

/// Templates of a chunk and values of a record; the memory is used again.
#[derive(Default)]
pub(crate) struct Store {
    /// Of which the first `used` are in use.
    pub trees: Vec<Tree>,
    used: usize,
    /// Templates by offset: (offset, number), the last one met of each hash.
    found: Vec<(u32, u32)>,
    templates: Vec<(u32, u32)>,
    pub slots: Vec<Slot>,
    pub instances: Vec<Instance>,
}

impl Store {
    /// Forgets the chunk before.
    pub fn begin_chunk(&mut self) {
        self.used = 0;
        self.trees.truncate(KEPT_TREES);
        self.templates.clear();
        self.found.clear();
        self.found.resize(PLACES, (NONE, NONE));
    }

    /// Reads a record's stream; the instance that is its root. None if it has no element.
    pub fn begin_record(&mut self, chunk: &[u8], stream: Range<usize>, work: &Cell<u32>) -> Result<Option<u32>, Fault> {
        self.slots.clear();
        self.instances.clear();
        self.stream(chunk, stream, 0, work)
    }

    fn stream(
        &mut self,
        chunk: &[u8],
        stream: Range<usize>,
        depth: usize,
        work: &Cell<u32>,
    ) -> Result<Option<u32>, Fault> {
        let bytes = chunk.get(stream.clone()).unwrap_or_default();
        // Nearly every stream is a fragment head and one template.
        let head = match bytes {
            [0x0F, _, _, _, 0x0C, ..] => 5,
            [0x0C, ..] => 1,
            _ => return self.plain(chunk, stream, depth, work),
        };
        let mut cursor = Cursor::new(chunk, stream.start + head, stream.end);
        self.instance(&mut cursor, depth, work).map(Some)
    }

    /// Elements without a template.
    fn plain(
        &mut self,
        chunk: &[u8],
        stream: Range<usize>,
        depth: usize,
        work: &Cell<u32>,
    ) -> Result<Option<u32>, Fault> {
        spend(work, TREE_COST)?;
        let (number, mut tree) = self.take_tree();
        let mut read = |cursor: &mut Cursor<'_>| self.instance(cursor, depth + 1, work);
        let mut builder = Builder::new(&mut tree, Some(&mut read), work);
        let root = builder.stream(&mut Cursor::new(chunk, stream.start, stream.end), Stream::Plain, depth);
        self.put_tree(number, tree);
        Ok(match root? {
            Some(Node::Element(root)) => {
                self.instances.push(Instance { tree: number, root, slots: 0..0, lists: false });
                Some(self.instances.len() as u32 - 1)
            }
            Some(Node::Instance(instance)) => Some(instance),
            _ => None,
        })
    }

    fn take_tree(&mut self) -> (u32, Tree) {
        if self.used == self.trees.len() {
            self.trees.push(Tree::default());
        }
        let number = self.used;
        self.used += 1;
        let mut tree = self.trees.get_mut(number).map(std::mem::take).unwrap_or_default();
        tree.clear();
        (number as u32, tree)
    }

    fn put_tree(&mut self, number: u32, tree: Tree) {
        if let Some(place) = self.trees.get_mut(number as usize) {
            *place = tree;
        }
    }

    /// From behind the token on: a byte, the template's id, its offset, the template itself if this is its first use, a
    /// count, that many sizes and types, the values.
    fn instance(&mut self, cursor: &mut Cursor<'_>, depth: usize, work: &Cell<u32>) -> Result<u32, Fault> {
        if depth > EVENT_LOG_NESTING {
            return Err(Fault::Deep { at: cursor.at });
        }
        cursor.take(5, "template")?;
        let at = cursor.u32("template")?;
        if at as usize == cursor.at {
            cursor.take(TEMPLATE_HEAD_BYTES - 4, "template")?;
            let size = cursor.u32("template")? as usize;
            cursor.take(size, "template")?;
        }
        let (tree, root) = self.template(cursor.bytes, at, work)?;
        let count = cursor.u32("count of values")? as usize;
        let heads = cursor.take(count.saturating_mul(4), "sizes of values")?;
        spend(work, 2 * count)?;
        let start = self.slots.len();
        let (mut lists, mut streams) = (false, false);
        for head in heads.as_chunks::<4>().0 {
            let [low, high, kind, _] = *head;
            let len = u16::from_le_bytes([low, high]);
            let value = Value::new(cursor.bytes, kind, cursor.at, len);
            cursor.take(usize::from(len), "value")?;
            lists |= kind & LIST != 0;
            streams |= kind == BINXML && !value.empty;
            self.slots.push(Slot { value, instance: NONE });
        }
        let end = self.slots.len();
        if streams {
            self.streams(cursor.bytes, start..end, depth, work)?;
        }
        self.instances.push(Instance { tree, root, slots: start as u32..end as u32, lists });
        Ok(self.instances.len() as u32 - 1)
    }

    /// Reads those values that are streams.
    fn streams(&mut self, chunk: &[u8], slots: Range<usize>, depth: usize, work: &Cell<u32>) -> Result<(), Fault> {
        for number in slots {
            let Some(value) = self.slots.get(number).map(|slot| slot.value) else { break };
            if value.kind != BINXML || value.empty {
                continue;
            }
            let at = value.at as usize;
            let instance = self.stream(chunk, at..at + usize::from(value.len), depth + 1, work)?;
            if let Some(slot) = self.slots.get_mut(number) {
                slot.instance = instance.unwrap_or(NONE);
                slot.value.empty = instance.is_none();
            }
        }
        Ok(())
    }

    /// The template at this offset, and its root.
    fn template(&mut self, chunk: &[u8], at: u32, work: &Cell<u32>) -> Result<(u32, u32), Fault> {
        let place = (at as usize >> 3) & (PLACES - 1);
        let found = self.found.get(place).filter(|found| found.0 == at && found.1 != NONE).map(|found| found.1);
        let found = match found {
            None => {
                spend(work, self.templates.len())?;
                self.templates.iter().find(|known| known.0 == at).map(|known| known.1)
            }
            found => found,
        };
        if let Some(number) = found {
            if let Some(place) = self.found.get_mut(place) {
                *place = (at, number);
            }
            let root = self.trees.get(number as usize).and_then(|tree| tree.root).unwrap_or(NONE);
            return Ok((number, root));
        }
        let outside = Fault::Outside { what: "template", at: at as usize };
        spend(work, TREE_COST)?;
        let start = at as usize + TEMPLATE_HEAD_BYTES;
        let size = u32_at(chunk, start - 4).ok_or(outside)? as usize;
        let end = start.checked_add(size).filter(|end| *end <= chunk.len()).ok_or(outside)?;
        let (number, mut tree) = self.take_tree();
        let root = Builder::new(&mut tree, None, work).stream(&mut Cursor::new(chunk, start, end), Stream::Template, 0);
        let root = root.and_then(|root| match root {
            Some(Node::Element(root)) => Ok(root),
            _ => Err(outside),
        });
        tree.root = root.ok();
        if let Some(root) = tree.root {
            compile(&mut tree, root);
        }
        self.put_tree(number, tree);
        let root = root?;
        self.templates.push((at, number));
        Ok((number, root))
    }
}
