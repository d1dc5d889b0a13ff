//! Is a rule alive for a tenant, blind, or broken? What its routes saw, what it held for, and what it could not ask.
//!
//! A rule whose route saw no event is blind, not quiet: nothing it looks at arrives. So is one whose fields no event of
//! its route ever had, or whose table the tenant has not filled. Only with all of that there is silence a word.

use crate::canary::{CanaryOutcome, CanaryReport};
use crate::health::{Quarantine, RuleHealth};
use crate::memory::Piece;
use crate::program::Program;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_predicate::sigma::CompiledRule;

/// What the rules of every tenant have seen, over restarts and changes of rules: routes and rules go by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    tenants: BTreeMap<TenantId, TenantSeen>,
}

/// Of one tenant.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct TenantSeen {
    /// By the route's name.
    routes: BTreeMap<Arc<str>, RouteSeen>,
    /// By the rule's id.
    rules: BTreeMap<Arc<str>, RuleSeen>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct RouteSeen {
    events: u64,
    #[serde(default)]
    batches: u64,
    /// Reception of the last one, microseconds.
    last: i64,
    /// Fields of rules that some event's pack has, by name.
    fields: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct RuleSeen {
    matches: u64,
    last: i64,
    /// Events that it held for but for an answer nobody knows.
    unknown: u64,
}

impl Seen {
    pub(crate) fn routed(&mut self, tenant: TenantId, route: &Arc<str>, events: u64, at: Timestamp) {
        let seen = self.tenants.entry(tenant).or_default();
        let route = seen.routes.entry(Arc::clone(route)).or_default();
        route.events += events;
        route.batches += 1;
        route.last = route.last.max(at.as_micros());
    }

    /// Whether the fields of a route are worth a look: there are new ones with new packs only, so now and then will do.
    pub(crate) fn wants_fields(&self, tenant: TenantId, route: &str) -> bool {
        let seen = self.tenants.get(&tenant).and_then(|seen| seen.routes.get(route));
        seen.is_none_or(|seen| seen.fields.is_empty() || seen.batches.is_multiple_of(32))
    }

    pub(crate) fn has_fields<'f>(&mut self, tenant: TenantId, route: &Arc<str>, fields: impl Iterator<Item = &'f str>) {
        let seen = self.tenants.entry(tenant).or_default().routes.entry(Arc::clone(route)).or_default();
        for field in fields {
            if !seen.fields.contains(field) {
                seen.fields.insert(field.to_owned());
            }
        }
    }

    pub(crate) fn held(&mut self, tenant: TenantId, rule: &str, at: Timestamp, unknown: bool) {
        let rules = &mut self.tenants.entry(tenant).or_default().rules;
        if !rules.contains_key(rule) {
            rules.insert(rule.into(), RuleSeen::default());
        }
        let Some(seen) = rules.get_mut(rule) else { return };
        if unknown {
            seen.unknown += 1;
            return;
        }
        seen.matches += 1;
        seen.last = seen.last.max(at.as_micros());
    }

    /// One piece for each tenant.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Piece> {
        self.tenants.iter().filter_map(|(tenant, seen)| {
            let bytes = serde_json::to_vec(seen).ok()?;
            Some(Piece { name: format!("seen/{tenant}"), bytes })
        })
    }

    /// Takes a piece back; false if it cannot be read.
    pub(crate) fn take(&mut self, tenant: TenantId, bytes: &[u8]) -> bool {
        match serde_json::from_slice(bytes) {
            Ok(seen) => {
                self.tenants.insert(tenant, seen);
                true
            }
            Err(_) => false,
        }
    }

    /// Events of a tenant that the route with this name saw.
    #[must_use]
    pub fn events_on(&self, tenant: TenantId, route: &str) -> u64 {
        self.tenants.get(&tenant).and_then(|seen| seen.routes.get(route)).map_or(0, |route| route.events)
    }

    /// What can be said of a rule for a tenant. `missing` are tables it asks for that the tenant has not filled.
    ///
    /// A rule that was set aside, or that `canaries` says did not fire on its canary, is broken whatever it has seen.
    #[must_use]
    pub fn coverage(
        &self,
        program: &Program,
        tenant: TenantId,
        rule: u32,
        missing: &[String],
        canaries: Option<&CanaryReport>,
    ) -> Coverage {
        let nothing = TenantSeen::default();
        let seen = self.tenants.get(&tenant).unwrap_or(&nothing);
        let Some(compiled) = program.rules().get(rule as usize) else { return Coverage::default() };
        let routes: Vec<&RouteSeen> =
            program.routes_of(rule).iter().filter_map(|name| seen.routes.get(&**name)).collect();
        let own = seen.rules.get(compiled.about.id.as_str()).copied().unwrap_or_default();
        let events = routes.iter().map(|route| route.events).sum();
        let last = routes.iter().map(|route| route.last).max();
        let state = if let Some(why) = broken(program, rule, compiled, canaries) {
            State::Broken(why)
        } else if program.routes_of(rule).is_empty() {
            State::Unknown
        } else if events == 0 {
            State::Blind(Blindness::NoEvents)
        } else if let Some(table) = missing.first() {
            State::Blind(Blindness::NoTable(table.clone()))
        } else if let Some(field) = lacking(program, compiled, &routes) {
            State::Blind(Blindness::NoField(field))
        } else {
            State::Alive
        };
        Coverage {
            state,
            events,
            last_event: last.map(Timestamp::from_micros),
            matches: own.matches,
            last_match: (own.matches > 0).then(|| Timestamp::from_micros(own.last)),
            unknown: own.unknown,
        }
    }
}

/// Why a rule cannot fire whatever comes.
fn broken(program: &Program, number: u32, rule: &CompiledRule, canaries: Option<&CanaryReport>) -> Option<String> {
    match program.health().get(number as usize).and_then(RuleHealth::quarantine) {
        Some(Quarantine::Panicked) => return Some("set aside: it panicked on several events".to_owned()),
        Some(Quarantine::TooSlow) => return Some("set aside: it costs too much on the events it looks at".to_owned()),
        None => {}
    }
    match canaries?.outcomes.get(&rule.about.id)? {
        CanaryOutcome::Lost(why) => Some(why.clone()),
        CanaryOutcome::Fired | CanaryOutcome::NotMade(_) => None,
    }
}

/// A field without which the rule cannot hold, and that no event of its routes has had.
fn lacking(program: &Program, rule: &CompiledRule, routes: &[&RouteSeen]) -> Option<String> {
    let known = |name: &str| routes.iter().any(|route| route.fields.contains(name));
    let needed = rule.needs_fields();
    needed.iter().filter_map(|number| program.field_names().get(*number as usize)).find(|name| !known(name)).cloned()
}

/// How a rule stands for a tenant.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Coverage {
    /// In a word.
    #[serde(flatten)]
    pub state: State,
    /// Events its routes saw.
    pub events: u64,
    /// Reception of the last of them.
    pub last_event: Option<Timestamp>,
    /// Events it held for.
    pub matches: u64,
    /// Reception of the last of them.
    pub last_match: Option<Timestamp>,
    /// Events it did not fire for because an answer was unknown.
    pub unknown: u64,
}

/// Alive, or why not.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "why")]
pub enum State {
    /// Its events arrive, with the fields it needs.
    Alive,
    /// It cannot fire, whatever happens.
    Blind(Blindness),
    /// It should fire on its canary and does not, or was set aside.
    Broken(String),
    /// Nothing is known of it: no route leads to it.
    #[default]
    Unknown,
}

/// What is missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blindness {
    /// No event of its log source.
    NoEvents,
    /// No event of its log source has this field.
    NoField(String),
    /// The tenant has not filled this table.
    NoTable(String),
}
