//! The rules' conditions as trees over atoms. An atom is an item: a field and what is asked of it, one for all rules that
//! ask the same.

use crate::sigma::{CompiledBody, CompiledItem, CompiledRule, Condition};
use std::collections::HashMap;
use std::sync::Arc;

/// One place in a tree. `kids` are places in [`Trees::kids`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    /// An atom, by number.
    Atom(u32),
    /// The node does not hold.
    Not(u32),
    /// At least so many of the kids hold; all of them, one of them, or any number between.
    Least { least: u32, first: u32, count: u32 },
}

/// All trees of a rule set.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    pub nodes: Vec<Node>,
    pub kids: Vec<u32>,
    /// By rule, its topmost node.
    pub roots: Vec<u32>,
    pub atoms: Vec<Arc<CompiledItem>>,
}

impl Trees {
    pub(crate) fn new(rules: &[Arc<CompiledRule>]) -> Trees {
        let mut planter = Planter::default();
        for rule in rules {
            let root = planter.condition(rule, &rule.condition);
            planter.trees.roots.push(root);
        }
        planter.trees
    }
}

#[derive(Default)]
struct Planter {
    trees: Trees,
    /// By address: the compiler gives equal items one.
    numbers: HashMap<*const CompiledItem, u32>,
}

impl Planter {
    fn condition(&mut self, rule: &CompiledRule, condition: &Condition) -> u32 {
        match condition {
            Condition::Selection(number) => self.selection(rule, *number),
            Condition::Not(inner) => {
                let inner = self.condition(rule, inner);
                self.push(Node::Not(inner))
            }
            Condition::And(inner) | Condition::Or(inner) => {
                let kids: Vec<u32> = inner.iter().map(|inner| self.condition(rule, inner)).collect();
                let least = if matches!(condition, Condition::And(_)) { kids.len() } else { 1 };
                self.least(least, kids)
            }
            Condition::Of { least, of, .. } => {
                let kids = of.iter().map(|number| self.selection(rule, *number)).collect();
                self.least(*least, kids)
            }
        }
    }

    fn selection(&mut self, rule: &CompiledRule, number: usize) -> u32 {
        match rule.selections.get(number) {
            Some(selection) => self.body(&selection.body),
            None => self.least(1, Vec::new()),
        }
    }

    fn body(&mut self, body: &CompiledBody) -> u32 {
        match body {
            CompiledBody::All(items) => {
                let kids: Vec<u32> = items.iter().map(|item| self.atom(item)).collect();
                self.least(kids.len(), kids)
            }
            CompiledBody::Any(bodies) => {
                let kids = bodies.iter().map(|body| self.body(body)).collect();
                self.least(1, kids)
            }
            CompiledBody::Item(item) => self.atom(item),
        }
    }

    fn atom(&mut self, item: &Arc<CompiledItem>) -> u32 {
        let next = self.trees.atoms.len() as u32;
        let number = *self.numbers.entry(Arc::as_ptr(item)).or_insert(next);
        if number == next {
            self.trees.atoms.push(Arc::clone(item));
        }
        self.push(Node::Atom(number))
    }

    fn least(&mut self, least: usize, kids: Vec<u32>) -> u32 {
        if let ([only], 1) = (kids.as_slice(), least) {
            return *only;
        }
        let first = self.trees.kids.len() as u32;
        self.trees.kids.extend(&kids);
        self.push(Node::Least { least: least as u32, first, count: kids.len() as u32 })
    }

    fn push(&mut self, node: Node) -> u32 {
        self.trees.nodes.push(node);
        self.trees.nodes.len() as u32 - 1
    }
}
