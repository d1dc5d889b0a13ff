//! Whether a correlation fires on hits that are made for it: of its rules, in one group, within one window.
//!
//! The hits go through a state of their own and are forgotten with it.

use crate::compile::{Compiled, Correlations, Mode, Source};
use crate::fired::Said;
use crate::hit::{FieldName, Hit, HitFields};
use crate::state::{Sets, Settings, State};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_limits::CANARY_HITS;
use wardwatch_predicate::sigma::CorrelationKind;

/// Why a correlation did not fire on what was made for it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoCanary {
    /// No hits can be made that it must fire on: why. Says nothing about it.
    #[error("{0}")]
    NotMade(String),
    /// It was given hits that it must fire on, and did not.
    #[error("it did not fire on {0} hits of its rules in one window")]
    Silent(usize),
}

/// A hit that is wanted.
struct Wanted {
    rule: u32,
    at_micros: i64,
    /// The value of the fields that are looked into; those of the group all have the same.
    value: Option<String>,
    /// Numbers of the fields that are looked into.
    fields: Vec<usize>,
}

/// All fields have the group's text, but for those that are looked into.
impl HitFields for Wanted {
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str)) {
        match &self.value {
            Some(value) if self.fields.contains(&field.number) => take(value),
            _ => take("canary"),
        }
    }
}

struct Nobody;

impl Sets for Nobody {
    fn groups(&self, _: TenantId, _: &str, _: Timestamp) -> Option<Vec<Vec<String>>> {
        None
    }
}

impl Correlations {
    /// Sends the correlation with this number hits that it must fire on; gives the rules they are of.
    ///
    /// # Errors
    /// [`NoCanary`].
    pub fn canary(&self, number: usize, tenant: TenantId, at: Timestamp) -> Result<Vec<u32>, NoCanary> {
        let rule = self.rules.get(number).ok_or_else(|| not_made("there is no such correlation"))?;
        if !rule.speaks {
            return Err(not_made("its alerts go to a correlation that stands on it, whose canary stands for both"));
        }
        let wanted = self.wanted(rule, 0, rule.span_micros)?;
        let mut state = State::new(Settings::default());
        for (seq, wanted) in (1u64..).zip(&wanted) {
            let time = at.plus_micros(wanted.at_micros);
            let event = EventId::new(at, NodeId(0), seq);
            let hit =
                Hit { tenant, source: SourceId(1), rule: wanted.rule, event, time, received: time, fields: wanted };
            state.see(self, tenant, time, time);
            state.take(self, &hit);
        }
        let mut said = state.advance(self, &Nobody);
        // Long enough behind, so that a window that closes has.
        let end = at.plus_micros(rule.span_micros.saturating_mul(3).saturating_add(3_600_000_000));
        state.see(self, tenant, end, end);
        said.extend(state.finish(self, &Nobody));
        let fired = said.iter().any(|said| match said {
            Said::Early(fired) | Said::Settled(fired) => fired.correlation == number,
            Said::Withdrawn { .. } | Said::Forgotten { .. } => false,
        });
        if !fired {
            return Err(NoCanary::Silent(wanted.len()));
        }
        let mut rules: Vec<u32> = wanted.iter().map(|wanted| wanted.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        Ok(rules)
    }

    /// Hits within `room` microseconds behind `from`.
    fn wanted(&self, rule: &Compiled, from: i64, room: i64) -> Result<Vec<Wanted>, NoCanary> {
        if matches!(rule.mode, Mode::Declared(_)) {
            return Err(not_made("it fires when something does not come: `x-absence`"));
        }
        let values = values_of(rule)?;
        let step = room / i64::try_from(values.len() + 1).unwrap_or(i64::MAX).max(1);
        let mut wanted = Vec::new();
        for (at, (reference, value)) in (1i64..).zip(values) {
            let Some(reference) = rule.references.get(reference) else { continue };
            let at = from.saturating_add(step.saturating_mul(at));
            match reference.source {
                Source::Rule(rule) => {
                    wanted.push(Wanted { rule, at_micros: at, value, fields: reference.value.clone() });
                }
                Source::Correlation(_) if value.is_some() => {
                    return Err(not_made("it looks into the fields of another correlation's alerts"));
                }
                Source::Correlation(inner) => {
                    let inner = self.rules.get(inner).ok_or_else(|| not_made("it stands on nothing"))?;
                    wanted.extend(self.wanted(inner, at, (step / 2).min(inner.span_micros))?);
                }
            }
            if wanted.len() > CANARY_HITS {
                return Err(not_made("it counts further than a canary does"));
            }
        }
        Ok(wanted)
    }
}

/// Which references are to hold, in order of time, each with the value it brings.
fn values_of(rule: &Compiled) -> Result<Vec<(usize, Option<String>)>, NoCanary> {
    let count = || {
        let holds = |count: &usize| rule.limits.hold(*count as f64);
        (1..=CANARY_HITS).find(holds).ok_or_else(|| not_made("no number of hits up to 10,000 holds"))
    };
    Ok(match rule.kind {
        CorrelationKind::EventCount => (0..count()?).map(|_| (0, None)).collect(),
        CorrelationKind::ValueCount => (0..count()?).map(|at| (0, Some(format!("canary-{at}")))).collect(),
        CorrelationKind::Temporal | CorrelationKind::TemporalOrdered => {
            (0..rule.references.len()).map(|reference| (reference, None)).collect()
        }
        CorrelationKind::ValueSum
        | CorrelationKind::ValueAvg
        | CorrelationKind::ValuePercentile
        | CorrelationKind::ValueMedian => vec![(0, Some(figure(rule)?.to_string()))],
    })
}

/// A figure that the limits hold for: one hit with it has this sum, mean, median and percentile.
fn figure(rule: &Compiled) -> Result<f64, NoCanary> {
    let around = rule.limits.0.iter().flat_map(|(_, limit)| [0.0, 1.0, -1.0, 0.5, -0.5].map(|by| limit.get() + by));
    let mut around = around.collect::<Vec<f64>>().into_iter();
    around.find(|figure| rule.limits.hold(*figure)).ok_or_else(|| not_made("no figure holds for its limits"))
}

fn not_made(why: &str) -> NoCanary {
    NoCanary::NotMade(why.to_owned())
}
