//! A batch against a program: the alerts of its events, in the order of the events.

use crate::alarm::{alarm, claimed};
use crate::fast::BatchRoute;
use crate::health::{Bill, RuleHealth, bill};
use crate::names::Resolved;
use crate::program::Program;
use crate::record::EventRecord;
use crate::routes::Router;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wardwatch_event::{Event, EventBatch, Parsed};
use wardwatch_finding::{Alert, AlertEvidence, Match, Origin, RuleRef, Severity};
use wardwatch_ident::AlertId;
use wardwatch_limits::{ALERTS_PER_EVENT, EVIDENCE_RAW_BYTES};
use wardwatch_predicate::Reading;
use wardwatch_predicate::program::State;
use wardwatch_predicate::sigma::{CompiledRule, MatchedValue};

/// Digits of a rule's version in an alert.
const VERSION_DIGITS: usize = 16;

/// The alerts of a batch: what devices claim and what rules find. The same batch and program give the same alerts with
/// the same ids, however often; a rule fires at most once per event.
///
/// Never panics. An event on which code of all rules panics keeps the alerts it has given, is left and counted
/// ([`Program::events_hurt`]); a rule that panics by itself is set aside ([`RuleHealth`]).
#[must_use]
pub fn evaluate(program: &Program, batch: &EventBatch) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let rows = |at: &Cell<usize>| {
        let mut worker = Worker::new(program, batch);
        while let Some(event) = u32::try_from(at.get()).ok().and_then(|row| batch.event(row)) {
            if event.head().parsed != Parsed::Poison {
                alerts.extend(alarm(event));
                let fired = worker.look(event).into_iter();
                let rule = |(number, matched)| Some((program.set.rules.get(number as usize)?, matched));
                alerts.extend(fired.filter_map(rule).map(|(rule, matched)| alert_of(rule, event, matched)));
            }
            at.set(at.get() + 1);
        }
        program.rest(worker.state);
    };
    each_resumed(batch.len(), rows, |_| program.hurt_one());
    alerts
}

/// Runs `work` over the positions below `count`, which it moves on itself; where it panics, that position is told to
/// `panicked` and `work` begins again behind it. One `catch_unwind` for all of them, because entering one per rule and
/// event would cost more than most rules.
pub fn each_resumed(count: usize, mut work: impl FnMut(&Cell<usize>), mut panicked: impl FnMut(usize)) {
    let at = Cell::new(0);
    while at.get() < count && catch_unwind(AssertUnwindSafe(|| work(&at))).is_err() {
        panicked(at.get());
        at.set(at.get() + 1);
    }
}

/// What the evaluation of one batch keeps from event to event.
struct Worker<'p, 'b> {
    program: &'p Program,
    batch: &'b EventBatch,
    names: Resolved,
    router: Router<'p>,
    state: State,
    /// Routes met in this batch, by their groups.
    routes: Vec<(Vec<u32>, BatchRoute)>,
    groups: Vec<u32>,
    candidates: Vec<u32>,
}

impl<'p, 'b> Worker<'p, 'b> {
    fn new(program: &'p Program, batch: &'b EventBatch) -> Worker<'p, 'b> {
        Worker {
            program,
            batch,
            names: program.spellings.resolve(batch),
            router: Router::new(program),
            state: program.begin(),
            routes: Vec::new(),
            groups: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// The numbers of the rules that hold, ascending, each with what it matched.
    fn look(&mut self, event: Event<'b>) -> Vec<(u32, Vec<MatchedValue>)> {
        let (mut found, mut hurt) = (Vec::new(), Vec::new());
        let program = self.program;
        let plain = EventRecord::new(event, &self.names, None);
        self.router.groups_of(&plain, event, &mut self.groups);
        if self.groups.is_empty() {
            return found;
        }
        let at = match self.routes.iter().position(|(groups, _)| *groups == self.groups) {
            Some(at) => at,
            None => {
                let route = program.routes.of(program, &self.groups);
                let route = BatchRoute::new(program, &self.names, self.batch, route);
                self.routes.push((self.groups.clone(), route));
                self.routes.len() - 1
            }
        };
        let Some((_, route)) = self.routes.get(at) else { return found };
        for (number, pass) in route.route.passes.iter().enumerate() {
            let record = EventRecord::new(event, &self.names, pass.map(program));
            route.candidates(program, number, &record, event, &mut self.state, &mut self.candidates);
            if !self.candidates.is_empty() {
                ask(program, &self.candidates, &Reading::new(&program.set.fields, &record), &mut found, &mut hurt);
            }
        }
        if !hurt.is_empty() && bill(&program.health, &hurt, event.id()) == Bill::Event {
            program.hurt_one();
        }
        found.sort_by_key(|(number, _)| *number);
        found
    }
}

/// Asks each candidate; a rule that panics on this event is put into `hurt`.
fn ask(
    program: &Program,
    candidates: &[u32],
    reading: &Reading<'_>,
    found: &mut Vec<(u32, Vec<MatchedValue>)>,
    hurt: &mut Vec<u32>,
) {
    let ask = |number: u32, health: &RuleHealth| {
        let Some(rule) = program.set.rules.get(number as usize) else { return };
        let before = reading.work_bytes();
        let held = rule.matches(reading);
        health.asked(reading.work_bytes() - before, held);
        if !held || found.iter().any(|(other, _)| *other == number) {
            return;
        }
        if found.len() >= ALERTS_PER_EVENT {
            health.cut_one();
            return;
        }
        found.push((number, rule.evidence(reading)));
    };
    each_guarded(candidates, &program.health, ask, hurt);
}

/// Calls `ask` for each rule that is not set aside. A call that panics puts its rule into `hurt`, and the next goes on.
pub fn each_guarded(rules: &[u32], health: &[RuleHealth], mut ask: impl FnMut(u32, &RuleHealth), hurt: &mut Vec<u32>) {
    let run = |at: &Cell<usize>| {
        while let Some(number) = rules.get(at.get()) {
            if let Some(health) = health.get(*number as usize).filter(|health| health.quarantine().is_none()) {
                ask(*number, health);
            }
            at.set(at.get() + 1);
        }
    };
    each_resumed(rules.len(), run, |at| hurt.extend(rules.get(at)));
}

pub(crate) fn alert_of(rule: &CompiledRule, event: Event<'_>, matched: Vec<MatchedValue>) -> Alert {
    let about = &rule.about;
    let version = about.version.get(..VERSION_DIGITS).unwrap_or(&about.version).to_owned();
    let level = about.level.map(|level| level.word().to_owned());
    let matched = matched.into_iter().map(|matched| Match {
        selection: matched.selection,
        field: matched.field,
        value: matched.value.unwrap_or_default(),
        start: matched.start,
        end: matched.end,
    });
    Alert {
        id: AlertId::of(&about.id, &version, event.id()),
        origin: Origin::Rule,
        severity: Severity::of_sigma(level.as_deref()),
        title: about.title.clone(),
        evidence: evidence_of(event, matched.collect()),
        rule: Some(RuleRef {
            id: about.id.clone(),
            version,
            title: about.title.clone(),
            level,
            tags: about.tags.clone(),
        }),
        vendor: None,
        ..claimed(event)
    }
}

pub(crate) fn evidence_of(event: Event<'_>, matched: Vec<Match>) -> AlertEvidence {
    let text = event.raw_text();
    let raw = text.get(..text.floor_char_boundary(EVIDENCE_RAW_BYTES)).unwrap_or_default().to_owned();
    let pack = &event.batch().pack;
    AlertEvidence { matched, raw, pack: format!("{}@{}", pack.id, pack.version) }
}
