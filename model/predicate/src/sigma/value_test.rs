//! A value of a rule and the modifiers of its item, as a test.

use super::detection::{Item, Literal, LiteralScalar};
use super::encode::encode;
use super::fault::RuleFault;
use super::modifier::{Anchor, Modifiers, Operation};
use super::test::{Expression, FieldRef, Test, within};
use crate::network::Network;
use crate::number::Number;
use crate::pattern::{Matcher, Pattern};
use crate::place::Place;
use regex::RegexBuilder;
use wardwatch_limits::REGEX_BYTES;

/// The test for one value of an item. `number_of` gives a field its number, for a reference to another field.
///
/// # Errors
/// Why the value does not fit the item's modifiers.
pub(super) fn value_test(
    item: &Item,
    literal: &Literal,
    number_of: &mut dyn FnMut(&str) -> u32,
) -> Result<Test, String> {
    let modifiers = &item.modifiers;
    if let Some(part) = modifiers.part {
        let order = match modifiers.operation {
            Operation::Ordered(order) => Some(order),
            _ => None,
        };
        return match number(literal) {
            Some(Number::Integer(wanted)) => Ok(Test::Part(part, order, wanted)),
            _ => Err("a part of a time is compared with a whole number, without quotes".to_owned()),
        };
    }
    match modifiers.operation {
        Operation::Compare => compare(item, literal),
        Operation::Regex { insensitive, lines, dot_all } => {
            let mut builder = RegexBuilder::new(text(literal).ok_or("a regular expression is a text")?);
            builder.case_insensitive(insensitive).multi_line(lines).dot_matches_new_line(dot_all);
            match builder.size_limit(REGEX_BYTES).build() {
                Ok(regex) => Ok(Test::Regex(Box::new(Expression { regex, insensitive }))),
                Err(error) => Err(why_regex(&error)),
            }
        }
        Operation::Cidr => {
            let range = text(literal).ok_or("an address range is a text such as 10.0.0.0/8")?;
            let network = Network::read(range);
            network.map(Test::Cidr).ok_or_else(|| format!("`{range}` is no address range: write it as 10.0.0.0/8"))
        }
        Operation::Exists => match literal.scalar {
            LiteralScalar::Bool(wanted) => Ok(Test::Exists(wanted)),
            _ => Err("`exists` takes `true` or `false`, without quotes".to_owned()),
        },
        Operation::FieldRef => {
            let name = text(literal).filter(|name| !name.is_empty());
            let other = number_of(name.ok_or("`fieldref` takes the name of another field")?);
            Ok(Test::FieldRef(FieldRef { other, anchor: modifiers.anchor, cased: modifiers.cased }))
        }
        Operation::Ordered(order) => match number(literal) {
            Some(limit) => Ok(Test::Ordered(order, limit)),
            None => Err("an order takes a number, without quotes".to_owned()),
        },
    }
}

pub(super) fn keywords_allow(modifiers: &Modifiers, place: Place) -> Result<(), RuleFault> {
    let fits = matches!(modifiers.operation, Operation::Compare | Operation::Regex { .. })
        && modifiers.part.is_none()
        && !modifiers.neq
        && matches!(modifiers.anchor, Anchor::Whole | Anchor::Contains);
    if fits {
        return Ok(());
    }
    let reason = "keywords look anywhere in the event: name a field to use this modifier";
    Err(RuleFault::new(place, reason))
}

fn number(literal: &Literal) -> Option<Number> {
    match &literal.scalar {
        LiteralScalar::Number(text) => Number::read(text),
        _ => None,
    }
}

fn text(literal: &Literal) -> Option<&str> {
    match &literal.scalar {
        LiteralScalar::Text(text) | LiteralScalar::Number(text) => Some(text),
        _ => None,
    }
}

pub(super) fn label(literal: &Literal) -> String {
    match &literal.scalar {
        LiteralScalar::Null => "null".to_owned(),
        LiteralScalar::Bool(value) => value.to_string(),
        LiteralScalar::Number(text) | LiteralScalar::Text(text) => text.clone(),
    }
}

/// A value without an operation: compared by its kind, or as text where a text modifier says so.
fn compare(item: &Item, literal: &Literal) -> Result<Test, String> {
    let modifiers = &item.modifiers;
    let as_text = item.field.is_none()
        || modifiers.anchor != Anchor::Whole
        || modifiers.windash
        || modifiers.expand
        || modifiers.cased
        || !modifiers.encodings.is_empty();
    match &literal.scalar {
        LiteralScalar::Null if as_text => Err("a text modifier needs a text: null stands without modifiers".to_owned()),
        LiteralScalar::Null => Ok(Test::Null),
        LiteralScalar::Bool(value) if !as_text => Ok(Test::Bool(*value)),
        LiteralScalar::Number(text) if !as_text => {
            Ok(Test::Number(Number::read(text), Matcher::new(&Pattern::literal(text), false)))
        }
        LiteralScalar::Bool(value) => text_test(item, &value.to_string()),
        LiteralScalar::Number(text) | LiteralScalar::Text(text) => text_test(item, text),
    }
}

fn text_test(item: &Item, text: &str) -> Result<Test, String> {
    let modifiers = &item.modifiers;
    let mut pattern = Pattern::sigma(text);
    if item.field.is_none() && pattern.pieces().is_empty() {
        return Err("an empty keyword would hold for every event: remove it".to_owned());
    }
    if modifiers.windash {
        pattern = pattern.windash();
    }
    let patterns = if modifiers.encodings.is_empty() { vec![pattern] } else { encode(&pattern, &modifiers.encodings)? };
    let opened = |pattern: Pattern| match modifiers.anchor {
        _ if item.field.is_none() => within(pattern),
        Anchor::Whole => pattern,
        Anchor::Contains => within(pattern),
        Anchor::StartsWith => pattern.open_back(),
        Anchor::EndsWith => pattern.open_front(),
    };
    let test = |pattern: Pattern| Test::Text(Matcher::new(&opened(pattern), modifiers.cased));
    let mut tests: Vec<Test> = patterns.into_iter().map(test).collect();
    match tests.pop() {
        Some(only) if tests.is_empty() => Ok(only),
        Some(last) => {
            tests.push(last);
            Ok(Test::AnyOf(tests))
        }
        None => Err("the value has no spelling to look for: make it longer".to_owned()),
    }
}

fn why_regex(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("the regular expression needs more than {limit} bytes: use smaller repetitions")
        }
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!(
                "the regular expression does not compile: {last} (look-around and back references are refused: write two selections)"
            )
        }
    }
}
