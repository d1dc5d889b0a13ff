//! Which rules may hold for an event: all rules asked at once, by tables over the values that open them.
//!
//! An event is shown value by value ([`Engine::see`]); what comes back are candidates, a superset of the rules that
//! hold, as small as the gates are good. The candidates are then asked one by one.

use super::cache::{Cache, Known};
use super::field_table::{FieldTable, Look};
use super::frequency::Training;
use super::gates::{Chooser, Gate};
use super::pass::{Keywords, Pass, keyword};
use super::probes::{Probe, Probes};
use super::sheet::Sheet;
use super::trees::{Node, Trees};
use crate::fold::{fold_into, folds_to_ascii};
use crate::record::{Record, ValueKind};
use crate::sigma::RuleSet;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// Rules with their gates. Immutable; share it.
#[derive(Debug)]
pub struct Engine {
    gates: Vec<Option<Gate>>,
    probes: Vec<Probe>,
    /// Rules that each probe opens.
    opens: Vec<Vec<u32>>,
    /// By field.
    tables: Vec<Option<FieldTable>>,
    trees: Trees,
    /// The names of fields, by number.
    names: Vec<String>,
    /// How many slots of caches, and how many passes, were given out.
    slots: AtomicU32,
    passes: AtomicU32,
}

/// What one thread needs to evaluate with an engine: bits, lists and the cache of values. Never shared between engines.
#[derive(Debug, Default)]
pub struct State {
    cache: Cache,
    candidates: Vec<u32>,
    /// By rule: the round in which it became a candidate.
    rounds: Vec<u32>,
    round: u32,
    folded: String,
    opened: Vec<u32>,
    sheet: Sheet,
    work: u64,
}

impl State {
    fn open(&mut self, rule: u32) {
        if let Some(round) = self.rounds.get_mut(rule as usize).filter(|round| **round != self.round) {
            *round = self.round;
            self.candidates.push(rule);
        }
    }

    /// Bytes that candidates have looked at in this event so far.
    #[must_use]
    pub fn asked_bytes(&self) -> u64 {
        self.sheet.work_bytes()
    }

    /// Bytes that tables have looked at since the state was made.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.work
    }
}

impl Engine {
    /// Chooses gates and builds tables.
    #[must_use]
    pub fn new(set: &RuleSet, training: &Training) -> Engine {
        let mut chooser = Chooser { fields: &set.fields, training, probes: Probes::default(), options: Vec::new() };
        let gates: Vec<Option<Gate>> = set.rules.iter().map(|rule| chooser.gate_of(rule)).collect();
        let probes = chooser.probes.list;
        let mut engine = Engine::of_gates(gates, probes, set.fields.len());
        (engine.trees, engine.names) = (Trees::new(&set.rules), set.fields.clone());
        engine
    }

    /// An engine that opens and asks nothing.
    pub(crate) fn of_gates(gates: Vec<Option<Gate>>, probes: Vec<Probe>, fields: usize) -> Engine {
        let mut opens = vec![Vec::new(); probes.len()];
        for (rule, gate) in (0u32..).zip(&gates) {
            for probe in gate.iter().flat_map(|gate| &gate.probes) {
                if let Some(rules) = opens.get_mut(*probe as usize) {
                    rules.push(rule);
                }
            }
        }
        let mut by_field: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (number, probe) in (0u32..).zip(&probes) {
            if let Some(field) = probe.field
                && opens.get(number as usize).is_some_and(|rules| !rules.is_empty())
            {
                by_field.entry(field).or_default().push(number);
            }
        }
        let mut tables: Vec<Option<FieldTable>> = (0..fields).map(|_| None).collect();
        for (field, numbers) in by_field {
            let needs = |number: u32| Some((number, probes.get(number as usize)?.needs.as_slice()));
            if let Some(table) = tables.get_mut(field as usize) {
                *table = Some(FieldTable::new(numbers.into_iter().filter_map(needs)));
            }
        }
        let (trees, names) = (Trees::default(), Vec::new());
        Engine { gates, probes, opens, tables, trees, names, slots: AtomicU32::new(0), passes: AtomicU32::new(0) }
    }

    /// The part for events that these rules look at.
    #[must_use]
    pub fn pass(&self, rules: &[u32]) -> Pass {
        let mut members = vec![0u64; self.gates.len().div_ceil(64)];
        let mut fields = Vec::new();
        let mut always = Vec::new();
        let mut words: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for rule in rules {
            let Some(word) = members.get_mut(*rule as usize / 64) else { continue };
            if *word >> (rule % 64) & 1 != 0 {
                continue;
            }
            *word |= 1 << (rule % 64);
            let Some(gate) = self.gates.get(*rule as usize).and_then(Option::as_ref) else {
                always.push(*rule);
                continue;
            };
            for probe in gate.probes.iter().filter_map(|probe| self.probes.get(*probe as usize)) {
                match probe.field {
                    Some(field) => fields.push(field),
                    None => match probe.needs.iter().map(keyword).collect::<Option<Vec<_>>>() {
                        Some(texts) => texts.into_iter().for_each(|text| words.entry(text).or_default().push(*rule)),
                        None => always.push(*rule),
                    },
                }
            }
        }
        fields.sort_unstable();
        fields.dedup();
        always.sort_unstable();
        always.dedup();
        let slot = self.slots.fetch_add(fields.len() as u32, Ordering::Relaxed);
        let keywords = Keywords::new(&words);
        let id = self.passes.fetch_add(1, Ordering::Relaxed);
        Pass { id, members: members.into(), slot, fields: fields.into(), always: always.into(), keywords }
    }

    /// Begins an event.
    pub fn begin(&self, pass: &Pass, state: &mut State) {
        state.candidates.clear();
        if state.rounds.len() != self.gates.len() || state.round == u32::MAX {
            state.rounds.clear();
            state.rounds.resize(self.gates.len(), 0);
            state.round = 0;
        }
        state.round += 1;
        state.sheet.begin(self.names.len(), self.trees.atoms.len());
        pass.always.iter().for_each(|rule| state.open(*rule));
    }

    /// Shows a value of the field at `place` of [`Pass::fields`]. A field may be shown more values than it has: that
    /// only opens more rules. Keywords are looked for in it, too, so that a text shown here need not be shown again.
    pub fn see(&self, pass: &Pass, place: usize, kind: ValueKind, text: &str, state: &mut State) {
        let keep = match state.cache.ask(pass.slot + place as u32, kind as u8, text.as_bytes()) {
            Known::Rules(rules) => {
                for rule in rules {
                    if let Some(round) = state.rounds.get_mut(*rule as usize).filter(|round| **round != state.round) {
                        *round = state.round;
                        state.candidates.push(*rule);
                    }
                }
                return;
            }
            Known::Unknown(place) => Some(place),
            Known::Never => None,
        };
        let field = pass.fields.get(place).copied();
        let Some(table) = field.and_then(|field| self.tables.get(field as usize)?.as_ref()) else { return };
        let mut opened = std::mem::take(&mut state.opened);
        opened.clear();
        fold_into(text, &mut state.folded);
        let look = Look { kind, text, folded: &state.folded };
        state.work += table.look(look, |probe| {
            let rules = self.opens.get(probe as usize).into_iter().flatten();
            opened.extend(rules.filter(|rule| pass.has(**rule)));
            self.thin(&mut opened);
        });
        if let Some(keywords) = &pass.keywords
            && matches!(kind, ValueKind::Str | ValueKind::Number)
        {
            state.work += keywords.look(&state.folded, |rule| {
                opened.push(rule);
                self.thin(&mut opened);
            });
        }
        opened.sort_unstable();
        opened.dedup();
        opened.iter().for_each(|rule| state.open(*rule));
        if let Some(place) = keep {
            state.cache.keep(place, &opened);
        }
        state.opened = opened;
    }

    /// Keeps a list of opened rules bounded, however often a long value opens each.
    fn thin(&self, opened: &mut Vec<u32>) {
        if opened.len() > 2 * self.gates.len() + 64 {
            opened.sort_unstable();
            opened.dedup();
        }
    }

    /// Shows a text or a number of any field, if [`Pass::wants_texts`].
    pub fn see_text(&self, pass: &Pass, text: &str, state: &mut State) {
        let Some(keywords) = &pass.keywords else { return };
        // Folding may make a text longer, so only what is not folded is judged by its length.
        if text.is_ascii() && text.len() < keywords.shortest {
            return;
        }
        let mut opened = std::mem::take(&mut state.opened);
        opened.clear();
        let text = if text.is_ascii() || keywords.ascii && !folds_to_ascii(text) {
            text
        } else {
            fold_into(text, &mut state.folded);
            &state.folded
        };
        let work = keywords.look(text, |rule| {
            opened.push(rule);
            self.thin(&mut opened);
        });
        state.work += work;
        opened.iter().for_each(|rule| state.open(*rule));
        state.opened = opened;
    }

    /// The rules that may hold for the event that was shown, ascending, moved into `into`.
    pub fn candidates(&self, state: &mut State, into: &mut Vec<u32>) {
        into.clear();
        into.append(&mut state.candidates);
        into.sort_unstable();
    }

    /// Whether the rule holds for the event that was begun, which `record` is. The same answer as
    /// [`CompiledRule::matches`](crate::sigma::CompiledRule::matches), without a list, and what one rule has asked is
    /// known to the next.
    pub fn holds(&self, rule: u32, record: &dyn Record, state: &mut State) -> bool {
        self.trees.roots.get(rule as usize).is_some_and(|root| self.node(*root, record, &mut state.sheet))
    }

    fn node(&self, node: u32, record: &dyn Record, sheet: &mut Sheet) -> bool {
        match self.trees.nodes.get(node as usize) {
            None => false,
            Some(Node::Atom(atom)) => {
                let item = self.trees.atoms.get(*atom as usize);
                item.is_some_and(|item| sheet.holds(*atom, item, record, &self.names))
            }
            Some(Node::Not(inner)) => !self.node(*inner, record, sheet),
            Some(Node::Least { least, first, count }) => {
                let kids = self.trees.kids.get(*first as usize..(first + count) as usize).unwrap_or_default();
                let (mut held, mut left) = (0, *count);
                for kid in kids {
                    if held >= *least || held + left < *least {
                        break;
                    }
                    left -= 1;
                    held += u32::from(self.node(*kid, record, sheet));
                }
                held >= *least
            }
        }
    }

    /// Bytes of memory of tables and gates, nearly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.tables.iter().flatten().map(FieldTable::bytes).sum::<usize>()
    }

    /// Rules that no value need open, which are asked about every event of theirs.
    #[must_use]
    pub fn ungated(&self) -> Vec<u32> {
        (0u32..).zip(&self.gates).filter(|(_, gate)| gate.is_none()).map(|(rule, _)| rule).collect()
    }
}
