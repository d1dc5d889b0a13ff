//! A batch against a program: the alerts of its events, in the order of the events.

use crate::alarm::{alarm, claimed};
use crate::program::Program;
use crate::watch::{Hit, Under, Watch, watch};
use wardwatch_event::{Event, EventBatch};
use wardwatch_finding::{Alert, AlertEvidence, Match, Origin, RuleRef, Severity};
use wardwatch_ident::AlertId;
use wardwatch_limits::EVIDENCE_RAW_BYTES;
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
    let mut alerts = Alerts::default();
    watch(program, batch, &Under::default(), &mut alerts);
    alerts.end();
    alerts.all
}

/// Alerts in the order of the events, and of the rules within one.
#[derive(Default)]
struct Alerts {
    all: Vec<Alert>,
    /// Of the event that is looked at: rule and alert.
    own: Vec<(u32, Alert)>,
}

impl Alerts {
    fn end(&mut self) {
        self.own.sort_by_key(|(number, _)| *number);
        self.all.extend(self.own.drain(..).map(|(_, alert)| alert));
    }
}

impl Watch for Alerts {
    fn event(&mut self, event: Event<'_>) {
        self.end();
        self.all.extend(alarm(event));
    }

    fn hit(&mut self, hit: &Hit<'_>) {
        self.own.push((hit.number, alert_of(hit.rule, hit.event, hit.matched())));
    }
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
    AlertEvidence { matched, raw, pack: format!("{}@{}", pack.id, pack.version), facts: Vec::new() }
}
