//! The first block of a file: how many chunks, and was it closed?

use crate::cursor::{u16_at, u32_at, u64_at};
use crate::fault::Fault;

/// How a file begins.
pub const MAGIC: &[u8; 8] = b"ElfFile\0";
/// The header's block; the first chunk begins behind it.
pub const FILE_HEADER_BYTES: usize = 4_096;

/// What the file says of itself. It may be out of date: a file that was copied while Windows wrote to it says fewer chunks
/// than it has, so readers go by the file's length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileHeader {
    /// Chunks, as far as the header knows.
    pub chunks: u16,
    /// Number of the next record.
    pub next_record: u64,
    /// It was not closed: header and last chunk may be behind.
    pub dirty: bool,
    /// The log had reached its size.
    pub full: bool,
    /// The header's own checksum is right.
    pub intact: bool,
}

impl FileHeader {
    /// From the file's first bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if !bytes.starts_with(MAGIC) {
            return Err(Fault::Magic { what: "the file" });
        }
        let outside = Fault::Outside { what: "the file's header", at: bytes.len() };
        let flags = u32_at(bytes, 120).ok_or(outside)?;
        let sum = u32_at(bytes, 124).ok_or(outside)?;
        Ok(Self {
            chunks: u16_at(bytes, 42).ok_or(outside)?,
            next_record: u64_at(bytes, 24).ok_or(outside)?,
            dirty: flags & 1 != 0,
            full: flags & 2 != 0,
            intact: bytes.get(..120).is_some_and(|head| crc32fast::hash(head) == sum),
        })
    }
}
