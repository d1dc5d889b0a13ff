//! Which rules look at which events: decided from the event's channel and id, or its pack's log source, before any
//! rule is looked at.

use crate::health::RuleHealth;
use crate::names::Spellings;
use crate::routes::{RouteTable, Routes};
use crate::rules::{Listed, RuleState, Rules};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_pack::{Logsource, Pack};
use wardwatch_predicate::program::{Engine, State, Training};
use wardwatch_predicate::route::{FieldFrom, MadeField, Routed, Source, Target, Taxonomy};
use wardwatch_predicate::sigma::{CompiledRule, RuleSet};

/// Rules, routed. Immutable but for the counters of [`RuleHealth`]; replaced as a whole when rules change.
#[derive(Debug)]
pub struct Program {
    pub(crate) set: RuleSet,
    pub(crate) spellings: Spellings,
    pub(crate) health: Vec<RuleHealth>,
    pub(crate) engine: Engine,
    pub(crate) routes: Routes,
    /// States of workers between two batches.
    states: Mutex<Vec<State>>,
    hurt: AtomicU64,
    groups: Vec<Group>,
    listing: Vec<Listed>,
}

/// Rules that look at one kind of events.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) target: Target,
    /// Numbers in the rule set.
    pub(crate) rules: Vec<u32>,
    pub(crate) map: Option<FieldMap>,
    /// Fields that must have one of these texts, compared without case.
    pub(crate) when: Vec<(u32, Vec<String>)>,
}

/// Where a rule's field is read under another name; by the field's number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldMap(HashMap<u32, Mapped>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mapped {
    Name(u32),
    Join(Vec<u32>),
    Values(u32, Vec<(String, String)>),
    Constant(String),
}

impl FieldMap {
    pub(crate) fn get(&self, number: u32) -> Option<&Mapped> {
        self.0.get(&number)
    }
}

/// The log sources that a pack gives its events, for [`Program::build`].
#[must_use]
pub fn declared_by(pack: &Pack) -> Vec<Source> {
    let cases = (0..pack.cases().len()).filter_map(|case| u16::try_from(case).ok()).map(Some);
    let mut found: Vec<Source> =
        std::iter::once(None).chain(cases).filter_map(|case| pack.sigma_of(case)).map(source_of).collect();
    found.sort_by_key(|source| format!("{source:?}"));
    found.dedup();
    found
}

pub(crate) fn source_of(logsource: &Logsource) -> Source {
    Source {
        product: logsource.product.clone(),
        category: logsource.category.clone(),
        service: logsource.service.clone(),
    }
}

impl Program {
    /// Routes every rule. `declared` are the log sources of the loaded packs: a rule for one of them needs no entry in
    /// the taxonomy. A rule without a route is listed as inactive, never run on everything.
    #[must_use]
    pub fn build(rules: Rules, taxonomy: &Taxonomy, declared: &[Source]) -> Program {
        Program::build_with(rules, taxonomy, declared, &Training::default(), &[])
    }

    /// [`Program::build`] with gates chosen by what was measured, and with names of fields that are read although no
    /// rule names them: what correlations group by.
    #[must_use]
    pub fn build_with(
        rules: Rules,
        taxonomy: &Taxonomy,
        declared: &[Source],
        training: &Training,
        names: &[&str],
    ) -> Program {
        let Rules { set, listing } = rules;
        let mut spellings = Spellings::new(&set.fields, taxonomy);
        let channel = spellings.number("Channel", taxonomy);
        let event_id = spellings.number("EventID", taxonomy);
        for name in names {
            spellings.number(name, taxonomy);
        }
        let health = set.rules.iter().map(|_| RuleHealth::default()).collect();
        let mut builder = Builder { taxonomy, declared, fields: &set.fields, spellings, groups: Vec::new() };
        let outcomes: Vec<Outcome> =
            (0u32..).zip(&set.rules).map(|(number, rule)| builder.route(number, rule)).collect();
        let Builder { spellings, groups, .. } = builder;
        let table = RouteTable::new(&groups, channel, event_id);
        let engine = Engine::new(&set, training);
        let mut program = Program {
            spellings,
            health,
            engine,
            routes: Routes::new(table),
            states: Mutex::default(),
            hurt: AtomicU64::new(0),
            groups,
            listing,
            set,
        };
        program.note(outcomes);
        program
    }

    fn note(&mut self, outcomes: Vec<Outcome>) {
        let active = self.listing.iter_mut().filter(|listed| listed.state == RuleState::Active);
        for (listed, outcome) in active.zip(outcomes) {
            listed.remarks.extend(outcome.remarks);
            if let Some(reason) = outcome.inactive {
                listed.state = RuleState::Inactive;
                listed.reason = reason;
            }
        }
    }

    /// Every document of the rule files with what became of it, routing included.
    #[must_use]
    pub fn listing(&self) -> &[Listed] {
        &self.listing
    }

    /// The compiled rules.
    #[must_use]
    pub fn rules(&self) -> &[Arc<CompiledRule>] {
        &self.set.rules
    }

    /// The names of the fields that rules read, by number.
    #[must_use]
    pub fn field_names(&self) -> &[String] {
        &self.set.fields
    }

    /// What is known of each rule's work, in the order of [`Program::rules`].
    #[must_use]
    pub fn health(&self) -> &[RuleHealth] {
        &self.health
    }

    /// Events that were not looked at in full because code shared by all rules panicked on them: a fault of ours.
    #[must_use]
    pub fn events_hurt(&self) -> u64 {
        self.hurt.load(Ordering::Relaxed)
    }

    pub(crate) fn hurt_one(&self) {
        self.hurt.fetch_add(1, Ordering::Relaxed);
    }

    /// A worker's state, as an earlier worker left it.
    pub(crate) fn begin(&self) -> State {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps a worker's state for the next: there are never more than workers at once.
    pub(crate) fn rest(&self, state: State) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).push(state);
    }

    /// The groups of events, by number.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The tables that open rules.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Chooses the gates of rules anew, by what a [`Lesson`](crate::Lesson) measured.
    pub fn train(&mut self, training: &Training) {
        self.engine = Engine::new(&self.set, training);
        self.routes.forget();
        self.states.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The number of a field for [`EventRecord`](crate::EventRecord); none if no rule, no route, and none of the names
    /// that were given to [`Program::build_with`] is called so.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<u32> {
        self.spellings.known(name)
    }
}

#[derive(Debug, Default)]
struct Outcome {
    inactive: Option<String>,
    remarks: Vec<String>,
}

struct Builder<'t> {
    taxonomy: &'t Taxonomy,
    declared: &'t [Source],
    fields: &'t [String],
    spellings: Spellings,
    groups: Vec<Group>,
}

impl Builder<'_> {
    fn route(&mut self, number: u32, rule: &CompiledRule) -> Outcome {
        let logsource = &rule.logsource;
        let own;
        let targets = match self.taxonomy.route(logsource) {
            Routed::To(targets) => targets,
            Routed::Nowhere(reason) => return inactive(format!("no events of {logsource}: {reason}")),
            Routed::Unknown => {
                let source = Source {
                    product: logsource.product.clone(),
                    category: logsource.category.clone(),
                    service: logsource.service.clone(),
                };
                if !self.declared.iter().any(|declared| source.covers(declared)) {
                    return inactive(format!(
                        "no route for {logsource}: neither the taxonomy nor a loaded pack knows it"
                    ));
                }
                own = [Target { source: Some(source), ..Target::default() }];
                &own
            }
        };
        let mut outcome = Outcome::default();
        for target in targets {
            match rule.misled_by(target, self.fields) {
                Some(field) => outcome.remarks.push(format!(
                    "not evaluated on {}: they have no trustworthy `{field}`, which would make it fire wrongly",
                    described(target)
                )),
                None => self.group(target).push(number),
            }
        }
        outcome
    }

    fn group(&mut self, target: &Target) -> &mut Vec<u32> {
        let at = match self.groups.iter().position(|group| group.target == *target) {
            Some(at) => at,
            None => {
                let map = self.map(target);
                let when = target
                    .when
                    .iter()
                    .map(|(field, texts)| (self.spellings.number(field, self.taxonomy), texts.clone()));
                let when = when.collect();
                self.groups.push(Group { target: target.clone(), rules: Vec::new(), map, when });
                self.groups.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &mut self.groups[at].rules
    }

    fn map(&mut self, target: &Target) -> Option<FieldMap> {
        if target.fields.is_empty() {
            return None;
        }
        let mut map = FieldMap::default();
        for (field, from) in &target.fields {
            let number = self.spellings.number(field, self.taxonomy);
            if let Some(mapped) = self.mapped(from) {
                map.0.insert(number, mapped);
            }
        }
        Some(map)
    }

    fn mapped(&mut self, from: &FieldFrom) -> Option<Mapped> {
        Some(match from {
            FieldFrom::Name(name) => Mapped::Name(self.spellings.number(name, self.taxonomy)),
            FieldFrom::Made(MadeField { constant: Some(text), .. }) => Mapped::Constant(text.clone()),
            FieldFrom::Made(MadeField { from: Some(name), values, .. }) => {
                let values = values.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
                Mapped::Values(self.spellings.number(name, self.taxonomy), values)
            }
            FieldFrom::Made(MadeField { join, .. }) if !join.is_empty() => {
                Mapped::Join(join.iter().map(|name| self.spellings.number(name, self.taxonomy)).collect())
            }
            FieldFrom::Made(_) => return None,
        })
    }
}

fn inactive(reason: String) -> Outcome {
    Outcome { inactive: Some(reason), remarks: Vec::new() }
}

fn described(target: &Target) -> String {
    let ids: Vec<String> = target.event.iter().map(u32::to_string).collect();
    match target.channel.first() {
        Some(channel) if ids.is_empty() => format!("events of {channel}"),
        Some(channel) => format!("events {} of {channel}", ids.join(", ")),
        None => "events of this source".to_owned(),
    }
}
