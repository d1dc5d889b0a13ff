//! `/metrics` and `/health`: what the machine knows of itself.

use crate::machine::{Machine, WORKERS};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use wardwatch_api::{Health, Metric, MetricKind, Part, State};
use wardwatch_ident::{SourceId, TenantId};
use wardwatch_intake::SourceReading;
use wardwatch_lake::LakeAccount;

/// Lag above which the line is called degraded, seconds.
const LAG_SECONDS: f64 = 60.0;

/// Failures in a row after which a part is called failed.
const FAILURES_IN_ROW: u64 = 3;

/// How each part is.
pub fn health(machine: &Machine) -> Health {
    let uptime = machine.clock.now().micros_since(machine.started).max(0) / 1_000_000;
    let parts = vec![
        journal(machine),
        line(machine),
        lake(machine),
        files(machine),
        workers(machine),
        disk(machine),
        content(machine),
    ];
    Health { version: env!("CARGO_PKG_VERSION"), uptime_seconds: uptime.unsigned_abs(), parts }
}

/// When the parts could not be asked.
pub fn unknown(machine: &Machine, why: &str) -> Health {
    let uptime = machine.clock.now().micros_since(machine.started).max(0) / 1_000_000;
    let parts = vec![part("health", State::Failed, format!("the parts could not be asked: {why}"), vec![])];
    Health { version: env!("CARGO_PKG_VERSION"), uptime_seconds: uptime.unsigned_abs(), parts }
}

fn part(name: &'static str, state: State, detail: impl Into<String>, figures: Vec<(&'static str, f64)>) -> Part {
    Part { name, state, detail: detail.into(), figures }
}

fn journal(machine: &Machine) -> Part {
    let end = machine.journal.end().0 as f64;
    let queued = machine.journal_sqlite.as_ref().map_or(0, |j| j.queued_bytes());
    let figures = vec![("lines_durable", end), ("queued_bytes", queued as f64)];
    let (in_row, failures) = machine.journal_sqlite.as_ref().map_or((0, 0), |j| j.failures());
    let figures = [figures, vec![("write_failures_total", failures as f64)]].concat();
    if in_row >= FAILURES_IN_ROW {
        let detail = format!(
            "{in_row} writes in a row failed: intake refuses, senders keep their data; look at the disk and the log"
        );
        return part("journal", State::Failed, detail, figures);
    }
    let damage = machine.chores.journal_damage.load(Ordering::Relaxed);
    if damage > 0 {
        return part(
            "journal",
            State::Degraded,
            format!("{damage} damaged batches were skipped: wardwatch verify --deep"),
            figures,
        );
    }
    if queued * 10 > wardwatch_limits::JOURNAL_QUEUE_BYTES * 9 {
        return part(
            "journal",
            State::Degraded,
            "the disk is slower than the senders: intake refuses for moments",
            figures,
        );
    }
    part("journal", State::Ok, "lines are synced before they are acknowledged", figures)
}

fn line(machine: &Machine) -> Part {
    let checked = match machine.alerts.cursor() {
        Ok(cursor) => cursor.0,
        Err(e) => return part("line", State::Failed, format!("the ledger cannot be read: {e}"), vec![]),
    };
    let waiting = machine.journal.end().0.saturating_sub(checked);
    let lag = lag_seconds(machine, waiting);
    let figures = vec![("waiting_lines", waiting as f64), ("lag_seconds", lag)];
    if lag > LAG_SECONDS {
        return part("line", State::Degraded, format!("detection is {lag:.0} s behind"), figures);
    }
    part("line", State::Ok, "parsing and detection keep up", figures)
}

/// Seconds from the reception of the newest checked line to now, if lines wait. Before the first window of a run the
/// first waiting line itself tells.
pub fn lag_seconds(machine: &Machine, waiting: u64) -> f64 {
    if waiting == 0 {
        return 0.0;
    }
    let first_waiting = || {
        let after = machine.alerts.cursor().ok()?;
        machine.journal.read(after, 1).ok()?.first().map(|batch| batch.received.at)
    };
    let since = machine.tally.last_checked().or_else(first_waiting);
    since.map_or(0, |at| machine.clock.now().micros_since(at).max(0)) as f64 / 1e6
}

fn lake(machine: &Machine) -> Part {
    let counts = machine.lake.counts();
    let faults = machine.chores.lake_faults.load(Ordering::Relaxed);
    let figures = vec![
        ("hot_rows", counts.hot_rows as f64),
        ("hot_bytes", counts.hot_bytes as f64),
        ("faults_total", faults as f64),
        ("files_unreadable", counts.files_unreadable as f64),
    ];
    match machine.catalogue.cursor() {
        Err(e) => part("lake", State::Failed, format!("the catalogue cannot be read: {e}"), figures),
        Ok(_) if machine.chores.lake_faults_in_row.load(Ordering::Relaxed) >= FAILURES_IN_ROW => part(
            "lake",
            State::Failed,
            "the writer fails again and again: lines are safe in the journal, look at the log",
            figures,
        ),
        Ok(_) if counts.files_unreadable > 0 => part(
            "lake",
            State::Degraded,
            format!(
                "{} files cannot be read and are left out of searches: the log names them, restore them from a backup",
                counts.files_unreadable
            ),
            figures,
        ),
        Ok(_) => part("lake", State::Ok, "lines are searchable", figures),
    }
}

/// Followed files: those that wait for others are read later, what is no file never.
fn files(machine: &Machine) -> Part {
    let sources = machine.doors.get().map(|intake| intake.meters.reading().sources).unwrap_or_default();
    let sum = |of: fn(&SourceReading) -> u64| sources.iter().map(of).sum::<u64>();
    let waiting = sum(|source| source.files_waiting);
    let figures = vec![
        ("waiting", waiting as f64),
        ("skipped", sum(|source| source.files_skipped) as f64),
        ("faults_total", sum(|source| source.file_faults) as f64),
    ];
    if waiting > 0 {
        let detail =
            format!("{waiting} followed files wait because too many are open at once; the log names the folder");
        return part("files", State::Degraded, detail, figures);
    }
    part("files", State::Ok, "followed files are read", figures)
}

/// A worker that panicked was started anew: the machine works, and somebody has to look at the log.
fn workers(machine: &Machine) -> Part {
    let panics =
        WORKERS.iter().zip(&machine.chores.worker_panics).map(|(name, count)| (*name, count.load(Ordering::Relaxed)));
    let ended: Vec<(&str, u64)> = panics.filter(|(_, count)| *count > 0).collect();
    let named: Vec<String> = ended.iter().map(|(name, count)| format!("{name} ({count})")).collect();
    let figures = ended.iter().map(|(name, count)| (*name, *count as f64)).collect();
    if named.is_empty() {
        return part("workers", State::Ok, "line, lake and upkeep run", figures);
    }
    let detail = format!("ended in a panic and began anew: {}; look at the log", named.join(", "));
    part("workers", State::Degraded, detail, figures)
}

fn disk(machine: &Machine) -> Part {
    let Ok(stat) = rustix::fs::statvfs(&machine.config.data) else {
        return part("disk", State::Failed, "the data folder cannot be read", vec![]);
    };
    let free = stat.f_bavail * stat.f_frsize;
    let figures = vec![("free_bytes", free as f64)];
    if free < wardwatch_limits::DISK_RESERVE_BYTES {
        return part(
            "disk",
            State::Failed,
            "full: intake refuses until there is room, senders keep their data",
            figures,
        );
    }
    if free < 20 * wardwatch_limits::DISK_RESERVE_BYTES {
        return part("disk", State::Degraded, "less than 5 GiB free", figures);
    }
    part("disk", State::Ok, "there is room", figures)
}

fn content(machine: &Machine) -> Part {
    let loaded = machine.content();
    let aside = machine.station.detector().program().health().iter().filter(|h| h.quarantine().is_some()).count();
    let hurt = machine.station.detector().program().events_hurt();
    let lost = machine.awake.lost();
    let figures = vec![
        ("events_hurt", hurt as f64),
        ("packs", loaded.packs.len() as f64),
        ("rules", loaded.rules_loaded as f64),
        ("rules_refused", loaded.rules_refused.len() as f64),
        ("rules_quarantined", aside as f64),
        ("rules_without_canary", lost as f64),
    ];
    if lost > 0 {
        let detail = format!("{lost} rules do not fire on their canaries: wardwatch content coverage --state broken");
        return part("content", State::Degraded, detail, figures);
    }
    if aside > 0 || hurt > 0 || !loaded.pack_faults.is_empty() {
        let packs = loaded.pack_faults.len();
        let detail = format!("{aside} rules set aside, {hurt} events that broke detection, {packs} packs not loaded");
        return part("content", State::Degraded, detail, figures);
    }
    part("content", State::Ok, "packs and rules are loaded", figures)
}

/// Every counter and gauge.
pub fn metrics(machine: &Machine) -> Vec<Metric> {
    let mut all = by_source(machine);
    all.extend(of_machine(machine));
    all.extend(crate::intake::metrics(machine));
    all
}

/// What of a source's lines has ever reached a file of the lake.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// In dataset `events`; what compaction removed as doubled is not counted.
    pub stored: u64,
    /// In dataset `quarantine`.
    pub quarantined: u64,
}

/// The ledger's account of every source; empty if it cannot be read, which `/health` says.
pub fn kept(machine: &Machine) -> HashMap<(TenantId, SourceId), Kept> {
    let accounts = machine.catalogue.accounts().unwrap_or_default();
    let kept = |a: &LakeAccount| Kept { stored: a.stored.saturating_sub(a.duplicates), quarantined: a.quarantined };
    accounts.iter().map(|a| ((a.tenant, a.source), kept(a))).collect()
}

fn by_source(machine: &Machine) -> Vec<Metric> {
    let counter = |name, help| Metric { name, help, kind: MetricKind::Counter, samples: Vec::new() };
    let mut received = counter("wardwatch_lines_received_total", "Lines made durable, since the data folder was made.");
    let mut bytes = counter("wardwatch_bytes_received_total", "Bytes of those lines.");
    let mut rejected = counter("wardwatch_records_rejected_total", "Records refused and counted in the journal.");
    let mut parsed = counter("wardwatch_lines_parsed_total", "Lines parsed in this run.");
    let mut unparsed =
        counter("wardwatch_lines_unparsed_total", "Lines kept raw because their pack did not understand them.");
    let mut stored = counter(
        "wardwatch_lines_stored_total",
        "Lines in files of the lake, since the data folder was made; hot rows follow within a minute.",
    );
    let mut quarantined = counter(
        "wardwatch_lines_quarantined_total",
        "Lines in the quarantine, counted like those stored, since the data folder was made.",
    );
    let mut alerts = counter("wardwatch_alerts_total", "Alerts committed in this run.");
    let accounts = kept(machine);
    for tenant in &machine.config.tenants {
        for source in &tenant.sources {
            let reading = machine.tally.reading(tenant.id, source.id);
            let kept = accounts.get(&(tenant.id, source.id)).copied().unwrap_or_default();
            let labels = || vec![("tenant", tenant.slug.clone()), ("source", source.slug.clone())];
            for (metric, value) in [
                (&mut received, reading.received),
                (&mut bytes, reading.bytes),
                (&mut rejected, reading.rejected),
                (&mut parsed, reading.parsed),
                (&mut unparsed, reading.unparsed),
                (&mut stored, kept.stored),
                (&mut quarantined, kept.quarantined),
                (&mut alerts, reading.alerts),
            ] {
                metric.samples.push((labels(), value as f64));
            }
        }
    }
    vec![received, bytes, rejected, parsed, unparsed, stored, quarantined, alerts]
}

fn of_machine(machine: &Machine) -> Vec<Metric> {
    let mut metrics = of_line(machine);
    metrics.extend(of_detection(machine));
    metrics.extend(of_lake(machine));
    metrics
}

fn one(name: &'static str, help: &'static str, kind: MetricKind, value: f64) -> Metric {
    Metric { name, help, kind, samples: vec![(Vec::new(), value)] }
}

fn total(name: &'static str, help: &'static str, counter: &AtomicU64) -> Metric {
    one(name, help, MetricKind::Counter, counter.load(Ordering::Relaxed) as f64)
}

fn of_line(machine: &Machine) -> Vec<Metric> {
    use MetricKind::{Counter, Gauge};
    let checked = machine.alerts.cursor().map_or(0, |c| c.0);
    let end = machine.journal.end().0;
    let panics = WORKERS.iter().zip(&machine.chores.worker_panics);
    let panics = panics
        .map(|(name, count)| (vec![("worker", (*name).to_owned())], count.load(Ordering::Relaxed) as f64))
        .collect();
    let stages = machine.stages.seconds().map(|(stage, s)| (vec![("stage", stage.to_owned())], s)).collect();
    let lag = lag_seconds(machine, end.saturating_sub(checked));
    let failures = machine.journal_sqlite.as_ref().map_or(0, |j| j.failures().1);
    vec![
        one("wardwatch_journal_line", "Sequence number of the last durable line.", Counter, end as f64),
        one("wardwatch_detect_line", "Sequence number of the last line that was checked.", Counter, checked as f64),
        one("wardwatch_line_lag_seconds", "Age of the newest checked line while lines wait.", Gauge, lag),
        total("wardwatch_line_faults_total", "Windows that failed and were read again.", &machine.chores.line_faults),
        total(
            "wardwatch_journal_damage_total",
            "Damaged journal batches that were skipped.",
            &machine.chores.journal_damage,
        ),
        one(
            "wardwatch_journal_write_failures_total",
            "Groups of batches that could not be written; their senders were refused.",
            Counter,
            failures as f64,
        ),
        Metric {
            name: "wardwatch_worker_panics_total",
            help: "Workers that ended in a panic and began anew.",
            kind: Counter,
            samples: panics,
        },
        Metric {
            name: "wardwatch_stage_cpu_seconds_total",
            help: "CPU of the worker threads by stage.",
            kind: Counter,
            samples: stages,
        },
    ]
}

/// Rules of each tenant by how they are; nothing before the first look of this run.
fn rules_awake(machine: &Machine) -> Metric {
    let of_tenant = |(tenant, figures): (String, [u64; 4])| {
        let states = ["alive", "blind", "broken", "unknown"].into_iter().zip(figures);
        let labels = move |state: &str| vec![("tenant", tenant.clone()), ("state", state.to_owned())];
        states.map(|(state, rules)| (labels(state), rules as f64)).collect::<Vec<_>>()
    };
    Metric {
        name: "wardwatch_rules",
        help: "Rules of a tenant by state: alive, blind (something they need does not arrive), broken, unknown.",
        kind: MetricKind::Gauge,
        samples: machine.awake.figures().into_iter().flat_map(of_tenant).collect(),
    }
}

fn of_detection(machine: &Machine) -> Vec<Metric> {
    use MetricKind::{Counter, Gauge};
    let content = machine.content();
    let (detector, (open, bytes), withdrawn) =
        machine.station.remembered(|detector, memory| (detector.clone(), memory.sequences(), memory.withdrawn()));
    let hurt = detector.program().events_hurt();
    let indicators = detector.indicators().figures().total();
    vec![
        rules_awake(machine),
        one("wardwatch_rules_loaded", "Rules that are evaluated.", Gauge, content.rules_loaded as f64),
        one("wardwatch_rules_refused", "Rules that were refused.", Gauge, content.rules_refused.len() as f64),
        one("wardwatch_correlations", "Correlations that are evaluated.", Gauge, detector.correlations().len() as f64),
        one("wardwatch_indicators", "Indicators in use.", Gauge, indicators as f64),
        one("wardwatch_sequences_open", "Groups that correlations remember.", Gauge, open as f64),
        one("wardwatch_sequences_bytes", "Memory of those groups, about.", Gauge, bytes as f64),
        one(
            "wardwatch_alerts_withdrawn_total",
            "Alerts of correlations that a late line took back; another alert covers them.",
            Counter,
            withdrawn as f64,
        ),
        one("wardwatch_events_hurt_total", "Events that broke detection and were passed over.", Counter, hurt as f64),
    ]
}

fn of_lake(machine: &Machine) -> Vec<Metric> {
    use MetricKind::{Counter, Gauge};
    let counts = machine.lake.counts();
    let taken = machine.lake.taken().0;
    let chores = &machine.chores;
    vec![
        one("wardwatch_lake_line", "Sequence number of the last line taken by the lake.", Counter, taken as f64),
        one("wardwatch_lake_hot_rows", "Rows in memory, searchable.", Gauge, counts.hot_rows as f64),
        one("wardwatch_lake_hot_bytes", "Memory of those rows.", Gauge, counts.hot_bytes as f64),
        one(
            "wardwatch_lake_files_unreadable",
            "Files of the lake that searches leave out because they are missing or damaged.",
            Gauge,
            counts.files_unreadable as f64,
        ),
        one("wardwatch_lake_rows_total", "Rows published in files.", Counter, counts.rows_published_total as f64),
        one("wardwatch_lake_files_total", "Files published.", Counter, counts.files_published_total as f64),
        one(
            "wardwatch_lake_offers_declined_total",
            "Windows the lake read again by itself.",
            Counter,
            counts.offers_declined_total as f64,
        ),
        total("wardwatch_files_compacted_total", "Small files that became large ones.", &chores.files_compacted),
        total("wardwatch_files_removed_total", "Files removed after retention or compaction.", &chores.files_removed),
        total("wardwatch_lake_faults_total", "Turns of the lake's writer that failed.", &chores.lake_faults),
        total("wardwatch_upkeep_faults_total", "Compaction or retention runs that failed.", &chores.upkeep_faults),
        one(
            "wardwatch_batches_poisoned_total",
            "Batches of which no rows could be made and whose lines went to the quarantine.",
            Counter,
            counts.batches_poisoned_total as f64,
        ),
        one(
            "wardwatch_lake_restarts_total",
            "Times the lake read lines again from where its catalogue stands.",
            Counter,
            counts.restarts_total as f64,
        ),
    ]
}
