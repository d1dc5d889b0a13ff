//! The record of `detect --json`: one alert as one object, in the shape that scripts depend on.

use serde::Serialize;
use std::collections::BTreeMap;
use wardwatch_event::{Event, NativeKind};
use wardwatch_finding::Alert;
use wardwatch_ident::Timestamp;

/// `{time, source{file,record}, rule{id,title,level,tags}, event{native names}, matched[{selection,field,value,start,end}]}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// RFC 3339 UTC with microseconds; null if the line has none.
    pub time: Option<String>,
    /// Where the line stands.
    pub source: FoundAt,
    /// The rule; for a device's alarm its own rule and words.
    pub rule: FoundRule,
    /// The event by native names; several values are a list.
    pub event: BTreeMap<String, FoundValue>,
    /// What matched.
    pub matched: Vec<FoundMatch>,
}

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundAt {
    /// The file as it was named on the command line or found in a folder.
    pub file: String,
    /// The record in the file: the line from 1, or the record id of an event log.
    pub record: u64,
}

/// The rule of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundRule {
    /// Its id.
    pub id: Option<String>,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// One or several values of a native field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FoundValue {
    /// One.
    One(Option<String>),
    /// Several.
    Many(Vec<Option<String>>),
}

/// A value that made the rule hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundMatch {
    /// The selection's name.
    pub selection: String,
    /// The field as the rule names it; null for keywords.
    pub field: Option<String>,
    /// The value.
    pub value: String,
    /// First byte in the raw line.
    pub start: Option<u32>,
    /// One behind the last.
    pub end: Option<u32>,
}

impl Found {
    /// An alert about `event`, which stands at `source`; `time` is none if the line has none of its own.
    #[must_use]
    pub fn new(alert: &Alert, event: Event<'_>, source: FoundAt, time: Option<Timestamp>) -> Found {
        Found { time: time.map(|time| time.to_string()), event: natives(event), ..Found::over_lines(alert, source) }
    }

    /// An alert about several lines; `source` is where the last of them stands. It has no event of its own.
    #[must_use]
    pub fn over_lines(alert: &Alert, source: FoundAt) -> Found {
        let rule = match &alert.rule {
            Some(rule) => FoundRule {
                id: Some(rule.id.clone()),
                title: rule.title.clone(),
                level: rule.level.clone(),
                tags: rule.tags.clone(),
            },
            None => FoundRule {
                id: alert.vendor.as_ref().and_then(|claim| claim.rule_uid.clone()),
                title: alert.title.clone(),
                level: Some(alert.severity.words().1.to_owned()),
                tags: Vec::new(),
            },
        };
        let matched = alert.evidence.matched.iter().map(|found| FoundMatch {
            selection: found.selection.clone(),
            field: found.field.clone(),
            value: found.value.clone(),
            start: found.start,
            end: found.end,
        });
        Found { time: Some(alert.time.to_string()), source, rule, event: BTreeMap::new(), matched: matched.collect() }
    }
}

fn natives(event: Event<'_>) -> BTreeMap<String, FoundValue> {
    let mut found: BTreeMap<String, FoundValue> = BTreeMap::new();
    for (field, native) in event.natives() {
        let Some(name) = event.batch().field_name(field) else { continue };
        let value = (native.kind != NativeKind::Null).then(|| native.text.to_owned());
        match found.get_mut(name) {
            None => {
                found.insert(name.to_owned(), FoundValue::One(value));
            }
            Some(FoundValue::Many(values)) => values.push(value),
            Some(one) => {
                if let FoundValue::One(first) = one {
                    *one = FoundValue::Many(vec![first.take(), value]);
                }
            }
        }
    }
    found
}
