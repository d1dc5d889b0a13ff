//! Runs a template's steps with a record's values.

use crate::fault::Fault;
use crate::instance::{NONE, Slot};
use crate::json::{Spot, Walk};
use crate::program::{Empty, Step};
use crate::tree::{Node, Role, Tree};
use crate::value::{self, Value};
use wardwatch_limits::EVENT_LOG_ELEMENT_DEPTH;

/// Values and texts of an instance.
#[derive(Clone, Copy)]
struct Frame<'w> {
    number: u32,
    tree: &'w Tree,
    slots: &'w [Slot],
}

impl<'w> Walk<'w> {
    /// The value of an instance's root, which stands in another element. The walk does it where there are lists, or no steps.
    pub(crate) fn instance(&mut self, number: u32, depth: usize) -> Result<(), Fault> {
        let Some(instance) = self.instances.get(number as usize) else { return Ok(()) };
        let tree = self.trees.get(instance.tree as usize);
        let slots = self.slots.get(instance.slots.start as usize..instance.slots.end as usize);
        match (tree, slots) {
            (Some(tree), Some(slots)) if !instance.lists && !tree.steps.is_empty() && self.fits(tree, slots) => {
                // What lies in a value may lie at the deepest place.
                let depth = depth + tree.depth;
                if depth > EVENT_LOG_ELEMENT_DEPTH {
                    return Err(Fault::Deep { at: 0 });
                }
                self.run(Frame { number, tree, slots }, depth)
            }
            _ => {
                let container = self.root_key(number).is_some_and(|(_, role)| role == Role::Container);
                self.walk(Spot { instance: number, element: instance.root, repeat: NONE }, false, container, depth)
            }
        }
    }

    /// Beside elements stand only elements, of other names than theirs.
    fn fits(&self, tree: &Tree, slots: &[Slot]) -> bool {
        tree.beside.iter().all(|(index, around)| match slots.get(usize::from(*index)) {
            Some(slot) if slot.instance != NONE => {
                let Some((key, _)) = self.root_key(slot.instance) else { return false };
                let children = tree.elements.get(*around as usize).map_or(0..0, |around| around.children.clone());
                tree.beside.len() == 1
                    && children.into_iter().all(|number| match tree.nodes.get(number as usize) {
                        Some(Node::Element(id)) => {
                            tree.elements.get(*id as usize).is_none_or(|child| tree.text(child.key) != key)
                        }
                        _ => true,
                    })
            }
            Some(slot) => slot.value.empty,
            None => true,
        })
    }

    /// The key and the role of an instance's root.
    fn root_key(&self, number: u32) -> Option<(&'w [u8], Role)> {
        let instance = self.instances.get(number as usize)?;
        let tree = self.trees.get(instance.tree as usize)?;
        let root = tree.elements.get(instance.root as usize)?;
        Some((tree.text(root.key), root.role))
    }

    fn run(&mut self, frame: Frame<'w>, depth: usize) -> Result<(), Fault> {
        for step in &frame.tree.steps {
            match step {
                Step::Text(text) => self.out.extend_from_slice(frame.tree.text(*text)),
                Step::Value { index, empty, element } => match frame.slots.get(usize::from(*index)) {
                    Some(slot) if slot.instance != NONE => {
                        self.nested(frame, *element, slot.instance, *empty, depth)?
                    }
                    Some(slot) if !slot.value.empty => self.put(slot.value),
                    _ => self.out.extend_from_slice(if *empty == Empty::Text { b"\"\"" } else { b"null" }),
                },
                Step::Member { index } => {
                    let slot = frame.slots.get(usize::from(*index)).filter(|slot| slot.instance != NONE);
                    if let Some((slot, (key, _))) = slot.and_then(|slot| Some((slot, self.root_key(slot.instance)?))) {
                        self.out.push(b',');
                        self.out.extend_from_slice(key);
                        self.instance(slot.instance, depth + 1)?;
                    }
                }
                Step::Attributes { element } => self.attributed(frame, *element, depth)?,
                Step::Walk { element, data, container } => {
                    let spot = Spot { instance: frame.number, element: *element, repeat: NONE };
                    self.walk(spot, *data, *container, depth)?;
                }
            }
            if self.out.len() > self.end {
                return Err(Fault::Large);
            }
        }
        self.charge(frame.tree.steps.len())
    }

    /// A number or boolean bare, everything else in quotes.
    #[inline]
    fn put(&mut self, value: Value) {
        if value.bare() {
            return value::push(value, self.chunk, self.out);
        }
        self.out.push(b'"');
        value::push(value, self.chunk, self.out);
        self.out.push(b'"');
    }

    /// The element that a template brings is the only member of the one around it.
    fn nested(&mut self, frame: Frame<'w>, element: u32, number: u32, empty: Empty, depth: usize) -> Result<(), Fault> {
        let around = frame.tree.elements.get(element as usize).map(|element| element.role);
        match self.root_key(number) {
            // `Data` may be named, or stand in a list.
            Some((key, role)) if role != Role::Data => {
                self.out.push(b'{');
                self.out.extend_from_slice(key);
                self.instance(number, depth + 1)?;
                self.out.push(b'}');
                Ok(())
            }
            _ => {
                let spot = Spot { instance: frame.number, element, repeat: NONE };
                let data = empty == Empty::Text;
                self.walk(spot, data, !data && around == Some(Role::Container), depth)
            }
        }
    }

    fn attributed(&mut self, frame: Frame<'w>, id: u32, depth: usize) -> Result<(), Fault> {
        let Some(element) = frame.tree.elements.get(id as usize) else { return Ok(()) };
        let slot = |node: Option<&Node>| match node {
            Some(Node::Slot { index, .. }) => frame.slots.get(usize::from(*index)),
            _ => None,
        };
        let content =
            slot(frame.tree.nodes.get(element.children.start as usize).filter(|_| !element.children.is_empty()));
        let before = self.out.len();
        self.out.extend_from_slice(b"{\"#attributes\":{");
        let empty = self.out.len();
        for number in element.attributes.clone() {
            let Some(attribute) = frame.tree.attributes.get(number as usize) else { continue };
            match frame.tree.nodes.get(attribute.nodes.start as usize) {
                Some(Node::Text(text)) if !text.is_empty() => {
                    self.out.extend_from_slice(frame.tree.text(attribute.key));
                    self.out.push(b'"');
                    self.out.extend_from_slice(frame.tree.text(*text));
                    self.out.extend_from_slice(b"\",");
                }
                node => {
                    let Some(slot) = slot(node).filter(|slot| !slot.value.empty && slot.instance == NONE) else {
                        continue;
                    };
                    self.out.extend_from_slice(frame.tree.text(attribute.key));
                    self.put(slot.value);
                    self.out.push(b',');
                }
            }
        }
        let any = self.out.len() > empty;
        if content.is_some_and(|slot| slot.instance != NONE) {
            self.out.truncate(before);
            return self.walk(Spot { instance: frame.number, element: id, repeat: NONE }, false, false, depth);
        }
        let content = content.map(|slot| slot.value).filter(|value| !value.empty);
        if !any {
            self.out.truncate(before);
            match content {
                Some(value) => self.put(value),
                None => self.out.extend_from_slice(b"null"),
            }
            return Ok(());
        }
        if let Some(last) = self.out.last_mut() {
            *last = b'}';
        }
        if let Some(value) = content {
            self.out.extend_from_slice(b",\"#text\":");
            self.put(value);
        }
        self.out.push(b'}');
        Ok(())
    }
}
