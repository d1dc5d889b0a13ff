//! What is watched: definitions as data, read strictly.
//!
//! ```toml
//! [[baseline]]
//! id = "host-image"
//! kind = "first_seen"          # first_seen, rare, fan_out, volume, hours or absent
//! title = { zh = "主机上首次运行的程序", en = "program new on this host" }
//! entity = "host"              # column or native field whose profile is kept
//! value = "proc_path"          # first_seen, rare and fan_out: the value; volume: the number added (none: events)
//! where = { class_uid = ["1007"], channel = ["Security"] }
//! days_min = 14                # only learned for so long, at least 14
//! ```

use serde::Deserialize;
use std::collections::BTreeMap;
use wardwatch_limits::{BASELINE_DEFINITIONS, BASELINE_LEARNING_DAYS, BASELINE_RARE_DEFINITIONS, BASELINE_TEXT_BYTES};

/// Which question a profile answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileKind {
    /// Was this value ever seen with this entity?
    FirstSeen,
    /// How often does the whole tenant see this value?
    Rare,
    /// How many different values in this window?
    FanOut,
    /// How much in this hour of the week?
    Volume,
    /// Is this entity active at this hour of the week?
    Hours,
    /// Is this entity silent for longer than ever?
    Absent,
}

/// A title in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The stretch of time in which distinct values are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// An hour.
    #[default]
    Hour,
    /// A day of the site.
    Day,
}

/// One thing that is watched.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its name, stable: profiles are kept under it.
    pub id: String,
    /// Which question.
    pub kind: ProfileKind,
    /// What it is called.
    pub title: Title,
    /// The field that names the entity.
    pub entity: String,
    /// The field of the value, or of the number for `volume`.
    pub value: Option<String>,
    /// Fields and the values of which one must be there (compared without case); empty: every event.
    #[serde(default, rename = "where")]
    pub scope: BTreeMap<String, Vec<String>>,
    /// Days an entity, and a source, is only learned.
    #[serde(default = "learning_days")]
    pub days_min: u32,
    /// Window of `fan_out`.
    #[serde(default)]
    pub window: Window,
    /// `rare`: the largest share of all observations, in a million.
    #[serde(default = "rare_share")]
    pub share_ppm_max: u32,
    /// `fan_out` and `volume`: nothing below this is worth a fact.
    #[serde(default = "least")]
    pub least: u32,
}

fn learning_days() -> u32 {
    BASELINE_LEARNING_DAYS
}

fn rare_share() -> u32 {
    10
}

fn least() -> u32 {
    20
}

impl Definition {
    /// True if an event is of the kind that is watched. `get` gives a field's text.
    pub fn applies<'e>(&self, get: &dyn Fn(&str) -> Option<&'e str>) -> bool {
        self.scope
            .iter()
            .all(|(field, wanted)| get(field).is_some_and(|found| wanted.iter().any(|w| w.eq_ignore_ascii_case(found))))
    }

    /// What must be equal for profiles to be kept over a change of the text.
    pub(crate) fn meaning(&self) -> String {
        format!("{}|{:?}|{}|{:?}|{:?}|{:?}", self.id, self.kind, self.entity, self.value, self.scope, self.window)
    }
}

/// Why a text of definitions is refused.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum DefinitionFault {
    /// Too long.
    #[error("the text has {0} bytes, more than {BASELINE_TEXT_BYTES}: split it")]
    TooLong(usize),
    /// Not TOML, or a key that nobody knows; the message has line and column.
    #[error("the text is no list of baselines: {0}")]
    Unreadable(String),
    /// Two with the same id.
    #[error("baseline `{0}` stands twice: give each its own id")]
    Twice(String),
    /// Too many.
    #[error("{found} baselines{of}, more than {most}: keep those that matches need")]
    TooMany {
        /// How many.
        found: usize,
        /// Of what kind.
        of: &'static str,
        /// The bound.
        most: usize,
    },
    /// A field is missing or superfluous for its kind.
    #[error("baseline `{id}`: {what}")]
    Wrong {
        /// Which.
        id: String,
        /// What to do.
        what: &'static str,
    },
}

/// All definitions of a tenant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Definitions(Vec<Definition>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    baseline: Vec<Definition>,
}

impl Definitions {
    /// Reads a text; all or nothing.
    pub fn read(text: &str) -> Result<Self, DefinitionFault> {
        if text.len() > BASELINE_TEXT_BYTES {
            return Err(DefinitionFault::TooLong(text.len()));
        }
        let read: Text = toml::from_str(text).map_err(|why| DefinitionFault::Unreadable(why.to_string()))?;
        let found = read.baseline.len();
        if found > BASELINE_DEFINITIONS {
            return Err(DefinitionFault::TooMany { found, of: "", most: BASELINE_DEFINITIONS });
        }
        let rare = read.baseline.iter().filter(|d| d.kind == ProfileKind::Rare).count();
        if rare > BASELINE_RARE_DEFINITIONS {
            return Err(DefinitionFault::TooMany { found: rare, of: " of kind rare", most: BASELINE_RARE_DEFINITIONS });
        }
        for (n, definition) in read.baseline.iter().enumerate() {
            if read.baseline.iter().take(n).any(|d| d.id == definition.id) {
                return Err(DefinitionFault::Twice(definition.id.clone()));
            }
            check(definition)?;
        }
        Ok(Self(read.baseline))
    }

    /// All of them, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.0.iter()
    }

    pub(crate) fn get(&self, n: usize) -> Option<&Definition> {
        self.0.get(n)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

fn check(d: &Definition) -> Result<(), DefinitionFault> {
    let wrong = |what| Err(DefinitionFault::Wrong { id: d.id.clone(), what });
    let named = |text: &str| !text.is_empty() && text.len() <= 128;
    if !named(&d.id) || !named(&d.entity) {
        return wrong("id and entity have 1 to 128 bytes");
    }
    if !named(&d.title.zh) || !named(&d.title.en) {
        return wrong("the title needs both languages, 1 to 128 bytes each");
    }
    let needs_value = matches!(d.kind, ProfileKind::FirstSeen | ProfileKind::Rare | ProfileKind::FanOut);
    if needs_value && !d.value.as_deref().is_some_and(named) {
        return wrong("this kind needs `value`, the field whose values are watched");
    }
    if matches!(d.kind, ProfileKind::Hours | ProfileKind::Absent) && d.value.is_some() {
        return wrong("this kind watches events, not values: remove `value`");
    }
    if d.days_min < BASELINE_LEARNING_DAYS || d.days_min > 365 {
        return wrong("days_min is 14 to 365: what was seen for less is not usual yet");
    }
    if d.scope.len() > 16 || d.scope.values().any(|v| v.is_empty() || v.len() > 256) {
        return wrong("`where` has at most 16 fields with 1 to 256 values each");
    }
    if d.share_ppm_max == 0 || d.share_ppm_max > 10_000 {
        return wrong("share_ppm_max is 1 to 10,000: a hundredth of all is not rare");
    }
    Ok(())
}
