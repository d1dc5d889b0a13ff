//! Which rules look at which events: decided from the event's channel and id, or its pack's log source, before any
//! rule is looked at.

use crate::asks::{Derived, DerivedField};
use crate::context::Ask;
use crate::fast::filled_columns;
use crate::health::RuleHealth;
use crate::names::Spellings;
use crate::routes::{RouteTable, Routes};
use crate::rules::{Listed, RuleState, Rules};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_event::EventBatch;
use wardwatch_pack::{Logsource, Pack};
use wardwatch_predicate::program::{Engine, State, Training};
use wardwatch_predicate::route::{FieldFrom, MadeField, Routed, Source, Target, Taxonomy};
use wardwatch_predicate::sigma::{CompiledRule, Deferred, RuleSet};
use wardwatch_sequence::{Correlations, RuleNames};

/// Rules, routed. Immutable but for the counters of [`RuleHealth`]; replaced as a whole when rules change.
#[derive(Debug)]
pub struct Program {
    pub(crate) set: RuleSet,
    pub(crate) spellings: Spellings,
    pub(crate) health: Vec<RuleHealth>,
    pub(crate) engine: Engine,
    pub(crate) routes: Routes,
    /// Fields that no line has.
    pub(crate) derived: Derived,
    correlations: Arc<Correlations>,
    /// Further copies of a rule: the number of the first.
    copies: HashMap<u32, u32>,
    /// By rule: the groups it is in, and those of its fields that are questions.
    whereabouts: Vec<Whereabouts>,
    /// States of workers between two batches.
    states: Mutex<Vec<State>>,
    hurt: AtomicU64,
    groups: Vec<Group>,
    listing: Vec<Listed>,
}

/// What is looked up by a rule's number.
#[derive(Debug, Default)]
struct Whereabouts {
    groups: Vec<u32>,
    routes: Vec<Arc<str>>,
    questions: Vec<u32>,
}

/// Rules that look at one kind of events.
#[derive(Debug)]
pub(crate) struct Group {
    /// The same for the same target, whatever else there is.
    pub(crate) name: Arc<str>,
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
        let Rules { set, listing, correlations, own: _ } = rules;
        let mut spellings = Spellings::new(&set.fields, taxonomy);
        let channel = spellings.number("Channel", taxonomy);
        let event_id = spellings.number("EventID", taxonomy);
        for name in names {
            spellings.number(name, taxonomy);
        }
        for name in correlations.iter().flat_map(|(_, correlation)| fields_of(correlation)) {
            spellings.number(name, taxonomy);
        }
        let derived = Derived::of(&set.fields, &mut |name| spellings.number(name, taxonomy));
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
            derived,
            correlations: Arc::default(),
            copies: HashMap::new(),
            whereabouts: Vec::new(),
            states: Mutex::default(),
            hurt: AtomicU64::new(0),
            groups,
            listing,
            set,
        };
        program.note(outcomes);
        program.place();
        program.correlate(&correlations);
        program
    }

    /// Notes where each rule stands.
    fn place(&mut self) {
        self.whereabouts.resize_with(self.set.rules.len(), Whereabouts::default);
        for (number, group) in (0u32..).zip(&self.groups) {
            for rule in &group.rules {
                let Some(place) = self.whereabouts.get_mut(*rule as usize) else { continue };
                place.groups.push(number);
                place.routes.push(Arc::clone(&group.name));
            }
        }
        for (place, rule) in self.whereabouts.iter_mut().zip(&self.set.rules) {
            let questions = |number: &u32| matches!(self.derived.get(*number), Some(DerivedField::Asked(_)));
            place.questions = rule.fields().into_iter().filter(questions).collect();
        }
    }

    /// Puts correlations over the rules that are evaluated; the others are listed with the reason.
    fn correlate(&mut self, documents: &[(usize, Deferred)]) {
        let mut names = RuleNames::default();
        let mut firsts: HashMap<&str, u32> = HashMap::new();
        for ((number, rule), place) in (0u32..).zip(&self.set.rules).zip(&self.whereabouts) {
            if place.groups.is_empty() {
                continue;
            }
            // Tenants' copies of one rule are one rule to correlations: the masks keep tenants apart.
            match firsts.get(rule.about.id.as_str()) {
                Some(first) => drop(self.copies.insert(number, *first)),
                None => {
                    firsts.insert(rule.about.id.as_str(), number);
                    names.add(number, &rule.about);
                }
            }
        }
        let texts: Vec<Deferred> = documents.iter().map(|(_, document)| document.clone()).collect();
        let (correlations, not_loaded) = Correlations::compile(&texts, &names);
        for (at, _) in documents {
            if let Some(listed) = self.listing.get_mut(*at) {
                (listed.state, listed.reason) = (RuleState::Active, String::new());
            }
        }
        for not in not_loaded {
            let Some(listed) = documents.get(not.document).and_then(|(at, _)| self.listing.get_mut(*at)) else {
                continue;
            };
            listed.state = if not.inactive { RuleState::Inactive } else { RuleState::Refused };
            (listed.line, listed.column) = (not.fault.place.line, not.fault.place.column);
            listed.reason = not.fault.reason;
        }
        self.correlations = Arc::new(correlations);
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

    /// The correlations over these rules.
    #[must_use]
    pub fn correlations(&self) -> &Arc<Correlations> {
        &self.correlations
    }

    /// The number by which correlations know a rule.
    pub(crate) fn known_as(&self, rule: u32) -> u32 {
        self.copies.get(&rule).copied().unwrap_or(rule)
    }

    /// The names of the routes on which a rule is evaluated.
    #[must_use]
    pub fn routes_of(&self, rule: u32) -> &[Arc<str>] {
        self.whereabouts.get(rule as usize).map_or(&[], |place| &place.routes)
    }

    /// The routes on which rules are evaluated, with the kind of events each is for.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.groups.iter().map(|group| (&*group.name, &group.target))
    }

    /// The groups that a rule is in.
    pub(crate) fn groups_of(&self, rule: u32) -> &[u32] {
        self.whereabouts.get(rule as usize).map_or(&[], |place| &place.groups)
    }

    /// The tables that a rule asks for: the question and the table's name.
    #[must_use]
    pub fn tables_of(&self, rule: u32) -> Vec<(Ask, String)> {
        let asked = self.derived.asked(self.questions_of(rule));
        asked.flat_map(|asked| asked.tables.iter().map(|table| (asked.ask, table.clone()))).collect()
    }

    pub(crate) fn questions_of(&self, rule: u32) -> &[u32] {
        self.whereabouts.get(rule as usize).map_or(&[], |place| &place.questions)
    }

    pub(crate) fn route_name(&self, group: u32) -> Option<&Arc<str>> {
        self.groups.get(group as usize).map(|group| &group.name)
    }

    /// The fields of rules that events of this batch may have.
    pub(crate) fn fields_in(&self, batch: &EventBatch) -> impl Iterator<Item = &str> {
        let (names, filled) = (self.spellings.resolve(batch), filled_columns(batch));
        (0u32..).zip(&self.set.fields).filter_map(move |(number, name)| {
            let column = names.column(number).is_some_and(|column| filled.contains(&column));
            let there = column || !names.ids(number).is_empty() || self.derived.get(number).is_some();
            there.then_some(name.as_str())
        })
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
                let name = route_name(target).into();
                self.groups.push(Group { name, target: target.clone(), rules: Vec::new(), map, when });
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

/// Every field that a correlation may read, by the names it has in events.
fn fields_of(correlation: &Deferred) -> impl Iterator<Item = &str> {
    let document = &correlation.correlation;
    let direct = document.group_by.iter().chain(&document.fields).map(|named| named.name.as_str());
    let aliased = document.aliases.iter().flat_map(|alias| alias.fields.iter().map(|(_, field)| field.as_str()));
    direct.chain(aliased)
}

/// A route's name for people and for counters that outlive a program.
fn route_name(target: &Target) -> String {
    let ids: Vec<String> = target.event.iter().map(u32::to_string).collect();
    let mut name = target.channel.join(",");
    if !ids.is_empty() {
        name = format!("{name}:{}", ids.join(","));
    }
    if let Some(Source { product, category, service }) = &target.source {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
        name = format!("{name}{}/{}/{}", part(product), part(category), part(service));
    }
    for (field, texts) in &target.when {
        name = format!("{name} {field}={}", texts.join("|"));
    }
    name
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
