//! A template as a list of steps: what never changes is one text, and only the places of values remain.
//!
//! What it cannot say beforehand (lists, names that a record brings, text beside elements) it leaves to the walk in
//! `json.rs`, which gives the same text and is what this is checked against.

use crate::tree::{Element, Lit, Node, Role, Tree};
use std::ops::Range;

/// A step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// This text.
    Text(Lit),
    /// The content of an element that has one value and no attributes; `empty` is written if there is none.
    Value { index: u16, empty: Empty, element: u32 },
    /// An element whose attributes are values; at most one value stands in it.
    Attributes { element: u32 },
    /// The element that a value brings, as one more member beside others; nothing if it is empty.
    Member { index: u16 },
    /// Whatever stands in this element, by the walk.
    Walk { element: u32, data: bool, container: bool },
}

/// What stands for an element without content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Empty {
    /// `null`.
    Null,
    /// `""`, in named data.
    Text,
}

/// Makes the steps of the root's value.
pub(crate) fn compile(tree: &mut Tree, root: u32) {
    let mut compiler = Compiler { steps: Vec::with_capacity(64), from: tree.texts.len(), tree };
    let container = compiler.tree.elements.get(root as usize).is_some_and(|root| root.role == Role::Container);
    compiler.value(root, false, container);
    compiler.flush();
    let steps = compiler.steps;
    tree.steps = steps;
}

struct Compiler<'t> {
    tree: &'t mut Tree,
    steps: Vec<Step>,
    /// Text from here on is not yet a step.
    from: usize,
}

impl Compiler<'_> {
    fn flush(&mut self) {
        let until = self.tree.texts.len();
        if until > self.from {
            self.steps.push(Step::Text(Lit { start: self.from as u32, end: until as u32 }));
        }
        self.from = until;
    }

    fn push(&mut self, step: Step) {
        self.flush();
        self.steps.push(step);
    }

    fn copy(&mut self, lit: Lit) {
        self.tree.texts.extend_from_within(lit.start as usize..lit.end as usize);
    }

    fn text(&mut self, text: &[u8]) {
        self.tree.texts.extend_from_slice(text);
    }

    fn nodes(&self, range: &Range<u32>) -> &[Node] {
        self.tree.nodes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The value behind an element's key, as `Walk::value_of` gives it.
    fn value(&mut self, id: u32, data: bool, container: bool) {
        let Some(element) = self.tree.elements.get(id as usize).cloned() else { return self.text(b"null") };
        let bare = data || element.attributes.is_empty();
        let empty = if data { Empty::Text } else { Empty::Null };
        match self.nodes(&element.children) {
            [] if bare => self.text(if data { b"\"\"" } else { b"null" }),
            [Node::Slot { index, .. }] if bare => self.push(Step::Value { index: *index, empty, element: id }),
            [] | [Node::Slot { .. }] if self.has_plain_attributes(&element) => {
                self.push(Step::Attributes { element: id })
            }
            [first, ..] if matches!(first, Node::Element(_)) && self.is_regular(&element, bare, container) => {
                self.object(id, &element, bare, container);
            }
            _ => self.push(Step::Walk { element: id, data, container }),
        }
    }

    /// Each attribute is one value or one text.
    fn has_plain_attributes(&self, element: &Element) -> bool {
        element.attributes.clone().all(|number| {
            let attribute = self.tree.attributes.get(number as usize);
            attribute.is_some_and(|a| matches!(self.nodes(&a.nodes), [Node::Slot { .. } | Node::Text(_)]))
        })
    }

    /// The text that alone stands in an attribute.
    fn only_text(&self, attribute: u32) -> Option<Lit> {
        let attribute = self.tree.attributes.get(attribute as usize)?;
        match self.nodes(&attribute.nodes) {
            [Node::Text(text)] if !text.is_empty() => Some(*text),
            _ => None,
        }
    }

    /// Its members are the same in every record: its attributes are text, its children elements of different names, or
    /// `Data` with names of their own.
    fn is_regular(&self, element: &Element, bare: bool, container: bool) -> bool {
        let attributes = bare || element.attributes.clone().all(|number| self.only_text(number).is_some());
        attributes
            && (element.distinct || container)
            && self.nodes(&element.children).iter().all(|node| {
                let id = match node {
                    Node::Element(id) => id,
                    Node::Slot { .. } => return !container,
                    _ => return false,
                };
                let child = self.tree.elements.get(*id as usize);
                child.is_some_and(|child| match container {
                    true => child.role == Role::Data && child.name.is_some_and(|name| self.only_text(name).is_some()),
                    false => true,
                })
            })
    }

    fn object(&mut self, around: u32, element: &Element, bare: bool, container: bool) {
        self.text(b"{");
        if !bare {
            self.text(b"\"#attributes\":{");
            for number in element.attributes.clone() {
                let (Some(text), Some(key)) =
                    (self.only_text(number), self.tree.attributes.get(number as usize).map(|a| a.key))
                else {
                    continue;
                };
                self.copy(key);
                self.text(b"\"");
                self.copy(text);
                self.text(b"\",");
            }
            self.close();
            self.text(b",");
        }
        for number in element.children.clone() {
            let id = match self.tree.nodes.get(number as usize).copied() {
                Some(Node::Element(id)) => id,
                Some(Node::Slot { index, .. }) => {
                    // It brings its own comma before it; the first child is an element.
                    self.tree.texts.pop();
                    self.push(Step::Member { index });
                    self.text(b",");
                    self.tree.beside.push((index, around));
                    continue;
                }
                _ => continue,
            };
            let Some(child) = self.tree.elements.get(id as usize) else { continue };
            let (key, role, name) = (child.key, child.role, child.name);
            match name.filter(|_| container).and_then(|name| self.only_text(name)) {
                Some(name) => {
                    self.text(b"\"");
                    self.copy(name);
                    self.text(b"\":");
                }
                None => self.copy(key),
            }
            self.value(id, container, !container && role == Role::Container);
            self.text(b",");
        }
        self.close();
    }

    /// The comma behind the last member becomes the brace.
    fn close(&mut self) {
        if let Some(last) = self.tree.texts.last_mut() {
            *last = b'}';
        }
    }
}
