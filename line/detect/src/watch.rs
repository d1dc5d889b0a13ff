//! A batch against a program, as others see it who make something of it: each event, and each rule that holds for it.
//!
//! Alerts are one such use ([`crate::evaluate`]); correlations, which may want no alert of a rule they count, are another.

use crate::asks::{Asked, Asker};
use crate::context::{Context, NoContext};
use crate::fast::BatchRoute;
use crate::guard::{each_guarded, each_resumed};
use crate::health::{Bill, RuleHealth, bill};
use crate::mask::TenantMask;
use crate::names::Resolved;
use crate::program::Program;
use crate::record::EventRecord;
use crate::routes::Router;
use std::cell::{Cell, OnceCell};
use wardwatch_event::{Event, EventBatch, Parsed};
use wardwatch_limits::ALERTS_PER_EVENT;
use wardwatch_predicate::program::State;
use wardwatch_predicate::sigma::{CompiledRule, MatchedValue};
use wardwatch_predicate::{FieldKey, Reading, Record, Value};

/// Who looks on.
pub trait Watch {
    /// An event is looked at; its hits follow. Called for each event that was not poison, whether rules look at it or not.
    fn event(&mut self, event: Event<'_>);

    /// These groups of rules look at the event that was named last; not called where none does.
    fn routed(&mut self, groups: &[u32]) {
        let _ = groups;
    }

    /// A rule holds for the event that was named last. Each rule once per event, in no particular order.
    fn hit(&mut self, hit: &Hit<'_>);
}

/// A rule that holds for an event.
pub struct Hit<'h> {
    /// Its number in the program.
    pub number: u32,
    /// The rule.
    pub rule: &'h CompiledRule,
    /// The event.
    pub event: Event<'h>,
    /// The event as this rule reads it.
    record: &'h EventRecord<'h>,
    reading: &'h Reading<'h>,
    /// Fields of the rule that are questions.
    questions: &'h [u32],
}

/// Whose view the rules are looked at with.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// What the tenant has made of the rules.
    pub mask: Option<&'a TenantMask>,
    /// Who answers rules that ask about the hospital.
    pub context: &'a dyn Context,
}

impl Default for Under<'_> {
    fn default() -> Self {
        Under { mask: None, context: &NoContext }
    }
}

impl Hit<'_> {
    /// Calls `see` with each value of the field that has this number ([`Program::field`]), as the rule would read it.
    pub fn each_value(&self, field: u32, see: &mut dyn FnMut(Value<'_>)) {
        self.record.each_value(FieldKey { name: "", number: field }, see);
    }

    /// The answers that the rule's questions about the hospital got.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        match self.questions {
            [] => Vec::new(),
            questions => self.record.asked(questions),
        }
    }

    /// The values that made the rule hold. Not cheap: for alerts.
    #[must_use]
    pub fn matched(&self) -> Vec<MatchedValue> {
        self.rule.evidence(self.reading)
    }
}

/// Looks at each event of the batch, as its tenant has its rules, and tells `watch` what holds.
///
/// Never panics. An event on which code of all rules panics is left and counted ([`Program::events_hurt`]); a rule that
/// panics by itself is set aside ([`RuleHealth`]).
pub fn watch(program: &Program, batch: &EventBatch, under: &Under<'_>, watch: &mut dyn Watch) {
    let rows = |at: &Cell<usize>| {
        let mut worker = Worker::new(program, batch, under);
        while let Some(event) = u32::try_from(at.get()).ok().and_then(|row| batch.event(row)) {
            if event.head().parsed != Parsed::Poison {
                watch.event(event);
                worker.look(event, watch);
            }
            at.set(at.get() + 1);
        }
        program.rest(worker.state);
    };
    each_resumed(batch.len(), rows, |_| program.hurt_one());
}

/// What the evaluation of one batch keeps from event to event.
struct Worker<'p, 'b> {
    program: &'p Program,
    batch: &'b EventBatch,
    under: Under<'p>,
    names: Resolved,
    router: Router<'p>,
    state: State,
    /// Routes met in this batch, by their groups.
    routes: Vec<(Vec<u32>, BatchRoute)>,
    /// The route of the last event: the next is often of its kind.
    last: usize,
    groups: Vec<u32>,
    candidates: Vec<u32>,
    /// Rules that held for the event.
    found: Vec<u32>,
}

impl<'p, 'b> Worker<'p, 'b> {
    fn new(program: &'p Program, batch: &'b EventBatch, under: &Under<'p>) -> Worker<'p, 'b> {
        Worker {
            program,
            batch,
            under: *under,
            names: program.spellings.resolve(batch),
            router: Router::new(program),
            state: program.begin(),
            routes: Vec::new(),
            last: 0,
            groups: Vec::new(),
            candidates: Vec::new(),
            found: Vec::new(),
        }
    }

    fn look(&mut self, event: Event<'b>, watch: &mut dyn Watch) {
        let program = self.program;
        let plain = EventRecord::new(event, &self.names, None);
        self.router.groups_of(&plain, event, &mut self.groups);
        if self.groups.is_empty() {
            return;
        }
        watch.routed(&self.groups);
        self.last = self.route();
        self.found.clear();
        let mut hurt = Vec::new();
        let Some((_, route)) = self.routes.get(self.last) else { return };
        let (context, tenant) = (self.under.context, self.batch.lines.received.tenant());
        let asker = Asker { context, tenant, at: event.head().time };
        for (number, pass) in route.route.passes.iter().enumerate() {
            let record = EventRecord::new(event, &self.names, pass.map(program)).with(&program.derived, asker);
            route.show(&program.engine, number, &record, event, &mut self.state);
            program.engine.candidates(&mut self.state, &mut self.candidates);
            if !self.candidates.is_empty() {
                let ask = Asking { program, mask: self.under.mask, event, record: &record };
                ask.each(&self.candidates, &mut self.state, &mut self.found, watch, &mut hurt);
            }
        }
        if !hurt.is_empty() && bill(&program.health, &hurt, event.id()) == Bill::Event {
            program.hurt_one();
        }
    }

    /// The place of the route of `groups`.
    fn route(&mut self) -> usize {
        if self.routes.get(self.last).is_some_and(|(groups, _)| *groups == self.groups) {
            return self.last;
        }
        if let Some(at) = self.routes.iter().position(|(groups, _)| *groups == self.groups) {
            return at;
        }
        let route = self.program.routes.of(self.program, &self.groups);
        let route = BatchRoute::new(self.program, &self.names, self.batch, route);
        self.routes.push((self.groups.clone(), route));
        self.routes.len() - 1
    }
}

/// One event under one pass.
struct Asking<'a> {
    program: &'a Program,
    mask: Option<&'a TenantMask>,
    event: Event<'a>,
    record: &'a EventRecord<'a>,
}

impl Asking<'_> {
    /// Asks each candidate; a rule that panics on this event is put into `hurt`.
    fn each(
        &self,
        candidates: &[u32],
        state: &mut State,
        found: &mut Vec<u32>,
        watch: &mut dyn Watch,
        hurt: &mut Vec<u32>,
    ) {
        let program = self.program;
        let reading = OnceCell::new();
        let reading = || reading.get_or_init(|| Reading::new(&program.set.fields, self.record));
        let ask = |number: u32, health: &RuleHealth| {
            let before = state.asked_bytes();
            let held = program.engine.holds(number, self.record, state);
            health.asked(state.asked_bytes() - before, held);
            if !held || found.contains(&number) {
                return;
            }
            let Some(rule) = program.set.rules.get(number as usize) else { return };
            if self.mask.is_some_and(|mask| !mask.enables(number) || !mask.keeps(number, &program.set, reading())) {
                return;
            }
            if found.len() >= ALERTS_PER_EVENT {
                health.cut_one();
                return;
            }
            found.push(number);
            let questions = program.questions_of(number);
            watch.hit(&Hit { number, rule, event: self.event, record: self.record, reading: reading(), questions });
        };
        each_guarded(candidates, &program.health, ask, hurt);
    }
}
