//! The peer: rsigma-eval, as it ships or one engine for each route.

use crate::clock;
use crate::events::Batch;
use crate::ours::{Found, Ours};
use crate::routes::Routes;
use crate::rules::Corpus;
use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use rsigma_parser::SigmaRule;

/// Its engines; one only, if nothing is routed.
pub struct Peer {
    engines: Vec<Engine>,
    routed: bool,
}

impl Peer {
    /// One engine for each set of rules.
    pub fn routed(corpus: &Corpus, routes: &Routes, ours: &Ours) -> Self {
        let engine = |ids: &Vec<String>| engine(ids.iter().filter_map(|id| corpus.parsed.get(id)), ours);
        Self { engines: routes.sets.iter().map(engine).collect(), routed: true }
    }

    /// One engine with every rule whose product is wanted.
    pub fn whole(corpus: &Corpus, ours: &Ours, wanted: impl Fn(Option<&str>) -> bool) -> Self {
        let rules = corpus.parsed.values().filter(|rule| wanted(rule.logsource.product.as_deref()));
        Self { engines: vec![engine(rules, ours)], routed: false }
    }

    /// Reads and evaluates a batch.
    pub fn pass(&self, batch: &Batch, routes: &Routes) -> Found {
        let received = &batch.lines.received;
        let engine = |row: usize| match self.routed {
            true => self.engines.get(routes.set(batch, row as u32)),
            false => self.engines.first(),
        };
        let engines: Vec<Option<&Engine>> = (0..received.len()).map(engine).collect();
        let mut found = Vec::new();
        let before = clock();
        for (row, engine) in engines.into_iter().enumerate() {
            let value: serde_json::Value = serde_json::from_slice(received.line(row)).unwrap_or_default();
            found.push(engine.map_or_else(Vec::new, |engine| engine.evaluate(&JsonEvent::borrow(&value))));
        }
        let seconds = clock() - before;
        let rows = (0u32..).zip(&found);
        let ids =
            rows.flat_map(|(row, found)| found.iter().filter_map(move |one| Some((row, one.header.rule_id.clone()?))));
        Found { seconds, matches: ids.collect() }
    }
}

/// The rules that we evaluate, too.
fn engine<'r>(rules: impl Iterator<Item = &'r SigmaRule>, ours: &Ours) -> Engine {
    let mut rules: Vec<&SigmaRule> =
        rules.filter(|rule| rule.id.as_ref().is_some_and(|id| ours.ids.contains_key(id))).collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let mut engine = Engine::new();
    for (at, fault) in engine.add_rules(rules.iter().copied()) {
        eprintln!("the peer does not load {}: {fault}", rules[at].title);
    }
    engine
}
