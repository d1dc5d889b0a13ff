//! Which lines are alarms of the device? Those that name a threat; and by which field they are told from the others.
//!
//! Only an alarm may become class 2004, for each of those becomes an alert: where nothing tells them apart, nothing is said.

use crate::propose::{SeenField, says_nothing};
use std::collections::BTreeMap;
use wardwatch_event::{Event, EventBatch};

/// Columns that only an alarm fills.
const ALARM: [&str; 3] = ["threat", "attack_result", "attack_stage"];
/// A field with more words than this tells no kinds apart.
const WORDS: usize = 12;

/// What kinds of events the lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    /// No line names a threat.
    Plain,
    /// Every line does.
    Alarms,
    /// Some do, and `field` tells: by its words, or by being there if `alarms` is empty.
    Mixed { field: String, alarms: Vec<String>, others: Vec<String> },
    /// Some do, and nothing tells which.
    Untold,
}

/// Whether a field's name says that it tells kinds of events apart.
pub(crate) fn names_a_kind(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "type",
        "event_type",
        "eventtype",
        "logtype",
        "log_type",
        "module",
        "kind",
        "subtype",
        "evt",
        "event",
        "日志类型",
        "事件类型",
        "模块",
    ];
    NAMES.contains(&name.to_lowercase().as_str())
}

/// Finds out which lines are alarms.
pub(crate) fn tell_apart(batch: &EventBatch, fields: &[SeenField]) -> Kinds {
    let of = |name: &str| batch.field(name);
    let threats: Vec<_> = fields
        .iter()
        .filter(|f| f.column.as_deref().is_some_and(|column| ALARM.contains(&column)))
        .filter_map(|f| Some((f, of(&f.name)?)))
        .collect();
    let alarm = |event: &Event<'_>| {
        threats.iter().any(|(_, field)| event.get(*field).is_some_and(|value| !says_nothing(value.text.trim())))
    };
    let alarms: Vec<bool> = batch.events().map(|event| alarm(&event)).collect();
    match alarms.iter().filter(|alarm| **alarm).count() {
        0 => return Kinds::Plain,
        all if all == alarms.len() => return Kinds::Alarms,
        _ => {}
    }
    // An address may happen to stand in alarms only: by its name, or no column and each word more than once.
    let a_kind = |f: &&SeenField| names_a_kind(&f.name) || (f.column.is_none() && f.lines >= 2 * f.values.len());
    let mut telling: Vec<&SeenField> = fields
        .iter()
        .filter(|f| !f.name.starts_with('@') && f.lines == alarms.len() && (2..=WORDS).contains(&f.values.len()))
        .filter(a_kind)
        .collect();
    telling.sort_by_key(|f| (!names_a_kind(&f.name), f.values.len()));
    for field in telling {
        let Some(id) = of(&field.name) else { continue };
        let mut words: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        for (event, alarm) in batch.events().zip(&alarms) {
            let Some(value) = event.get(id) else { continue };
            let seen = words.entry(value.text).or_default();
            (seen.0, seen.1) = (seen.0 | alarm, seen.1 | !alarm);
        }
        if words.len() <= WORDS && words.values().all(|(alarm, other)| alarm != other) {
            let (yes, no): (Vec<_>, Vec<_>) = words.into_iter().partition(|(_, (alarm, _))| *alarm);
            let texts = |words: Vec<(&str, (bool, bool))>| words.into_iter().map(|(word, _)| word.to_owned()).collect();
            return Kinds::Mixed { field: field.name.clone(), alarms: texts(yes), others: texts(no) };
        }
    }
    // A field that is there in alarms and nowhere else.
    let there = threats
        .iter()
        .find(|(_, id)| batch.events().zip(&alarms).all(|(event, alarm)| event.get(*id).is_some() == *alarm));
    match there {
        Some((field, _)) => Kinds::Mixed { field: field.name.clone(), alarms: Vec::new(), others: Vec::new() },
        None => Kinds::Untold,
    }
}
