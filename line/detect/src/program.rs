//! Which rules look at which events: decided from the event's channel and id, or its pack's log source, before any
//! rule is looked at.

use crate::health::RuleHealth;
use crate::names::Spellings;
use crate::record::EventRecord;
use crate::rules::{Listed, RuleState, Rules};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wardwatch_event::Event;
use wardwatch_pack::{Logsource, Pack};
use wardwatch_predicate::route::{FieldFrom, MadeField, Routed, Source, Target, Taxonomy};
use wardwatch_predicate::sigma::{CompiledRule, RuleSet};

/// Rules, routed. Immutable but for the counters of [`RuleHealth`]; replaced as a whole when rules change.
#[derive(Debug)]
pub struct Program {
    pub(crate) set: RuleSet,
    pub(crate) spellings: Spellings,
    pub(crate) health: Vec<RuleHealth>,
    hurt: AtomicU64,
    groups: Vec<Group>,
    channels: HashMap<String, Channel>,
    any_channel: Vec<u32>,
    sources: Vec<(Source, u32)>,
    channel: u32,
    event_id: u32,
    listing: Vec<Listed>,
}

/// Rules that look at one kind of events.
#[derive(Debug)]
pub(crate) struct Group {
    target: Target,
    /// Numbers in the rule set.
    pub(crate) rules: Vec<u32>,
    pub(crate) map: Option<FieldMap>,
    when: Vec<(u32, Vec<String>)>,
}

#[derive(Debug, Default)]
struct Channel {
    by_event: HashMap<u32, Vec<u32>>,
    any_event: Vec<u32>,
}

/// Where a rule's field is read under another name; by the field's number.
#[derive(Debug, Default)]
pub(crate) struct FieldMap(HashMap<u32, Mapped>);

#[derive(Debug)]
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

fn source_of(logsource: &Logsource) -> Source {
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
        let Rules { set, listing } = rules;
        let mut spellings = Spellings::new(&set.fields, taxonomy);
        let channel = spellings.number("Channel", taxonomy);
        let event_id = spellings.number("EventID", taxonomy);
        let health = set.rules.iter().map(|_| RuleHealth::default()).collect();
        let mut builder = Builder { taxonomy, declared, fields: &set.fields, spellings, groups: Vec::new() };
        let outcomes: Vec<Outcome> =
            (0u32..).zip(&set.rules).map(|(number, rule)| builder.route(number, rule)).collect();
        let Builder { spellings, groups, .. } = builder;
        let mut program = Program {
            spellings,
            health,
            hurt: AtomicU64::new(0),
            groups,
            channels: HashMap::new(),
            any_channel: Vec::new(),
            sources: Vec::new(),
            channel,
            event_id,
            listing,
            set,
        };
        program.index();
        program.note(outcomes);
        program
    }

    fn index(&mut self) {
        for (number, group) in (0u32..).zip(&self.groups) {
            if let Some(source) = &group.target.source {
                self.sources.push((source.clone(), number));
            }
            for name in &group.target.channel {
                if name == "*" {
                    self.any_channel.push(number);
                    continue;
                }
                let channel = self.channels.entry(name.to_lowercase()).or_default();
                match group.target.event.as_slice() {
                    [] => channel.any_event.push(number),
                    ids => ids.iter().for_each(|id| channel.by_event.entry(*id).or_default().push(number)),
                }
            }
        }
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

    /// A router for the events of one batch.
    pub(crate) fn router(&self) -> Router<'_> {
        Router { program: self, channels: Vec::new(), cases: Vec::new() }
    }
}

/// Routes the events of one batch; remembers the few channels and cases a batch has.
pub(crate) struct Router<'p> {
    program: &'p Program,
    channels: Vec<(String, Option<&'p Channel>)>,
    cases: Vec<(Option<u16>, Vec<u32>)>,
}

impl<'p> Router<'p> {
    /// The groups whose rules look at this event, into `found`.
    pub(crate) fn groups_of(&mut self, record: &EventRecord<'_>, event: Event<'_>, found: &mut Vec<&'p Group>) {
        found.clear();
        let program = self.program;
        let mut add = |numbers: &[u32]| {
            found.extend(numbers.iter().filter_map(|number| program.groups.get(*number as usize)));
        };
        if let Some(channel) = record.first(program.channel) {
            add(&program.any_channel);
            if let Some(entry) = self.channel(channel) {
                add(&entry.any_event);
                let id = record.first(program.event_id).and_then(|id| id.parse::<u32>().ok());
                add(id.and_then(|id| entry.by_event.get(&id)).map_or(&[], Vec::as_slice));
            }
        }
        add(self.case(event));
        found.retain(|group| {
            group.when.iter().all(|(number, texts)| {
                record.first(*number).is_some_and(|value| texts.iter().any(|text| text.eq_ignore_ascii_case(value)))
            })
        });
    }

    fn channel(&mut self, name: &str) -> Option<&'p Channel> {
        if let Some((_, entry)) = self.channels.iter().find(|(known, _)| known == name) {
            return *entry;
        }
        let entry = self.program.channels.get(&name.to_lowercase());
        // Only what the taxonomy knows is remembered: a hostile sender can name a new channel in every line.
        if entry.is_some() {
            self.channels.push((name.to_owned(), entry));
        }
        entry
    }

    fn case(&mut self, event: Event<'_>) -> &[u32] {
        let case = event.head().case;
        let at = match self.cases.iter().position(|(known, _)| *known == case) {
            Some(at) => at,
            None => {
                let declared = event.batch().pack.sigma_of(case).map(source_of);
                let fits = |source: &Source| declared.as_ref().is_some_and(|declared| source.covers(declared));
                let sources = self.program.sources.iter().filter(|(source, _)| fits(source));
                self.cases.push((case, sources.map(|(_, number)| *number).collect()));
                self.cases.len() - 1
            }
        };
        self.cases.get(at).map_or(&[], |(_, numbers)| numbers)
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
