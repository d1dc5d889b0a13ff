//! A template, or a stream without one, as a flat tree whose texts are already written as JSON: read once, used by every
//! record that names it.

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::program::Step;
use crate::text::{push_char, push_utf16};
use crate::value::{self, Value};
use std::cell::Cell;
use std::ops::Range;
use wardwatch_limits::{EVENT_LOG_ELEMENT_DEPTH, EVENT_LOG_NESTING};

/// A range of [`Tree::texts`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lit {
    pub start: u32,
    pub end: u32,
}

impl Lit {
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// What stands in an element or an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    Text(Lit),
    Value(Value),
    /// A value that each record brings; `optional`: nothing stands there if it is empty.
    Slot {
        index: u16,
        optional: bool,
    },
    /// An element of the same tree.
    Element(u32),
    /// A template with its values (only in streams of a record).
    Instance(u32),
}

/// An attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    /// `"Name":`.
    pub key: Lit,
    /// Range of [`Tree::nodes`].
    pub nodes: Range<u32>,
}

/// What the JSON's shape asks of an element's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// `EventData`, `UserData`: `Data` elements in it are named by their `Name`.
    Container,
    /// `Data`.
    Data,
    Other,
}

/// An element.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    /// `"Name":`.
    pub key: Lit,
    pub role: Role,
    /// Range of [`Tree::attributes`].
    pub attributes: Range<u32>,
    /// Range of [`Tree::nodes`].
    pub children: Range<u32>,
    /// The attribute called `Name`.
    pub name: Option<u32>,
    /// A record's list may repeat it: a slot stands directly in it.
    pub slots: bool,
    /// Its children are elements of this tree, each with a name of its own, and slots.
    pub distinct: bool,
}

/// The tree.
#[derive(Default, Debug)]
pub(crate) struct Tree {
    pub texts: Vec<u8>,
    pub nodes: Vec<Node>,
    pub attributes: Vec<Attribute>,
    pub elements: Vec<Element>,
    pub root: Option<u32>,
    /// The root's value step by step; empty for what is used once.
    pub steps: Vec<Step>,
    /// Elements inside each other, at most.
    pub depth: usize,
    /// Slots that stand beside elements, and the element around them: the steps hold if an element or nothing comes there.
    pub beside: Vec<(u16, u32)>,
}

impl Tree {
    pub fn clear(&mut self) {
        self.texts.clear();
        self.nodes.clear();
        self.attributes.clear();
        self.elements.clear();
        self.root = None;
        self.steps.clear();
        self.beside.clear();
        self.depth = 0;
    }

    #[inline]
    pub fn text(&self, lit: Lit) -> &[u8] {
        self.texts.get(lit.start as usize..lit.end as usize).unwrap_or_default()
    }
}

/// What kind of stream is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stream {
    /// A template's definition: has slots.
    Template,
    /// A record's own elements, or those in a value.
    Plain,
}

/// Reads a template with its values that stands in a stream, from behind its token on.
pub(crate) type ReadInstance<'i> = &'i mut dyn FnMut(&mut Cursor<'_>) -> Result<u32, Fault>;

/// Takes from the work that a chunk may cost.
#[inline]
pub(crate) fn spend(work: &Cell<u32>, cost: usize) -> Result<(), Fault> {
    let left = u32::try_from(cost).ok().and_then(|cost| work.get().checked_sub(cost));
    work.set(left.unwrap_or(0));
    left.map(drop).ok_or(Fault::Large)
}

struct Open {
    element: Element,
    /// Where its children begin in `pending`.
    from: usize,
}

/// Builds a tree from tokens.
pub(crate) struct Builder<'t, 'i> {
    tree: &'t mut Tree,
    open: Vec<Open>,
    /// Children of the open elements.
    pending: Vec<Node>,
    /// The element whose start tag is being read.
    tag: Option<Element>,
    instance: Option<ReadInstance<'i>>,
    work: &'t Cell<u32>,
}

impl<'t, 'i> Builder<'t, 'i> {
    pub fn new(tree: &'t mut Tree, instance: Option<ReadInstance<'i>>, work: &'t Cell<u32>) -> Self {
        Self { tree, open: Vec::new(), pending: Vec::new(), tag: None, instance, work }
    }

    /// Reads a stream up to its end token or its end. The first element is the root; further ones, which only damaged
    /// records have, are left out.
    pub fn stream(&mut self, cursor: &mut Cursor<'_>, kind: Stream, depth: usize) -> Result<Option<Node>, Fault> {
        if depth > EVENT_LOG_NESTING {
            return Err(Fault::Deep { at: cursor.at });
        }
        let (opened, pending) = (self.open.len(), self.pending.len());
        while !cursor.is_at_end() {
            let at = cursor.at;
            let token = cursor.u8("token")?;
            if token == 0 {
                break;
            }
            self.token(token, cursor, kind, depth)?;
            spend(self.work, cursor.at - at)?;
            if self.open.len() < opened {
                return Err(Fault::Unbalanced { at });
            }
        }
        if self.open.len() != opened || self.tag.is_some() {
            return Err(Fault::Unbalanced { at: cursor.at });
        }
        let root = self.pending.get(pending).copied();
        self.pending.truncate(pending);
        Ok(root)
    }

    fn token(&mut self, token: u8, cursor: &mut Cursor<'_>, kind: Stream, depth: usize) -> Result<(), Fault> {
        let at = cursor.at - 1;
        match token & !0x40 {
            0x01 => self.open_tag(cursor, kind, token & 0x40 != 0),
            0x02 => self.close_tag(at),
            0x03 => {
                self.close_tag(at)?;
                self.close_element(at)
            }
            0x04 => self.close_element(at),
            0x05 => self.value(cursor, depth),
            0x06 => self.attribute(cursor),
            // CDATA, a character by number, an entity.
            0x07 => {
                let text = self.sized_text(cursor, "cdata")?;
                self.push(Node::Text(text), at)
            }
            0x08 => {
                let code = cursor.u16("character")?;
                let text = self.write(|out| push_char(u32::from(code), out));
                self.push(Node::Text(text), at)
            }
            0x09 => self.entity(cursor),
            // Processing instructions have no place in JSON.
            0x0A => self.name(cursor).map(drop),
            0x0B => self.sized_text(cursor, "instruction").map(drop),
            0x0C => self.template_instance(cursor, kind, at),
            0x0D | 0x0E if kind == Stream::Template => {
                let index = cursor.u16("substitution")?;
                cursor.u8("substitution type")?;
                self.push(Node::Slot { index, optional: token == 0x0E }, at)
            }
            0x0F => cursor.take(3, "fragment head").map(drop),
            _ => Err(Fault::Token { token, at }),
        }
    }

    fn open_tag(&mut self, cursor: &mut Cursor<'_>, kind: Stream, has_attributes: bool) -> Result<(), Fault> {
        if self.tag.is_some() {
            return Err(Fault::Unbalanced { at: cursor.at });
        }
        if kind == Stream::Template {
            cursor.u16("dependency")?;
        }
        cursor.u32("element size")?;
        let key = self.name(cursor)?;
        if has_attributes {
            cursor.u32("attribute list size")?;
        }
        let role = match self.tree.text(key) {
            b"\"EventData\":" | b"\"UserData\":" => Role::Container,
            b"\"Data\":" => Role::Data,
            _ => Role::Other,
        };
        let from = self.tree.attributes.len() as u32;
        self.tag = Some(Element {
            key,
            role,
            attributes: from..from,
            children: 0..0,
            name: None,
            slots: false,
            distinct: false,
        });
        Ok(())
    }

    fn close_tag(&mut self, at: usize) -> Result<(), Fault> {
        self.end_attribute();
        if self.open.len() >= EVENT_LOG_ELEMENT_DEPTH {
            return Err(Fault::Deep { at });
        }
        let element = self.tag.take().ok_or(Fault::Unbalanced { at })?;
        self.open.push(Open { element, from: self.pending.len() });
        self.tree.depth = self.tree.depth.max(self.open.len());
        Ok(())
    }

    fn close_element(&mut self, at: usize) -> Result<(), Fault> {
        let Open { mut element, from } =
            self.open.pop().filter(|_| self.tag.is_none()).ok_or(Fault::Unbalanced { at })?;
        let start = self.tree.nodes.len() as u32;
        self.tree.nodes.extend(self.pending.drain(from..));
        element.children = start..self.tree.nodes.len() as u32;
        element.slots |= self.holds_slot(&element.children);
        element.distinct = self.are_distinct(&element.children);
        let id = self.tree.elements.len() as u32;
        self.tree.elements.push(element);
        self.pending.push(Node::Element(id));
        Ok(())
    }

    fn holds_slot(&self, nodes: &Range<u32>) -> bool {
        let nodes = self.tree.nodes.get(nodes.start as usize..nodes.end as usize).unwrap_or_default();
        nodes.iter().any(|node| matches!(node, Node::Slot { .. }))
    }

    fn are_distinct(&self, nodes: &Range<u32>) -> bool {
        let nodes = self.tree.nodes.get(nodes.start as usize..nodes.end as usize).unwrap_or_default();
        let key = |node: &Node| match node {
            Node::Element(id) => self.tree.elements.get(*id as usize).map(|element| self.tree.text(element.key)),
            _ => None,
        };
        // More are rare, and counted as they are written.
        nodes.len() <= 32
            && nodes.iter().enumerate().all(|(n, node)| {
                let name = key(node);
                let alone = name.is_some() && nodes.iter().take(n).all(|other| key(other) != name);
                alone || matches!(node, Node::Slot { .. })
            })
    }

    fn attribute(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        self.end_attribute();
        let at = cursor.at;
        let key = self.name(cursor)?;
        let is_name = self.tree.text(key) == b"\"Name\":";
        let from = self.tree.nodes.len() as u32;
        let number = self.tree.attributes.len() as u32;
        let tag = self.tag.as_mut().ok_or(Fault::Unbalanced { at })?;
        self.tree.attributes.push(Attribute { key, nodes: from..from });
        tag.attributes.end = number + 1;
        if is_name && tag.name.is_none() {
            tag.name = Some(number);
        }
        Ok(())
    }

    /// What was read since the attribute's name is its value.
    fn end_attribute(&mut self) {
        let until = self.tree.nodes.len() as u32;
        let Some(tag) = self.tag.as_ref().filter(|tag| !tag.attributes.is_empty()) else { return };
        if let Some(last) = self.tree.attributes.get_mut(tag.attributes.end as usize - 1) {
            last.nodes.end = until;
            let nodes = last.nodes.clone();
            let slots = self.holds_slot(&nodes);
            if let Some(tag) = self.tag.as_mut() {
                tag.slots |= slots;
            }
        }
    }

    fn value(&mut self, cursor: &mut Cursor<'_>, depth: usize) -> Result<(), Fault> {
        let at = cursor.at - 1;
        let kind = cursor.u8("value type")?;
        let node = match kind {
            value::NULL => return self.push(Node::Value(Value::new(cursor.bytes, kind, cursor.at, 0)), at),
            value::STRING => Node::Text(self.sized_text(cursor, "text")?),
            value::SID => {
                let parts = cursor.bytes.get(cursor.at + 1).copied().unwrap_or(0);
                let len = 8 + 4 * usize::from(parts);
                self.fixed(cursor, kind, len)?
            }
            value::BINXML => {
                let len = usize::from(cursor.u16("size of a stream")?);
                let from = cursor.at;
                cursor.take(len, "stream")?;
                if len == 0 {
                    return Ok(());
                }
                if self.tag.is_some() {
                    return Err(Fault::Kind { kind, at });
                }
                let mut inner = Cursor::new(cursor.bytes, from, from + len);
                match self.stream(&mut inner, Stream::Plain, depth + 1)? {
                    Some(root) => root,
                    None => return Ok(()),
                }
            }
            _ => match value::width(kind) {
                Some(len) => self.fixed(cursor, kind, len)?,
                None => return Err(Fault::Kind { kind, at }),
            },
        };
        self.push(node, at)
    }

    fn fixed(&mut self, cursor: &mut Cursor<'_>, kind: u8, len: usize) -> Result<Node, Fault> {
        let at = cursor.at;
        cursor.take(len, "value")?;
        Ok(Node::Value(Value::new(cursor.bytes, kind, at, len as u16)))
    }

    fn template_instance(&mut self, cursor: &mut Cursor<'_>, kind: Stream, at: usize) -> Result<(), Fault> {
        if kind == Stream::Template || self.tag.is_some() {
            return Err(Fault::Token { token: 0x0C, at });
        }
        let read = self.instance.as_mut().ok_or(Fault::Token { token: 0x0C, at })?;
        let instance = read(cursor)?;
        self.push(Node::Instance(instance), at)
    }

    fn entity(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Fault> {
        let at = cursor.at - 1;
        let name = self.name(cursor)?;
        let known: &[u8] = match self.tree.text(name) {
            b"\"quot\":" => b"\\\"",
            b"\"apos\":" => b"'",
            b"\"amp\":" => b"&",
            b"\"lt\":" => b"<",
            b"\"gt\":" => b">",
            _ => b"",
        };
        let text = match known {
            b"" => {
                let name = self.tree.text(name).to_vec();
                let name = name.get(1..name.len().saturating_sub(2)).unwrap_or_default();
                self.write(|out| [b"&", name, b";"].iter().for_each(|part| out.extend_from_slice(part)))
            }
            known => self.write(|out| out.extend_from_slice(known)),
        };
        self.push(Node::Text(text), at)
    }

    /// A value of the attribute that is being read, or a child of the open element. A root has no text beside it.
    fn push(&mut self, node: Node, at: usize) -> Result<(), Fault> {
        match &self.tag {
            Some(tag) if !tag.attributes.is_empty() => self.tree.nodes.push(node),
            Some(_) => {}
            None if self.open.is_empty() && !matches!(node, Node::Element(_) | Node::Instance(_)) => {
                return Err(Fault::Unbalanced { at });
            }
            None => self.pending.push(node),
        }
        Ok(())
    }

    fn sized_text(&mut self, cursor: &mut Cursor<'_>, what: &'static str) -> Result<Lit, Fault> {
        let units = usize::from(cursor.u16(what)?);
        let text = cursor.take(2 * units, what)?;
        Ok(self.write(|out| push_utf16(text, out)))
    }

    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Lit {
        let start = self.tree.texts.len() as u32;
        write(&mut self.tree.texts);
        Lit { start, end: self.tree.texts.len() as u32 }
    }

    /// A name is given by its place in the chunk: offset of the next name with the same hash, hash, units, text, zero. The
    /// first use has it right behind the offset. The next name's offset is never followed.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<Lit, Fault> {
        let at = cursor.u32("name")? as usize;
        let mut name = Cursor::new(cursor.bytes, at, cursor.bytes.len());
        name.take(6, "name")?;
        let units = usize::from(name.u16("name")?);
        let text = name.take(2 * units, "name")?;
        if at == cursor.at {
            cursor.take(6 + 2 + 2 * units + 2, "name")?;
        }
        spend(self.work, 2 * units)?;
        Ok(self.write(|out| {
            out.push(b'"');
            push_utf16(text, out);
            out.extend_from_slice(b"\":");
        }))
    }
}
