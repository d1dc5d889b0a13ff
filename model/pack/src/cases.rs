//! Cases: which kind of event a line is. Runs of cases that ask the same field for a word become one look-up.

use crate::fields::{FieldId, Fields};
use crate::rule::{Rule, When};
use crate::value::Constant;

/// The Sigma log source that events of a pack or case belong to. What is not given is not known.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Logsource {
    /// `windows`, `linux`, …
    pub product: Option<String>,
    /// `process_creation`, `firewall`, …
    pub category: Option<String>,
    /// `security`, `auditd`, …
    pub service: Option<String>,
}

/// One case of a pack.
#[derive(Debug)]
pub struct Case {
    /// Made from its condition: `type=utm|anomaly`; nested ones after a `/`.
    pub name: String,
    /// OCSF class.
    pub class_uid: u32,
    /// OCSF activity.
    pub activity: Activity,
    /// Its log source, its parent's if it has none of its own.
    pub(crate) sigma: Option<Logsource>,
    pub(crate) when: Option<When>,
    pub(crate) inner: CaseList,
}

/// Where the activity of an event comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Activity {
    /// Always this.
    Fixed(u8),
    /// By a rule for a number; 0 if it gives nothing.
    By(Box<Rule>),
}

/// Cases in the order in which they are asked.
#[derive(Debug, Default)]
pub(crate) struct CaseList {
    groups: Vec<Group>,
}

#[derive(Debug)]
enum Group {
    /// All of one field: the word's number says which case.
    Jump { field: FieldId, words: Fields, to: Vec<u16> },
    /// This one, by its condition; no condition always holds.
    Ask(u16),
}

impl CaseList {
    /// Adds the case with this number behind those before it. Words that an earlier case of a run takes stay there.
    pub fn push(&mut self, number: u16, when: Option<&When>) {
        let Some((field, words)) = when.and_then(When::dispatch) else {
            self.groups.push(Group::Ask(number));
            return;
        };
        if !matches!(self.groups.last(), Some(Group::Jump { field: last, .. }) if *last == field) {
            self.groups.push(Group::Jump { field, words: Fields::default(), to: Vec::new() });
        }
        if let Some(Group::Jump { words: known, to, .. }) = self.groups.last_mut() {
            for word in words {
                if known.id(word).is_none() && known.intern(word).is_some() {
                    to.push(number);
                }
            }
        }
    }

    /// The number of the innermost case that takes an event with these values.
    pub fn choose<'v>(&self, cases: &[Case], value: &impl Fn(FieldId) -> Option<&'v str>) -> Option<u16> {
        let number = self.groups.iter().find_map(|group| match group {
            Group::Jump { field, words, to } => {
                let id = words.id(value(*field)?)?;
                to.get(usize::from(id.0)).copied()
            }
            Group::Ask(number) => {
                let when = cases.get(usize::from(*number))?.when.as_ref();
                when.is_none_or(|when| when.holds(value)).then_some(*number)
            }
        })?;
        let inner = &cases.get(usize::from(number))?.inner;
        inner.choose(cases, value).or(Some(number))
    }
}

/// The number a constant is, for activities.
pub(crate) fn small(constant: &Constant) -> Option<u8> {
    match constant {
        Constant::Int(n) => u8::try_from(*n).ok(),
        Constant::Text(_) => None,
    }
}
