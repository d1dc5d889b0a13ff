//! Which rules can fire: canaries once a day and after each change of content, and what the hospitals' rules have seen.

use crate::machine::{Chores, Machine};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardwatch_api::{Awake, CanariesSent, Lack, Missing, RuleAwake, TenantAwake};
use wardwatch_detect::{
    Ask, Blindness, Canaries, CanaryOutcome, CanaryReport, Context, Coverage, CoverageState, Detector, Program,
    Question, RuleState, Seen, declared_by,
};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_predicate::route::Target;

/// Rounds of upkeep before the first look: a minute, so that the start is over.
const FIRST_ROUND: u32 = 2;
/// Hospitals that are looked at each minute; with twice as many every other minute, and so on.
const TENANTS_A_MINUTE: usize = 32;
/// Canaries are sent again after so long, microseconds, though nothing has changed.
const AGAIN_MICROS: i64 = 86_400_000_000;
/// Rules that lost their canary and are named in the log at once.
const NAMED: usize = 20;

/// What is known since the last look.
#[derive(Debug, Default)]
pub struct RulesAwake(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    canaries: Option<Arc<CanaryReport>>,
    /// Of which program: its address, which nothing else has while it is in use.
    program: usize,
    /// By tenant: alive, blind, broken, unknown.
    figures: Vec<(String, [u64; 4])>,
}

impl RulesAwake {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of the canaries when they were sent last.
    pub fn canaries(&self) -> Option<Arc<CanaryReport>> {
        self.known().canaries.clone()
    }

    /// Rules that did not fire on their canary.
    pub fn lost(&self) -> usize {
        self.canaries().map_or(0, |report| report.counts().2)
    }

    /// By tenant's short name: rules alive, blind, broken, unknown. Empty before the first look.
    pub fn figures(&self) -> Vec<(String, [u64; 4])> {
        self.known().figures.clone()
    }

    fn is_due(&self, program: &Arc<Program>, now: Timestamp) -> bool {
        let known = self.known();
        let old = known.canaries.as_ref().is_none_or(|report| now.micros_since(report.at) >= AGAIN_MICROS);
        old || known.program != Arc::as_ptr(program).addr()
    }
}

/// A round of upkeep: canaries where they are due, figures each minute or more seldom. On a thread that may block.
pub async fn look(machine: &Arc<Machine>, round: u32) {
    let minutes = 1 + machine.config.tenants.len() / TENANTS_A_MINUTE;
    let every = FIRST_ROUND.saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX));
    if round < FIRST_ROUND || round % every != FIRST_ROUND % every {
        return;
    }
    let own = Arc::clone(machine);
    if tokio::task::spawn_blocking(move || look_now(&own)).await.is_err() {
        Chores::count(&machine.chores.upkeep_faults);
        tracing::error!("looking which rules are awake ended in a panic; it is tried again in a minute");
    }
}

/// The same at once.
pub fn look_now(machine: &Machine) {
    let detector = machine.station.detector();
    if machine.awake.is_due(detector.program(), machine.clock.now()) {
        let report = Canaries::run(&detector, machine.clock.now());
        let (fired, not_made, lost) = report.counts();
        tracing::info!(fired, not_made, lost, "canaries of the rules were sent");
        let broken = report.outcomes.iter().filter_map(|(rule, outcome)| match outcome {
            CanaryOutcome::Lost(why) => Some((rule, why)),
            CanaryOutcome::Fired | CanaryOutcome::NotMade(_) => None,
        });
        for (rule, why) in broken.take(NAMED) {
            tracing::error!(rule.id = rule, why, "a rule does not fire on its canary");
        }
        let mut known = machine.awake.known();
        (known.program, known.canaries) = (Arc::as_ptr(detector.program()).addr(), Some(Arc::new(report)));
    }
    let look = Look::at(machine);
    let of_tenant = |tenant: &crate::config::Tenant| {
        let awake = look.tenant(machine, tenant.id, &tenant.slug);
        (tenant.slug.clone(), [awake.alive, awake.blind, awake.broken, awake.unknown])
    };
    let figures = machine.config.tenants.iter().map(of_tenant).collect();
    machine.awake.known().figures = figures;
}

/// The rules of one tenant.
pub fn of_tenant(machine: &Machine, tenant: TenantId) -> TenantAwake {
    let slug = machine.config.tenants.iter().find(|t| t.id == tenant).map_or("", |t| t.slug.as_str());
    Look::at(machine).tenant(machine, tenant, slug)
}

/// The canaries as the edge shows them.
pub fn sent(machine: &Machine) -> Option<CanariesSent> {
    let report = machine.awake.canaries()?;
    let mut sent = CanariesSent { at: report.at, ..CanariesSent::default() };
    for (rule, outcome) in &report.outcomes {
        match outcome {
            CanaryOutcome::Fired => sent.fired += 1,
            CanaryOutcome::NotMade(why) => sent.not_made.push((rule.clone(), why.clone())),
            CanaryOutcome::Lost(why) => sent.lost.push((rule.clone(), why.clone())),
        }
    }
    Some(sent)
}

/// What is the same for all tenants, taken once so that the line waits for a moment only.
struct Look {
    detector: Detector,
    seen: Seen,
    canaries: Option<Arc<CanaryReport>>,
    /// By route: packs that would bring its events.
    brought_by: HashMap<String, Vec<String>>,
    /// By rule id: why no route leads to it.
    unrouted: HashMap<String, String>,
}

impl Look {
    fn at(machine: &Machine) -> Look {
        let (detector, seen) = machine.station.remembered(|detector, memory| (detector.clone(), memory.seen().clone()));
        let program = detector.program();
        let content = machine.content();
        let brings = |target: &Target| {
            let packs = content.packs.iter().filter(|(_, pack)| {
                declared_by(pack).iter().any(|declared| match &target.source {
                    Some(source) => source.covers(declared),
                    None => declared.product.as_deref() == Some("windows"),
                })
            });
            packs.map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        let brought_by = program.routes().map(|(name, target)| (name.to_owned(), brings(target))).collect();
        let inactive = program.listing().iter().filter(|listed| listed.state == RuleState::Inactive);
        let unrouted = inactive.filter_map(|listed| Some((listed.id.clone()?, listed.reason.clone()))).collect();
        Look { canaries: machine.awake.canaries(), detector, seen, brought_by, unrouted }
    }

    fn tenant(&self, machine: &Machine, tenant: TenantId, slug: &str) -> TenantAwake {
        let program = self.detector.program();
        let view = self.detector.views().of(tenant);
        let mut tables = Tables { machine, tenant, known: HashMap::new() };
        let mut awake = TenantAwake { tenant: slug.to_owned(), ..TenantAwake::default() };
        let mut missing: BTreeMap<(Lack, String), (u64, BTreeSet<String>)> = BTreeMap::new();
        let (mut on, mut off) = (BTreeSet::new(), BTreeSet::new());
        for (number, rule) in (0u32..).zip(program.rules()) {
            if !view.mask.enables(number) {
                off.insert(&rule.about.id);
                continue;
            }
            on.insert(&rule.about.id);
            let lacking = tables.missing(program, number);
            let coverage = self.seen.coverage(program, tenant, number, &lacking, self.canaries.as_deref());
            let routes: Vec<String> = program.routes_of(number).iter().map(ToString::to_string).collect();
            let (state, why) = self.words(&coverage, &rule.about.id);
            *match state {
                Awake::Alive => &mut awake.alive,
                Awake::Blind => &mut awake.blind,
                Awake::Broken => &mut awake.broken,
                Awake::Unknown => &mut awake.unknown,
            } += 1;
            if let CoverageState::Blind(blindness) = &coverage.state {
                self.note(tenant, blindness, &routes, &mut missing);
            }
            awake.rules.push(RuleAwake {
                id: rule.about.id.clone(),
                title: rule.about.title.clone(),
                state,
                why,
                routes,
                events: coverage.events,
                last_event: coverage.last_event,
                matches: coverage.matches,
                last_match: coverage.last_match,
                unknown: coverage.unknown,
            });
        }
        awake.off = off.difference(&on).count() as u64;
        let missing = missing.into_iter().map(|((lack, name), (rules, brought_by))| Missing {
            lack,
            name,
            rules,
            brought_by: brought_by.into_iter().collect(),
        });
        awake.missing = missing.collect();
        awake.missing.sort_by_key(|missing| std::cmp::Reverse(missing.rules));
        awake
    }

    fn words(&self, coverage: &Coverage, id: &str) -> (Awake, Option<String>) {
        match &coverage.state {
            CoverageState::Alive => (Awake::Alive, None),
            CoverageState::Blind(Blindness::NoEvents) => (Awake::Blind, Some("no event of its log source".to_owned())),
            CoverageState::Blind(Blindness::NoField(field)) => (Awake::Blind, Some(format!("no event has `{field}`"))),
            CoverageState::Blind(Blindness::NoTable(table)) => {
                (Awake::Blind, Some(format!("the table `{table}` is not filled")))
            }
            CoverageState::Broken(why) => (Awake::Broken, Some(why.clone())),
            CoverageState::Unknown => (Awake::Unknown, self.unrouted.get(id).cloned()),
        }
    }

    /// Notes what would wake a blind rule. Of a channel that sends nothing at all the channel is what is missing, not
    /// each of its event ids.
    fn note(
        &self,
        tenant: TenantId,
        blindness: &Blindness,
        routes: &[String],
        missing: &mut BTreeMap<(Lack, String), (u64, BTreeSet<String>)>,
    ) {
        let mut keys: BTreeSet<(Lack, String)> = BTreeSet::new();
        match blindness {
            Blindness::NoEvents => {
                keys.extend(routes.iter().map(|route| (Lack::Source, self.silent_part(tenant, route))));
            }
            Blindness::NoField(field) => drop(keys.insert((Lack::Field, field.clone()))),
            Blindness::NoTable(table) => drop(keys.insert((Lack::Table, table.clone()))),
        }
        for key in keys {
            let packs = routes.iter().filter_map(|route| self.brought_by.get(route)).flatten();
            let packs: Vec<String> = if key.0 == Lack::Table { Vec::new() } else { packs.cloned().collect() };
            let noted = missing.entry(key).or_default();
            noted.0 += 1;
            noted.1.extend(packs);
        }
    }

    fn silent_part(&self, tenant: TenantId, route: &str) -> String {
        let mut all = self.detector.program().routes();
        let channel =
            all.find(|(name, _)| *name == route).map(|(_, target)| target.channel.clone()).unwrap_or_default();
        if channel.is_empty() {
            return route.to_owned();
        }
        if channel == ["*"] {
            return "windows/-/-".to_owned();
        }
        let mut same = self.detector.program().routes().filter(|(_, target)| target.channel == channel);
        if same.any(|(name, _)| self.seen.events_on(tenant, name) > 0) { route.to_owned() } else { channel.join(",") }
    }
}

/// Which tables a hospital has filled.
struct Tables<'m> {
    machine: &'m Machine,
    tenant: TenantId,
    known: HashMap<(Ask, String), bool>,
}

impl Tables<'_> {
    /// Those that the rule asks for and nobody has filled, as files of the hospital's folder.
    fn missing(&mut self, program: &Program, rule: u32) -> Vec<String> {
        let asked = program.tables_of(rule).into_iter();
        asked.filter(|table| !self.is_there(table)).map(|(ask, table)| format!("{}/{table}", folder(ask))).collect()
    }

    fn is_there(&mut self, table: &(Ask, String)) -> bool {
        if let Some(there) = self.known.get(table) {
            return *there;
        }
        let question = Question { ask: table.0, table: &table.1, value: "" };
        let there = !self.machine.context.ask(self.tenant, question, self.machine.clock.now()).is_unknown();
        self.known.insert(table.clone(), there);
        there
    }
}

fn folder(ask: Ask) -> &'static str {
    match ask {
        Ask::InSet => "sets",
        Ask::HasOpenTicket => "tickets",
        Ask::OnShift => "shifts",
    }
}

#[cfg(test)]
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it did not expect has to stop"
)]
mod tests;
