//! What all listeners share: where lines go, what time it is, who is known, what is counted.

use crate::body::Bodies;
use crate::credential::{Credentials, Origin};
use crate::joining::{Joins, NoteJoiner, first_note};
use crate::meters::{Meters, SourceMeter, Weight};
use crate::ports::{Durable, Refused, Stored};
use crate::stop::Stop;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wardwatch_event::Received;
use wardwatch_ident::{Clock, Timestamp};
use wardwatch_limits as limits;
use wardwatch_pack::Join;

/// How often a refusing journal is asked while the server drains, and how long between: 5 s in all.
const DRAIN_TRIES: u32 = 20;
const DRAIN_PAUSE: Duration = Duration::from_millis(250);

/// A peer with an unknown credential is named in the log once in this time, and so many peers at most.
const TOLD_MICROS: i64 = 60_000_000;
const TOLD_PEERS: usize = 1_024;

/// Bounds that a configuration may move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Longest line of anything but syslog, bytes.
    pub line_bytes: usize,
    /// Longest syslog frame, bytes.
    pub frame_bytes: usize,
    /// Largest HTTP body as it arrives, bytes.
    pub body_bytes: usize,
    /// Largest HTTP body after decompression, bytes.
    pub body_unpacked_bytes: usize,
    /// A request or a handshake that brings nothing for so long is cut off, milliseconds.
    pub body_idle_ms: u64,
    /// A silent syslog connection is closed after so long, milliseconds.
    pub connection_idle_ms: u64,
    /// A TLS handshake or a request head must be complete in this time, milliseconds.
    pub handshake_ms: u64,
    /// Connections of one listener.
    pub connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            line_bytes: limits::LINE_BYTES,
            frame_bytes: limits::FRAME_BYTES,
            body_bytes: limits::BODY_BYTES,
            body_unpacked_bytes: limits::BODY_UNPACKED_BYTES,
            body_idle_ms: limits::BODY_IDLE_MS,
            connection_idle_ms: limits::CONNECTION_IDLE_MS,
            handshake_ms: limits::HANDSHAKE_MS,
            connections: limits::CONNECTIONS,
        }
    }
}

/// Shared by all listeners of a server.
pub struct Intake {
    durable: Arc<dyn Durable>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who is known.
    pub credentials: Credentials,
    /// What is counted.
    pub meters: Meters,
    /// The bounds in force.
    pub bounds: Bounds,
    /// The version `GET /` tells Elasticsearch clients that do not say their own.
    pub elastic_version: String,
    /// Sources whose lines are joined to records before they are stored.
    joins: Joins,
    /// Room for HTTP bodies.
    pub(crate) bodies: Arc<Bodies>,
    /// Peers whose credential was complained about, and when.
    told: Mutex<HashMap<Option<IpAddr>, Timestamp>>,
}

impl Intake {
    /// With default bounds.
    pub fn new(durable: Arc<dyn Durable>, clock: Arc<dyn Clock>, credentials: Credentials) -> Self {
        Self {
            durable,
            clock,
            credentials,
            meters: Meters::default(),
            bounds: Bounds::default(),
            elastic_version: "8.19.0".into(),
            joins: Joins::default(),
            bodies: Arc::default(),
            told: Mutex::default(),
        }
    }

    /// With these bounds; the two line limits are cut to what may be configured at most.
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = Bounds {
            line_bytes: bounds.line_bytes.clamp(1, limits::LINE_BYTES_MAX),
            frame_bytes: bounds.frame_bytes.clamp(1, limits::LINE_BYTES_MAX),
            ..bounds
        };
        self
    }

    /// Joins the lines of these sources (syslog over UDP, TCP and TLS, and files) as their packs say. RELP and HTTP are
    /// never joined: their messages are answered one by one.
    pub fn with_joins(mut self, joins: Joins) -> Self {
        self.joins = joins;
        self
    }

    /// How the lines of a source are joined, if they are.
    pub fn join_of(&self, origin: Origin) -> Option<Arc<Join>> {
        self.joins.get(&origin).cloned()
    }

    /// For a new stream of a source whose lines are joined.
    pub(crate) fn joiner(&self, origin: Origin) -> Option<NoteJoiner> {
        Some(NoteJoiner::new(self.join_of(origin)?, self.bounds.frame_bytes, first_note))
    }

    /// Makes a batch durable and counts it. Refused batches are counted as such.
    pub(crate) async fn append(&self, batch: Received, meter: &SourceMeter) -> Result<Stored, Refused> {
        let weight = Weight::of(&batch);
        let outcome = self.durable.append(batch).await;
        match &outcome {
            Ok(stored) => meter.stored(&weight, stored.known),
            Err(Refused::KeyTaken) => meter.invalid(),
            Err(_) => meter.refused(),
        }
        outcome
    }

    /// Makes a batch durable, however long that takes: while it waits its caller reads nothing, so the sender waits too.
    /// Gives up only when the server is draining and the journal still refuses after some tries.
    pub(crate) async fn append_patiently(
        &self,
        batch: Received,
        meter: &SourceMeter,
        stop: Stop,
    ) -> Result<Stored, Refused> {
        let mut tries_left = DRAIN_TRIES;
        loop {
            let refused = match self.append(batch.clone(), meter).await {
                Err(refused) if refused != Refused::KeyTaken => refused,
                outcome => return outcome,
            };
            let mut pause = refused.retry_after();
            if stop.is_stopped() {
                tries_left -= 1;
                pause = pause.min(DRAIN_PAUSE);
            }
            if tries_left == 0 {
                tracing::error!(
                    tenant.id = %batch.tenant(), source.id = %batch.source, lines = batch.len(), error = %refused,
                    "stopping without these lines: the journal would not take them"
                );
                return Err(refused);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Counts a missing, wrong or unknown credential, and logs it once a minute for each peer.
    pub(crate) fn unknown_credential(&self, peer: Option<IpAddr>) {
        self.meters.unauthorised();
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.micros_since(*at) < TOLD_MICROS);
        if told.len() < TOLD_PEERS && !told.contains_key(&peer) {
            told.insert(peer, now);
            tracing::warn!(?peer, "a sender with no credential or one that is not known was refused");
        }
    }

    /// The meter of a source.
    pub(crate) fn meter(&self, origin: Origin) -> Arc<SourceMeter> {
        self.meters.of(origin)
    }
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}
