//! How a correlation finds the rules it names: by `id` or by `name`, each of one rule only.

use std::collections::HashMap;
use wardwatch_predicate::sigma::About;

/// Rules over single events, by what they may be called. Numbers are the caller's.
#[derive(Clone, Debug, Default)]
pub struct RuleNames {
    /// None: the name stands for several rules.
    numbers: HashMap<String, Option<u32>>,
}

impl RuleNames {
    /// Adds an active rule. A rule that is not evaluated must not be added: a correlation over it would be silent.
    pub fn add(&mut self, number: u32, about: &About) {
        for name in std::iter::once(&about.id).chain(&about.name) {
            let entry = self.numbers.entry(name.clone()).or_insert(Some(number));
            if *entry != Some(number) {
                *entry = None;
            }
        }
    }

    /// The rule; `None` if there is none, `Some(None)` if there are several.
    pub(crate) fn find(&self, name: &str) -> Option<Option<u32>> {
        self.numbers.get(name).copied()
    }
}
