//! What comes out: an alert with its evidence, early or certain, and what is taken back.

use crate::compile::Correlations;
use wardwatch_finding::{Alert, AlertEvidence, Match, Origin, RuleRef, Severity};
use wardwatch_ident::{AlertId, EventId, SourceId, TenantId, Timestamp};
use wardwatch_limits::{EVIDENCE_MATCHES, EVIDENCE_VALUE_BYTES};

/// What a correlation says. For one [`AlertId`] the last word counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The condition holds for the events known so far; an event that comes late may still change that. Keep it under its
    /// id; a second one with the same id replaces the first.
    Early(Fired),
    /// Certain: no event can come in between any more. Keep it under its id, whether it was said early or not.
    Settled(Fired),
    /// What was said early does not hold now that a late event is known: another alert covers it. Remove or mark it.
    Withdrawn {
        /// Whose.
        tenant: TenantId,
        /// Which.
        id: AlertId,
    },
    /// Groups were forgotten for want of room: what they would have become is not known. An alarm of the product's own.
    Forgotten {
        /// Whose.
        tenant: TenantId,
        /// The correlation's number.
        correlation: usize,
        /// How many since this was said last.
        groups: u64,
    },
}

/// A correlation that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    /// The same for the same rule, version, tenant, group and window.
    pub id: AlertId,
    /// Whose.
    pub tenant: TenantId,
    /// The correlation's number in [`Correlations`].
    pub correlation: usize,
    /// Names and values of the group, letters folded.
    pub group: Vec<(String, String)>,
    /// Time of the event that made the condition true; the end of the window where it is looked at then.
    pub time: Timestamp,
    /// The window: after this, up to `time` (declared and closing windows: from this, before `time`).
    pub from: Timestamp,
    /// What was compared with the limits: a count, a sum, a percentile.
    pub figure: f64,
    /// Events or values in the window that the evidence stands for. Of `event_count` with `gt` and `gte` that is said
    /// again after its timespan at least so many.
    pub count: u64,
    /// The first event of the window and its time; none for an absence without any event before.
    pub first: Option<(EventId, Timestamp)>,
    /// The last one; for an absence the last that was seen at all.
    pub last: Option<(EventId, Timestamp)>,
    /// The last events of the window, at most a hundred, in order of time.
    pub events: Vec<EventId>,
    /// The source of the last event; `SourceId(0)` if there was none.
    pub source: SourceId,
    /// When the last event was received; the end of the window if there was none.
    pub received: Timestamp,
    /// The figure is an estimate: there were more values than are counted exactly.
    pub estimated: bool,
    /// An event's stamp lay too far ahead of its reception and was not believed.
    pub clamped: bool,
}

impl Fired {
    /// As an alert. The raw line of the last event is not known here: the caller may add it.
    #[must_use]
    pub fn alert(&self, rules: &Correlations) -> Option<Alert> {
        let rule = rules.rules.get(self.correlation)?;
        let about = &rule.about;
        let level = about.level.map(|level| level.word().to_owned());
        let matched = |selection: &str, field: Option<&str>, value: String| Match {
            selection: selection.to_owned(),
            field: field.map(str::to_owned),
            value: cut(value),
            start: None,
            end: None,
        };
        let mut evidence: Vec<Match> =
            self.group.iter().map(|(name, value)| matched("group-by", Some(name), value.clone())).collect();
        let estimated = if self.estimated { " (estimated)" } else { "" };
        evidence.push(matched(rule.kind.word(), None, format!("{}{estimated}", self.figure)));
        if let (Some((_, first)), Some((_, last))) = (self.first, self.last) {
            evidence.push(matched("first and last event", None, format!("{first} {last}")));
        }
        if self.clamped {
            evidence.push(matched("time", None, "a stamp lay ahead of its reception and was not believed".to_owned()));
        }
        let room = EVIDENCE_MATCHES.saturating_sub(evidence.len());
        let skip = self.events.len().saturating_sub(room);
        evidence.extend(self.events.iter().skip(skip).map(|event| matched("event", None, event.to_string())));
        Some(Alert {
            id: self.id,
            tenant: self.tenant,
            source: self.source,
            origin: Origin::Rule,
            time: self.time,
            received: self.received,
            event: self.last.map_or(EventId(0), |(event, _)| event),
            severity: Severity::of_sigma(level.as_deref()),
            title: about.title.clone(),
            rule: Some(RuleRef {
                id: about.id.clone(),
                version: about.version.chars().take(16).collect(),
                title: about.title.clone(),
                level,
                tags: about.tags.clone(),
            }),
            evidence: AlertEvidence { matched: evidence, ..AlertEvidence::default() },
            vendor: None,
            entities: self.group.clone(),
        })
    }
}

fn cut(mut value: String) -> String {
    let mut end = EVIDENCE_VALUE_BYTES.min(value.len());
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value.truncate(end);
    value
}
