//! Answers the edge's questions from the machine's parts.

use crate::machine::Machine;
use crate::{account, figures};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use wardwatch_access::{FleetScope, OpContext, TenantScope};
use wardwatch_api::{
    AlertAsk, AlertPage, CanariesSent, Desk, Fault, Guide, Health, Hospital, Metric, Pulse, SearchAnswer, SearchAsk,
    SourceCount, SourceState, TenantAwake, VerifyReport,
};
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Timestamp};
use wardwatch_lake::alert_rows;
use wardwatch_limits::ALERT_LIST_FILE_BYTES;
use wardwatch_schema::dataset;

/// The desk of one machine.
#[derive(Clone)]
pub struct MachineDesk(pub Arc<Machine>);

impl MachineDesk {
    fn counts(&self, fleet: &FleetScope) -> Vec<SourceCount> {
        let machine = &self.0;
        let mut counts = Vec::new();
        let kept = figures::kept(machine);
        for tenant in machine.config.tenants.iter().filter(|t| fleet.narrow(t.id).is_some()) {
            for source in &tenant.sources {
                let reading = machine.tally.reading(tenant.id, source.id);
                let kept = kept.get(&(tenant.id, source.id)).copied().unwrap_or_default();
                counts.push(SourceCount {
                    tenant: tenant.slug.clone(),
                    source: source.slug.clone(),
                    received: reading.received + reading.rejected,
                    parsed: reading.parsed,
                    unparsed: reading.unparsed,
                    rejected: reading.rejected,
                    stored: kept.stored,
                    quarantined: kept.quarantined,
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
            pack: machine.content().pack_shown(&source.pack),
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

    /// Runs what reads the ledger where it may block, never on a socket's thread.
    async fn blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&MachineDesk) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let desk = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&desk)).await;
        done.unwrap_or_else(|stopped| Err(Fault::failed(what, stopped)))
    }

    /// The tenant's alerts, newest first: those of the ledger, then file by file, until there are `limit` or a bound of
    /// bytes or time is reached. Keeps no more than `limit` and one file in memory.
    async fn alerts_until(
        &self,
        cx: &OpContext<TenantScope>,
        range: (Timestamp, Timestamp),
        mut wanted: impl FnMut(&Alert) -> bool,
        limit: usize,
    ) -> Result<AlertPage, Fault> {
        let machine = &self.0;
        let failed = |e: &dyn std::fmt::Display| Fault::failed("reading alerts", e);
        let always = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        let asked = cx.clone();
        let view = self.blocking("reading alerts", move |desk| {
            desk.0.lake.view(&asked, dataset::ALERTS, always).map_err(|e| Fault::failed("reading alerts", e))
        });
        let mut view = view.await?;
        let tenant = cx.scope.tenant();
        let wanted = &mut wanted;
        let mut passes = move |a: &Alert| a.received >= range.0 && a.received < range.1 && wanted(a);
        let mut found: Vec<Alert> = Vec::new();
        for rows in std::mem::take(&mut view.hot) {
            found.extend(alert_rows::alerts_of(&rows, tenant).map_err(|e| failed(&e))?.into_iter().filter(&mut passes));
            newest(&mut found, limit);
        }
        let (mut bytes, mut looked_back_to) = (0, None);
        let mut files = view.files;
        files.sort_by_key(|file| std::cmp::Reverse(file.received.1));
        for file in files.iter().filter(|f| f.received.1 >= range.0 && f.received.0 < range.1) {
            // Files may overlap in time, so one more than strictly needed is read only if it could hold a newer alert.
            let oldest = limit.checked_sub(1).and_then(|last| found.get(last)).map(|a| a.received);
            if limit == 0 || oldest.is_some_and(|at| at > file.received.1) {
                break;
            }
            if bytes > 0 && (bytes + file.bytes > ALERT_LIST_FILE_BYTES || machine.clock.now() > cx.until) {
                // Newer files were read whole, so everything after this one's last alert is known.
                looked_back_to = Some(file.received.1.plus_micros(1));
                break;
            }
            bytes += file.bytes;
            for rows in machine.store.read(&file.path).await.map_err(|e| failed(&e))? {
                let alerts = alert_rows::alerts_of(&rows, tenant).map_err(|e| failed(&e))?;
                found.extend(alerts.into_iter().filter(&mut passes));
                newest(&mut found, limit);
            }
        }
        let alerts = found.into_iter().map(Arc::new).collect();
        Ok(AlertPage { alerts, looked_back_to, waiting: view.alerts_left_out })
    }

    /// When the tenant's alert of this id was received: by the search engine, which reads one column of the files.
    async fn received_at(&self, cx: &OpContext, id: AlertId) -> Result<Option<Timestamp>, Fault> {
        let ask = SearchAsk {
            query: format!("id:{id} | fields time_received"),
            dataset: wardwatch_api::Dataset::Alerts,
            from: Timestamp::from_micros(i64::MIN),
            to: Timestamp::from_micros(i64::MAX),
            limit: 1,
            bars: 0,
        };
        let answer = crate::question::search(&self.0, cx, &ask).await?;
        let cell = answer.rows.first().and_then(|row| row.first()).and_then(serde_json::Value::as_str);
        Ok(cell.and_then(Timestamp::parse_rfc3339))
    }

    async fn alert_of(
        &self,
        cx: &OpContext,
        id: AlertId,
        received: Option<Timestamp>,
    ) -> Result<Option<Arc<Alert>>, Fault> {
        let asked = cx.clone();
        let pending = self.blocking("reading an alert", move |desk| {
            desk.0.catalogue.pending_alert(&asked, id).map_err(|e| Fault::failed("reading an alert", e))
        });
        if let Some(alert) = pending.await? {
            return Ok(Some(Arc::new(alert)));
        }
        // What was said may be wrong, and then it is as if nothing had been said.
        for said in [received, None] {
            let at = match said {
                Some(at) => at,
                None => match self.received_at(cx, id).await? {
                    Some(at) => at,
                    None => return Ok(None),
                },
            };
            let range = (at, at.plus_micros(1));
            let found = self.alerts_until(cx, range, |alert| alert.id == id, 1).await?;
            if let Some(alert) = found.alerts.into_iter().next() {
                return Ok(Some(alert));
            }
        }
        Ok(None)
    }
}

/// Sorts newest first and keeps the first `limit`.
fn newest(alerts: &mut Vec<Alert>, limit: usize) {
    alerts.sort_by_key(|a| std::cmp::Reverse((a.received, a.id)));
    alerts.truncate(limit);
}

impl Desk for MachineDesk {
    fn hospitals<'a>(&'a self, cx: &'a OpContext<FleetScope>) -> BoxFuture<'a, Result<Vec<Hospital>, Fault>> {
        let fleet = cx.scope.clone();
        self.blocking("reading the hospitals", move |desk| Ok(desk.hospitals_now(&fleet))).boxed()
    }

    fn pulse<'a>(&'a self, cx: &'a OpContext<FleetScope>, after: Option<u64>) -> BoxFuture<'a, Result<Pulse, Fault>> {
        let cx = cx.clone();
        self.blocking("taking the pulse", move |desk| desk.pulse_now(&cx, after)).boxed()
    }

    fn alerts<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a AlertAsk,
    ) -> BoxFuture<'a, Result<AlertPage, Fault>> {
        async move {
            let source = match &ask.source {
                Some(slug) => match self.0.config.source_of(cx.scope.tenant(), slug) {
                    Some(source) => Some(source.id),
                    None => return Ok(AlertPage::default()),
                },
                None => None,
            };
            let wanted = |alert: &Alert| {
                ask.in_stretch(alert)
                    && ask.severity_min.is_none_or(|min| alert.severity >= min)
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
        received: Option<Timestamp>,
    ) -> BoxFuture<'a, Result<Option<Arc<Alert>>, Fault>> {
        self.alert_of(cx, id, received).boxed()
    }

    fn guide(&self, rule: &str) -> Option<Arc<Guide>> {
        self.0.content().guides.get(rule).cloned()
    }

    fn search<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a SearchAsk,
    ) -> BoxFuture<'a, Result<SearchAnswer, Fault>> {
        crate::question::search(&self.0, cx, ask).boxed()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        async {
            let desk = self.clone();
            let done = tokio::task::spawn_blocking(move || figures::health(&desk.0)).await;
            done.unwrap_or_else(|stopped| figures::unknown(&self.0, &stopped.to_string()))
        }
        .boxed()
    }

    fn metrics(&self) -> BoxFuture<'_, Vec<Metric>> {
        async {
            let desk = self.clone();
            tokio::task::spawn_blocking(move || figures::metrics(&desk.0)).await.unwrap_or_default()
        }
        .boxed()
    }

    fn awake<'a>(&'a self, cx: &'a OpContext<TenantScope>) -> BoxFuture<'a, Result<TenantAwake, Fault>> {
        let tenant = cx.scope.tenant();
        self.blocking("looking which rules are awake", move |desk| Ok(crate::awake::of_tenant(&desk.0, tenant))).boxed()
    }

    fn canaries(&self) -> BoxFuture<'_, Result<Option<CanariesSent>, Fault>> {
        self.blocking("reading the canaries", |desk| Ok(crate::awake::sent(&desk.0))).boxed()
    }

    fn verify<'a>(&'a self, cx: &'a OpContext<FleetScope>, deep: bool) -> BoxFuture<'a, Result<VerifyReport, Fault>> {
        let fleet = cx.scope.clone();
        let runtime = tokio::runtime::Handle::try_current();
        // A flush, every account, and with `deep` every byte there is: minutes of work that no socket may wait for.
        self.blocking("verify", move |desk| {
            let runtime = runtime.map_err(|e| Fault::failed("verify", e))?;
            runtime.block_on(account::verify(&desk.0, &fleet, deep)).map_err(|e| Fault::failed("verify", e))
        })
        .boxed()
    }
}
