//! The part of an engine that one kind of events is shown to: which rules, which fields open them, which keywords.

use super::grams::{Grams, STRIDE_MAX};
use super::need::Need;
use super::written::is_control;
use aho_corasick::AhoCorasick;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Some of an engine's rules, which the same events are shown to. Made by [`Engine::pass`](super::Engine::pass), and only
/// good for that engine.
#[derive(Debug)]
pub struct Pass {
    pub(crate) id: u32,
    /// One bit per rule.
    pub(crate) members: Box<[u64]>,
    /// The number of the first field in caches; the others follow.
    pub(crate) slot: u32,
    pub(crate) fields: Box<[u32]>,
    /// Rules that no value need open.
    pub(crate) always: Box<[u32]>,
    /// Keywords, as they are and as JSON writes them.
    pub(crate) keywords: Option<Keywords>,
}

impl Pass {
    /// The fields that open rules, ascending; a place in this list is what [`Engine::see`](super::Engine::see) takes.
    #[must_use]
    pub fn fields(&self) -> &[u32] {
        &self.fields
    }

    /// Whether every text and number of the event must be shown, by [`Engine::see_text`](super::Engine::see_text).
    #[must_use]
    pub fn wants_texts(&self) -> bool {
        self.keywords.is_some()
    }

    pub(crate) fn has(&self, rule: u32) -> bool {
        self.members.get(rule as usize / 64).is_some_and(|word| word >> (rule % 64) & 1 != 0)
    }
}

/// The keywords of a pass's rules.
#[derive(Debug)]
pub(crate) struct Keywords {
    grams: Grams,
    grams_rules: Box<[Box<[u32]>]>,
    short: Option<AhoCorasick>,
    short_rules: Box<[Box<[u32]>]>,
    /// Shorter values hold no keyword.
    pub(crate) shortest: usize,
    /// All keywords are ASCII, so that few values need be folded.
    pub(crate) ascii: bool,
}

/// Bytes from which a keyword goes to the grams.
const GRAM_FROM: usize = 4;

impl Keywords {
    /// Keywords with the rules that each opens.
    pub(crate) fn new(texts: &BTreeMap<Cow<'_, str>, Vec<u32>>) -> Option<Keywords> {
        let shortest = texts.keys().map(|text| text.len()).min()?;
        let split = |long: bool| {
            let mine = texts.iter().filter(move |(text, _)| (text.len() >= GRAM_FROM) == long);
            mine.map(|(text, rules)| (Box::from(text.as_bytes()), Box::from(rules.as_slice())))
                .unzip::<_, _, Vec<Box<[u8]>>, Vec<Box<[u32]>>>()
        };
        let (long, grams_rules) = split(true);
        let (few, short_rules) = split(false);
        let least = long.iter().map(|text| text.len()).min().unwrap_or(GRAM_FROM);
        let stride = (least + 1 - GRAM_FROM).clamp(1, STRIDE_MAX);
        Some(Keywords {
            grams: Grams::suited(long, stride),
            grams_rules: grams_rules.into(),
            short: if few.is_empty() {
                None
            } else {
                AhoCorasick::builder().ascii_case_insensitive(true).build(few).ok()
            },
            short_rules: short_rules.into(),
            shortest,
            ascii: texts.keys().all(|text| text.is_ascii()),
        })
    }

    /// Calls `hit` with each rule that a keyword in the text opens. A text that is not ASCII must be folded
    /// where one of the keywords is not, or where folding would make ASCII of it.
    pub(crate) fn look(&self, text: &str, mut hit: impl FnMut(u32)) -> u64 {
        let mut tell = |rules: Option<&Box<[u32]>>| rules.into_iter().flatten().for_each(|rule| hit(*rule));
        let mut work = self.grams.find(text.as_bytes(), |found| tell(self.grams_rules.get(found as usize)));
        if let Some(automaton) = &self.short {
            work += text.len() as u64;
            let mut last = None;
            for found in automaton.find_overlapping_iter(text) {
                if last != Some(found.pattern()) {
                    last = Some(found.pattern());
                    tell(self.short_rules.get(found.pattern().as_usize()));
                }
            }
        }
        work
    }
}

/// The text of a need that the keyword tables can answer.
pub(crate) fn keyword(need: &Need) -> Option<&str> {
    match need {
        Need::Within(text) if !text.is_empty() && !text.contains(is_control) => Some(text),
        _ => None,
    }
}
