//! All tenants: where hits come in and what is said comes out.

use crate::compile::{Compiled, Correlations, Reference};
use crate::fired::Said;
use crate::group_key::{self, Keys};
use crate::hit::{FieldName, Hit, HitFields};
use crate::numbers::Number;
use crate::run::Entry;
use crate::tenant::{Tenant, Work};
use crate::value_hash::hash_value;
use crate::window::{Brings, Stamp, Wide};
use std::collections::{BTreeMap, HashMap};
use wardwatch_ident::{SourceId, TenantId, Timestamp};
use wardwatch_limits::{
    CORRELATION_AHEAD_MICROS, CORRELATION_ELEMENTS, CORRELATION_LATENESS_MICROS, CORRELATION_TENANT_BYTES,
    CORRELATION_TENANTS,
};
use wardwatch_predicate::sigma::CorrelationKind;

/// When alerts are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promptness {
    /// At once, as [`Said::Early`]; an event that comes late may take one back.
    #[default]
    Early,
    /// When no event can come in between any more: after the lateness.
    Settled,
}

/// How a state works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When alerts are given.
    pub promptness: Promptness,
    /// How late an event may come, microseconds, where nothing else is said.
    pub lateness_micros: i64,
    /// Tenants whose sources may be later: the greatest lateness of their sources, microseconds. One time runs for a
    /// tenant, so that its slowest source decides when alerts are certain.
    pub lateness_of: HashMap<TenantId, i64>,
    /// Bytes per tenant.
    pub tenant_bytes: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            promptness: Promptness::Early,
            lateness_micros: CORRELATION_LATENESS_MICROS,
            lateness_of: HashMap::new(),
            tenant_bytes: CORRELATION_TENANT_BYTES,
        }
    }
}

/// Sets that tenants fill: which groups there should be.
pub trait Sets {
    /// The groups of a set, each with the values of `group-by`; none if the tenant has no such set.
    fn groups(&self, tenant: TenantId, set: &str, at: Timestamp) -> Option<Vec<Vec<String>>>;
}

/// No tenant has a set.
#[derive(Clone, Copy, Debug)]
pub struct NoSets;

impl Sets for NoSets {
    fn groups(&self, _: TenantId, _: &str, _: Timestamp) -> Option<Vec<Vec<String>>> {
        None
    }
}

/// What was counted, per correlation over all tenants, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hits taken, one per group and value.
    pub taken: u64,
    /// Hits older than the watermark: stored elsewhere, not correlated.
    pub late: u64,
    /// Hits without a field of `group-by`: they belong to no group.
    pub group_missing: u64,
    /// Hits without the field whose values are looked at.
    pub value_missing: u64,
    /// Values that are no numbers.
    pub value_not_numeric: u64,
    /// Elements of arrays beyond the bound.
    pub elements_cut: u64,
    /// Times a group had so many hits waiting that half were taken before their order was certain.
    pub settled_before_time: u64,
    /// Groups forgotten for want of room.
    pub groups_forgotten: u64,
    /// Declared windows that were passed over after a jump of the clock.
    pub windows_skipped: u64,
    /// Declared windows that were not judged because the tenant has no such set.
    pub sets_unknown: u64,
}

/// How an event's stamp was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The time it counts at.
    pub time: Timestamp,
    /// Its own lay too far ahead of its reception.
    pub clamped: bool,
    /// Too late: older than the watermark.
    pub late: bool,
}

/// What is remembered. See the crate's documentation for who calls what when.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) settings: Settings,
    pub(crate) tenants: BTreeMap<TenantId, Tenant>,
    counts: HashMap<usize, Counts>,
    stamps_clamped: u64,
    tenants_refused: u64,
    out: Vec<Said>,
    keys: Keys,
}

impl State {
    /// Empty.
    #[must_use]
    pub fn new(settings: Settings) -> State {
        State { settings, ..State::default() }
    }

    /// Sees an event, whether a rule held for it or not: time goes on by events. Cheap; call it for each.
    pub fn see(&mut self, rules: &Correlations, tenant: TenantId, time: Timestamp, received: Timestamp) -> Placed {
        let clamped = time.micros_since(received) > CORRELATION_AHEAD_MICROS;
        let time = if clamped { received } else { time };
        self.stamps_clamped += u64::from(clamped);
        let lateness = *self.settings.lateness_of.get(&tenant).unwrap_or(&self.settings.lateness_micros);
        let lateness = lateness.max(self.settings.lateness_micros);
        if self.tenants.len() >= CORRELATION_TENANTS && !self.tenants.contains_key(&tenant) {
            self.tenants_refused += 1;
            return Placed { time, clamped, late: true };
        }
        let state = self.tenants.entry(tenant).or_insert_with(|| Tenant::new(tenant, rules));
        let late = time.as_micros() < state.watermark;
        // A clock that runs ahead must not make everybody else late: time goes on no faster than lines are received.
        state.see(time.min(received).as_micros(), lateness);
        Placed { time, clamped, late }
    }

    /// Takes a hit. What it makes true is said by the next [`State::advance`].
    pub fn take(&mut self, rules: &Correlations, hit: &Hit<'_>) {
        let Some(references) = rules.by_rule.get(&hit.rule) else { return };
        let placed = self.see(rules, hit.tenant, hit.time, hit.received);
        let work = self.work(rules);
        for &(correlation, reference) in references {
            let Some(rule) = rules.rules.get(correlation) else { continue };
            let Some(read) = rule.references.get(reference) else { continue };
            let counts = self.counts.entry(correlation).or_default();
            if placed.late {
                counts.late += 1;
                continue;
            }
            let unplaced = self.keys.read(rules, read, hit.fields);
            counts.elements_cut += u64::from(unplaced.cut);
            if unplaced.missing {
                counts.group_missing += 1;
                continue;
            }
            let Some(tenant) = self.tenants.get_mut(&hit.tenant) else { return };
            let mut entry = Entry {
                stamp: Stamp::new(placed.time.as_micros(), hit.event.0),
                origin: Wide::ZERO,
                reference: reference as u8,
                clamped: placed.clamped,
                brings: Brings::Nothing,
                source: Wide::new(hit.source.0),
                received: hit.received.as_micros(),
            };
            if !rule.kind.has_field() {
                for key in self.keys.iter() {
                    counts.taken += 1;
                    counts.settled_before_time += tenant.take(work, correlation, key, entry, &mut self.out);
                }
                continue;
            }
            for brings in read_values(rules, rule, read, hit.fields, counts) {
                entry.brings = brings;
                for key in self.keys.iter() {
                    counts.taken += 1;
                    counts.settled_before_time += tenant.take(work, correlation, key, entry, &mut self.out);
                }
            }
        }
    }

    fn work<'w>(&self, rules: &'w Correlations) -> Work<'w> {
        let early = self.settings.promptness == Promptness::Early;
        Work { rules, early, bytes_most: self.settings.tenant_bytes }
    }

    /// Settles what has become certain and gives what is said, in order of time: once per window of lines, before its
    /// commit. Of several words on one alert only the last is given.
    pub fn advance(&mut self, rules: &Correlations, sets: &dyn Sets) -> Vec<Said> {
        let work = self.work(rules);
        let set_of = |tenant: TenantId, name: &str, at: Timestamp| sets.groups(tenant, name, at);
        for tenant in self.tenants.values_mut() {
            for (correlation, looked) in tenant.advance(work, &set_of, &mut self.out) {
                let counts = self.counts.entry(correlation).or_default();
                counts.windows_skipped += looked.windows_skipped;
                counts.sets_unknown += looked.sets_unknown;
            }
        }
        let said = last_words(std::mem::take(&mut self.out));
        for said in &said {
            if let Said::Forgotten { correlation, groups, .. } = said {
                self.counts.entry(*correlation).or_default().groups_forgotten += groups;
            }
        }
        said
    }

    /// Time goes on without events: call it when everything received has been handed in, with the time of the clock.
    /// Alerts that waited for the lateness become certain, and silences are noticed.
    pub fn idle(&mut self, now: Timestamp) {
        for (id, tenant) in &mut self.tenants {
            let lateness = self.settings.lateness_of.get(id).copied().unwrap_or(0).max(self.settings.lateness_micros);
            let until = now.as_micros().saturating_sub(lateness);
            if until > tenant.watermark && tenant.newest != i64::MIN {
                tenant.watermark = until;
                tenant.changed = true;
            }
        }
    }

    /// The end of a batch: what has happened is certain. Windows that have not ended are not judged.
    pub fn finish(&mut self, rules: &Correlations, sets: &dyn Sets) -> Vec<Said> {
        for tenant in self.tenants.values_mut() {
            tenant.watermark = tenant.watermark.max(tenant.newest.saturating_add(1));
            tenant.changed = true;
        }
        self.advance(rules, sets)
    }

    /// What was counted for a correlation.
    #[must_use]
    pub fn counts(&self, correlation: usize) -> Counts {
        self.counts.get(&correlation).copied().unwrap_or_default()
    }

    /// Stamps that lay too far ahead of their reception.
    #[must_use]
    pub fn stamps_clamped(&self) -> u64 {
        self.stamps_clamped
    }

    /// Events of tenants beyond the bound.
    #[must_use]
    pub fn tenants_refused(&self) -> u64 {
        self.tenants_refused
    }

    /// Groups remembered, of all tenants and correlations.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.tenants.values().flat_map(|tenant| &tenant.parts).map(crate::part::Part::len).sum()
    }

    /// Bytes it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.tenants.values().flat_map(|tenant| &tenant.parts).map(|part| part.weight).sum()
    }

    /// Until when everything of a tenant is certain; none if it was never seen.
    #[must_use]
    pub fn watermark(&self, tenant: TenantId) -> Option<Timestamp> {
        self.tenants.get(&tenant).map(|tenant| Timestamp(tenant.watermark))
    }
}

/// Source is not asked: a tenant's slowest source decides for all.
#[must_use]
pub fn lateness_of_sources(sources: impl IntoIterator<Item = (TenantId, SourceId, i64)>) -> HashMap<TenantId, i64> {
    let mut lateness = HashMap::new();
    for (tenant, _, micros) in sources {
        let entry = lateness.entry(tenant).or_insert(micros);
        *entry = micros.max(*entry);
    }
    lateness
}

/// The values that a hit brings, each its own entry.
fn read_values(
    rules: &Correlations,
    rule: &Compiled,
    read: &Reference,
    fields: &dyn HitFields,
    counts: &mut Counts,
) -> Vec<Brings> {
    let name = |number: &usize| rules.fields().get(*number).map(|name| FieldName { name, number: *number });
    let counted = rule.kind == CorrelationKind::ValueCount;
    let mut found: Vec<Brings> = Vec::new();
    let mut buffer = Vec::new();
    if let [number] = read.value.as_slice() {
        let Some(field) = name(number) else { return found };
        let (mut seen, mut texts) = (0, 0_u64);
        fields.values(field, &mut |text| {
            texts += 1;
            if seen >= CORRELATION_ELEMENTS {
                counts.elements_cut += 1;
                return;
            }
            seen += 1;
            if counted {
                buffer.clear();
                group_key::append(&mut buffer, text);
                found.push(Brings::Value(Wide::new(hash_value(&buffer))));
            } else if let Some(number) = Number::read(text) {
                found.push(Brings::Number(number));
            } else {
                counts.value_not_numeric += 1;
            }
        });
        counts.value_missing += u64::from(texts == 0);
        return found;
    }
    // Several fields are one value together: the first of each.
    for number in &read.value {
        let Some(field) = name(number) else { continue };
        let mut seen = false;
        fields.values(field, &mut |text| {
            if !seen {
                group_key::append(&mut buffer, text);
                seen = true;
            }
        });
        if !seen {
            counts.value_missing += 1;
            return found;
        }
    }
    found.push(Brings::Value(Wide::new(hash_value(&buffer))));
    found
}

fn last_words(said: Vec<Said>) -> Vec<Said> {
    let id = |said: &Said| match said {
        Said::Early(fired) | Said::Settled(fired) => Some(fired.id),
        Said::Withdrawn { id, .. } => Some(*id),
        Said::Forgotten { .. } => None,
    };
    let time = |said: &Said| match said {
        Said::Early(fired) | Said::Settled(fired) => fired.time,
        Said::Withdrawn { .. } | Said::Forgotten { .. } => Timestamp(i64::MIN),
    };
    let last: HashMap<_, usize> = said.iter().enumerate().filter_map(|(at, said)| Some((id(said)?, at))).collect();
    let mut kept: Vec<Said> = said
        .into_iter()
        .enumerate()
        .filter(|(at, said)| id(said).is_none_or(|id| last.get(&id) == Some(at)))
        .map(|(_, said)| said)
        .collect();
    kept.sort_by_key(|said| (time(said), id(said)));
    kept
}
