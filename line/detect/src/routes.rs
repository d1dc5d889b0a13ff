//! Which groups of rules look at an event, and the engine's passes for each set of groups that occurs.
//!
//! The table is made with the program. Sets of groups are combined when the first event needs them and kept; there are
//! as many as the taxonomy has kinds of events, whatever senders write.

use crate::program::{FieldMap, Group, Program, source_of};
use crate::record::EventRecord;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use wardwatch_event::Event;
use wardwatch_limits::ROUTES_KEPT;
use wardwatch_predicate::program::Pass;
use wardwatch_predicate::route::Source;

/// Channels, event ids and sources to groups.
#[derive(Debug, Default)]
pub(crate) struct RouteTable {
    channels: HashMap<String, Channel>,
    any_channel: Vec<u32>,
    sources: Vec<(Source, u32)>,
    /// The numbers of the fields that are looked at.
    channel: u32,
    event_id: u32,
}

#[derive(Debug, Default)]
struct Channel {
    by_event: HashMap<u32, Vec<u32>>,
    any_event: Vec<u32>,
}

impl RouteTable {
    pub(crate) fn new(groups: &[Group], channel: u32, event_id: u32) -> RouteTable {
        let mut table = RouteTable { channel, event_id, ..RouteTable::default() };
        for (number, group) in (0u32..).zip(groups) {
            if let Some(source) = &group.target.source {
                table.sources.push((source.clone(), number));
            }
            for name in &group.target.channel {
                if name == "*" {
                    table.any_channel.push(number);
                    continue;
                }
                let channel = table.channels.entry(name.to_lowercase()).or_default();
                match group.target.event.as_slice() {
                    [] => channel.any_event.push(number),
                    ids => ids.iter().for_each(|id| channel.by_event.entry(*id).or_default().push(number)),
                }
            }
        }
        table
    }
}

/// What the events of one set of groups are shown to.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) passes: Vec<RoutePass>,
}

/// The rules of groups that read fields alike.
#[derive(Debug)]
pub(crate) struct RoutePass {
    /// The group whose map they share.
    group: u32,
    pub(crate) pass: Pass,
}

impl RoutePass {
    pub(crate) fn map<'p>(&self, program: &'p Program) -> Option<&'p FieldMap> {
        program.groups().get(self.group as usize)?.map.as_ref()
    }
}

/// The table, and the routes that were needed so far.
#[derive(Debug)]
pub(crate) struct Routes {
    table: RouteTable,
    known: RwLock<HashMap<Box<[u32]>, Arc<Route>>>,
}

impl Routes {
    pub(crate) fn new(table: RouteTable) -> Routes {
        Routes { table, known: RwLock::default() }
    }

    /// Forgets the routes, because the engine is another.
    pub(crate) fn forget(&mut self) {
        self.known.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The route of a set of groups, made if it is new.
    pub(crate) fn of(&self, program: &Program, groups: &[u32]) -> Arc<Route> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(groups) {
            return Arc::clone(route);
        }
        drop(known);
        let made = Arc::new(passes_of(program, groups, &mut |rules| program.engine.pass(rules)));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ROUTES_KEPT {
            known.clear();
        }
        Arc::clone(known.entry(groups.into()).or_insert(made))
    }
}

/// The passes of a set of groups, each made of its rules by `pass`.
pub(crate) fn passes_of(program: &Program, numbers: &[u32], pass: &mut dyn FnMut(&[u32]) -> Pass) -> Route {
    let mut alike: Vec<(u32, Vec<u32>)> = Vec::new();
    let all = program.groups();
    for number in numbers {
        let Some(group) = all.get(*number as usize) else { continue };
        let same = |other: &u32| all.get(*other as usize).is_some_and(|other| other.map == group.map);
        match alike.iter_mut().find(|(first, _)| same(first)) {
            Some((_, rules)) => rules.extend(&group.rules),
            None => alike.push((*number, group.rules.clone())),
        }
    }
    let passes = alike.into_iter().map(|(group, rules)| RoutePass { group, pass: pass(&rules) });
    Route { passes: passes.collect() }
}

/// Routes the events of one batch; remembers the few channels and cases a batch has.
pub(crate) struct Router<'p> {
    program: &'p Program,
    channels: Vec<(String, Option<&'p Channel>)>,
    cases: Vec<(Option<u16>, Vec<u32>)>,
    /// Kinds of events that were met, with their groups.
    kinds: Vec<Kind>,
    /// The kind of the last event: the next is often like it.
    last: usize,
}

/// Events of one channel, event id and case.
struct Kind {
    channel: String,
    id: String,
    case: Option<u16>,
    groups: Vec<u32>,
    /// Some of the groups look at further fields.
    when: bool,
}

/// Kinds that are remembered in one batch.
const KINDS: usize = 64;

impl<'p> Router<'p> {
    /// For the events of one batch.
    pub(crate) fn new(program: &'p Program) -> Router<'p> {
        Router { program, channels: Vec::new(), cases: Vec::new(), kinds: Vec::new(), last: 0 }
    }

    /// The numbers of the groups whose rules look at this event, into `found`.
    pub(crate) fn groups_of(&mut self, record: &EventRecord<'_>, event: Event<'_>, found: &mut Vec<u32>) {
        found.clear();
        let program = self.program;
        let table = &program.routes.table;
        let channel = record.first(table.channel);
        let id = channel.and_then(|_| record.first(table.event_id));
        let when = self.of_kind(channel, id, event, found);
        if !when {
            return;
        }
        found.retain(|number| {
            let mut when = program.groups().get(*number as usize).into_iter().flat_map(|group| &group.when);
            when.all(|(number, texts)| {
                record.first(*number).is_some_and(|value| texts.iter().any(|text| text.eq_ignore_ascii_case(value)))
            })
        });
    }

    /// The groups of the event's channel, id and case, into `found`. Answers whether some of them ask for more.
    fn of_kind(&mut self, channel: Option<&str>, id: Option<&str>, event: Event<'_>, found: &mut Vec<u32>) -> bool {
        let case = event.head().case;
        let (name, number) = (channel.unwrap_or_default(), id.unwrap_or_default());
        let same = |kind: &Kind| kind.id == number && kind.channel == name && kind.case == case;
        if !self.kinds.get(self.last).is_some_and(same)
            && let Some(at) = self.kinds.iter().position(same)
        {
            self.last = at;
        }
        if let Some(kind) = self.kinds.get(self.last).filter(|kind| same(kind)) {
            found.extend(&kind.groups);
            return kind.when;
        }
        let table = &self.program.routes.table;
        if let Some(channel) = channel {
            found.extend(&table.any_channel);
            if let Some(entry) = self.channel(channel) {
                found.extend(&entry.any_event);
                let id = id.and_then(|id| id.parse::<u32>().ok());
                found.extend(id.and_then(|id| entry.by_event.get(&id)).into_iter().flatten());
            }
        }
        found.extend(self.case(event));
        let groups = found.iter().filter_map(|number| self.program.groups().get(*number as usize));
        let when = groups.into_iter().any(|group| !group.when.is_empty());
        // An event without a channel and one with an empty one are not told apart.
        let told_apart = channel.is_none_or(|channel| !channel.is_empty());
        if self.kinds.len() < KINDS && told_apart {
            let (channel, id) = (name.to_owned(), number.to_owned());
            self.last = self.kinds.len();
            self.kinds.push(Kind { channel, id, case, groups: found.clone(), when });
        }
        when
    }

    fn channel(&mut self, name: &str) -> Option<&'p Channel> {
        if let Some((_, entry)) = self.channels.iter().find(|(known, _)| known == name) {
            return *entry;
        }
        let entry = self.program.routes.table.channels.get(&name.to_lowercase());
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
                let sources = self.program.routes.table.sources.iter().filter(|(source, _)| fits(source));
                self.cases.push((case, sources.map(|(_, number)| *number).collect()));
                self.cases.len() - 1
            }
        };
        self.cases.get(at).map_or(&[], |(_, numbers)| numbers)
    }
}
