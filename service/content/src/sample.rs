//! A sample: raw lines of one source, with the reception time and zone they were written for.
//!
//! The first line is a comment, `# received: 2026-11-25T02:00:00Z zone: Asia/Shanghai`; every further line is one raw
//! line, bytes as the source sends them. Where the pack joins lines, they are joined as intake would. Nothing is decoded.

use std::sync::Arc;
use wardwatch_event::{LineBatch, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp, Zone};
use wardwatch_limits::FRAME_BYTES;
use wardwatch_pack::{Join, Joiner, Pack};

/// A sample as read.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When the lines count as received.
    pub received: Timestamp,
    /// The source's zone.
    pub zone: Zone,
    /// The raw lines.
    pub lines: Vec<Vec<u8>>,
}

/// Why a sample cannot be used.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum SampleFault {
    /// No first line.
    #[error("the first line must say when and where: `# received: 2026-11-25T02:00:00Z zone: Asia/Shanghai`")]
    NoHead,
    /// A time that is none.
    #[error("`{0}` is no time: write it as 2026-11-25T02:00:00Z")]
    Time(String),
    /// A zone that is none.
    #[error("`{0}` is no zone: write it as Asia/Shanghai")]
    Zone(String),
}

impl Sample {
    /// Reads a sample file.
    ///
    /// # Errors
    /// A first line that does not say when and where.
    pub fn read(bytes: &[u8]) -> Result<Self, SampleFault> {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let head = lines.next().and_then(|line| std::str::from_utf8(line).ok()).ok_or(SampleFault::NoHead)?;
        let head = head.strip_prefix('#').map(str::trim).ok_or(SampleFault::NoHead)?;
        let (received, zone) =
            head.strip_prefix("received:").and_then(|rest| rest.split_once("zone:")).ok_or(SampleFault::NoHead)?;
        let (received, zone) = (received.trim(), zone.trim());
        Ok(Self {
            received: Timestamp::parse_rfc3339(received).ok_or_else(|| SampleFault::Time(received.to_owned()))?,
            zone: Zone::parse(zone).map_err(|_| SampleFault::Zone(zone.to_owned()))?,
            lines: lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect(),
        })
    }

    /// The records as the journal would hand them over, as if they came from one source of an invented tenant: the lines,
    /// joined if the pack says so.
    pub fn batch(&self, pack: &Pack) -> LineBatch {
        match &pack.input.join {
            None => batch_of(&self.lines, self.received),
            Some(join) => batch_of(&joined(&self.lines, join), self.received),
        }
    }
}

/// Lines that arrived at once, as records.
pub(crate) fn joined<L: AsRef<[u8]>>(lines: &[L], join: &Arc<Join>) -> Vec<Vec<u8>> {
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut joiner = Joiner::new(Arc::clone(join), FRAME_BYTES, |(), ()| ());
    for line in lines {
        joiner.push(line.as_ref(), (), |record, ()| records.push(record.to_vec()));
    }
    joiner.finish(|record, ()| records.push(record.to_vec()));
    records
}

/// Lines of an invented tenant and source, numbered from 1.
pub(crate) fn batch_of<L: AsRef<[u8]>>(lines: &[L], received: Timestamp) -> LineBatch {
    batch_from(lines, received, 1)
}

/// The same, numbered from `number`.
pub(crate) fn batch_from<L: AsRef<[u8]>>(lines: &[L], received: Timestamp, number: u64) -> LineBatch {
    let tenant = TenantId::from_slug("sample");
    let batch = Received::of_lines(tenant, SourceId::from_slug(tenant, "sample"), received, lines);
    LineBatch { received: batch, first: EventId::new(received, NodeId(0), number) }
}
