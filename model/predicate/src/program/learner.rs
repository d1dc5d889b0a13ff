//! Measures how often probes are met, so that gates can be chosen by it.
//!
//! It is an engine whose rules are the probes themselves, every one that some rule could be opened by. Slower than the
//! engine, and meant for some hundreds of events of each kind, now and then.

use super::engine::{Engine, State};
use super::frequency::Training;
use super::gates::{Chooser, Gate};
use super::pass::Pass;
use super::probes::Probes;
use crate::sigma::RuleSet;
use std::collections::HashMap;

/// Counts how often each probe of a rule set is met.
#[derive(Debug)]
pub struct Learner {
    engine: Engine,
    state: State,
    fingerprints: Vec<u64>,
    /// By rule: the probes it could be opened by.
    options: Vec<Vec<u32>>,
    met: Vec<u64>,
    /// By pass: its probes, and how many events it was shown.
    shown: HashMap<u32, (Vec<u32>, u64)>,
    candidates: Vec<u32>,
}

impl Learner {
    /// For these rules.
    #[must_use]
    pub fn new(set: &RuleSet) -> Learner {
        let training = Training::default();
        let mut chooser =
            Chooser { fields: &set.fields, training: &training, probes: Probes::default(), options: Vec::new() };
        let mut options = Vec::new();
        for rule in &set.rules {
            let _ = chooser.gate_of(rule);
            let mut own = std::mem::take(&mut chooser.options);
            own.sort_unstable();
            own.dedup();
            options.push(own);
        }
        let probes = chooser.probes.list;
        let gates = (0..probes.len() as u32).map(|probe| Some(Gate { probes: vec![probe], rate: 0.0 })).collect();
        Learner {
            fingerprints: probes.iter().map(super::probes::Probe::fingerprint).collect(),
            met: vec![0; probes.len()],
            engine: Engine::of_gates(gates, probes, set.fields.len()),
            state: State::default(),
            options,
            shown: HashMap::new(),
            candidates: Vec::new(),
        }
    }

    /// The part for events that these rules look at.
    pub fn pass(&mut self, rules: &[u32]) -> Pass {
        let options = rules.iter().filter_map(|rule| self.options.get(*rule as usize));
        let mut probes: Vec<u32> = options.flatten().copied().collect();
        probes.sort_unstable();
        probes.dedup();
        let pass = self.engine.pass(&probes);
        self.shown.insert(pass.id, (probes, 0));
        pass
    }

    /// The engine and the state to show an event to.
    pub fn parts(&mut self) -> (&Engine, &mut State) {
        (&self.engine, &mut self.state)
    }

    /// Ends an event that was shown.
    pub fn end(&mut self, pass: &Pass) {
        self.engine.candidates(&mut self.state, &mut self.candidates);
        for probe in &self.candidates {
            if let Some(met) = self.met.get_mut(*probe as usize) {
                *met += 1;
            }
        }
        if let Some((_, events)) = self.shown.get_mut(&pass.id) {
            *events += 1;
        }
    }

    /// What was measured.
    #[must_use]
    pub fn training(&self) -> Training {
        let mut of = vec![0u64; self.met.len()];
        for (probes, events) in self.shown.values() {
            for probe in probes {
                if let Some(of) = of.get_mut(*probe as usize) {
                    *of += events;
                }
            }
        }
        let mut training = Training::default();
        for ((fingerprint, met), of) in self.fingerprints.iter().zip(&self.met).zip(of).filter(|(_, of)| *of > 0) {
            training.add(*fingerprint, *met, of);
        }
        training
    }
}
