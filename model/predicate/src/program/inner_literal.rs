//! The texts of which one must stand in whatever a regular expression matches.
//!
//! Folded, because they are looked for in folded text: a class whose characters all fold to one (as `(?i)` makes of
//! every letter) is that character.

use crate::fold::fold;
use regex_syntax::hir::{Class, Hir, HirKind};

/// What an expression needs.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// One of these stands in each match; empty if nothing is known.
    pub literals: Vec<String>,
    /// Bytes that each match has at least.
    pub length: usize,
}

/// Texts of one choice at most: more, and the expression is no help.
const TEXTS_MAX: usize = 64;
/// Shorter ones stand in too many values.
const BYTES_MIN: usize = 2;

/// Reads the expression as it was compiled. `insensitive` matters: `s` then matches a long s, too, which folds to itself.
pub(crate) fn inner_literals(expression: &str, insensitive: bool) -> Inner {
    let mut parser = regex_syntax::ParserBuilder::new().case_insensitive(insensitive).build();
    let Ok(hir) = parser.parse(expression) else { return Inner::default() };
    let literals = best(&hir).filter(|texts| texts.iter().all(|text| text.len() >= BYTES_MIN)).unwrap_or_default();
    Inner { literals, length: hir.properties().minimum_len().unwrap_or(0) }
}

/// The choice that says most: its shortest text is the longest.
fn best(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => single(hir).map(|text| vec![text]),
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best(branch)?);
            }
            (all.len() <= TEXTS_MAX).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut choices = Vec::new();
            let mut run = String::new();
            for part in parts {
                match single(part) {
                    Some(text) => run.push_str(&text),
                    None => {
                        choices.push(vec![std::mem::take(&mut run)]);
                        choices.extend(best(part));
                    }
                }
            }
            choices.push(vec![run]);
            choices.into_iter().max_by_key(|texts| shortest(texts))
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
    .filter(|texts| shortest(texts) > 0)
}

fn shortest(texts: &[String]) -> usize {
    texts.iter().map(String::len).min().unwrap_or(0)
}

/// The one folded text that the part matches.
fn single(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(fold(std::str::from_utf8(&literal.0).ok()?).into_owned()),
        HirKind::Class(Class::Unicode(class)) => {
            let mut found: Option<String> = None;
            // A class that folds to one character is small: the Kelvin sign makes it three.
            if class.ranges().iter().map(|range| range.len()).sum::<usize>() > 4 {
                return None;
            }
            for c in class.ranges().iter().flat_map(|range| range.start()..=range.end()) {
                let folded: String = c.to_lowercase().collect();
                if found.as_ref().is_some_and(|found| *found != folded) {
                    return None;
                }
                found = Some(folded);
            }
            found
        }
        HirKind::Capture(capture) => single(&capture.sub),
        _ => None,
    }
}
