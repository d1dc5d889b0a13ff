//! Values of an event that somebody vouches to be bad become alerts of origin indicator, with source and confidence.

use crate::alarm::claimed;
use crate::evaluate::evidence_of;
use wardwatch_event::{ColumnValue, Event, EventBatch};
use wardwatch_finding::{Alert, Match, Origin, RuleRef, Severity};
use wardwatch_ident::AlertId;
use wardwatch_indicator::{Index, PROBES, Probe, Record};
use wardwatch_limits::INDICATOR_ALERTS_PER_EVENT;
use wardwatch_schema::{ColumnId, find_column};

/// The columns of a batch that are looked up, and how. Made once a batch: a pack fills few of them.
pub(crate) struct Looked(Vec<(ColumnId, &'static str, Probe)>);

impl Looked {
    pub(crate) fn new(batch: &EventBatch, filled: &[ColumnId], index: &Index) -> Looked {
        if index.figures().total() == 0 || batch.is_empty() {
            return Looked(Vec::new());
        }
        let column = |(name, probe): &(&'static str, Probe)| Some((find_column(name)?, *name, *probe));
        Looked(PROBES.iter().filter_map(column).filter(|(column, ..)| filled.contains(column)).collect())
    }

    /// The indicators that an event names, each once, as alerts.
    pub(crate) fn alerts(&self, index: &Index, event: Event<'_>, found: &mut Vec<Alert>) {
        let received = event.batch().lines.received.at;
        let first = found.len();
        for (column, name, probe) in &self.0 {
            let Some(ColumnValue::Text(text)) = event.column(*column) else { continue };
            index.probe(*probe, &text, received, &mut |record, value| {
                let known = |alert: &Alert| alert.title == title(&record);
                let own = found.get(first..).unwrap_or_default();
                if own.len() < INDICATOR_ALERTS_PER_EVENT && !own.iter().any(known) {
                    found.push(alert(&record, name, value, event));
                }
            });
        }
    }
}

fn title(record: &Record<'_>) -> String {
    let (chinese, english) = record.kind().words();
    format!("情报命中：{chinese} / Indicator: {english} {}", record.value())
}

fn alert(record: &Record<'_>, column: &str, value: &str, event: Event<'_>) -> Alert {
    let (kind, written) = (record.kind().word(), record.value());
    let id = format!("indicator:{}:{kind}:{written}", record.source());
    let matched = |selection: &str, field: Option<&str>, value: String| Match {
        selection: selection.to_owned(),
        field: field.map(str::to_owned),
        value,
        start: None,
        end: None,
    };
    let mut matches = vec![
        matched("indicator", Some(column), value.to_owned()),
        matched("source", None, record.source().to_owned()),
        matched("confidence", None, record.confidence().to_string()),
    ];
    matches.extend(record.expires().map(|at| matched("expires", None, at.to_string())));
    Alert {
        id: AlertId::of(&id, "", event.id()),
        origin: Origin::Indicator,
        severity: severity(record.confidence()),
        title: title(record),
        evidence: evidence_of(event, matches),
        rule: Some(RuleRef { id, version: String::new(), title: title(record), level: None, tags: Vec::new() }),
        vendor: None,
        ..claimed(event)
    }
}

/// What a source vouches for strongly is looked at sooner; a match alone is never critical.
fn severity(confidence: u8) -> Severity {
    match confidence {
        80.. => Severity::High,
        50..80 => Severity::Medium,
        _ => Severity::Low,
    }
}
