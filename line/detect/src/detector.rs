//! Everything that is looked for at once: what devices claim, rules, correlations, indicators, and beside each alert what
//! is unusual. One for all tenants; a tenant's own view of it is a mask.

use crate::alarm::alarm;
use crate::context::{Context, NoContext};
use crate::evaluate::alert_of;
use crate::fast::filled_columns;
use crate::indicated::Looked;
use crate::memory::Memory;
use crate::program::Program;
use crate::tenant_view::{TenantView, Views};
use crate::unusual::{Watched, observation};
use crate::watch::{Hit, Under, Watch, watch};
use std::sync::Arc;
use wardwatch_baseline::Definitions;
use wardwatch_event::{Event, EventBatch};
use wardwatch_finding::{Alert, Fact};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_indicator::Index;
use wardwatch_limits::FACTS_PER_ALERT;
use wardwatch_predicate::Value;
use wardwatch_sequence::{Correlations, FieldName, Hit as SequenceHit, HitFields, Said, Sets};

/// What is looked for. Immutable and cheap to clone; replaced as a whole when content changes.
#[derive(Clone)]
pub struct Detector {
    program: Arc<Program>,
    correlations: Arc<Correlations>,
    /// Correlations' fields by their numbers in the program.
    fields: Arc<[Option<u32>]>,
    indicators: Arc<Index>,
    watched: Arc<Watched>,
    context: Arc<dyn Context>,
    views: Arc<Views>,
}

/// What a window gave: alerts of its lines, and alerts that may be said more than once and are kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Each about one line of the window, in the order of the lines.
    pub alerts: Vec<Alert>,
    /// Of correlations: the same id may come again, after a restart or when a late line made it certain.
    pub once: Vec<Alert>,
}

impl Detector {
    /// Rules only; the rest is added by the `with_` functions. Correlations come with the program's rules.
    #[must_use]
    pub fn new(program: Arc<Program>) -> Detector {
        let correlations = Arc::clone(program.correlations());
        let fields = correlations.fields().iter().map(|name| program.field(name)).collect();
        Detector {
            program,
            correlations,
            fields,
            indicators: Arc::new(Index::build([]).0),
            watched: Arc::default(),
            context: Arc::new(NoContext),
            views: Arc::default(),
        }
    }

    /// With these indicators.
    #[must_use]
    pub fn with_indicators(self, indicators: Arc<Index>) -> Detector {
        Detector { indicators, ..self }
    }

    /// With these baselines.
    #[must_use]
    pub fn with_baselines(self, definitions: Arc<Definitions>) -> Detector {
        Detector { watched: Arc::new(Watched::new(definitions)), ..self }
    }

    /// With what hospitals say about themselves, and their views of the rules.
    #[must_use]
    pub fn with_context(self, context: Arc<dyn Context>, views: Views) -> Detector {
        Detector { context, views: Arc::new(views), ..self }
    }

    /// The rules.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The correlations.
    #[must_use]
    pub fn correlations(&self) -> &Correlations {
        &self.correlations
    }

    /// The indicators.
    #[must_use]
    pub fn indicators(&self) -> &Arc<Index> {
        &self.indicators
    }

    /// The tenants' views.
    #[must_use]
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// What hospitals say about themselves.
    #[must_use]
    pub fn context(&self) -> &Arc<dyn Context> {
        &self.context
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// Looks at a batch; what sequences make of it is said by [`Detector::settle`].
    pub fn look(&self, memory: &mut Memory, batch: &EventBatch) -> Vec<Alert> {
        let filled = filled_columns(batch);
        let tenant = batch.lines.received.tenant();
        let mut looking = Looking {
            detector: self,
            memory,
            tenant,
            view: self.views.of(tenant),
            source: batch.lines.received.source.to_string(),
            looked: Looked::new(batch, &filled, &self.indicators),
            routes: Vec::new(),
            alerts: Vec::new(),
            first: 0,
            own: Vec::new(),
            facts: Vec::new(),
        };
        let view = Arc::clone(&looking.view);
        watch(&self.program, batch, &Under { mask: Some(&view.mask), context: &*self.context }, &mut looking);
        looking.end();
        looking.account(batch);
        looking.alerts
    }

    /// What the lines so far make certain, or make likely: once per window, before its commit.
    pub fn settle(&self, memory: &mut Memory) -> Vec<Alert> {
        let sets = TenantSets(&*self.context);
        let said = memory.sequences.advance(&self.correlations, &sets);
        let mut alerts = Vec::new();
        for said in said {
            match said {
                Said::Early(fired) | Said::Settled(fired) => {
                    let view = self.views.of(fired.tenant);
                    let Some(mut alert) = fired.alert(&self.correlations) else { continue };
                    if view.is_off(&alert) {
                        continue;
                    }
                    view.weigh(&mut alert);
                    alerts.push(alert);
                }
                Said::Withdrawn { .. } => memory.withdrawn += 1,
                Said::Forgotten { .. } => {}
            }
        }
        alerts
    }

    /// Time went on without lines: what waited for them is certain now, and silences are noticed by the next
    /// [`Detector::settle`].
    pub fn idle(&self, memory: &mut Memory, now: Timestamp) {
        memory.sequences.idle(now);
    }

    /// Files at once: all alerts in the order of time, correlations as if all lines had come in that order.
    pub fn finish(&self, memory: &mut Memory) -> Vec<Alert> {
        let sets = TenantSets(&*self.context);
        let said = memory.sequences.finish(&self.correlations, &sets).into_iter();
        said.filter_map(|said| match said {
            Said::Settled(fired) | Said::Early(fired) => fired.alert(&self.correlations),
            Said::Withdrawn { .. } | Said::Forgotten { .. } => None,
        })
        .collect()
    }
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rules, correlations) = (self.program.rules().len(), self.correlations.len());
        f.debug_struct("Detector").field("rules", &rules).field("correlations", &correlations).finish_non_exhaustive()
    }
}

/// Declared groups out of a tenant's sets: one value each.
struct TenantSets<'c>(&'c dyn Context);

impl Sets for TenantSets<'_> {
    fn groups(&self, tenant: TenantId, set: &str, at: Timestamp) -> Option<Vec<Vec<String>>> {
        let members = self.0.members(tenant, set, at).ok()?;
        Some(members.into_iter().map(|member| vec![member]).collect())
    }
}

/// One batch under way.
struct Looking<'d> {
    detector: &'d Detector,
    memory: &'d mut Memory,
    tenant: TenantId,
    view: Arc<TenantView>,
    source: String,
    looked: Looked,
    /// Events by the groups of rules that looked at them.
    routes: Vec<(Vec<u32>, u64)>,
    alerts: Vec<Alert>,
    /// Where the alerts of the event under way begin.
    first: usize,
    /// Rules' alerts of the event under way, with the rule's number.
    own: Vec<(u32, Alert)>,
    facts: Vec<Fact>,
}

impl Looking<'_> {
    /// Ends the event under way: its alerts in the order of the rules, each with the facts beside it.
    fn end(&mut self) {
        self.own.sort_by_key(|(number, _)| *number);
        self.alerts.extend(self.own.drain(..).map(|(_, alert)| alert));
        if !self.facts.is_empty() {
            let facts = self.facts.get(..FACTS_PER_ALERT.min(self.facts.len())).unwrap_or_default();
            for alert in self.alerts.iter_mut().skip(self.first) {
                alert.evidence.facts = facts.to_vec();
            }
            self.facts.clear();
        }
        self.first = self.alerts.len();
    }

    /// When the event happened, and when it was received as far as that says whether its stamp is believed.
    fn times(&self, event: Event<'_>) -> (Timestamp, Timestamp) {
        let (time, received) = (event.head().time, event.batch().lines.received.at);
        (time, if self.memory.of_files { received.max(time) } else { received })
    }

    fn unusual(&mut self, event: Event<'_>) {
        let watched = Arc::clone(&self.detector.watched);
        if !watched.concerns(event) {
            return;
        }
        let fields = watched.fields(event);
        let get = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str());
        let about = observation(event, &self.source, false);
        let look = self.memory.baselines_of(self.tenant, self.detector).event(about, &get);
        self.facts.extend(look.facts.iter().map(|fact| Fact {
            definition: fact.definition.clone(),
            zh: fact.chinese(),
            en: fact.english(),
            risk: fact.risk,
        }));
        look.raises.into_iter().for_each(|raise| self.memory.raise(raise));
    }

    /// Counts what the routes saw.
    fn account(&mut self, batch: &EventBatch) {
        let (program, at) = (&self.detector.program, batch.lines.received.at);
        for (groups, events) in &self.routes {
            for group in groups {
                let Some(route) = program.route_name(*group) else { continue };
                if self.memory.seen.wants_fields(self.tenant, route) {
                    let fields = program.fields_in(batch);
                    self.memory.seen.has_fields(self.tenant, route, fields);
                }
                self.memory.seen.routed(self.tenant, route, *events, at);
            }
        }
    }
}

impl Watch for Looking<'_> {
    fn event(&mut self, event: Event<'_>) {
        self.end();
        self.alerts.extend(alarm(event));
        self.looked.alerts(&self.detector.indicators, event, &mut self.alerts);
        self.unusual(event);
        if !self.detector.correlations.is_empty() {
            let (time, received) = self.times(event);
            self.memory.sequences.see(&self.detector.correlations, self.tenant, time, received);
        }
    }

    fn routed(&mut self, groups: &[u32]) {
        match self.routes.iter_mut().find(|(known, _)| known == groups) {
            Some((_, events)) => *events += 1,
            None => self.routes.push((groups.to_vec(), 1)),
        }
    }

    fn hit(&mut self, hit: &Hit<'_>) {
        let received = hit.event.batch().lines.received.at;
        let asked = hit.asked();
        let id = &hit.rule.about.id;
        let unknown = asked.iter().any(|asked| asked.answer.is_unknown());
        self.memory.seen.held(self.tenant, id, received, unknown);
        if unknown {
            return;
        }
        let correlations = &self.detector.correlations;
        let known_as = self.detector.program.known_as(hit.number);
        if correlations.looks_at(known_as) {
            let (time, believed) = self.times(hit.event);
            let fields = HitValues { hit, fields: &self.detector.fields };
            let taken = SequenceHit {
                tenant: self.tenant,
                source: hit.event.batch().lines.received.source,
                rule: known_as,
                event: hit.event.id(),
                time,
                received: believed,
                fields: &fields,
            };
            self.memory.sequences.take(correlations, &taken);
        }
        if !correlations.silences(known_as) {
            let mut alert = alert_of(hit.rule, hit.event, hit.matched());
            alert.evidence.matched.extend(asked.into_iter().map(crate::asks::Asked::into_match));
            self.view.weigh(&mut alert);
            self.own.push((hit.number, alert));
        }
    }
}

/// A hit's fields as correlations ask for them.
struct HitValues<'h, 'e> {
    hit: &'h Hit<'e>,
    fields: &'h [Option<u32>],
}

impl HitFields for HitValues<'_, '_> {
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str)) {
        let Some(number) = self.fields.get(field.number).copied().flatten() else { return };
        self.hit.each_value(number, &mut |value: Value<'_>| {
            if value.kind != wardwatch_predicate::ValueKind::Null {
                take(&value.text);
            }
        });
    }
}
