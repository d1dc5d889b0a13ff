//! Which rules may hold for an event: all rules asked at once, by tables over the values that open them.
//!
//! An event is shown value by value ([`Engine::see`]); what comes back are candidates, a superset of the rules that
//! hold, as small as the gates are good. The candidates are then asked one by one.

use super::cache::{Cache, Known};
use super::field_table::{FieldTable, Look};
use super::frequency::Training;
use super::gates::{Chooser, Gate};
use super::need::Need;
use super::pass::{Keywords, Pass, keyword};
use super::probes::{Probe, Probes};
use super::sheet::Sheet;
use super::trees::{Node, Trees};
use super::written::{escaped, is_regular, written_need};
use crate::fold::{fold_into, folds_to_ascii};
use crate::record::{Record, ValueKind};
use crate::sigma::RuleSet;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;
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
    /// The same for values with their escapes, made when the first such value comes: few fields have long ones.
    written: Vec<OnceLock<FieldTable>>,
    /// Probes of each field.
    of_field: Vec<Vec<u32>>,
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
        let mut of_field: Vec<Vec<u32>> = vec![Vec::new(); fields];
        for ((number, probe), rules) in (0u32..).zip(&probes).zip(&opens) {
            let own = probe.field.filter(|_| !rules.is_empty()).and_then(|field| of_field.get_mut(field as usize));
            own.into_iter().for_each(|own| own.push(number));
        }
        let mut engine = Engine {
            gates,
            probes,
            opens,
            tables: Vec::new(),
            written: (0..fields).map(|_| OnceLock::new()).collect(),
            of_field,
            trees: Trees::default(),
            names: Vec::new(),
            slots: AtomicU32::new(0),
            passes: AtomicU32::new(0),
        };
        let table = |own: &Vec<u32>| (!own.is_empty()).then(|| FieldTable::new(engine.needs(own)));
        engine.tables = engine.of_field.iter().map(table).collect();
        engine
    }

    /// Every need of the probes, with the probe.
    fn needs<'e>(&'e self, probes: &'e [u32]) -> impl Iterator<Item = (u32, &'e Need)> {
        probes.iter().flat_map(|number| {
            let needs = self.probes.get(*number as usize).map_or(&[][..], |probe| probe.needs.as_slice());
            needs.iter().map(move |need| (*number, need))
        })
    }

    /// The table of a field for values as they are written.
    fn written_table(&self, field: u32) -> Option<&FieldTable> {
        let own = self.of_field.get(field as usize).filter(|own| !own.is_empty())?;
        Some(self.written.get(field as usize)?.get_or_init(|| {
            let needs: Vec<(u32, Need)> = self.needs(own).map(|(number, need)| (number, written_need(need))).collect();
            FieldTable::new(needs.iter().map(|(number, need)| (*number, need)))
        }))
    }

    /// The part for events that these rules look at.
    #[must_use]
    pub fn pass(&self, rules: &[u32]) -> Pass {
        let mut members = vec![0u64; self.gates.len().div_ceil(64)];
        let mut fields = Vec::new();
        let mut always = Vec::new();
        let mut words: BTreeMap<Cow<'_, str>, Vec<u32>> = BTreeMap::new();
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
                        Some(texts) => {
                            texts.into_iter().for_each(|text| words.entry(text.into()).or_default().push(*rule))
                        }
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
        let as_written: Vec<_> = words.iter().map(|(text, rules)| (escaped(text), rules.clone())).collect();
        words.extend(as_written.into_iter().map(|(text, rules)| (Cow::Owned(text), rules)));
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
    /// only opens more rules. Keywords are not looked for in it.
    pub fn see(&self, pass: &Pass, place: usize, kind: ValueKind, text: &str, state: &mut State) {
        self.see_as(pass, place, kind, false, text, state);
    }

    /// [`Engine::see`] with a text that has JSON's escapes in it. Answers false where they must be undone first; then
    /// nothing was done.
    #[must_use]
    pub fn see_written(&self, pass: &Pass, place: usize, written: &str, state: &mut State) -> bool {
        self.see_as(pass, place, ValueKind::Str, true, written, state)
    }

    #[inline]
    fn see_as(&self, pass: &Pass, place: usize, kind: ValueKind, written: bool, text: &str, state: &mut State) -> bool {
        let tag = kind as u8 | u8::from(written) << 4;
        let keep = match state.cache.ask(pass.slot + place as u32, tag, text.as_bytes()) {
            Known::Rules(rules) => {
                for rule in rules {
                    if let Some(round) = state.rounds.get_mut(*rule as usize).filter(|round| **round != state.round) {
                        *round = state.round;
                        state.candidates.push(*rule);
                    }
                }
                return true;
            }
            Known::Unknown(place) => Some(place),
            Known::Never => None,
        };
        if written && !is_regular(text) {
            return false;
        }
        let Some(field) = pass.fields.get(place).copied() else { return true };
        let table = match written {
            true => self.written_table(field),
            false => self.tables.get(field as usize).and_then(Option::as_ref),
        };
        let Some(table) = table else { return true };
        self.look(pass, table, (kind, text), state);
        if let Some(place) = keep {
            state.cache.keep(place, &state.opened);
        }
        true
    }

    /// Looks a value up that is not remembered. What it opens is in `state.opened`, too.
    fn look(&self, pass: &Pass, table: &FieldTable, value: (ValueKind, &str), state: &mut State) {
        let (kind, text) = value;
        let mut opened = std::mem::take(&mut state.opened);
        opened.clear();
        let folded = if text.is_ascii() {
            text
        } else {
            fold_into(text, &mut state.folded);
            &state.folded
        };
        state.work += table.look(Look { kind, text, folded }, |probe| {
            let rules = self.opens.get(probe as usize).into_iter().flatten();
            opened.extend(rules.filter(|rule| pass.has(**rule)));
            self.thin(&mut opened);
        });
        opened.sort_unstable();
        opened.dedup();
        opened.iter().for_each(|rule| state.open(*rule));
        state.opened = opened;
    }

    /// Keeps a list of opened rules bounded, however often a long value opens each.
    fn thin(&self, opened: &mut Vec<u32>) {
        if opened.len() > 2 * self.gates.len() + 64 {
            opened.sort_unstable();
            opened.dedup();
        }
    }

    /// Shows a text or a number of any field, if [`Pass::wants_texts`]; or a text in which several of them stand, be it
    /// with JSON's escapes as long as each of them is regular ([`Engine::sees_written`]).
    pub fn see_text(&self, pass: &Pass, text: &str, state: &mut State) {
        pass.keywords.iter().for_each(|keywords| self.see_words(keywords, text, state));
    }

    /// Whether a value can be shown with its escapes.
    #[must_use]
    pub fn sees_written(written: &str) -> bool {
        is_regular(written)
    }

    #[inline]
    fn see_words(&self, keywords: &Keywords, text: &str, state: &mut State) {
        // Folding may make a text longer, so only what is not folded is judged by its length.
        let ascii = text.is_ascii();
        if ascii && text.len() < keywords.shortest {
            return;
        }
        let mut opened = std::mem::take(&mut state.opened);
        opened.clear();
        let text = if ascii || keywords.ascii && !folds_to_ascii(text) {
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
