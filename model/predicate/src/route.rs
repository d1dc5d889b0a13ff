//! Which events a rule's `logsource` means: data, read from `content/taxonomy/*.toml`.
//!
//! A route leads from (product, category, service) to targets: Windows targets by channel and event id, others by the
//! log source that a pack gives its events. A target may rename fields (4688 for Sysmon 1). Routing happens before
//! any rule is looked at; it never adds conditions to a rule. Reads texts the caller hands in, never a file.

use crate::place::Place;
use crate::sigma::LogSource;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All taxonomy files together.
#[derive(Clone, Debug, Default)]
pub struct Taxonomy {
    routes: HashMap<LogSource, Route>,
    no_routes: HashMap<LogSource, String>,
    aliases: BTreeMap<String, Vec<String>>,
    prefixes: Vec<String>,
    columns: BTreeMap<String, String>,
}

/// Where the events of one log source come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The log source as rules name it.
    logsource: Source,
    /// Any of these.
    #[serde(rename = "to")]
    pub targets: Vec<Target>,
}

/// One kind of events.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Windows channels, compared without case; `*` for any event that has one.
    #[serde(default)]
    pub channel: Vec<String>,
    /// Event ids within the channels; empty for all of them.
    #[serde(default)]
    pub event: Vec<u32>,
    /// Events whose pack gives them a log source with these parts.
    #[serde(default)]
    pub source: Option<Source>,
    /// Fields that must have one of these texts, compared without case.
    #[serde(default)]
    pub when: BTreeMap<String, Vec<String>>,
    /// Where a rule's field is found under another name.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldFrom>,
    /// Fields the events have under the rule's own name. Where `has` is given, every field that is
    /// neither there nor in `fields` is lacking, and a rule that a lacking field would make fire wrongly is not sent here.
    #[serde(default)]
    pub has: Option<BTreeSet<String>>,
    /// Fields whose front differs (device paths, hive names), with texts that only stand there: tests that look at the
    /// front, or for such a text, count as tests of a field that is lacking.
    #[serde(default)]
    pub tails: BTreeMap<String, Vec<String>>,
}

/// What a rule's field reads instead.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum FieldFrom {
    /// The field of this name.
    Name(String),
    /// Something put together.
    Made(MadeField),
}

/// A field that is put together.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct MadeField {
    /// The fields whose texts are joined by a backslash; all must be there.
    #[serde(default)]
    pub join: Vec<String>,
    /// The field whose text is replaced by `values`.
    #[serde(default)]
    pub from: Option<String>,
    /// Texts for `from`, compared without case; a text that is not listed gives no value.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// This text, always.
    #[serde(default)]
    pub constant: Option<String>,
}

/// A log source in TOML.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Hash)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Product.
    #[serde(default)]
    pub product: Option<String>,
    /// Category.
    #[serde(default)]
    pub category: Option<String>,
    /// Service.
    #[serde(default)]
    pub service: Option<String>,
}

impl Target {
    /// Whether the events have a rule's field, by its own name or another.
    #[must_use]
    pub fn has_field(&self, field: &str) -> bool {
        match &self.has {
            None => true,
            Some(has) => has.contains(field) || self.fields.contains_key(field),
        }
    }
}

impl Source {
    /// Whether each part named here is the same in `declared`.
    #[must_use]
    pub fn covers(&self, declared: &Source) -> bool {
        let part = |own: &Option<String>, its: &Option<String>| own.is_none() || own == its;
        part(&self.product, &declared.product)
            && part(&self.category, &declared.category)
            && part(&self.service, &declared.service)
    }
}

impl From<Source> for LogSource {
    fn from(source: Source) -> LogSource {
        LogSource { product: source.product, category: source.category, service: source.service }
    }
}

/// A taxonomy file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    route: Vec<Route>,
    #[serde(default)]
    no_route: Vec<NoRoute>,
    #[serde(default)]
    alias: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    prefixes: Vec<String>,
    #[serde(default)]
    column: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoRoute {
    logsource: Source,
    reason: String,
}

/// Why a taxonomy file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{place}: {reason}")]
pub struct TaxonomyFault {
    /// The file as the caller named it.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Where a log source leads.
#[derive(Clone, Copy, Debug)]
pub enum Routed<'t> {
    /// To these targets.
    To(&'t [Target]),
    /// Nowhere, for this reason: rules are loaded and not active.
    Nowhere(&'t str),
    /// The taxonomy does not know it: rules are loaded and not active.
    Unknown,
}

impl Taxonomy {
    /// Reads files as (name, text), in any order.
    ///
    /// # Errors
    /// TOML that does not parse, an unknown key, a log source listed twice, a target that names no events.
    pub fn read(files: &[(&str, &str)]) -> Result<Taxonomy, TaxonomyFault> {
        let mut taxonomy = Taxonomy::default();
        for (name, text) in files {
            let file: File = toml::from_str(text).map_err(|error| TaxonomyFault {
                file: (*name).to_owned(),
                place: Place::of_offset(text, error.span().map_or(0, |span| span.start)),
                reason: error.message().to_owned(),
            })?;
            taxonomy.take(file).map_err(|reason| TaxonomyFault {
                file: (*name).to_owned(),
                place: Place::START,
                reason,
            })?;
        }
        Ok(taxonomy)
    }

    fn take(&mut self, file: File) -> Result<(), String> {
        for route in file.route {
            let logsource = LogSource::from(route.logsource.clone());
            for target in &route.targets {
                if target.channel.is_empty() == target.source.is_none() {
                    return Err(format!("a target of {logsource} names channels or a source: one of the two"));
                }
            }
            if self.routes.insert(logsource.clone(), route).is_some() || self.no_routes.contains_key(&logsource) {
                return Err(format!("{logsource} is listed twice: join the two"));
            }
        }
        for NoRoute { logsource, reason } in file.no_route {
            let logsource = LogSource::from(logsource);
            if self.no_routes.insert(logsource.clone(), reason).is_some() || self.routes.contains_key(&logsource) {
                return Err(format!("{logsource} is listed twice: join the two"));
            }
        }
        for (field, spellings) in file.alias {
            self.aliases.entry(field).or_default().extend(spellings);
        }
        self.columns.extend(file.column);
        self.prefixes.extend(file.prefixes);
        Ok(())
    }

    /// Where rules of this log source are evaluated.
    #[must_use]
    pub fn route(&self, logsource: &LogSource) -> Routed<'_> {
        if let Some(route) = self.routes.get(logsource) {
            return Routed::To(&route.targets);
        }
        match self.no_routes.get(logsource) {
            Some(reason) => Routed::Nowhere(reason),
            None => Routed::Unknown,
        }
    }

    /// Other native spellings of a rule's field that hold the same text, best first.
    #[must_use]
    pub fn spellings(&self, field: &str) -> &[String] {
        self.aliases.get(field).map_or(&[], Vec::as_slice)
    }

    /// Prefixes under which formats nest a field that rules name without (`Event.EventData.`).
    #[must_use]
    pub fn prefixes(&self) -> &[String] {
        &self.prefixes
    }

    /// The typed column that holds the same text as a rule's field, for packs that name it otherwise.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<&str> {
        self.columns.get(field).map(String::as_str)
    }

    /// Every log source that has a route.
    pub fn logsources(&self) -> impl Iterator<Item = &LogSource> {
        self.routes.keys()
    }
}
