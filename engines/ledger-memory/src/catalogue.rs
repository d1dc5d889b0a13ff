//! Files of the lake.

use crate::{Kept, MemoryLedger};
use futures::FutureExt;
use futures::future::BoxFuture;
use wardwatch_access::OpContext;
use wardwatch_finding::Alert;
use wardwatch_ident::{AlertId, Cursor, SourceId, TenantId, Timestamp};
use wardwatch_lake::{Catalogue, CatalogueFault, LakeAccount, Pending, Publish, SegmentRow};
use wardwatch_schema::dataset;

/// An alert without its line, roughly.
const ALERT_BYTES: usize = 1_024;

impl Kept {
    fn account(&mut self, tenant: TenantId, source: SourceId) -> &mut LakeAccount {
        let empty = LakeAccount { tenant, source, stored: 0, quarantined: 0, duplicates: 0 };
        self.accounts.entry((tenant, source)).or_insert(empty)
    }

    fn live(&self) -> impl Iterator<Item = &SegmentRow> {
        self.files.values().filter(|(_, retired)| retired.is_none()).map(|(file, _)| file)
    }

    /// The tenant's blobs, ascending.
    fn blobs_of(&self, cx: &OpContext) -> impl DoubleEndedIterator<Item = (u64, &Vec<Alert>)> {
        let tenant = cx.scope.tenant();
        let own = self.blobs.iter().filter(move |(_, (whose, _))| *whose == tenant);
        own.map(|(number, (_, alerts))| (*number, alerts))
    }

    /// Looks before anything is changed, so that a refused change leaves nothing.
    fn refuses(&self, change: &Publish) -> Option<String> {
        if let Some((after, _)) = change.cursor
            && after != self.lake
        {
            return Some(format!("the lake stands at line {}, not at {}", self.lake.0, after.0));
        }
        let gone = change.replace.iter().find(|id| !self.live().any(|file| file.id == **id));
        if let Some(id) = gone {
            return Some(format!("file {id:032x} is no longer live"));
        }
        let doubled = change.add.iter().find(|file| self.files.contains_key(&file.id));
        doubled.map(|file| format!("file {:032x} is there already", file.id))
    }
}

/// Blobs up to the one that reaches `bytes_max`.
fn bounded<'a>(blobs: impl Iterator<Item = (u64, &'a Vec<Alert>)>, bytes_max: usize) -> Pending {
    let (mut pending, mut bytes) = (Pending::default(), 0);
    for (number, alerts) in blobs {
        if bytes >= bytes_max && !pending.blobs.is_empty() {
            pending.left_out += alerts.len() as u64;
            continue;
        }
        bytes += alerts.iter().map(|alert| ALERT_BYTES + alert.evidence.raw.len()).sum::<usize>();
        pending.blobs.push((number, alerts.clone()));
    }
    pending
}

impl Catalogue for MemoryLedger {
    fn cursor(&self) -> Result<Cursor, CatalogueFault> {
        Ok(self.kept().lake)
    }

    fn publish(&self, change: Publish) -> BoxFuture<'_, Result<(), CatalogueFault>> {
        async move {
            let now = self.clock.now();
            let mut kept = self.kept();
            if let Some(why) = kept.refuses(&change) {
                return Err(CatalogueFault::Conflict(why));
            }
            let replaces = !change.replace.is_empty();
            for id in &change.replace {
                if let Some((_, retired)) = kept.files.get_mut(id) {
                    *retired = Some(now);
                }
            }
            for file in change.add {
                for (source, rows) in file.sources.iter().filter(|_| !replaces) {
                    match file.dataset.as_str() {
                        dataset::EVENTS => kept.account(file.tenant, *source).stored += rows,
                        dataset::QUARANTINE => kept.account(file.tenant, *source).quarantined += rows,
                        _ => {}
                    }
                }
                kept.files.insert(file.id, (file, None));
            }
            for (tenant, source, rows) in change.duplicates {
                kept.account(tenant, source).duplicates += rows;
            }
            for blob in change.moved_alerts {
                kept.blobs.remove(&blob);
            }
            if let Some((_, through)) = change.cursor {
                kept.lake = through;
            }
            Ok(())
        }
        .boxed()
    }

    fn view(
        &self,
        cx: &OpContext,
        dataset: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let kept = self.kept();
        let mut files: Vec<SegmentRow> = kept
            .live()
            .filter(|f| f.tenant == cx.scope.tenant() && f.dataset == dataset)
            .filter(|f| f.received.1 >= from && f.received.0 <= to)
            .cloned()
            .collect();
        files.sort_by_key(|file| (file.received.0, file.id));
        Ok(files)
    }

    fn all_live(&self) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let mut files: Vec<SegmentRow> = self.kept().live().cloned().collect();
        files.sort_by_key(|file| (file.tenant, file.received.0, file.id));
        Ok(files)
    }

    fn pending_alerts(&self, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        let kept = self.kept();
        Ok(bounded(kept.blobs.iter().map(|(number, (_, alerts))| (*number, alerts)), bytes_max))
    }

    fn pending_numbers(&self, cx: &OpContext) -> Result<Vec<u64>, CatalogueFault> {
        let kept = self.kept();
        Ok(kept.blobs_of(cx).map(|(number, _)| number).collect())
    }

    fn pending_alerts_of(&self, cx: &OpContext, bytes_max: usize) -> Result<Pending, CatalogueFault> {
        let kept = self.kept();
        Ok(bounded(kept.blobs_of(cx).rev(), bytes_max))
    }

    fn pending_alert(&self, cx: &OpContext, id: AlertId) -> Result<Option<Alert>, CatalogueFault> {
        let kept = self.kept();
        let mut alerts = kept.blobs_of(cx).flat_map(|(_, alerts)| alerts);
        Ok(alerts.find(|alert| alert.id == id).cloned())
    }

    fn expire<'a>(
        &'a self,
        tenant: TenantId,
        before_day: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u64, CatalogueFault>> {
        async move {
            let mut kept = self.kept();
            let old = kept
                .files
                .values_mut()
                .filter(|(file, retired)| retired.is_none() && file.tenant == tenant && file.day.as_str() < before_day);
            Ok(old.map(|(_, retired)| *retired = Some(now)).count() as u64)
        }
        .boxed()
    }

    fn retired(&self, until: Timestamp) -> Result<Vec<SegmentRow>, CatalogueFault> {
        let kept = self.kept();
        let gone = kept.files.values().filter(|(_, retired)| retired.is_some_and(|at| at < until));
        Ok(gone.map(|(file, _)| file.clone()).collect())
    }

    fn forget<'a>(&'a self, ids: &'a [u128]) -> BoxFuture<'a, Result<(), CatalogueFault>> {
        async move {
            self.kept().files.retain(|id, (_, retired)| retired.is_none() || !ids.contains(id));
            Ok(())
        }
        .boxed()
    }

    fn accounts(&self) -> Result<Vec<LakeAccount>, CatalogueFault> {
        Ok(self.kept().accounts.values().cloned().collect())
    }
}
