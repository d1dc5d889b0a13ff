//! Lines before they are understood: bytes, where each ends, who sent them and when.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use wardwatch_ident::{BatchKey, EventId, SourceId, TenantId, Timestamp};

/// What happened to a line on its way in. The line is kept all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineNote {
    /// Longer than the limit: the head is kept, the rest was skipped.
    Truncated,
    /// The stream ended without a line end.
    Unterminated,
    /// The frame before it had a wrong length; reading resumed here.
    FramingResync,
    /// An `update` or `delete` of `_bulk`, kept as a line and not carried out.
    BulkNotIndex,
}

/// Why records were refused, counted in the journal so that the account is exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The kernel dropped datagrams because the socket's buffer was full.
    UdpKernelDrop,
    /// A frame with a length that cannot be (RFC 6587), on a connection that was locked to counted frames.
    BadFrame,
    /// An EVTX chunk or record that cannot be read.
    BadRecord,
    /// A compressed file or body that breaks off or grows past its limit.
    BadCompression,
}

/// So many records refused for one reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejection {
    /// Why.
    pub reason: RejectReason,
    /// How many.
    pub count: u64,
}

/// What intake hands over to be made durable: lines of one tenant, source and peer. No ids yet.
///
/// `bytes` holds the lines one after the other without separators; line `i` ends at `ends[i]`.
#[derive(Clone, Debug)]
pub struct Received {
    tenant: TenantId,
    /// The source the credential, certificate or listener stands for.
    pub source: SourceId,
    /// The sender's name for this batch, if it gave one.
    pub key: Option<BatchKey>,
    /// When the lines were framed.
    pub at: Timestamp,
    /// The sender's address as the socket saw it; none for files and standard input.
    pub peer: Option<IpAddr>,
    /// The lines, back to back.
    pub bytes: Bytes,
    /// Exclusive end of each line in `bytes`, ascending.
    pub ends: Vec<u32>,
    /// What was odd about a line: its index and the note, ascending by index.
    pub notes: Vec<(u32, LineNote)>,
    /// Records that were refused since the last batch of this source.
    pub rejected: Vec<Rejection>,
}

impl Received {
    /// An empty batch. `tenant` can be read back but never changed.
    pub fn new(tenant: TenantId, source: SourceId, at: Timestamp, peer: Option<IpAddr>) -> Self {
        Self {
            tenant,
            source,
            key: None,
            at,
            peer,
            bytes: Bytes::new(),
            ends: Vec::new(),
            notes: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// A batch of these lines, for tests and small senders.
    pub fn of_lines<L: AsRef<[u8]>>(tenant: TenantId, source: SourceId, at: Timestamp, lines: &[L]) -> Self {
        let mut batch = Self::new(tenant, source, at, None);
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend_from_slice(line.as_ref());
            batch.ends.push(bytes.len() as u32);
        }
        batch.bytes = bytes.into();
        batch
    }

    /// Whose lines these are.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// No lines (it may still carry rejections).
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many records were refused.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().map(|r| r.count).sum()
    }

    /// Where line `i` starts and ends in `bytes`; `None` past the last line or if `ends` is not ascending.
    pub fn range(&self, i: usize) -> Option<std::ops::Range<usize>> {
        let end = *self.ends.get(i)? as usize;
        let start = match i.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        (start <= end && end <= self.bytes.len()).then_some(start..end)
    }

    /// Line `i`; empty past the last line.
    pub fn line(&self, i: usize) -> &[u8] {
        self.range(i).and_then(|r| self.bytes.get(r)).unwrap_or_default()
    }
}

/// Durable lines with their ids: what the journal gives back.
#[derive(Clone, Debug)]
pub struct LineBatch {
    /// The lines.
    pub received: Received,
    /// The id of the first line; line `i` has `first.plus(i)`.
    pub first: EventId,
}

impl LineBatch {
    /// The id of line `i`.
    pub fn id(&self, i: u32) -> EventId {
        self.first.plus(i)
    }

    /// The cursor that covers the whole batch; an empty batch (rejections only) takes one number of its own.
    pub fn through(&self) -> wardwatch_ident::Cursor {
        wardwatch_ident::Cursor(self.first.seq() + (self.received.len().max(1) as u64) - 1)
    }
}
