//! A short text that a regular expression matches: from its parsed form, each repetition at its least.
//!
//! A guess for whoever checks it against the expression: looks at word boundaries and the like are taken as empty.

use super::dice::Dice;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use wardwatch_limits::CANARY_VALUE_BYTES;

/// Characters that are taken from a class if it has them: what stands in paths and commands, before anything odd.
const USUAL: &str = "a0A1zZ9 -_./\\:=";

/// A text for `expression`; none if it does not parse, needs bytes that are no text, or becomes too long.
pub(super) fn sample(expression: &str, dice: &mut Dice) -> Option<String> {
    let hir = ParserBuilder::new().build().parse(expression).ok()?;
    let mut out = String::new();
    add(&hir, dice, &mut out).then_some(out)
}

/// False where there is no such text.
fn add(hir: &Hir, dice: &mut Dice, out: &mut String) -> bool {
    if out.len() > CANARY_VALUE_BYTES {
        return false;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).map(|text| out.push_str(text)).is_ok(),
        HirKind::Class(class) => match of_class(class, dice) {
            Some(c) => {
                out.push(c);
                true
            }
            None => false,
        },
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let times = repetition.min.saturating_add(u32::try_from(dice.pick(2)).unwrap_or(0)).min(most);
            (0..times).all(|_| add(&repetition.sub, dice, out))
        }
        HirKind::Capture(capture) => add(&capture.sub, dice, out),
        HirKind::Concat(parts) => parts.iter().all(|part| add(part, dice, out)),
        HirKind::Alternation(ways) => dice.one_of(ways).is_some_and(|way| add(way, dice, out)),
    }
}

fn of_class(class: &Class, dice: &mut Dice) -> Option<char> {
    let within = |c: char| match class {
        Class::Unicode(class) => class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => u8::try_from(c)
            .is_ok_and(|b| b.is_ascii() && class.ranges().iter().any(|r| (r.start()..=r.end()).contains(&b))),
    };
    let usual: Vec<char> = USUAL.chars().filter(|c| within(*c)).collect();
    let first = || match class {
        Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
        Class::Bytes(class) => class.ranges().first().map(|range| range.start()).filter(u8::is_ascii).map(char::from),
    };
    dice.one_of(&usual).copied().or_else(first)
}
