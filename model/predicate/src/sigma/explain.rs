//! Why a rule did or did not hold for an event: the whole tree with each answer, no short cut taken.

use super::compile::{CompiledBody, CompiledItem, CompiledRule};
use super::condition::Condition;
use super::evaluate::{cut, test_holds};
use crate::reading::Reading;
use crate::record::ValueKind;
use serde::Serialize;
use std::fmt;

/// Bytes of a value shown in a trace.
const SHOWN: usize = 160;
/// Values of a rule or an event listed under one item; the rest is counted.
const LISTED: usize = 8;

/// One node of the tree with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// What was asked.
    pub asked: String,
    /// The answer.
    pub holds: bool,
    /// What the event had to say, where that helps.
    pub because: Option<String>,
    /// The parts of the question.
    pub parts: Vec<Trace>,
}

impl CompiledRule {
    /// The trace of the whole rule.
    #[must_use]
    pub fn explain(&self, reading: &Reading<'_>) -> Trace {
        let condition = self.trace(&self.condition, reading);
        let asked = format!("{} [{}]: {}", self.about.title, self.about.id, self.text);
        Trace { asked, holds: condition.holds, because: None, parts: vec![condition] }
    }

    fn trace(&self, condition: &Condition, reading: &Reading<'_>) -> Trace {
        let all = |inner: &[Condition]| inner.iter().map(|c| self.trace(c, reading)).collect::<Vec<_>>();
        match condition {
            Condition::Or(inner) => any_of("or", all(inner)),
            Condition::And(inner) => all_of("and", all(inner)),
            Condition::Not(inner) => {
                let inner = self.trace(inner, reading);
                Trace { asked: "not".to_owned(), holds: !inner.holds, because: None, parts: vec![inner] }
            }
            Condition::Selection(number) => self.trace_selection(*number, reading),
            Condition::Of { least, of, text } => {
                let parts: Vec<Trace> = of.iter().map(|number| self.trace_selection(*number, reading)).collect();
                let held = parts.iter().filter(|part| part.holds).count();
                let because = Some(format!("{held} of {} hold, {least} needed", parts.len()));
                Trace { asked: text.clone(), holds: held >= *least, because, parts }
            }
        }
    }

    fn trace_selection(&self, number: usize, reading: &Reading<'_>) -> Trace {
        match self.selections.get(number) {
            Some(selection) => Trace { asked: selection.name.clone(), ..trace_body(&selection.body, reading) },
            None => any_of("no such selection", Vec::new()),
        }
    }
}

fn all_of(asked: &str, parts: Vec<Trace>) -> Trace {
    Trace { asked: asked.to_owned(), holds: parts.iter().all(|part| part.holds), because: None, parts }
}

fn any_of(asked: &str, parts: Vec<Trace>) -> Trace {
    Trace { asked: asked.to_owned(), holds: parts.iter().any(|part| part.holds), because: None, parts }
}

fn trace_body(body: &CompiledBody, reading: &Reading<'_>) -> Trace {
    match body {
        CompiledBody::All(items) => all_of("all of", items.iter().map(|item| trace_item(item, reading)).collect()),
        CompiledBody::Any(bodies) => any_of("any of", bodies.iter().map(|body| trace_body(body, reading)).collect()),
        CompiledBody::Item(item) => any_of("keywords", vec![trace_item(item, reading)]),
    }
}

fn trace_item(item: &CompiledItem, reading: &Reading<'_>) -> Trace {
    let values = item.values(reading);
    let held: Vec<bool> = item.tests.iter().map(|test| test_holds(test, values, reading)).collect();
    let wanted = listed(item.labels.iter().map(|label| format!("`{}`", cut(label, SHOWN))), item.labels.len());
    let key = if item.key.is_empty() { "keywords" } else { item.key.as_str() };
    let hits =
        item.labels.iter().zip(&held).filter(|(_, held)| **held).map(|(label, _)| format!("`{}`", cut(label, SHOWN)));
    let count = held.iter().filter(|held| **held).count();
    let hit = match (count, item.neq) {
        (0, _) => String::new(),
        (_, true) => format!("; not different from {}", listed(hits, count)),
        (_, false) => format!("; fits {}", listed(hits, count)),
    };
    let because = match item.field {
        None => format!("{} values in the event{hit}", values.len()),
        Some(_) if values.is_empty() => format!("the event has no such field{hit}"),
        Some(_) => {
            let shown = values.iter().map(|held| match held.kind() {
                ValueKind::Null => "null".to_owned(),
                _ => format!("{:?}", cut(held.text(), SHOWN)),
            });
            format!("the event has {}{hit}", listed(shown, values.len()))
        }
    };
    Trace { asked: format!("{key}: {wanted}"), holds: item.holds(reading), because: Some(because), parts: Vec::new() }
}

fn listed(texts: impl Iterator<Item = String>, count: usize) -> String {
    let shown: Vec<String> = texts.take(LISTED).collect();
    let more = if count > LISTED { format!(" and {} more", count - LISTED) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl Trace {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = if self.holds { "true " } else { "false" };
        write!(f, "{:indent$}{mark} {}", "", self.asked, indent = depth * 2)?;
        if let Some(because) = &self.because {
            write!(f, " -- {because}")?;
        }
        writeln!(f)?;
        self.parts.iter().try_for_each(|part| part.write(f, depth + 1))
    }
}
