//! Canaries: an event for each rule that must make it fire, sent through the rules' own routing and engine.
//!
//! A rule that does not fire on its canary is broken: its route, its field map, its gate or the engine. Nothing of it
//! is counted anywhere: the events belong to a tenant that nobody has, the engine's state is the canaries' own, and no
//! alert, no memory and no health of a rule is touched. What a canary cannot be made for is listed with the reason.

use crate::asks::Asker;
use crate::canary_event::{CanaryContext, MadeEvent, Packs, givable, made_event};
use crate::detector::Detector;
use crate::fast::BatchRoute;
use crate::guard::{each_guarded, each_resumed};
use crate::health::RuleHealth;
use crate::program::{Group, Program};
use crate::record::EventRecord;
use crate::routes::Router;
use serde::Serialize;
use std::collections::BTreeMap;
use wardwatch_event::EventBatch;
use wardwatch_ident::Timestamp;
use wardwatch_limits::CANARY_ROUTES;
use wardwatch_predicate::Reading;
use wardwatch_predicate::program::State;
use wardwatch_predicate::sigma::CompiledRule;

/// Events that are made for one route of a rule before its map counts as one that cannot carry them.
const EVENTS_PER_ROUTE: usize = 24;

/// What came of a rule's canary.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "canary", content = "why")]
pub enum CanaryOutcome {
    /// It fired on every route of the rule that one could be made for.
    Fired,
    /// None could be made: why. Says nothing about the rule.
    NotMade(String),
    /// It should have fired and did not: where it was lost.
    Lost(String),
}

/// What came of all canaries.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CanaryReport {
    /// When they were sent.
    pub at: Timestamp,
    /// By the id of the rule or correlation. Rules that are not evaluated are not among them.
    pub outcomes: BTreeMap<String, CanaryOutcome>,
}

impl CanaryReport {
    /// How many fired, could not be made, were lost.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count =
            |wanted: fn(&CanaryOutcome) -> bool| self.outcomes.values().filter(|outcome| wanted(outcome)).count();
        (
            count(|outcome| *outcome == CanaryOutcome::Fired),
            count(|outcome| matches!(outcome, CanaryOutcome::NotMade(_))),
            count(|outcome| matches!(outcome, CanaryOutcome::Lost(_))),
        )
    }
}

/// The canaries of a detector's rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Canaries;

impl Canaries {
    /// Makes and sends one for each rule that is evaluated. Work is bounded for each rule by the tries that are made; all
    /// together take some seconds of a core for thousands of rules: for a thread that may block.
    #[must_use]
    pub fn run(detector: &Detector, at: Timestamp) -> CanaryReport {
        let program = detector.program();
        let mut report = CanaryReport { at, outcomes: BTreeMap::new() };
        let mut runner = Runner::new(program, at);
        let rules = program.rules();
        let mut panicked = Vec::new();
        let work = |cell: &std::cell::Cell<usize>| {
            while let Some(rule) = rules.get(cell.get()) {
                if let Some(outcome) = u32::try_from(cell.get()).ok().and_then(|number| runner.rule(number, rule)) {
                    report.outcomes.insert(rule.about.id.clone(), outcome);
                }
                cell.set(cell.get() + 1);
            }
        };
        each_resumed(rules.len(), work, |number| panicked.push(number));
        for rule in panicked.into_iter().filter_map(|number| rules.get(number)) {
            let why = "detection panicked on its canary: a fault of ours, please report it".to_owned();
            report.outcomes.insert(rule.about.id.clone(), CanaryOutcome::Lost(why));
        }
        crate::canary_sequence::correlations(detector, at, &mut report.outcomes);
        report
    }
}

struct Runner<'p> {
    program: &'p Program,
    at: Timestamp,
    packs: Packs,
    state: State,
    /// Stands in for the rules' own, which counts real events only.
    health: Vec<RuleHealth>,
}

/// What a canary met.
enum Met {
    Fired,
    /// Not even the plain evaluation holds: the route's map could not carry the values.
    NotCarried,
    Lost(String),
}

impl<'p> Runner<'p> {
    fn new(program: &'p Program, at: Timestamp) -> Runner<'p> {
        let health = program.rules().iter().map(|_| RuleHealth::default()).collect();
        Runner { program, at, packs: Packs::default(), state: State::default(), health }
    }

    /// None for a rule that no route leads to.
    fn rule(&mut self, number: u32, rule: &CompiledRule) -> Option<CanaryOutcome> {
        let program = self.program;
        let mut found = None;
        for group in program.groups_of(number).iter().take(CANARY_ROUTES) {
            let Some(target) = program.groups().get(*group as usize) else { continue };
            match (self.on_route(number, rule, *group, target), &found) {
                (CanaryOutcome::Fired, _) => found = Some(CanaryOutcome::Fired),
                (lost @ CanaryOutcome::Lost(_), _) => return Some(lost),
                (not, None) => found = Some(not),
                (CanaryOutcome::NotMade(_), Some(_)) => {}
            }
        }
        found
    }

    fn on_route(&mut self, number: u32, rule: &CompiledRule, group: u32, target: &Group) -> CanaryOutcome {
        let program = self.program;
        let (names, givable) = (program.field_names(), givable(program, &target.target));
        let (mut from, mut straight) = (0, false);
        for _ in 0..EVENTS_PER_ROUTE {
            let made = match rule.synthesise(names, &givable, from) {
                Ok(made) => made,
                Err(_) if from > 0 => break,
                Err(unmade) => return CanaryOutcome::NotMade(unmade.to_string()),
            };
            from = made.attempt + 1;
            let Some(event) = made_event(program, rule, &target.target, &made) else { continue };
            let Some(batch) = self.packs.batch(&target.target, &event, self.at) else {
                return CanaryOutcome::NotMade(format!("no pack can be made for {}", target.name));
            };
            match self.send(number, rule, (group, target), &event, &batch) {
                Met::Fired => return CanaryOutcome::Fired,
                Met::NotCarried => straight |= !event.bent,
                Met::Lost(why) => return CanaryOutcome::Lost(why),
            }
        }
        if straight {
            let why =
                format!("it does not hold on {} though its fields have what it asks for: its field map", target.name);
            return CanaryOutcome::Lost(why);
        }
        CanaryOutcome::NotMade(format!("the fields of {} cannot be given what it asks for", target.name))
    }

    /// The way of an event through [`crate::watch()`], for one rule.
    fn send(
        &mut self,
        number: u32,
        rule: &CompiledRule,
        (group, target): (u32, &Group),
        made: &MadeEvent,
        batch: &EventBatch,
    ) -> Met {
        let program = self.program;
        let Some(event) = batch.event(0) else { return Met::NotCarried };
        let context = CanaryContext { yes: &made.yes };
        let asker = Asker { context: &context, tenant: batch.lines.received.tenant(), at: event.head().time };
        let names = program.spellings.resolve(batch);
        let plain = EventRecord::new(event, &names, target.map.as_ref()).with(&program.derived, asker);
        if !rule.matches(&Reading::new(program.field_names(), &plain)) {
            return Met::NotCarried;
        }
        let mut groups = Vec::new();
        Router::new(program).groups_of(&EventRecord::new(event, &names, None), event, &mut groups);
        if !groups.contains(&group) {
            return Met::Lost(format!("its event does not reach its route {}", target.name));
        }
        let route = BatchRoute::new(program, &names, batch, program.routes.of(program, &groups));
        let (mut candidates, mut asked, mut held, mut hurt) = (Vec::new(), false, false, Vec::new());
        for (pass, shown) in route.route.passes.iter().enumerate() {
            let record = EventRecord::new(event, &names, shown.map(program)).with(&program.derived, asker);
            route.show(&program.engine, pass, &record, event, &mut self.state);
            program.engine.candidates(&mut self.state, &mut candidates);
            if candidates.contains(&number) {
                asked = true;
                let state = &mut self.state;
                each_guarded(
                    &[number],
                    &self.health,
                    |n, _| held |= program.engine.holds(n, &record, state),
                    &mut hurt,
                );
            }
        }
        match (held, asked) {
            _ if !hurt.is_empty() => Met::Lost("it panics on its canary: a fault of ours, please report it".to_owned()),
            (true, _) => Met::Fired,
            (false, false) => Met::Lost(format!("the engine does not ask it on {}: its gate stays shut", target.name)),
            (false, true) => {
                Met::Lost(format!("the engine says no on {} where the plain evaluation says yes", target.name))
            }
        }
    }
}
