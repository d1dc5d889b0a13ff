//! A chunk: what it says of itself.

use crate::checks::Checks;
use crate::cursor::{u32_at, u64_at};
use crate::fault::Fault;
use crate::record::{Leftovers, Records};

/// How long every chunk is.
pub const CHUNK_BYTES: usize = 65_536;
/// Head and tables; records begin behind them.
pub(crate) const CHUNK_HEAD_BYTES: usize = 512;
/// How a chunk begins.
const MAGIC: &[u8; 8] = b"ElfChnk\0";
/// A record has at least its 24-byte head and a 4-byte copy of its size.
const RECORDS_MAX: u64 = ((CHUNK_BYTES - CHUNK_HEAD_BYTES) / 28) as u64;

/// The numbers in a chunk's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChunkHead {
    /// Number of the first record.
    pub first: u64,
    /// Number of the last record.
    pub last: u64,
    /// Id of the first record (`EventRecordID`).
    pub first_id: u64,
    /// Id of the last record.
    pub last_id: u64,
    /// Where the records end.
    pub free: u32,
}

/// A chunk's bytes, known to begin as a chunk does.
#[derive(Clone, Copy)]
pub struct Chunk<'c> {
    pub(crate) bytes: &'c [u8],
    head: ChunkHead,
}

impl<'c> Chunk<'c> {
    /// Over the bytes of one chunk; a chunk that breaks off may be shorter.
    pub fn open(bytes: &'c [u8]) -> Result<Self, Fault> {
        let bytes = bytes.get(..CHUNK_BYTES).unwrap_or(bytes);
        if !bytes.starts_with(MAGIC) {
            return Err(Fault::Magic { what: "the chunk" });
        }
        let outside = Fault::Outside { what: "the chunk's head", at: bytes.len() };
        if bytes.len() < CHUNK_HEAD_BYTES {
            return Err(outside);
        }
        let long = |at| u64_at(bytes, at).ok_or(outside);
        let (first, last, first_id, last_id) = (long(8)?, long(16)?, long(24)?, long(32)?);
        let free = u32_at(bytes, 48).ok_or(outside)?;
        Ok(Self { bytes, head: ChunkHead { first, last, first_id, last_id, free } })
    }

    /// What it says of itself.
    pub fn head(&self) -> ChunkHead {
        self.head
    }

    /// Records it says it holds: last - first + 1. None if no chunk can hold so many.
    pub fn declared(&self) -> Option<u64> {
        let declared = self.head.last.wrapping_sub(self.head.first).wrapping_add(1);
        (declared <= RECORDS_MAX).then_some(declared)
    }

    /// Where the records end, as far as the chunk's bytes go.
    pub(crate) fn free(&self) -> usize {
        (self.head.free as usize).clamp(CHUNK_HEAD_BYTES, self.bytes.len().max(CHUNK_HEAD_BYTES))
    }

    /// Computes its checksums.
    pub fn checks(&self) -> Checks {
        Checks::of(self.bytes, self.free())
    }

    /// Its records, as they lie.
    pub fn records(&self) -> Records<'c> {
        Records::new(*self)
    }

    /// Records of an earlier use of this space, by their shape. They count for nothing that is declared.
    pub fn leftovers(&self) -> Leftovers<'c> {
        Leftovers::new(*self)
    }
}
