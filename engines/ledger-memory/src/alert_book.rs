//! Alerts that detection found.

use crate::MemoryLedger;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use wardwatch_access::OpContext;
use wardwatch_detect::{AlertBook, BookFault};
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, TenantId};

impl AlertBook for MemoryLedger {
    fn cursor(&self) -> Result<Cursor, BookFault> {
        Ok(self.kept().detect)
    }

    fn commit<'a>(
        &'a self,
        after: Cursor,
        through: Cursor,
        alerts: &'a [Alert],
        once: &'a [Alert],
    ) -> BoxFuture<'a, Result<(), BookFault>> {
        async move {
            let mut kept = self.kept();
            if kept.detect != after {
                return Err(BookFault::Conflict { after, at: kept.detect });
            }
            let mut by_tenant: BTreeMap<TenantId, Vec<Alert>> = BTreeMap::new();
            let new = |alert: &&Alert| kept.said.insert((alert.tenant, alert.id), alert.received).is_none();
            let once: Vec<&Alert> = once.iter().filter(new).collect();
            for alert in alerts.iter().chain(once) {
                by_tenant.entry(alert.tenant).or_default().push(alert.clone());
            }
            for (tenant, alerts) in by_tenant {
                kept.blob_last += 1;
                let number = kept.blob_last;
                kept.blobs.insert(number, (tenant, alerts));
            }
            kept.detect = through;
            Ok(())
        }
        .boxed()
    }

    fn recent(&self, cx: &OpContext, limit: usize) -> Result<Vec<Alert>, BookFault> {
        let kept = self.kept();
        let own = kept.blobs.values().filter(|(tenant, _)| *tenant == cx.scope.tenant());
        let mut alerts: Vec<Alert> = own.flat_map(|(_, alerts)| alerts.iter().cloned()).collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.event.seq()), alert.id));
        alerts.truncate(limit);
        Ok(alerts)
    }
}
