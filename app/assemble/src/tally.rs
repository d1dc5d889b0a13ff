//! Live figures by source and the newest alerts: from memory, for the page that asks every second.
//!
//! Totals of received and stored lines are the engines' own (they survive a restart); what only this run knows (parsed,
//! unparsed, last line) is counted here.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_event::{EventBatch, Parsed};
use wardwatch_finding::Alert;
use wardwatch_ident::{SourceId, TenantId, Timestamp};

/// Alerts kept in memory for viewers that look every second.
const NEWEST: usize = 5_000;
/// Alerts in one answer.
const AT_ONCE: usize = 200;

/// One source in this run.
#[derive(Debug, Default)]
pub struct SourceTally {
    received: AtomicU64,
    bytes: AtomicU64,
    rejected: AtomicU64,
    parsed: AtomicU64,
    unparsed: AtomicU64,
    poison: AtomicU64,
    alerts: AtomicU64,
    last_received: AtomicI64,
}

/// A reading of a [`SourceTally`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// Lines durable, since the data folder was made.
    pub received: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records refused, all reasons.
    pub rejected: u64,
    /// Lines parsed in this run.
    pub parsed: u64,
    /// Of those not understood.
    pub unparsed: u64,
    /// Of those that broke the parser.
    pub poison: u64,
    /// Alerts in this run.
    pub alerts: u64,
    /// When the last line came, µs; `i64::MIN` if never in this run.
    pub last_received: Option<Timestamp>,
}

/// All sources and the newest alerts.
#[derive(Debug)]
pub struct Tally {
    sources: HashMap<(TenantId, SourceId), SourceTally>,
    newest: Mutex<Newest>,
    last_checked: AtomicI64,
}

#[derive(Debug, Default)]
struct Newest {
    alerts: VecDeque<Arc<Alert>>,
    /// Number of the alert after the last one in the ring.
    next: u64,
}

impl Tally {
    /// For these sources. `first_mark` differs between runs, so that a mark of an earlier run is recognised as stale.
    pub fn new(sources: impl Iterator<Item = (TenantId, SourceId)>, first_mark: u64) -> Self {
        let fresh = || SourceTally { last_received: AtomicI64::new(i64::MIN), ..SourceTally::default() };
        Self {
            sources: sources.map(|key| (key, fresh())).collect(),
            newest: Mutex::new(Newest { alerts: VecDeque::new(), next: first_mark }),
            last_checked: AtomicI64::new(i64::MIN),
        }
    }

    /// Adds what was made durable before this run.
    pub fn carry_over(&self, tenant: TenantId, source: SourceId, lines: u64, bytes: u64, rejected: u64) {
        if let Some(tally) = self.sources.get(&(tenant, source)) {
            tally.received.fetch_add(lines, Ordering::Relaxed);
            tally.bytes.fetch_add(bytes, Ordering::Relaxed);
            tally.rejected.fetch_add(rejected, Ordering::Relaxed);
        }
    }

    /// Lines were made durable.
    pub fn received(&self, tenant: TenantId, source: SourceId, at: Timestamp, lines: u64, bytes: u64, rejected: u64) {
        self.carry_over(tenant, source, lines, bytes, rejected);
        if let Some(tally) = self.sources.get(&(tenant, source)).filter(|_| lines > 0) {
            tally.last_received.fetch_max(at.as_micros(), Ordering::Relaxed);
        }
    }

    /// A batch was parsed and checked.
    pub fn checked(&self, batch: &EventBatch) {
        let received = &batch.lines.received;
        self.last_checked.fetch_max(received.at.as_micros(), Ordering::Relaxed);
        let Some(tally) = self.sources.get(&(received.tenant(), received.source)) else { return };
        let count = |wanted: Parsed| batch.heads.iter().filter(|h| h.parsed == wanted).count() as u64;
        tally.parsed.fetch_add(batch.len() as u64, Ordering::Relaxed);
        tally.unparsed.fetch_add(count(Parsed::Unparsed), Ordering::Relaxed);
        tally.poison.fetch_add(count(Parsed::Poison), Ordering::Relaxed);
    }

    /// Alerts were committed.
    pub fn alerts(&self, alerts: Vec<Alert>) {
        for alert in &alerts {
            if let Some(tally) = self.sources.get(&(alert.tenant, alert.source)) {
                tally.alerts.fetch_add(1, Ordering::Relaxed);
            }
        }
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.next += alerts.len() as u64;
        newest.alerts.extend(alerts.into_iter().map(Arc::new));
        let over = newest.alerts.len().saturating_sub(NEWEST);
        newest.alerts.drain(..over);
    }

    /// A source's figures.
    pub fn reading(&self, tenant: TenantId, source: SourceId) -> Reading {
        let Some(tally) = self.sources.get(&(tenant, source)) else { return Reading::default() };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let last = tally.last_received.load(Ordering::Relaxed);
        Reading {
            received: read(&tally.received),
            bytes: read(&tally.bytes),
            rejected: read(&tally.rejected),
            parsed: read(&tally.parsed),
            unparsed: read(&tally.unparsed),
            poison: read(&tally.poison),
            alerts: read(&tally.alerts),
            last_received: (last != i64::MIN).then_some(Timestamp::from_micros(last)),
        }
    }

    /// Reception of the newest line that was checked in this run.
    pub fn last_checked(&self) -> Option<Timestamp> {
        let at = self.last_checked.load(Ordering::Relaxed);
        (at != i64::MIN).then_some(Timestamp::from_micros(at))
    }

    /// The alerts of `tenants` after `mark` (oldest first), the next mark, and whether some may be missing.
    pub fn alerts_after(&self, mark: Option<u64>, tenants: &[TenantId]) -> (Vec<Arc<Alert>>, u64, bool) {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let first = newest.next - newest.alerts.len() as u64;
        let Some(mark) = mark else { return (Vec::new(), newest.next, false) };
        if mark < first || mark > newest.next {
            return (Vec::new(), newest.next, true);
        }
        let mut alerts = Vec::new();
        let mut reached = mark;
        for alert in newest.alerts.iter().skip((mark - first) as usize) {
            if alerts.len() == AT_ONCE {
                break;
            }
            reached += 1;
            if tenants.contains(&alert.tenant) {
                alerts.push(Arc::clone(alert));
            }
        }
        (alerts, reached, false)
    }
}
