//! A batch against a program: the alerts of its events, in the order of the events.

use crate::alarm::{alarm, claimed};
use crate::health::RuleHealth;
use crate::names::Resolved;
use crate::program::{Group, Program};
use crate::record::EventRecord;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wardwatch_event::{Event, EventBatch, Parsed};
use wardwatch_finding::{Alert, AlertEvidence, Match, Origin, RuleRef, Severity};
use wardwatch_ident::AlertId;
use wardwatch_limits::{ALERTS_PER_EVENT, EVIDENCE_RAW_BYTES};
use wardwatch_predicate::Reading;
use wardwatch_predicate::sigma::{CompiledRule, MatchedValue};

/// Digits of a rule's version in an alert.
const VERSION_DIGITS: usize = 16;

/// The alerts of a batch: what devices claim and what rules find. The same batch and program give the same alerts with
/// the same ids, however often; a rule fires at most once per event. A rule that panics is set aside, the rest goes on.
#[must_use]
pub fn evaluate(program: &Program, batch: &EventBatch) -> Vec<Alert> {
    let names = program.spellings.resolve(batch);
    let mut alerts = Vec::new();
    let mut groups = Vec::new();
    let mut router = program.router();
    for event in batch.events() {
        if event.head().parsed == Parsed::Poison {
            continue;
        }
        alerts.extend(alarm(event));
        let record = EventRecord::new(event, &names, None);
        router.groups_of(&record, event, &mut groups);
        if groups.is_empty() {
            continue;
        }
        for (number, matched) in fired(program, &names, event, &record, &groups) {
            if let Some(rule) = program.set.rules.get(number as usize) {
                alerts.push(alert_of(rule, event, matched));
            }
        }
    }
    alerts
}

/// The numbers of the rules that hold, ascending, each with what it matched.
fn fired(
    program: &Program,
    names: &Resolved,
    event: Event<'_>,
    plain: &EventRecord<'_>,
    groups: &[&Group],
) -> Vec<(u32, Vec<MatchedValue>)> {
    let mut found: Vec<(u32, Vec<MatchedValue>)> = Vec::new();
    let reading = Reading::new(&program.set.fields, plain);
    for group in groups {
        match &group.map {
            None => look(program, group, &reading, &mut found),
            Some(map) => {
                let record = EventRecord::new(event, names, Some(map));
                look(program, group, &Reading::new(&program.set.fields, &record), &mut found);
            }
        }
    }
    found.sort_by_key(|(number, _)| *number);
    found
}

fn look(program: &Program, group: &Group, reading: &Reading<'_>, found: &mut Vec<(u32, Vec<MatchedValue>)>) {
    each_guarded(&group.rules, &program.health, |number, health| {
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
    });
}

/// Calls `ask` for each rule that is not set aside. A call that panics sets its rule aside, and the next goes on: one
/// `catch_unwind` for all of them, because entering one per rule and event would cost more than most rules.
pub fn each_guarded(rules: &[u32], health: &[RuleHealth], mut ask: impl FnMut(u32, &RuleHealth)) {
    let at = Cell::new(0);
    while at.get() < rules.len() {
        let run = catch_unwind(AssertUnwindSafe(|| {
            while let Some(number) = rules.get(at.get()) {
                if let Some(health) = health.get(*number as usize).filter(|health| health.quarantine().is_none()) {
                    ask(*number, health);
                }
                at.set(at.get() + 1);
            }
        }));
        if run.is_err() {
            if let Some(health) = rules.get(at.get()).and_then(|number| health.get(*number as usize)) {
                health.panicked();
            }
            at.set(at.get() + 1);
        }
    }
}

fn alert_of(rule: &CompiledRule, event: Event<'_>, matched: Vec<MatchedValue>) -> Alert {
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
