//! The doors: listeners from the configuration, and the journal behind them.

use crate::config::{Listener, Source, Tenant};
use crate::machine::Machine;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use wardwatch_api::{Metric, MetricKind};
use wardwatch_cli::{Complaint, Exit};
use wardwatch_event::Received;
use wardwatch_intake::follow::follow;
use wardwatch_intake::framing::Framing;
use wardwatch_intake::{
    Bounds, Credentials, Durable, Intake, Joins, Kind, ListenerConfig, Listening, Origin, PositionsFolder, Refused,
    Stop, Stopper, Stored, TlsFiles,
};
use wardwatch_journal::{AppendFault, Appended};

/// Listeners may take so long to read what the kernel still holds.
const CLOSING: Duration = Duration::from_secs(20);

/// The journal as intake sees it; counts what was made durable.
struct Behind(Arc<Machine>);

impl Durable for Behind {
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Stored, Refused>> {
        async move {
            let machine = &self.0;
            let (tenant, source, at) = (batch.tenant(), batch.source, batch.at);
            let (lines, bytes, rejected) = (batch.len() as u64, batch.bytes.len() as u64, batch.rejected_total());
            match machine.journal.append(batch).await {
                Ok(Appended::Stored(_)) => {
                    machine.tally.received(tenant, source, at, lines, bytes, rejected);
                    Ok(Stored { known: false })
                }
                Ok(Appended::Known(_)) => Ok(Stored { known: true }),
                Err(fault) => Err(refused(&fault)),
            }
        }
        .boxed()
    }
}

fn refused(fault: &AppendFault) -> Refused {
    match fault {
        AppendFault::Busy(_) => Refused::Busy { retry_after: Duration::from_millis(500) },
        AppendFault::KeyTaken(_) => Refused::KeyTaken,
        AppendFault::Full(_) => Refused::Full,
        AppendFault::Io(_) => Refused::Failed,
    }
}

/// Open listeners.
pub struct Doors {
    stopper: Stopper,
    running: JoinSet<()>,
}

impl Doors {
    /// Binds every listener before the first of them serves: a typing error in the last must not lose lines of the first.
    pub async fn open(machine: &Arc<Machine>) -> Result<Self, Complaint> {
        let config = &machine.config;
        let bounds = Bounds { line_bytes: config.line_bytes, frame_bytes: config.frame_bytes, ..Bounds::default() };
        let durable = Arc::new(Behind(Arc::clone(machine)));
        let intake =
            Intake::new(durable, Arc::clone(&machine.clock), credentials(&config.tenants)?).with_bounds(bounds);
        let intake = intake.with_joins(joins(machine));
        let intake = Arc::new(intake);
        // Doors are opened once a machine; a second set would keep the first one's meters.
        let _ = machine.doors.set(Arc::clone(&intake));
        let (stopper, stop) = Stopper::pair();
        let mut running = JoinSet::new();
        let mut bound = Vec::new();
        for listener in config.listeners.iter().filter(|l| l.kind != "files") {
            let listening = Listening::bind(listener_config(machine, listener)?, Arc::clone(&intake))
                .map_err(|e| Complaint::new(Exit::Conflict, e, "mend the listener in the configuration"))?;
            bound.push(listening);
        }
        for listening in bound {
            tracing::info!(kind = ?listening.kind(), address = %listening.address(), "listening");
            running.spawn(listening.run(stop.clone()));
        }
        for listener in config.listeners.iter().filter(|l| l.kind == "files") {
            spawn_files(machine, listener, &intake, stop.clone(), &mut running)?;
        }
        Ok(Self { stopper, running })
    }

    /// Takes nothing new; what the kernel holds is read and made durable.
    pub async fn close(mut self) {
        self.stopper.stop();
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSING, all).await.is_err() {
            tracing::warn!("some connections did not end in time; what they had not sent stays with the sender");
        }
    }
}

fn credentials(tenants: &[Tenant]) -> Result<Credentials, Complaint> {
    let mut credentials = Credentials::default();
    for (tenant, source) in tenants.iter().flat_map(|t| t.sources.iter().map(move |s| (t, s))) {
        let origin = origin(tenant, source);
        for hash in &source.tokens_sha256 {
            credentials.add_token_sha256(hash, origin).map_err(Complaint::failed)?;
        }
        for hash in &source.certificates_sha256 {
            credentials.add_certificate_sha256(hash, origin).map_err(Complaint::failed)?;
        }
    }
    Ok(credentials)
}

/// Sources whose pack joins lines to records. With pack `auto` nothing is joined: the pack is found by a whole line.
fn joins(machine: &Machine) -> Joins {
    let sources = machine.config.tenants.iter().flat_map(|t| t.sources.iter().map(move |s| (t, s)));
    let joined = sources.filter_map(|(tenant, source)| {
        let join = machine.content().pack(&source.pack)?.input.join.clone()?;
        Some((origin(tenant, source), join))
    });
    joined.collect()
}

fn origin(tenant: &Tenant, source: &Source) -> Origin {
    Origin { tenant: tenant.id, source: source.id }
}

fn origin_of(machine: &Machine, listener: &Listener) -> Option<Origin> {
    let (tenant, source) = machine.config.find(listener.tenant.as_deref()?, listener.source.as_deref()?)?;
    Some(origin(tenant, source))
}

fn listener_config(machine: &Machine, listener: &Listener) -> Result<ListenerConfig, Complaint> {
    let unfit = |what: &str| Complaint::failed(format!("a listener of kind `{}` has no {what}", listener.kind));
    let kind = match listener.kind.as_str() {
        "udp" => Kind::Udp,
        "tcp" => Kind::Tcp,
        "tls" => Kind::Tls,
        "relp" => Kind::Relp,
        "relp-tls" => Kind::RelpTls,
        "https" => Kind::Https,
        _ => Kind::Http,
    };
    let framing = match listener.framing.as_str() {
        "counted" => Framing::Counted,
        "newline" => Framing::Newline,
        _ => Framing::Auto,
    };
    let tls = match (&listener.certificate, &listener.key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate.clone(), key.clone());
            Some(TlsFiles {
                certificate,
                key,
                client_ca: listener.client_ca.clone(),
                client_certificate_optional: false,
            })
        }
        _ => None,
    };
    let origin = origin_of(machine, listener);
    Ok(ListenerConfig {
        kind,
        bind: listener.bind.ok_or_else(|| unfit("address"))?,
        framing,
        tls,
        tenant: origin.map(|o| o.tenant),
        source: origin.map(|o| o.source),
    })
}

/// What the doors counted in this run.
pub fn metrics(machine: &Machine) -> Vec<Metric> {
    let Some(intake) = machine.doors.get() else { return Vec::new() };
    let reading = intake.meters.reading();
    let counter = |name, help| Metric { name, help, kind: MetricKind::Counter, samples: Vec::new() };
    let gauge =
        |name, help, value: f64| Metric { name, help, kind: MetricKind::Gauge, samples: vec![(Vec::new(), value)] };
    let mut refused = counter("wardwatch_intake_refused_total", "Times a sender was refused or made to wait.");
    let mut invalid =
        counter("wardwatch_intake_invalid_total", "Requests that were not what they claimed to be, or too large.");
    let mut cut_off =
        counter("wardwatch_intake_cut_off_total", "Connections ended because the sender was silent too long.");
    let mut repeated = counter("wardwatch_batches_repeated_total", "Batches that were durable already.");
    let mut notes = counter("wardwatch_line_notes_total", "Lines by what was odd about them on the way in.");
    let mut rejected = counter("wardwatch_intake_rejected_total", "Records refused in this run, by reason.");
    let of_files = |name, help| Metric { name, help, kind: MetricKind::Gauge, samples: Vec::new() };
    let mut waiting = of_files("wardwatch_files_waiting", "Followed files that wait because too many are open.");
    let mut skipped = of_files("wardwatch_files_skipped", "Links, pipes and devices below followed paths, not read.");
    let mut file_faults = counter(
        "wardwatch_file_faults_total",
        "Times a followed file could not be opened, read or its position written down.",
    );
    for source in &reading.sources {
        let Some(labels) = labels(machine, source.origin) else { continue };
        for (metric, value) in [
            (&mut refused, source.refused),
            (&mut invalid, source.invalid),
            (&mut cut_off, source.cut_off),
            (&mut repeated, source.repeated),
            (&mut waiting, source.files_waiting),
            (&mut skipped, source.files_skipped),
            (&mut file_faults, source.file_faults),
        ] {
            metric.samples.push((labels.clone(), value as f64));
        }
        let word = |value: serde_json::Result<serde_json::Value>| {
            value.ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
        };
        for (note, count) in &source.notes {
            let mut labels = labels.clone();
            labels.push(("note", word(serde_json::to_value(note))));
            notes.samples.push((labels, *count as f64));
        }
        for (reason, count) in &source.rejected {
            let mut labels = labels.clone();
            labels.push(("reason", word(serde_json::to_value(reason))));
            rejected.samples.push((labels, *count as f64));
        }
    }
    let mut unauthorised =
        counter("wardwatch_intake_unauthorised_total", "Requests and connections without a valid credential.");
    unauthorised.samples.push((Vec::new(), reading.unauthorised as f64));
    let mut handshakes =
        counter("wardwatch_intake_handshakes_failed_total", "TLS handshakes that failed or took too long.");
    handshakes.samples.push((Vec::new(), reading.handshakes_failed as f64));
    let connections = gauge("wardwatch_intake_connections", "Connections open now.", reading.connections as f64);
    vec![
        refused,
        invalid,
        cut_off,
        repeated,
        waiting,
        skipped,
        file_faults,
        notes,
        rejected,
        unauthorised,
        handshakes,
        connections,
    ]
}

fn labels(machine: &Machine, origin: Origin) -> Option<Vec<(&'static str, String)>> {
    let tenant = machine.config.tenants.iter().find(|t| t.id == origin.tenant)?;
    let source = tenant.sources.iter().find(|s| s.id == origin.source)?;
    Some(vec![("tenant", tenant.slug.clone()), ("source", source.slug.clone())])
}

/// Follows a file or folder; how far it was read is kept below the data folder.
fn spawn_files(
    machine: &Arc<Machine>,
    listener: &Listener,
    intake: &Arc<Intake>,
    stop: Stop,
    running: &mut JoinSet<()>,
) -> Result<(), Complaint> {
    let (Some(path), Some(origin)) = (listener.path.clone(), origin_of(machine, listener)) else {
        return Err(Complaint::failed("a listener of kind `files` needs `path`, `tenant` and `source`"));
    };
    let folder = machine.config.data.join("positions").join(origin.source.to_string());
    let positions = PositionsFolder::open(folder.clone())
        .map_err(|e| Complaint::failed(format!("positions of followed files {}: {e}", folder.display())))?;
    tracing::info!(path = %path.display(), "following files");
    running.spawn(follow(Arc::clone(intake), path, origin, Arc::new(positions), stop));
    Ok(())
}
