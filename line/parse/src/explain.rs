//! What the parser made of one line, for people who write packs.

use crate::settings::{SourceMemory, SourceSettings};
use serde::Serialize;
use std::sync::Arc;
use wardwatch_event::{ColumnValue, Event, EventBatch, LineBatch, NativeKind, TimeNote};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::{HeaderKind, Pack};
use wardwatch_schema::ColumnId;

/// Everything about one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Pack id and version.
    pub pack: String,
    /// `syslog`, `none`, `prefix`.
    pub header: &'static str,
    /// The body's format; `none` if the pack cuts no body.
    pub body: &'static str,
    /// whole, partly, unparsed or poison.
    pub parsed: &'static str,
    /// The case that took the line, if any.
    pub case: Option<String>,
    /// The event's time; none if the reception time stands in.
    pub time: Option<Timestamp>,
    /// `exact`, `zone_assumed`, `year_assumed`, `received`.
    pub time_note: &'static str,
    /// Native fields in the order of the line.
    pub fields: Vec<ExplainedField>,
    /// Typed columns, by the schema's order.
    pub columns: Vec<ExplainedColumn>,
    /// What no column holds, as JSON text; empty if nothing is left.
    pub unmapped: String,
    /// What was odd.
    pub notes: Vec<String>,
}

/// A native field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedField {
    /// Its name.
    pub name: String,
    /// text, number, bool or null.
    pub kind: &'static str,
    /// Its value.
    pub value: String,
    /// Byte range in the raw line.
    pub start: u32,
    /// Exclusive.
    pub end: u32,
    /// Whether the pack names this field anywhere.
    pub known: bool,
}

/// A typed column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedColumn {
    /// Its name.
    pub column: &'static str,
    /// Its value.
    pub value: ExplainedValue,
    /// The rule that filled it: the fields it reads, its value map, and where it stands (`pack.toml:12`); empty for the
    /// class and the activity, which the case gives.
    pub rule: String,
}

/// Text or a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExplainedValue {
    /// Text.
    Text(String),
    /// A number.
    Int(i64),
}

/// Parses one line as if it had been received at `received`, and tells all about it.
pub fn explain(pack: &Arc<Pack>, line: &[u8], received: Timestamp, settings: &SourceSettings) -> Explanation {
    explain_remembering(pack, line, received, settings, &mut SourceMemory::default())
}

/// As [`explain`], for the lines of one file in order: what earlier lines told is kept.
pub fn explain_remembering(
    pack: &Arc<Pack>,
    line: &[u8],
    received: Timestamp,
    settings: &SourceSettings,
    memory: &mut SourceMemory,
) -> Explanation {
    let lines = wardwatch_event::Received::of_lines(TenantId(0), SourceId(0), received, &[line]);
    let lines = LineBatch { received: lines, first: EventId::new(received, NodeId(0), 1) };
    let batch = crate::parse_remembering(pack, lines, settings, memory);
    let events: Vec<Explanation> = batch.events().map(|event| explain_event(&batch, event)).collect();
    events.into_iter().next().unwrap_or_else(|| empty(pack))
}

/// Tells all about an event that was parsed already.
pub fn explain_event(batch: &EventBatch, event: Event<'_>) -> Explanation {
    let head = event.head();
    let mut explanation = empty(&batch.pack);
    explanation.parsed = head.parsed.name();
    explanation.case = head.case.and_then(|case| batch.pack.case_name(case)).map(str::to_owned);
    explanation.time = (head.time_note != TimeNote::Received).then_some(head.time);
    explanation.time_note = match head.time_note {
        TimeNote::Exact => "exact",
        TimeNote::ZoneAssumed => "zone_assumed",
        TimeNote::YearAssumed => "year_assumed",
        TimeNote::Received => "received",
    };
    for (field, native) in event.natives() {
        explanation.fields.push(ExplainedField {
            name: batch.field_name(field).unwrap_or_default().to_owned(),
            kind: match native.kind {
                NativeKind::Text => "text",
                NativeKind::Number => "number",
                NativeKind::Bool => "bool",
                NativeKind::Null => "null",
            },
            value: native.text.to_owned(),
            start: native.raw.0,
            end: native.raw.1,
            known: usize::from(field.0) < batch.pack.fields.len(),
        });
    }
    let mut columns = Vec::new();
    event.columns_and_unmapped(
        &mut |column, value| {
            let value = match value {
                ColumnValue::Text(text) => ExplainedValue::Text(text.into_owned()),
                ColumnValue::Int(number) => ExplainedValue::Int(number),
            };
            columns.push((column, value));
        },
        &mut explanation.unmapped,
    );
    columns.sort_by_key(|(column, _)| *column);
    explanation.columns = columns
        .into_iter()
        .filter_map(|(column, value)| {
            let rule = rule_of(&batch.pack, head.case, column);
            Some(ExplainedColumn { column: column.column()?.name, value, rule })
        })
        .collect();
    explanation.notes = event.notes().map(|note| note.0.to_string()).collect();
    explanation
}

/// What fills a column in events of a case.
fn rule_of(pack: &Pack, case: Option<u16>, column: ColumnId) -> String {
    let rules = &pack.program(case).columns;
    let Some(mut rule) = rules.iter().find(|rule| rule.column == column).map(|found| &found.rule) else {
        return String::new();
    };
    let mut fields: Vec<&str> = Vec::new();
    let (mut map, at) = (None, &rule.at);
    loop {
        fields.extend(rule.from.iter().filter_map(|source| pack.fields.name(source.field)));
        map = map.or_else(|| pack.values.get(usize::from(rule.map?)).map(|map| map.name.as_str()));
        match &rule.or {
            Some(or) => rule = or,
            None => break,
        }
    }
    let fields = if fields.is_empty() { "default".to_owned() } else { fields.join(", ") };
    let map = map.map_or_else(String::new, |map| format!(" map {map}"));
    format!("{fields}{map} · {at}")
}

fn empty(pack: &Pack) -> Explanation {
    Explanation {
        pack: format!("{}@{}", pack.id, pack.version),
        header: match pack.input.header {
            HeaderKind::Auto => "auto",
            HeaderKind::Syslog => "syslog",
            HeaderKind::None => "none",
            HeaderKind::Prefix(_) => "prefix",
        },
        body: pack.body.as_ref().map_or("none", |body| body.kind.word()),
        parsed: "unparsed",
        case: None,
        time: None,
        time_note: "received",
        fields: Vec::new(),
        columns: Vec::new(),
        unmapped: String::new(),
        notes: Vec::new(),
    }
}
