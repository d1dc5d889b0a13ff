//! Fields that no line has: answers of the hospital's own data, and what an SQL statement does. Rules read them by name;
//! they are worked out for an event when a rule asks.

use crate::context::{Answer, Ask, Context, Question};
use std::collections::HashMap;
use wardwatch_finding::Match;
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_predicate::sigma::{AskKind, FieldAsk};
use wardwatch_statement::{FIELDS, FieldValue, Statement};

/// Such fields of a program, by number.
#[derive(Debug, Default)]
pub(crate) struct Derived(HashMap<u32, DerivedField>);

/// One such field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DerivedField {
    /// A question about the values of another field.
    Asked(AskedField),
    /// A property of the event's SQL statement, by the name it has in `wardwatch_statement`.
    Statement(&'static str),
}

/// A question about the values of a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AskedField {
    /// The name rules know it by.
    name: String,
    pub(crate) ask: Ask,
    /// Any of these.
    pub(crate) tables: Vec<String>,
    /// The number of the field whose values are asked about.
    pub(crate) field: u32,
}

impl Derived {
    /// The derived ones among `fields`; `number` gives a field its number.
    pub(crate) fn of(fields: &[String], number: &mut dyn FnMut(&str) -> u32) -> Derived {
        let mut derived = Derived::default();
        for (own, name) in (0u32..).zip(fields) {
            if let Some(asked) = FieldAsk::of_field(name) {
                let ask = match asked.kind {
                    AskKind::InSet => Ask::InSet,
                    AskKind::HasOpenTicket => Ask::HasOpenTicket,
                    AskKind::OnShift => Ask::OnShift,
                };
                let field = number(&asked.field);
                let field = AskedField { name: name.clone(), ask, tables: asked.tables, field };
                derived.0.insert(own, DerivedField::Asked(field));
            } else if let Some(known) = FIELDS.iter().map(|(known, _)| *known).find(|known| known == name) {
                derived.0.insert(own, DerivedField::Statement(known));
            }
        }
        derived
    }

    pub(crate) fn get(&self, number: u32) -> Option<&DerivedField> {
        self.0.get(&number)
    }

    /// The questions among these fields.
    pub(crate) fn asked<'d>(&'d self, fields: &'d [u32]) -> impl Iterator<Item = &'d AskedField> {
        fields.iter().filter_map(|number| match self.get(*number) {
            Some(DerivedField::Asked(asked)) => Some(asked),
            _ => None,
        })
    }
}

/// Who is asked, for whom, as of when.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) context: &'a dyn Context,
    pub(crate) tenant: TenantId,
    pub(crate) at: Timestamp,
}

impl Asker<'_> {
    /// The answer for one value: yes before unknown before no, over all tables.
    pub(crate) fn ask(&self, asked: &AskedField, value: &str) -> Answer {
        let mut said: Option<Answer> = None;
        for table in &asked.tables {
            let answer = self.context.ask(self.tenant, Question { ask: asked.ask, table, value }, self.at);
            match (&answer, &said) {
                (Answer::Yes(_), _) => return answer,
                (Answer::Unknown(_), _) | (Answer::No(_), None) => said = Some(answer),
                (Answer::No(_), Some(_)) => {}
            }
        }
        said.unwrap_or_else(|| Answer::Unknown("no table is named".into()))
    }
}

/// An answer that had a part in a match.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) answer: Answer,
}

impl Asked {
    pub(crate) fn new(asked: &AskedField, value: String, answer: Answer) -> Asked {
        Asked { name: asked.name.clone(), value, answer }
    }

    /// As evidence: what was asked about which value, and where the answer is from.
    pub(crate) fn into_match(self) -> Match {
        let answer = match &self.answer {
            Answer::Yes(from) => {
                let row = from.row.map(|row| format!(" row {row}")).unwrap_or_default();
                format!("yes ({}{row} @{})", from.table, from.version)
            }
            Answer::No(from) => format!("no ({} @{})", from.table, from.version),
            Answer::Unknown(why) => format!("unknown: {why}"),
        };
        let value = format!("{}: {answer}", self.value);
        Match { selection: "context".to_owned(), field: Some(self.name), value, start: None, end: None }
    }
}

/// Calls `see` with each value of a statement's property.
pub(crate) fn each_of_statement(statement: &Statement, wanted: &str, see: &mut dyn FnMut(FieldValue<'_>)) {
    if wanted == "x-sql.hash" {
        return see(FieldValue::Text(&statement.hash()));
    }
    statement.each_field(&mut |name, value| {
        if name == wanted {
            see(value);
        }
    });
}
