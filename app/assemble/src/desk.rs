//! Answers the edge's questions from the machine's parts.

use crate::machine::Machine;
use crate::{account, figures};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use wardwatch_access::{FleetScope, OpContext, TenantScope};
use wardwatch_api::{
    AlertAsk, Desk, Fault, Guide, Health, Hospital, Metric, Pulse, SearchAnswer, SearchAsk, SourceCount, SourceState,
    VerifyReport,
};
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Timestamp};
use wardwatch_lake::alert_rows;
use wardwatch_schema::dataset;

/// The desk of one machine.
#[derive(Clone)]
pub struct MachineDesk(pub Arc<Machine>);

impl MachineDesk {
    fn counts(&self, fleet: &FleetScope) -> Vec<SourceCount> {
        let machine = &self.0;
        let mut counts = Vec::new();
        for tenant in machine.config.tenants.iter().filter(|t| fleet.narrow(t.id).is_some()) {
            for source in &tenant.sources {
                let reading = machine.tally.reading(tenant.id, source.id);
                counts.push(SourceCount {
                    tenant: tenant.slug.clone(),
                    source: source.slug.clone(),
                    received: reading.received + reading.rejected,
                    parsed: reading.parsed,
                    unparsed: reading.unparsed,
                    rejected: reading.rejected,
                    quarantined: reading.poison,
                    last_received: reading.last_received,
                });
            }
        }
        counts
    }

    fn hospitals_now(&self, fleet: &FleetScope) -> Vec<Hospital> {
        let machine = &self.0;
        let counts = self.counts(fleet);
        let state = |tenant: &crate::config::Tenant, source: &crate::config::Source| SourceState {
            slug: source.slug.clone(),
            name: source.name.clone(),
            pack: machine.content.pack_shown(&source.pack),
            via: machine.config.via(&tenant.slug, source),
            silent_seconds: source.silent_seconds,
            count: counts
                .iter()
                .find(|c| c.tenant == tenant.slug && c.source == source.slug)
                .cloned()
                .unwrap_or_default(),
        };
        let in_reach = machine.config.tenants.iter().filter(|t| fleet.narrow(t.id).is_some());
        in_reach
            .map(|tenant| Hospital {
                id: tenant.id,
                slug: tenant.slug.clone(),
                name: tenant.name.clone(),
                name_en: tenant.name_en.clone(),
                sources: tenant.sources.iter().map(|source| state(tenant, source)).collect(),
            })
            .collect()
    }

    fn pulse_now(&self, cx: &OpContext<FleetScope>, after: Option<u64>) -> Result<Pulse, Fault> {
        let machine = &self.0;
        let now = machine.clock.now();
        let end = machine.journal.end();
        let checked = machine.alerts.cursor().map_err(|e| Fault::failed("reading the line's cursor", e))?;
        let waiting = end.0.saturating_sub(checked.0);
        let (alerts, mark, missed) = machine.tally.alerts_after(after, cx.scope.tenants());
        Ok(Pulse {
            at: now,
            counts: self.counts(&cx.scope),
            lag_seconds: figures::lag_seconds(machine, waiting),
            waiting,
            alerts,
            mark,
            missed,
        })
    }

    /// The tenant's alerts, newest first: those of the ledger, then file by file, until `enough`.
    async fn alerts_until(
        &self,
        cx: &OpContext<TenantScope>,
        range: (Timestamp, Timestamp),
        mut wanted: impl FnMut(&Alert) -> bool,
        limit: usize,
    ) -> Result<Vec<Arc<Alert>>, Fault> {
        let machine = &self.0;
        let failed = |e: &dyn std::fmt::Display| Fault::failed("reading alerts", e);
        let always = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        let view = machine.lake.view(cx, dataset::ALERTS, always).map_err(|e| failed(&e))?;
        let tenant = cx.scope.tenant();
        let mut found: Vec<Alert> = Vec::new();
        for rows in &view.hot {
            found.extend(alert_rows::alerts_of(rows, tenant).map_err(|e| failed(&e))?);
        }
        found.retain(|a| a.received >= range.0 && a.received < range.1 && wanted(a));
        let mut files = view.files;
        files.sort_by_key(|file| std::cmp::Reverse(file.received.1));
        for file in files.iter().filter(|f| f.received.1 >= range.0 && f.received.0 < range.1) {
            // Files may overlap in time, so one more than strictly needed is read only if it could hold a newer alert.
            let oldest = nth_newest(&mut found, limit);
            if oldest.is_some_and(|at| at > file.received.1) {
                break;
            }
            for rows in machine.store.read(&file.path).await.map_err(|e| failed(&e))? {
                let alerts = alert_rows::alerts_of(&rows, tenant).map_err(|e| failed(&e))?;
                found.extend(alerts.into_iter().filter(|a| a.received >= range.0 && a.received < range.1 && wanted(a)));
            }
        }
        nth_newest(&mut found, limit);
        found.truncate(limit);
        Ok(found.into_iter().map(Arc::new).collect())
    }
}

/// Sorts newest first and gives the reception of the `n`-th, if there are so many.
fn nth_newest(alerts: &mut [Alert], n: usize) -> Option<Timestamp> {
    alerts.sort_by_key(|a| std::cmp::Reverse((a.received, a.event)));
    alerts.get(n.checked_sub(1)?).map(|a| a.received)
}

impl Desk for MachineDesk {
    fn hospitals<'a>(&'a self, cx: &'a OpContext<FleetScope>) -> BoxFuture<'a, Result<Vec<Hospital>, Fault>> {
        async { Ok(self.hospitals_now(&cx.scope)) }.boxed()
    }

    fn pulse<'a>(
        &'a self,
        cx: &'a OpContext<FleetScope>,
        after: Option<u64>,
    ) -> BoxFuture<'a, Result<Pulse, Fault>> {
        async move { self.pulse_now(cx, after) }.boxed()
    }

    fn alerts<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a AlertAsk,
    ) -> BoxFuture<'a, Result<Vec<Arc<Alert>>, Fault>> {
        async move {
            let source = match &ask.source {
                Some(slug) => match self.0.config.source_of(cx.scope.tenant(), slug) {
                    Some(source) => Some(source.id),
                    None => return Ok(Vec::new()),
                },
                None => None,
            };
            let wanted = |alert: &Alert| {
                ask.severity_min.is_none_or(|min| alert.severity >= min)
                    && ask.origin.is_none_or(|origin| alert.origin == origin)
                    && source.is_none_or(|id| alert.source == id)
            };
            let range = (
                ask.since.unwrap_or(Timestamp::from_micros(i64::MIN)),
                ask.before.unwrap_or(Timestamp::from_micros(i64::MAX)),
            );
            self.alerts_until(cx, range, wanted, ask.limit).await
        }
        .boxed()
    }

    fn alert<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        id: AlertId,
    ) -> BoxFuture<'a, Result<Option<Arc<Alert>>, Fault>> {
        async move {
            let always = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
            let found = self.alerts_until(cx, always, |alert| alert.id == id, 1).await?;
            Ok(found.into_iter().next())
        }
        .boxed()
    }

    fn guide(&self, rule: &str) -> Option<Arc<Guide>> {
        self.0.content.guides.get(rule).cloned()
    }

    fn search<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a SearchAsk,
    ) -> BoxFuture<'a, Result<SearchAnswer, Fault>> {
        crate::question::search(&self.0, cx, ask).boxed()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        async { figures::health(&self.0) }.boxed()
    }

    fn metrics(&self) -> BoxFuture<'_, Vec<Metric>> {
        async { figures::metrics(&self.0) }.boxed()
    }

    fn verify<'a>(
        &'a self,
        cx: &'a OpContext<FleetScope>,
        deep: bool,
    ) -> BoxFuture<'a, Result<VerifyReport, Fault>> {
        async move { account::verify(&self.0, &cx.scope, deep).await.map_err(|e| Fault::failed("verify", e)) }.boxed()
    }
}
