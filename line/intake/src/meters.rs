//! What has come in, per source: for `/metrics` and the page.
//!
//! Counts this run only. The account that must be exact is the journal's.

use crate::credential::Origin;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_event::{LineNote, Received, RejectReason};
use wardwatch_ident::Timestamp;

const NOTES: [LineNote; 4] =
    [LineNote::Truncated, LineNote::Unterminated, LineNote::FramingResync, LineNote::BulkNotIndex];

const REASONS: [RejectReason; 4] =
    [RejectReason::UdpKernelDrop, RejectReason::BadFrame, RejectReason::BadRecord, RejectReason::BadCompression];

/// One source in this run.
#[derive(Debug)]
pub struct SourceMeter {
    lines: AtomicU64,
    bytes: AtomicU64,
    repeated: AtomicU64,
    connections: AtomicU64,
    refused: AtomicU64,
    invalid: AtomicU64,
    cut_off: AtomicU64,
    notes: [AtomicU64; NOTES.len()],
    rejected: [AtomicU64; REASONS.len()],
    last_received: AtomicI64,
    files_waiting: AtomicU64,
    files_skipped: AtomicU64,
    file_faults: AtomicU64,
}

/// What a follower does not read at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Unread {
    pub(crate) waiting: u64,
    pub(crate) skipped: u64,
}

/// A reading of a [`SourceMeter`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceReading {
    /// Whose.
    pub origin: Origin,
    /// Lines made durable.
    pub lines: u64,
    /// Bytes of those lines.
    pub bytes: u64,
    /// Batches that were durable already.
    pub repeated: u64,
    /// Connections open now.
    pub connections: u64,
    /// Times a sender was refused or made to wait because the journal was behind, full or broken.
    pub refused: u64,
    /// Requests refused because they were not what they claimed to be, or too large.
    pub invalid: u64,
    /// Connections ended because the sender was silent for too long.
    pub cut_off: u64,
    /// Lines by note; only those that occurred.
    pub notes: Vec<(LineNote, u64)>,
    /// Records refused, by reason; only those that occurred.
    pub rejected: Vec<(RejectReason, u64)>,
    /// When the last line was framed.
    pub last_received: Option<Timestamp>,
    /// Followed files that wait now because too many are open.
    pub files_waiting: u64,
    /// Links, pipes and devices below a followed path that are not read, as of the last look.
    pub files_skipped: u64,
    /// Times that a followed file or folder could not be opened or read, or its position not be written down.
    pub file_faults: u64,
}

/// A reading of everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IntakeReading {
    /// By source.
    pub sources: Vec<SourceReading>,
    /// Requests and connections with no, a wrong or an unknown credential.
    pub unauthorised: u64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: u64,
    /// Connections open now, over all listeners.
    pub connections: u64,
}

/// All meters.
#[derive(Debug, Default)]
pub struct Meters {
    sources: Mutex<BTreeMap<Origin, Arc<SourceMeter>>>,
    unauthorised: AtomicU64,
    handshakes_failed: AtomicU64,
    connections: AtomicU64,
}

/// Counts a connection while it lives.
#[derive(Debug)]
pub struct Connected<'m>(Vec<&'m AtomicU64>);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        for open in &self.0 {
            open.fetch_sub(1, Relaxed);
        }
    }
}

impl Meters {
    /// The meter of a source, made on first use.
    pub fn of(&self, origin: Origin) -> Arc<SourceMeter> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.entry(origin).or_insert_with(|| Arc::new(SourceMeter::new())).clone()
    }

    /// A credential was missing, wrong or unknown.
    pub fn unauthorised(&self) {
        self.unauthorised.fetch_add(1, Relaxed);
    }

    /// A TLS handshake came to nothing.
    pub fn handshake_failed(&self) {
        self.handshakes_failed.fetch_add(1, Relaxed);
    }

    /// A connection is open until the answer is dropped; `source` if it is known whose.
    pub fn connected<'m>(&'m self, source: Option<&'m SourceMeter>) -> Connected<'m> {
        let open: Vec<_> = std::iter::once(&self.connections).chain(source.map(|s| &s.connections)).collect();
        for count in &open {
            count.fetch_add(1, Relaxed);
        }
        Connected(open)
    }

    /// Everything as it stands.
    pub fn reading(&self) -> IntakeReading {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        IntakeReading {
            sources: sources.iter().map(|(origin, meter)| meter.reading(*origin)).collect(),
            unauthorised: self.unauthorised.load(Relaxed),
            handshakes_failed: self.handshakes_failed.load(Relaxed),
            connections: self.connections.load(Relaxed),
        }
    }
}

/// What has to be counted of a batch once its fate is known.
#[derive(Debug)]
pub(crate) struct Weight {
    lines: u64,
    bytes: u64,
    at: Timestamp,
    notes: [u64; NOTES.len()],
    rejected: [u64; REASONS.len()],
}

impl Weight {
    pub(crate) fn of(batch: &Received) -> Self {
        Self {
            lines: batch.len() as u64,
            bytes: batch.bytes.len() as u64,
            at: batch.at,
            notes: NOTES.map(|note| batch.notes.iter().filter(|(_, n)| *n == note).count() as u64),
            rejected: REASONS.map(|reason| batch.rejected.iter().filter(|r| r.reason == reason).map(|r| r.count).sum()),
        }
    }
}

impl SourceMeter {
    fn new() -> Self {
        let zeros = || std::array::from_fn(|_| AtomicU64::new(0));
        Self {
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            invalid: AtomicU64::new(0),
            cut_off: AtomicU64::new(0),
            notes: zeros(),
            rejected: std::array::from_fn(|_| AtomicU64::new(0)),
            last_received: AtomicI64::new(i64::MIN),
            files_waiting: AtomicU64::new(0),
            files_skipped: AtomicU64::new(0),
            file_faults: AtomicU64::new(0),
        }
    }

    /// A batch is durable; `known`: it was before.
    pub(crate) fn stored(&self, weight: &Weight, known: bool) {
        self.last_received.fetch_max(weight.at.as_micros(), Relaxed);
        if known {
            self.repeated.fetch_add(1, Relaxed);
            return;
        }
        self.lines.fetch_add(weight.lines, Relaxed);
        self.bytes.fetch_add(weight.bytes, Relaxed);
        for (count, more) in self.notes.iter().zip(weight.notes).chain(self.rejected.iter().zip(weight.rejected)) {
            count.fetch_add(more, Relaxed);
        }
    }

    /// The journal could not take a batch: the sender keeps it and comes again.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// A request was not what it claimed to be.
    pub(crate) fn invalid(&self) {
        self.invalid.fetch_add(1, Relaxed);
    }

    /// A sender was silent for too long.
    pub(crate) fn cut_off(&self) {
        self.cut_off.fetch_add(1, Relaxed);
    }

    /// One of the source's followers reads this less than it could; `before` is what it said the last time.
    pub(crate) fn unread(&self, before: Unread, now: Unread) {
        // By the difference, because a source may have several paths. Wraps, and comes out right.
        self.files_waiting.fetch_add(now.waiting.wrapping_sub(before.waiting), Relaxed);
        self.files_skipped.fetch_add(now.skipped.wrapping_sub(before.skipped), Relaxed);
    }

    /// Something failed at a followed file.
    pub(crate) fn file_faults(&self, more: u64) {
        self.file_faults.fetch_add(more, Relaxed);
    }

    fn reading(&self, origin: Origin) -> SourceReading {
        let last = self.last_received.load(Relaxed);
        SourceReading {
            origin,
            lines: self.lines.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            repeated: self.repeated.load(Relaxed),
            connections: self.connections.load(Relaxed),
            refused: self.refused.load(Relaxed),
            invalid: self.invalid.load(Relaxed),
            cut_off: self.cut_off.load(Relaxed),
            notes: occurred(&NOTES, &self.notes),
            rejected: occurred(&REASONS, &self.rejected),
            last_received: (last > i64::MIN).then_some(Timestamp::from_micros(last)),
            files_waiting: self.files_waiting.load(Relaxed),
            files_skipped: self.files_skipped.load(Relaxed),
            file_faults: self.file_faults.load(Relaxed),
        }
    }
}

fn occurred<K: Copy>(keys: &[K], counts: &[AtomicU64]) -> Vec<(K, u64)> {
    let all = keys.iter().zip(counts).map(|(key, count)| (*key, count.load(Relaxed)));
    all.filter(|(_, count)| *count > 0).collect()
}
