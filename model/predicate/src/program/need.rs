//! What a value must have for a test of a rule to hold at all: the part of a test that tables can answer.
//!
//! A need is necessary, never sufficient. It speaks of the folded text, so it is right for tests that mind the case,
//! too: folding goes character by character, and what stands in a text stands folded in the folded text.

use super::inner_literal::inner_literals;
use crate::fold::fold;
use crate::network::Network;
use crate::number::Number;
use crate::pattern::Required;
use crate::sigma::{CompiledItem, Test};

/// One necessary condition on a value. Texts are folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The field is there, be it null.
    There,
    /// Any value but null.
    Value,
    /// This text.
    Equal(Box<str>),
    /// A text that begins so.
    Front(Box<str>),
    /// A text that ends so.
    Back(Box<str>),
    /// A text with this in it.
    Within(Box<str>),
    /// A number that is this one as a float, by its bits.
    Number(u64),
    /// An address in the network.
    Network(Network),
    /// At least so many bytes.
    Length(usize),
}

/// A need of this length in bytes says more than that there is a value.
const LENGTH_FROM: usize = 64;

/// Values of which one is needed for the test to hold; none if it can hold without any value.
pub(crate) fn needs_of(test: &Test) -> Option<Vec<Need>> {
    Some(match test {
        Test::Text(matcher) => vec![text_need(matcher.required())],
        Test::AnyOf(tests) => {
            let mut all = Vec::new();
            for test in tests {
                all.extend(needs_of(test)?);
            }
            all
        }
        Test::Number(number, text) => {
            let mut needs = vec![text_need(text.required())];
            needs.extend(number.map(|number| Need::Number(number_bits(number))));
            needs
        }
        Test::Bool(wanted) => vec![Need::Equal(if *wanted { "true" } else { "false" }.into())],
        Test::Null | Test::Exists(false) => return None,
        Test::Exists(true) => vec![Need::There],
        Test::Regex(expression) => regex_needs(expression.regex.as_str(), expression.insensitive),
        Test::Cidr(network) => vec![Need::Network(*network)],
        Test::Ordered(..) | Test::FieldRef(_) | Test::Part(..) => vec![Need::Value],
    })
}

/// Each inner list is a choice: the item holds only if one of its needs is met. Empty if it can hold without a value.
pub(crate) fn choices_of(item: &CompiledItem) -> Vec<Vec<Need>> {
    if item.neq {
        return vec![vec![Need::Value]];
    }
    if item.all {
        return item.tests.iter().filter_map(needs_of).collect();
    }
    let mut any = Vec::new();
    for test in item.tests.iter() {
        match needs_of(test) {
            Some(needs) => any.extend(needs),
            None => return Vec::new(),
        }
    }
    vec![any]
}

/// Numbers that are equal have the same bits here; large integers that differ may, too.
pub(crate) fn number_bits(number: Number) -> u64 {
    number.float().to_bits()
}

fn text_need(required: Required<'_>) -> Need {
    let folded = |text: &str| Box::from(&*fold(text));
    match required {
        Required::Nothing => Need::Value,
        Required::Equal(text) => Need::Equal(folded(text)),
        Required::Front(text) => Need::Front(folded(text)),
        Required::Back(text) => Need::Back(folded(text)),
        Required::Within(text) => Need::Within(folded(text)),
    }
}

fn regex_needs(expression: &str, insensitive: bool) -> Vec<Need> {
    let found = inner_literals(expression, insensitive);
    if !found.literals.is_empty() {
        return found.literals.into_iter().map(|text| Need::Within(text.into())).collect();
    }
    if found.length >= LENGTH_FROM { vec![Need::Length(found.length)] } else { vec![Need::Value] }
}
