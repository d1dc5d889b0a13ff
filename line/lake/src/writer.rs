//! A flush: hot chunks and pending alerts become L0 files, and one transaction publishes them with the cursor.
//!
//! A crash before the transaction leaves files that nobody knows; garbage collection removes them, and the lines are
//! read again from the journal. A crash after it leaves nothing to do.

use crate::fault::LakeFault;
use crate::hot::Home;
use crate::naming::{Draft, Facts, SegmentIds};
use crate::ports::{Catalogue, Layout, Publish, SegmentRow, SegmentStore};
use crate::rows::Chunk;
use arrow::record_batch::RecordBatch;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, TenantId, Timestamp};
use wardwatch_limits::PENDING_FLUSH_BYTES;
use wardwatch_schema::dataset;

/// What a flush works with.
pub(crate) struct Flush<'a> {
    pub catalogue: &'a dyn Catalogue,
    pub store: &'a dyn SegmentStore,
    pub ids: &'a SegmentIds,
    pub now: Timestamp,
}

/// What a flush did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flushed {
    /// Files written.
    pub files: u64,
    /// Rows in them, alerts included.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

impl Flushed {
    fn of(files: &[SegmentRow]) -> Self {
        Self {
            files: files.len() as u64,
            rows: files.iter().map(|row| row.rows).sum(),
            bytes: files.iter().map(|row| row.bytes).sum(),
        }
    }
}

impl std::ops::AddAssign for Flushed {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.rows += more.rows;
        self.bytes += more.bytes;
    }
}

impl Flush<'_> {
    /// Writes and publishes the chunks and as many pending alerts as fit a bound; `after..through` are the lines that
    /// `chunks` cover. Gives also how many alerts are left.
    pub async fn run(
        &self,
        chunks: &[(Home, Vec<Arc<Chunk>>)],
        (after, through): (Cursor, Cursor),
        alert_rows: &(dyn Fn(&[Alert]) -> Result<RecordBatch, LakeFault> + Sync),
    ) -> Result<(Flushed, u64), LakeFault> {
        let mut add = Vec::with_capacity(chunks.len());
        for (home, chunks) in chunks {
            add.extend(self.events_file(home, chunks).await?);
        }
        let (moved_alerts, left) = self.alerts_files(&mut add, alert_rows).await?;
        if add.is_empty() && moved_alerts.is_empty() && after == through {
            return Ok((Flushed::default(), left));
        }
        let done = Flushed::of(&add);
        let cursor = Some((after, through));
        self.catalogue.publish(Publish { add, cursor, moved_alerts, ..Publish::default() }).await?;
        Ok((done, left))
    }

    /// Writes and publishes pending alerts alone, as [`Flush::run`] does.
    pub async fn run_alerts(
        &self,
        alert_rows: &(dyn Fn(&[Alert]) -> Result<RecordBatch, LakeFault> + Sync),
    ) -> Result<(Flushed, u64), LakeFault> {
        let mut add = Vec::new();
        let (moved_alerts, left) = self.alerts_files(&mut add, alert_rows).await?;
        let done = Flushed::of(&add);
        if !moved_alerts.is_empty() {
            self.catalogue.publish(Publish { add, moved_alerts, ..Publish::default() }).await?;
        }
        Ok((done, left))
    }

    /// Writes files of the oldest pending alerts; gives the blobs they hold and how many alerts are left.
    async fn alerts_files(
        &self,
        add: &mut Vec<SegmentRow>,
        alert_rows: &(dyn Fn(&[Alert]) -> Result<RecordBatch, LakeFault> + Sync),
    ) -> Result<(Vec<u64>, u64), LakeFault> {
        let pending = self.catalogue.pending_alerts(PENDING_FLUSH_BYTES)?;
        let moved = pending.blobs.iter().map(|(blob, _)| *blob).collect();
        for ((tenant, day), alerts) in by_home(pending.blobs) {
            add.push(self.alerts_file(tenant, &day, &alerts, alert_rows).await?);
        }
        Ok((moved, pending.left_out))
    }

    async fn events_file(&self, home: &Home, chunks: &[Arc<Chunk>]) -> Result<Option<SegmentRow>, LakeFault> {
        let Some(facts) = Facts::of_chunks(chunks.iter().map(AsRef::as_ref)) else { return Ok(None) };
        let rows: Vec<RecordBatch> = chunks.iter().map(|chunk| chunk.rows.clone()).collect();
        let (tenant, dataset, day) = (home.tenant, home.dataset, home.day.as_str());
        let draft = Draft { id: self.ids.next(self.now), tenant, dataset, day, level: 0 };
        let written = self.store.write(&draft.path(), Layout::L0, &rows).await?;
        Ok(Some(draft.row(facts, written)))
    }

    async fn alerts_file(
        &self,
        tenant: TenantId,
        day: &str,
        alerts: &[Alert],
        alert_rows: &(dyn Fn(&[Alert]) -> Result<RecordBatch, LakeFault> + Sync),
    ) -> Result<SegmentRow, LakeFault> {
        let rows = [alert_rows(alerts)?];
        let draft = Draft { id: self.ids.next(self.now), tenant, dataset: dataset::ALERTS, day, level: 0 };
        let written = self.store.write(&draft.path(), Layout::L0, &rows).await?;
        Ok(draft.row(facts_of(alerts), written))
    }
}

/// Each alert once, by tenant and day of reception.
fn by_home(pending: Vec<(u64, Vec<Alert>)>) -> BTreeMap<(TenantId, String), Vec<Alert>> {
    let mut homes: BTreeMap<(TenantId, String), Vec<Alert>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for alert in pending.into_iter().flat_map(|(_, alerts)| alerts) {
        if seen.insert((alert.tenant, alert.id)) {
            homes.entry((alert.tenant, alert.received.day())).or_default().push(alert);
        }
    }
    homes
}

fn facts_of(alerts: &[Alert]) -> Facts {
    let (mut events, mut received, mut time) = (None, None, None);
    let mut sources = BTreeMap::new();
    for alert in alerts {
        crate::rows::widen(&mut events, alert.event);
        crate::rows::widen(&mut received, alert.received);
        crate::rows::widen(&mut time, alert.time);
        *sources.entry(alert.source).or_default() += 1;
    }
    let nothing = (Timestamp::default(), Timestamp::default());
    let none = (wardwatch_ident::EventId(0), wardwatch_ident::EventId(0));
    Facts {
        rows: alerts.len() as u64,
        events: events.unwrap_or(none),
        received: received.unwrap_or(nothing),
        time: time.unwrap_or(nothing),
        sources,
    }
}
