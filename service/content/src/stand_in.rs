//! What an example says about the hospital: members of sets, open tickets, people on duty.
//!
//! Only what the example names is known; any other table is unknown, as for a tenant that has not filled it.

use crate::examples_file::{Fault, entries, items, scalar};
use std::collections::BTreeMap;
use std::sync::Arc;
use wardwatch_detect::{Answer, Ask, Context, Provenance, Question};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_predicate::Network;
use wardwatch_predicate::yaml::{Kind, Node};

/// Tables by kind and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StandIn {
    sets: BTreeMap<String, Vec<Row>>,
    tickets: BTreeMap<String, Vec<Row>>,
    shifts: BTreeMap<String, Vec<Row>>,
}

/// A value and when it holds; always, where nothing is said.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    value: String,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl StandIn {
    /// Reads what stands under `context`: `sets`, `tickets` and `shifts`, each a map of table name and list.
    pub fn read(node: &Node) -> Result<Self, Fault> {
        let mut read = Self::default();
        for (key, value) in entries(node)? {
            let kind = match key.text.as_str() {
                "sets" => &mut read.sets,
                "tickets" => &mut read.tickets,
                "shifts" => &mut read.shifts,
                other => return Err(format!("{}: unknown key `{other}`; known: sets, tickets, shifts", key.place)),
            };
            for (name, rows) in entries(value)? {
                kind.insert(name.text.clone(), items(rows)?.iter().map(Row::read).collect::<Result<_, _>>()?);
            }
        }
        Ok(read)
    }

    fn table(&self, ask: Ask, name: &str) -> Option<&Vec<Row>> {
        match ask {
            Ask::InSet => self.sets.get(name),
            Ask::HasOpenTicket => self.tickets.get(name),
            Ask::OnShift => self.shifts.get(name),
        }
    }
}

impl Row {
    fn read(node: &Node) -> Result<Self, Fault> {
        if let Kind::Scalar { text, .. } = &node.kind {
            return Ok(Self { value: text.clone(), from: None, until: None });
        }
        let mut row = Self { value: String::new(), from: None, until: None };
        for (key, value) in entries(node)? {
            let time = |text: &str| {
                Timestamp::parse_rfc3339(text).ok_or_else(|| format!("{}: `{text}` is no time", value.place))
            };
            let text = scalar(value)?;
            match key.text.as_str() {
                "value" => row.value = text,
                "from" => row.from = Some(time(&text)?),
                "until" => row.until = Some(time(&text)?),
                other => return Err(format!("{}: unknown key `{other}`; known: value, from, until", key.place)),
            }
        }
        if row.value.is_empty() {
            return Err(format!("{}: `value` is missing: who or what is meant?", node.place));
        }
        Ok(row)
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn is(&self, value: &str) -> bool {
        self.value.to_lowercase() == value.to_lowercase()
            || Network::read(&self.value).is_some_and(|network| network.contains_text(value))
    }
}

impl Context for StandIn {
    fn ask(&self, _: TenantId, question: Question<'_>, at: Timestamp) -> Answer {
        let Some(rows) = self.table(question.ask, question.table) else {
            return Answer::Unknown(format!("the example has no table `{}`", question.table).into());
        };
        let row = rows.iter().position(|row| row.holds(at) && row.is(question.value));
        let row = row.and_then(|row| u32::try_from(row + 1).ok());
        let from = Provenance { table: question.table.into(), version: "example".into(), row };
        if row.is_some() { Answer::Yes(from) } else { Answer::No(from) }
    }

    fn members(&self, _: TenantId, set: &str, at: Timestamp) -> Result<Vec<String>, Arc<str>> {
        let rows = self.sets.get(set).ok_or_else(|| format!("the example has no set `{set}`"))?;
        let mut members: Vec<String> = rows.iter().filter(|r| r.holds(at)).map(|r| r.value.to_lowercase()).collect();
        members.sort();
        Ok(members)
    }

    fn generation(&self) -> u64 {
        0
    }
}
