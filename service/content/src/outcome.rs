//! What becomes of one line: the whole event, as it is written into `*.expect.json` and shown by `explain`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wardwatch_event::{ColumnValue, Event, TimeNote};
use wardwatch_pack::Logsource;
use wardwatch_schema::ColumnId;

/// One event, complete: what a sample expects.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// When it happened, RFC 3339 UTC; the reception time if `time_note` says `received`.
    pub time: String,
    /// `exact`, `zone_assumed`, `year_assumed`, `received`.
    pub time_note: String,
    /// OCSF class.
    pub class: u32,
    /// OCSF activity.
    pub activity: u8,
    /// `whole`, `partly`, `unparsed`, `poison`.
    pub parsed: String,
    /// The case of the pack that took it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The log source rules are routed by: `product/category/service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logsource: Option<String>,
    /// Typed columns, in the schema's order.
    pub columns: Map<String, Value>,
    /// Codes of what was odd.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Native fields that no column holds.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub unmapped: Map<String, Value>,
}

impl Outcome {
    /// What the parser made of a line.
    pub fn of(event: &Event<'_>) -> Self {
        let head = event.head();
        let pack = &event.batch().pack;
        let (columns, unmapped) = columns_and_unmapped(event);
        Self {
            time: head.time.to_string(),
            time_note: time_note(head.time_note).to_owned(),
            class: head.class_uid,
            activity: head.activity_id,
            parsed: head.parsed.name().to_owned(),
            case: head.case.and_then(|case| pack.case_name(case)).map(str::to_owned),
            logsource: pack.sigma_of(head.case).map(logsource),
            columns,
            notes: event.notes().map(|note| note.0.to_string()).collect(),
            unmapped,
        }
    }

    /// Where two outcomes differ: path, what stood, what stands.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
            (serde_json::to_value(self), serde_json::to_value(now))
        else {
            return Vec::new();
        };
        let mut found = Vec::new();
        compare("", &before, &after, &mut found);
        found
    }
}

/// One place where an event is not as expected.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Difference {
    /// Which part: `columns.src_ip`, `notes`.
    pub at: String,
    /// What is expected; none = nothing.
    pub expected: Option<Value>,
    /// What came out; none = nothing.
    pub found: Option<Value>,
}

fn compare(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Difference>) {
    let name = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, expected) in before {
        match (expected, after.get(key)) {
            (Value::Object(inner), Some(Value::Object(other))) if path.is_empty() => {
                compare(&name(key), inner, other, found);
            }
            (expected, now) if now != Some(expected) => {
                found.push(Difference { at: name(key), expected: Some(expected.clone()), found: now.cloned() });
            }
            _ => {}
        }
    }
    for (key, now) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        match now {
            Value::Object(inner) if path.is_empty() => compare(&name(key), &Map::new(), inner, found),
            _ => found.push(Difference { at: name(key), expected: None, found: Some(now.clone()) }),
        }
    }
}

/// Columns and what is left, built once: a value that its map does not hold counts once.
fn columns_and_unmapped(event: &Event<'_>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut values, mut text): (Vec<(ColumnId, Value)>, String) = Default::default();
    event.columns_and_unmapped(
        &mut |column, value| {
            let value = match value {
                ColumnValue::Text(text) => Value::String(text.into_owned()),
                ColumnValue::Int(number) => Value::from(number),
            };
            values.push((column, value));
        },
        &mut text,
    );
    values.sort_by_key(|(column, _)| *column);
    let own = |name: &str| matches!(name, "class_uid" | "activity_id");
    let named = values.into_iter().filter_map(|(column, value)| Some((column.column()?.name, value)));
    let named = named.filter(|(name, _)| !own(name)).map(|(name, value)| (name.to_owned(), value)).collect();
    (named, serde_json::from_str(&text).unwrap_or_default())
}

fn time_note(note: TimeNote) -> &'static str {
    match note {
        TimeNote::Exact => "exact",
        TimeNote::ZoneAssumed => "zone_assumed",
        TimeNote::YearAssumed => "year_assumed",
        TimeNote::Received => "received",
    }
}

fn logsource(source: &Logsource) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}/{}/{}", part(&source.product), part(&source.category), part(&source.service))
}
