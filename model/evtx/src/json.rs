//! A record as JSON: walks the tree of its template with its values.

use crate::chunk::{CHUNK_BYTES, Chunk};
use crate::fault::Fault;
use crate::instance::{Instance, NONE, Slot, Store};
use crate::record::{Place, RECORD_HEAD_BYTES};
use crate::tree::{Element, Lit, Node, Role, Tree, spend};
use crate::value::{self, Items, LIST, Value, push_decimal};
use std::cell::Cell;
use std::ops::Range;
use wardwatch_limits::{EVENT_LOG_CHUNK_WORK, EVENT_LOG_ELEMENT_DEPTH, EVENT_LOG_LISTS, EVENT_LOG_RECORD_BYTES};

/// Work that a copy of a repeated element costs beside what it writes: it is also kept in memory until they are all written.
const COPY_COST: usize = 64;

/// Writes records as JSON. Its memory is used again from record to record and chunk to chunk.
#[derive(Default)]
pub struct JsonWriter {
    store: Store,
    kids: Vec<Spot>,
    repeats: Vec<Repeat>,
    work: Cell<u32>,
}

impl JsonWriter {
    /// Forgets the templates of the chunk before; call it before the first record of a chunk.
    pub fn begin(&mut self) {
        self.store.begin_chunk();
        self.work.set(EVENT_LOG_CHUNK_WORK);
    }

    /// Appends a record. If it fails, nothing is appended.
    pub fn record(&mut self, chunk: &Chunk<'_>, place: &Place, out: &mut Vec<u8>) -> Result<(), Fault> {
        let before = out.len();
        let written = self.write(chunk, place, out);
        if written.is_err() {
            out.truncate(before);
        }
        written
    }

    fn write(&mut self, chunk: &Chunk<'_>, place: &Place, out: &mut Vec<u8>) -> Result<(), Fault> {
        spend(&self.work, place.size)?;
        let end = (place.at + place.size - 4).min(CHUNK_BYTES);
        let stream = place.at + RECORD_HEAD_BYTES..end;
        let root = self.store.begin_record(chunk.bytes, stream, &self.work)?;
        self.kids.clear();
        self.repeats.clear();
        let start = out.len();
        let mut walk = Walk {
            chunk: chunk.bytes,
            trees: &self.store.trees,
            slots: &self.store.slots,
            instances: &self.store.instances,
            kids: &mut self.kids,
            repeats: &mut self.repeats,
            work: &self.work,
            end: start + EVENT_LOG_RECORD_BYTES,
            charged: start,
            out,
        };
        walk.root(root)
    }
}

/// An element of an instance.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    pub instance: u32,
    pub element: u32,
    /// The last of the [`Repeat`]s that hold for it.
    pub repeat: u32,
}

/// In one copy of a repeated element, this item stands in the place of a list.
#[derive(Clone, Copy)]
struct Repeat {
    before: u32,
    node: u32,
    item: Value,
}

/// An element with what is needed to read it.
#[derive(Clone, Copy)]
struct At<'w> {
    tree: &'w Tree,
    slots: &'w [Slot],
    element: &'w Element,
    repeat: u32,
}

/// What a node is, with the record's values.
enum Got {
    Nothing,
    Text(Lit),
    Value(Value),
    Element(u32),
    Instance(u32),
}

/// What stands in an element or attribute.
#[derive(Default)]
struct Content {
    /// There is text or a value.
    text: bool,
    /// There are elements.
    elements: bool,
    /// Nodes that are no elements, and those of them that have text.
    nodes: u32,
    filled: u32,
    /// The last of those that have text.
    value: Option<Value>,
}

pub(crate) struct Walk<'w> {
    pub chunk: &'w [u8],
    pub trees: &'w [Tree],
    pub slots: &'w [Slot],
    pub instances: &'w [Instance],
    kids: &'w mut Vec<Spot>,
    repeats: &'w mut Vec<Repeat>,
    work: &'w Cell<u32>,
    /// The record may not be longer.
    pub end: usize,
    /// Up to here, what was written has been taken from the work.
    charged: usize,
    pub out: &'w mut Vec<u8>,
}

impl<'w> Walk<'w> {
    fn root(&mut self, root: Option<u32>) -> Result<(), Fault> {
        let Some(instance) = root else {
            // An empty stream, as damaged records have.
            self.out.extend_from_slice(b"{\"Event\":null}");
            return Ok(());
        };
        let element = self.instances.get(instance as usize).map_or(NONE, |instance| instance.root);
        self.out.push(b'{');
        let spot = Spot { instance, element, repeat: NONE };
        let at = self.at(spot).ok_or(Fault::Unbalanced { at: 0 })?;
        self.out.extend_from_slice(at.tree.text(at.element.key));
        // A container counts as such only inside another element.
        match at.element.role {
            Role::Container => self.value_of(spot, at, false, false, 0)?,
            _ => self.instance(instance, 0)?,
        }
        self.out.push(b'}');
        Ok(())
    }

    /// As [`Walk::value_of`].
    pub(crate) fn walk(&mut self, spot: Spot, data: bool, container: bool, depth: usize) -> Result<(), Fault> {
        match self.at(spot) {
            Some(at) => self.value_of(spot, at, data, container, depth),
            None => Ok(()),
        }
    }

    #[inline]
    fn at(&self, spot: Spot) -> Option<At<'w>> {
        let instance = self.instances.get(spot.instance as usize)?;
        let tree = self.trees.get(instance.tree as usize)?;
        let slots = self.slots.get(instance.slots.start as usize..instance.slots.end as usize)?;
        Some(At { tree, slots, element: tree.elements.get(spot.element as usize)?, repeat: spot.repeat })
    }

    #[inline]
    fn got(&self, at: &At<'w>, number: u32) -> Got {
        match at.tree.nodes.get(number as usize) {
            Some(Node::Text(text)) => Got::Text(*text),
            Some(Node::Value(value)) => Got::Value(*value),
            Some(Node::Element(element)) => Got::Element(*element),
            Some(Node::Instance(instance)) => Got::Instance(*instance),
            Some(Node::Slot { index, optional }) => match at.slots.get(usize::from(*index)) {
                None => Got::Nothing,
                Some(slot) if *optional && slot.value.empty => Got::Nothing,
                Some(slot) if slot.instance != NONE => Got::Instance(slot.instance),
                Some(_) if at.repeat != NONE && self.item(at.repeat, number).is_some() => {
                    self.item(at.repeat, number).filter(|item| !item.empty).map_or(Got::Nothing, Got::Value)
                }
                Some(slot) => Got::Value(slot.value),
            },
            None => Got::Nothing,
        }
    }

    /// What stands in the place of a list.
    fn item(&self, mut repeat: u32, node: u32) -> Option<Value> {
        while let Some(found) = self.repeats.get(repeat as usize) {
            if found.node == node {
                return Some(found.item);
            }
            repeat = found.before;
        }
        None
    }

    #[inline]
    fn look(&self, at: &At<'w>, nodes: &Range<u32>) -> Content {
        let mut content = Content::default();
        for number in nodes.clone() {
            let (filled, value) = match self.got(at, number) {
                Got::Nothing => continue,
                Got::Text(text) => (!text.is_empty(), None),
                Got::Value(value) => (!value.empty, Some(value)),
                Got::Element(_) | Got::Instance(_) => {
                    content.elements = true;
                    continue;
                }
            };
            content.nodes += 1;
            if filled {
                content.filled += 1;
                content.value = value;
            }
        }
        content.text = content.filled > 0;
        content
    }

    /// The value behind an element's key. `data`: only its content, and `""` where others have null.
    fn value_of(&mut self, spot: Spot, at: At<'w>, data: bool, container: bool, depth: usize) -> Result<(), Fault> {
        let content = self.look(&at, &at.element.children);
        let attributes = !data && self.has_attributes(&at);
        if content.elements || attributes {
            return self.body(spot, at, &content, attributes, container, depth);
        }
        if content.text {
            self.scalar(&at, &at.element.children, &content);
        } else {
            self.out.extend_from_slice(if data { b"\"\"" } else { b"null" });
        }
        self.charge(1 + at.element.children.len())
    }

    /// Takes what was written since the last time, and the nodes looked at, from the work.
    pub(crate) fn charge(&mut self, nodes: usize) -> Result<(), Fault> {
        let written = self.out.len() - self.charged;
        self.charged = self.out.len();
        if self.charged > self.end {
            return Err(Fault::Large);
        }
        spend(self.work, written + nodes)
    }

    fn has_attributes(&self, at: &At<'w>) -> bool {
        self.attributes(at).any(|number| self.is_filled(at, number))
    }

    fn attributes(&self, at: &At<'w>) -> impl Iterator<Item = u32> + use<'w> {
        at.element.attributes.clone()
    }

    fn is_filled(&self, at: &At<'w>, attribute: u32) -> bool {
        let found = at.tree.attributes.get(attribute as usize);
        found.is_some_and(|attribute| {
            attribute.nodes.clone().any(|number| match self.got(at, number) {
                Got::Text(text) => !text.is_empty(),
                Got::Value(value) => !value.empty,
                _ => false,
            })
        })
    }

    /// One number or boolean alone is written bare, everything else in quotes.
    #[inline]
    fn scalar(&mut self, at: &At<'w>, nodes: &Range<u32>, content: &Content) {
        let alone = content.filled == 1 && (content.elements || content.nodes == 1);
        if let Some(value) = content.value.filter(|value| alone && value.bare()) {
            return value::push(value, self.chunk, self.out);
        }
        self.out.push(b'"');
        self.text(at, nodes);
        self.out.push(b'"');
    }

    #[inline]
    fn text(&mut self, at: &At<'w>, nodes: &Range<u32>) {
        for number in nodes.clone() {
            match self.got(at, number) {
                Got::Text(text) => self.out.extend_from_slice(at.tree.text(text)),
                Got::Value(value) => value::push(value, self.chunk, self.out),
                Got::Nothing | Got::Element(_) | Got::Instance(_) => {}
            }
        }
    }

    /// An object: attributes, text, children.
    fn body(
        &mut self,
        spot: Spot,
        at: At<'w>,
        content: &Content,
        attributes: bool,
        container: bool,
        depth: usize,
    ) -> Result<(), Fault> {
        if depth >= EVENT_LOG_ELEMENT_DEPTH {
            return Err(Fault::Deep { at: 0 });
        }
        self.out.push(b'{');
        if attributes {
            self.out.extend_from_slice(b"\"#attributes\":");
            self.attribute_object(&at);
            self.out.push(b',');
        }
        if content.text {
            self.out.extend_from_slice(b"\"#text\":");
            self.scalar(&at, &at.element.children, content);
            self.out.push(b',');
        }
        self.charge(1 + at.element.attributes.len() + at.element.children.len())?;
        if content.elements {
            let from = self.kids.len();
            self.push_kids(spot, &at)?;
            let children = self.children(from, at, container, depth + 1);
            self.kids.truncate(from);
            children?;
        }
        // Every member ends with a comma; the last one's becomes the brace.
        match self.out.last_mut() {
            Some(last) if *last == b',' => *last = b'}',
            _ => self.out.push(b'}'),
        }
        Ok(())
    }

    fn attribute_object(&mut self, at: &At<'w>) {
        self.out.push(b'{');
        for number in self.attributes(at) {
            let Some(attribute) = at.tree.attributes.get(number as usize) else { continue };
            let content = self.look(at, &attribute.nodes);
            if content.text {
                self.out.extend_from_slice(at.tree.text(attribute.key));
                self.scalar(at, &attribute.nodes, &content);
                self.out.push(b',');
            }
        }
        if let Some(last) = self.out.last_mut() {
            *last = b'}';
        }
    }

    /// The children that are elements; one that has a list among its values as often as the list has items
    /// ([MS-EVEN6] section 3.1.4.7.5).
    fn push_kids(&mut self, spot: Spot, at: &At<'w>) -> Result<(), Fault> {
        let lists = self.instances.get(spot.instance as usize).is_some_and(|instance| instance.lists);
        for number in at.element.children.clone() {
            match self.got(at, number) {
                Got::Element(element) => {
                    let kid = Spot { instance: spot.instance, element, repeat: NONE };
                    match at.tree.elements.get(element as usize) {
                        Some(found) if lists && found.slots => self.push_copies(kid, 0)?,
                        _ => self.kids.push(kid),
                    }
                }
                Got::Instance(instance) => {
                    let element = self.instances.get(instance as usize).map_or(NONE, |instance| instance.root);
                    self.kids.push(Spot { instance, element, repeat: NONE });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn push_copies(&mut self, kid: Spot, lists: usize) -> Result<(), Fault> {
        spend(self.work, COPY_COST)?;
        let found = self.at(kid).filter(|_| lists < EVENT_LOG_LISTS).and_then(|at| self.first_list(&at));
        let Some((node, list)) = found else {
            self.kids.push(kid);
            return Ok(());
        };
        for item in Items::new(list, self.chunk) {
            self.repeats.push(Repeat { before: kid.repeat, node, item });
            let repeat = self.repeats.len() as u32 - 1;
            self.push_copies(Spot { repeat, ..kid }, lists + 1)?;
        }
        Ok(())
    }

    /// The first list of several items that stands in an element, before those in its attributes.
    fn first_list(&self, at: &At<'w>) -> Option<(u32, Value)> {
        let of_attributes = self.attributes(at).filter_map(|number| at.tree.attributes.get(number as usize));
        let nodes = at.element.children.clone().chain(of_attributes.flat_map(|attribute| attribute.nodes.clone()));
        for number in nodes {
            if let Got::Value(list) = self.got(at, number)
                && list.kind & LIST != 0
                && Items::new(list, self.chunk).nth(1).is_some()
            {
                return Some((number, list));
            }
        }
        None
    }

    fn kid(&self, number: usize) -> Option<(Spot, At<'w>)> {
        let spot = *self.kids.get(number)?;
        Some((spot, self.at(spot)?))
    }

    fn children(&mut self, from: usize, parent: At<'w>, container: bool, depth: usize) -> Result<(), Fault> {
        let end = self.kids.len();
        let unique = end - from == 1
            || (parent.element.distinct && !parent.element.slots && end - from == parent.element.children.len());
        let named = container && (from..end).any(|n| self.kid(n).is_some_and(|(_, kid)| self.is_named(&kid)));
        let mut positional = container && !named;
        for number in from..end {
            let Some((spot, kid)) = self.kid(number) else { continue };
            if container && kid.element.role == Role::Data {
                if named {
                    self.named_data(spot, kid, depth)?;
                } else if std::mem::take(&mut positional) {
                    self.positional_data(number..end, depth)?;
                }
                continue;
            }
            self.key(number, from, &kid, unique, container)?;
            self.value_of(spot, kid, false, kid.element.role == Role::Container, depth)?;
            self.out.push(b',');
        }
        Ok(())
    }

    /// `Data` that its `Name` calls something.
    fn is_named(&self, kid: &At<'w>) -> bool {
        kid.element.role == Role::Data && kid.element.name.is_some_and(|name| self.is_filled(kid, name))
    }

    fn named_data(&mut self, spot: Spot, kid: At<'w>, depth: usize) -> Result<(), Fault> {
        let name = kid.element.name.and_then(|name| kid.tree.attributes.get(name as usize));
        let Some(name) = name.filter(|_| self.is_named(&kid)) else { return Ok(()) };
        self.out.push(b'"');
        self.text(&kid, &name.nodes);
        self.out.extend_from_slice(b"\":");
        self.value_of(spot, kid, true, false, depth)?;
        self.out.push(b',');
        Ok(())
    }

    /// `Data` without names: one value, or a list of them.
    fn positional_data(&mut self, kids: Range<usize>, depth: usize) -> Result<(), Fault> {
        let is_data = |walk: &Self, n: &usize| walk.kid(*n).is_some_and(|(_, kid)| kid.element.role == Role::Data);
        let several = kids.clone().filter(|n| is_data(self, n)).nth(1).is_some();
        self.out.extend_from_slice(if several { b"\"Data\":{\"#text\":[" } else { b"\"Data\":{\"#text\":" });
        for number in kids {
            let Some((spot, kid)) = self.kid(number).filter(|(_, kid)| kid.element.role == Role::Data) else {
                continue;
            };
            self.value_of(spot, kid, true, false, depth)?;
            self.out.push(b',');
        }
        let closing: &[u8] = if several { b"]}," } else { b"}," };
        // Behind the last value stands a comma.
        self.out.pop();
        self.out.extend_from_slice(closing);
        Ok(())
    }

    /// The key of a child; the second one of a name is called `Name_1`.
    fn key(&mut self, number: usize, from: usize, kid: &At<'w>, unique: bool, container: bool) -> Result<(), Fault> {
        let key = kid.tree.text(kid.element.key);
        let mut same = 0;
        if !unique {
            spend(self.work, number - from)?;
            for before in from..number {
                let Some((_, other)) = self.kid(before) else { continue };
                let counts = !container || other.element.role != Role::Data;
                same += u64::from(counts && other.tree.text(other.element.key) == key);
            }
        }
        match key.strip_suffix(b"\":") {
            Some(name) if same > 0 => {
                self.out.extend_from_slice(name);
                self.out.push(b'_');
                push_decimal(same, self.out);
                self.out.extend_from_slice(b"\":");
            }
            _ => self.out.extend_from_slice(key),
        }
        Ok(())
    }
}
