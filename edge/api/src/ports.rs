//! What the page, the data routes and the control socket need to know, asked of one trait.
//!
//! | method | who calls | note |
//! |---|---|---|
//! | [`Desk::hospitals`] | page, `status` | tenants of the scope with their sources; foreign ones are simply not in it |
//! | [`Desk::pulse`] | the live stream, once a second per viewer | from memory, never a query |
//! | [`Desk::alerts`] | the list, per tenant | newest first |
//! | [`Desk::alert`] | the detail panel | `None` = not there or not this tenant's |
//! | [`Desk::guide`] | titles in both languages, the detail panel | content, no tenant's data |
//! | [`Desk::search`] | search tab, `wardwatch search`, the check of `send` | bounded in rows, time, memory |
//! | [`Desk::health`], [`Desk::metrics`] | `/health`, `/metrics` | about the machine, no tenant's data in them |
//! | [`Desk::awake`], [`Desk::canaries`] | `wardwatch content coverage` | control socket only; per tenant |
//! | [`Desk::verify`] | `wardwatch verify` | control socket only |
//!
//! Every method that reaches a hospital's data takes the context first; the handlers narrow the fleet to one tenant
//! before they ask. Boxed futures, so that the desk can be shared as `Arc<dyn Desk>`.

use crate::awake::{CanariesSent, TenantAwake};
use crate::{Fault, Guide};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use wardwatch_access::{FleetScope, OpContext, TenantScope};
use wardwatch_finding::{Alert, Origin, Severity};
use wardwatch_ident::{AlertId, TenantId, Timestamp};

/// Answers the edge's questions. Implemented once, in `app/assemble`.
pub trait Desk: Send + Sync {
    /// The hospitals in reach with their sources, in the configuration's order.
    fn hospitals<'a>(&'a self, cx: &'a OpContext<FleetScope>) -> BoxFuture<'a, Result<Vec<Hospital>, Fault>>;

    /// What moved: totals per source now, and the alerts that came after `after`. Cheap: asked every second by each viewer.
    ///
    /// `after` is the [`Pulse::mark`] of an earlier answer, `None` at first (then no alerts are sent, only the mark).
    /// A mark that is too old or from an earlier run of the server gives [`Pulse::missed`]: the page loads its list again.
    fn pulse<'a>(&'a self, cx: &'a OpContext<FleetScope>, after: Option<u64>) -> BoxFuture<'a, Result<Pulse, Fault>>;

    /// The tenant's alerts that pass the filter, newest first, at most `ask.limit`, as far as bounds of bytes and time allow.
    fn alerts<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a AlertAsk,
    ) -> BoxFuture<'a, Result<AlertPage, Fault>>;

    /// One alert of the tenant. Whoever knows when it was received says so: then one day's files are looked at instead of all.
    fn alert<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        id: AlertId,
        received: Option<Timestamp>,
    ) -> BoxFuture<'a, Result<Option<Arc<Alert>>, Fault>>;

    /// The guide beside the rule with this id, from memory; none where there is none.
    fn guide(&self, rule: &str) -> Option<Arc<Guide>> {
        let _ = rule;
        None
    }

    /// Runs a query in one tenant. A query that is not understood is [`Fault::query`] with its place.
    fn search<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a SearchAsk,
    ) -> BoxFuture<'a, Result<SearchAnswer, Fault>>;

    /// How the parts of this machine are.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// Every counter and gauge of this machine.
    fn metrics(&self) -> BoxFuture<'_, Vec<Metric>>;

    /// Which of the tenant's rules can fire at all, with every rule.
    fn awake<'a>(&'a self, cx: &'a OpContext<TenantScope>) -> BoxFuture<'a, Result<TenantAwake, Fault>>;

    /// What came of the rules' canaries when they were sent last; no tenant's data.
    fn canaries(&self) -> BoxFuture<'_, Result<Option<CanariesSent>, Fault>>;

    /// Proves the account of every source in reach. `deep` also reads every journal batch and lake file back.
    fn verify<'a>(&'a self, cx: &'a OpContext<FleetScope>, deep: bool) -> BoxFuture<'a, Result<VerifyReport, Fault>>;
}

/// A hospital and what it sends.
#[derive(Clone, Debug, Serialize)]
pub struct Hospital {
    /// Its id.
    #[serde(skip)]
    pub id: TenantId,
    /// Short name; what requests and answers call it by.
    #[serde(rename = "id")]
    pub slug: String,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Its sources, in the configuration's order.
    pub sources: Vec<SourceState>,
}

/// A source: who it is and how it is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceState {
    /// Short name.
    #[serde(rename = "id")]
    pub slug: String,
    /// Chinese name.
    pub name: String,
    /// Pack that reads its lines, `vendor/product`; with version where one is loaded.
    pub pack: String,
    /// How lines come: `udp`, `tcp`, `tls`, `relp`, `http`, `files`; several separated by a blank.
    pub via: String,
    /// Silent for so long is reported, seconds.
    pub silent_seconds: u64,
    /// Its totals.
    pub count: SourceCount,
}

/// Totals of one source: since the data folder was made, as the account of `verify` counts them, but for `parsed` and
/// `unparsed`, which are a share of this run's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceCount {
    /// Short name of the tenant.
    pub tenant: String,
    /// Short name of the source.
    pub source: String,
    /// Lines made durable, and records refused.
    pub received: u64,
    /// Lines in files of the lake; hot rows follow within a minute.
    pub stored: u64,
    /// Lines parsed in this run.
    pub parsed: u64,
    /// Of those: kept whole but not understood by the pack.
    pub unparsed: u64,
    /// Lines refused, all reasons together.
    pub rejected: u64,
    /// Lines in the quarantine.
    pub quarantined: u64,
    /// When the last line came; none if never.
    pub last_received: Option<Timestamp>,
}

/// What moved since the last look.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    /// When it was taken.
    pub at: Timestamp,
    /// Totals of every source in reach.
    pub counts: Vec<SourceCount>,
    /// Seconds between the reception of the newest line that was checked and now, 0 when nothing waits.
    pub lag_seconds: f64,
    /// Lines that are durable and not checked yet, over all tenants.
    pub waiting: u64,
    /// Alerts after the mark that was given, oldest first, at most a few hundred.
    pub alerts: Vec<Arc<Alert>>,
    /// Hand it in next time.
    pub mark: u64,
    /// The given mark could not be continued: alerts may be missing here.
    pub missed: bool,
}

/// Which alerts.
#[derive(Clone, Debug, Default)]
pub struct AlertAsk {
    /// This severity or worse.
    pub severity_min: Option<Severity>,
    /// Only this origin.
    pub origin: Option<Origin>,
    /// Only of the source with this short name.
    pub source: Option<String>,
    /// Only what was received from here on (inclusive).
    pub since: Option<Timestamp>,
    /// Only what was received before (exclusive): the next page.
    pub before: Option<Timestamp>,
    /// Of those received at this instant only the ones with a smaller id: lines of one batch share their time of reception,
    /// and a page must be able to end among them.
    pub below: Option<(Timestamp, AlertId)>,
    /// Alerts at most.
    pub limit: usize,
}

impl AlertAsk {
    /// Whether an alert lies in the asked stretch of the list, which is ordered by reception and then by id, newest first.
    pub fn in_stretch(&self, alert: &Alert) -> bool {
        self.since.is_none_or(|since| alert.received >= since)
            && self.before.is_none_or(|before| alert.received < before)
            && self.below.is_none_or(|below| (alert.received, alert.id) < below)
    }
}

/// A part of the alert list.
#[derive(Clone, Debug, Default)]
pub struct AlertPage {
    /// Newest first.
    pub alerts: Vec<Arc<Alert>>,
    /// A bound was reached: what was received before this instant was not looked at; ask again with it as `before`.
    pub looked_back_to: Option<Timestamp>,
    /// Newly found alerts that wait for a file and were too many to be read now: they are missing here.
    pub waiting: u64,
}

/// Where to search.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dataset {
    /// Parsed lines.
    #[default]
    Events,
    /// Alerts.
    Alerts,
    /// Lines that broke the parser.
    Quarantine,
}

/// A query with its range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchAsk {
    /// In the field query language; empty finds everything.
    pub query: String,
    /// Where.
    pub dataset: Dataset,
    /// Received from here (inclusive).
    pub from: Timestamp,
    /// Received until here (exclusive).
    pub to: Timestamp,
    /// Rows at most, already within `wardwatch_limits::SEARCH_ROWS`.
    pub limit: usize,
    /// Bars of the histogram over time that are wanted; 0 for none.
    pub bars: u32,
}

/// Rows, one tenant's.
#[derive(Clone, Debug, Default)]
pub struct SearchAnswer {
    /// Column names, in order.
    pub columns: Vec<String>,
    /// One value per column; null for what the line did not say. Times are RFC 3339 text.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// There were more rows than were asked for.
    pub more: bool,
    /// How many lines match per stretch of time: start and number; empty if not asked for or not to be had.
    pub bars: Vec<(Timestamp, u64)>,
    /// Milliseconds it took.
    pub took_ms: u64,
    /// What the reader should know: a part of the range that could not be read, a field nobody has.
    pub notes: Vec<String>,
}

/// How a part is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Works.
    Ok,
    /// Works, with something to look at.
    Degraded,
    /// Does not work.
    Failed,
}

/// One part of the machine.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// `journal`, `line`, `lake`, `disk`, …
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// Why, in one sentence (English; for operators).
    pub detail: String,
    /// Figures: name with unit last, value.
    pub figures: Vec<(&'static str, f64)>,
}

/// How the machine is.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// Version of the binary.
    pub version: &'static str,
    /// Seconds since the start.
    pub uptime_seconds: u64,
    /// The parts; the whole is as bad as the worst of them.
    pub parts: Vec<Part>,
}

impl Health {
    /// The worst of the parts.
    pub fn state(&self) -> State {
        self.parts.iter().map(|p| p.state).max().unwrap_or(State::Ok)
    }
}

/// Prometheus' kinds that we use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricKind {
    /// Only grows (its name ends in `_total`).
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One metric with its samples.
#[derive(Clone, Debug)]
pub struct Metric {
    /// `wardwatch_lines_received_total`.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// Labels and value.
    pub samples: Vec<(Vec<(&'static str, String)>, f64)>,
}

/// The account of one source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Account {
    /// Short name of the tenant.
    pub tenant: String,
    /// Short name of the source.
    pub source: String,
    /// Lines in committed batches, and rejections.
    pub received: u64,
    /// Rows in the lake.
    pub stored: u64,
    /// Lines in quarantine.
    pub quarantined: u64,
    /// Refused, by reason.
    pub rejected: Vec<(String, u64)>,
    /// Durable, but not in the lake yet.
    pub waiting: u64,
    /// Batches answered as known already.
    pub repeated: u64,
    /// Rows that compaction removed as doubled by the sender.
    pub duplicates: u64,
    /// received − stored − rejected − quarantined − waiting; anything but 0 is a loss or a double.
    pub difference: i64,
}

/// The proof, or what is wrong with it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VerifyReport {
    /// Every account adds up and nothing was found wrong.
    pub ok: bool,
    /// What was compared, and what was not, in one sentence.
    pub checked: &'static str,
    /// One per source.
    pub accounts: Vec<Account>,
    /// Journal batches and lake files that were read back (`deep`).
    pub read_back: u64,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}
