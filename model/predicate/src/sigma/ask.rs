//! Our extension of the language: items that ask about the hospital instead of the event.
//!
//! `User|x-in-set: privileged`, `dst_host|x-has-open-ticket: maintenance`, `User|x-on-shift: it-duty`; several names mean
//! any of them. Such an item reads a field whose name is the question, and whose value is `yes` where the answer is:
//! how it is asked, and what "unknown" does, is the business of whoever gives the events.

use super::detection::{Item, Literal, LiteralScalar};
use super::fault::RuleFault;
use super::modifier::Modifiers;
use crate::place::Place;

/// What the value of a question's field is when the answer is yes.
pub const YES: &str = "yes";

/// Questions, by their modifier.
const WORDS: [(&str, AskKind); 3] =
    [("x-in-set", AskKind::InSet), ("x-has-open-ticket", AskKind::HasOpenTicket), ("x-on-shift", AskKind::OnShift)];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AskKind {
    /// Is the value in a set?
    InSet,
    /// Is there an open ticket of a kind for the value?
    HasOpenTicket,
    /// Is the person on duty by a roster?
    OnShift,
}

/// A question about a field's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldAsk {
    /// The field whose values are asked about.
    pub field: String,
    /// What is asked.
    pub kind: AskKind,
    /// Sets, kinds of tickets or rosters; any of them.
    pub tables: Vec<String>,
}

impl FieldAsk {
    /// Reads the name of a question's field; none for other fields.
    #[must_use]
    pub fn of_field(name: &str) -> Option<FieldAsk> {
        let (field, question) = name.split_once('|')?;
        let (word, tables) = question.split_once(':')?;
        let (_, kind) = WORDS.iter().find(|(known, _)| *known == word)?;
        Some(FieldAsk { field: field.to_owned(), kind: *kind, tables: tables.split(',').map(str::to_owned).collect() })
    }
}

/// The item of a question, if `chain` is one.
pub(super) fn read(
    field: &str,
    chain: &str,
    key: &str,
    place: Place,
    values: &[Literal],
) -> Option<Result<Item, RuleFault>> {
    if !chain.split('|').any(|word| word.starts_with("x-")) {
        return None;
    }
    Some(item(field, chain, key, place, values))
}

fn item(field: &str, chain: &str, key: &str, place: Place, values: &[Literal]) -> Result<Item, RuleFault> {
    let Some((word, _)) = WORDS.iter().find(|(word, _)| *word == chain) else {
        let known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        let reason = format!("unknown modifier `{chain}`: known here, each by itself: {}", known.join(", "));
        return Err(RuleFault::new(place, reason));
    };
    if field.is_empty() {
        return Err(RuleFault::new(place, format!("`{word}` asks about a field: name one before it")));
    }
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut tables = Vec::new();
    for value in values {
        match &value.scalar {
            LiteralScalar::Text(name) if !name.is_empty() && name.chars().all(plain) => tables.push(name.as_str()),
            _ => {
                let reason = format!("`{word}` takes the name of a table: letters, digits, `-` and `_`");
                return Err(RuleFault::new(value.place, reason));
            }
        }
    }
    let question = format!("{field}|{word}:{}", tables.join(","));
    let yes = Literal { place, scalar: LiteralScalar::Text(YES.to_owned()) };
    Ok(Item { place, field: Some(question), key: key.to_owned(), modifiers: Modifiers::default(), values: vec![yes] })
}
