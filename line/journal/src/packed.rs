//! One [`Received`] as one blob: what an engine writes and another version of the program must still read.
//!
//! Layout, all integers little endian, `varint` as LEB128:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, now 1 |
//! | 4 | CRC32C of everything after it |
//! | 4 | length of what the rest unpacks to |
//! | rest | one zstd frame |
//!
//! Unpacked: tenant 16, source 16, time in microseconds 8, peer (0, or 4 and 4 bytes, or 6 and 16 bytes), key (0, or 1,
//! length of the epoch 1, epoch, number 8), number of lines, each line's length, number of notes with distance to the
//! note before and kind, number of rejections with reason and count (all `varint`), then the lines back to back.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::io::Read;
use std::net::IpAddr;
use wardwatch_event::{LineNote, Received, RejectReason, Rejection};
use wardwatch_ident::{BatchKey, SourceId, TenantId, Timestamp};
use wardwatch_limits::BODY_UNPACKED_BYTES;

const VERSION: u8 = 1;
const HEAD: usize = 9;
/// The quickest level: a batch is packed while the disk syncs the one before.
const LEVEL: i32 = 1;
/// Lines of one body, one length byte at least for each of them, and what stands around them.
const UNPACKED_MAX: usize = 2 * BODY_UNPACKED_BYTES + 1024 * 1024;
/// Room that is reserved before anything is unpacked; more is taken only as bytes really appear.
const FIRST_ROOM: usize = 4 * 1024 * 1024;

/// Kinds of notes and reasons by their number on disk. Only ever append.
const NOTES: [LineNote; 4] =
    [LineNote::Truncated, LineNote::Unterminated, LineNote::FramingResync, LineNote::BulkNotIndex];
const REASONS: [RejectReason; 4] =
    [RejectReason::UdpKernelDrop, RejectReason::BadFrame, RejectReason::BadRecord, RejectReason::BadCompression];

/// Why a batch cannot be packed. Both are defects of the caller: intake bounds and frames what it hands over.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
pub enum PackFault {
    /// Larger than anything intake accepts.
    #[error("a batch of {0} bytes is larger than any body may be")]
    TooBig(usize),
    /// Ends or notes do not fit the bytes.
    #[error("the batch contradicts itself: {0}")]
    Malformed(&'static str),
    /// The compressor failed.
    #[error("packing failed: {0}")]
    Zstd(String),
}

/// Why a blob cannot be unpacked.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
pub enum UnpackFault {
    /// Written by a newer version.
    #[error("packed by a newer version (format {0}): upgrade wardwatch to read it")]
    Version(u8),
    /// The bytes are not those that were written.
    #[error("checksum is {found:08x}, written was {written:08x}")]
    Checksum {
        /// What stands in the blob.
        written: u32,
        /// What its bytes sum up to.
        found: u32,
    },
    /// Ends too early, or says more than may be.
    #[error("not a packed batch: {0}")]
    Malformed(&'static str),
}

/// SHA-256 over the lines and where each ends: what "the same body" means for a batch key.
pub fn body_hash(batch: &Received) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((batch.ends.len() as u64).to_le_bytes());
    for end in &batch.ends {
        hash.update(end.to_le_bytes());
    }
    hash.update(&batch.bytes);
    hash.finalize().into()
}

/// Packs a batch.
///
/// # Errors
/// [`PackFault`] if the batch is no batch; nothing that a sender can send leads there.
pub fn pack(batch: &Received) -> Result<Vec<u8>, PackFault> {
    let mut raw = Vec::with_capacity(batch.bytes.len() + 2 * batch.ends.len() + 256);
    put_head(&mut raw, batch)?;
    put_ends(&mut raw, batch)?;
    put_notes(&mut raw, batch)?;
    put_varint(&mut raw, batch.rejected.len() as u64);
    for rejection in &batch.rejected {
        raw.push(number(&REASONS, rejection.reason).ok_or(PackFault::Malformed("unknown reason"))?);
        put_varint(&mut raw, rejection.count);
    }
    raw.extend_from_slice(&batch.bytes);
    if raw.len() > UNPACKED_MAX {
        return Err(PackFault::TooBig(raw.len()));
    }
    let frame = compress(&raw)?;
    let mut blob = Vec::with_capacity(HEAD + frame.len());
    blob.push(VERSION);
    blob.extend_from_slice(&[0; 4]);
    blob.extend_from_slice(&(raw.len() as u32).to_le_bytes());
    blob.extend_from_slice(&frame);
    let sum = crc32c::crc32c(blob.get(5..).unwrap_or_default());
    if let Some(place) = blob.get_mut(1..5) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    Ok(blob)
}

fn compress(raw: &[u8]) -> Result<Vec<u8>, PackFault> {
    // A compressor costs a megabyte to set up, so that each thread keeps its own.
    thread_local! { static OWN: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) }; }
    let fault = |e: std::io::Error| PackFault::Zstd(e.to_string());
    OWN.with_borrow_mut(|own| {
        let own = match own {
            Some(own) => own,
            None => own.insert(zstd::bulk::Compressor::new(LEVEL).map_err(fault)?),
        };
        own.compress(raw).map_err(fault)
    })
}

fn put_head(raw: &mut Vec<u8>, batch: &Received) -> Result<(), PackFault> {
    raw.extend_from_slice(&batch.tenant().0.to_le_bytes());
    raw.extend_from_slice(&batch.source.0.to_le_bytes());
    raw.extend_from_slice(&batch.at.as_micros().to_le_bytes());
    match batch.peer {
        None => raw.push(0),
        Some(IpAddr::V4(peer)) => {
            raw.push(4);
            raw.extend_from_slice(&peer.octets());
        }
        Some(IpAddr::V6(peer)) => {
            raw.push(6);
            raw.extend_from_slice(&peer.octets());
        }
    }
    match &batch.key {
        None => raw.push(0),
        Some(key) => {
            raw.push(1);
            raw.push(u8::try_from(key.epoch.len()).map_err(|_| PackFault::Malformed("epoch over 255 bytes"))?);
            raw.extend_from_slice(key.epoch.as_bytes());
            raw.extend_from_slice(&key.n.to_le_bytes());
        }
    }
    Ok(())
}

fn put_ends(raw: &mut Vec<u8>, batch: &Received) -> Result<(), PackFault> {
    put_varint(raw, batch.ends.len() as u64);
    let mut before = 0u32;
    for end in &batch.ends {
        let len = end.checked_sub(before).ok_or(PackFault::Malformed("ends do not ascend"))?;
        put_varint(raw, u64::from(len));
        before = *end;
    }
    if before as usize != batch.bytes.len() {
        return Err(PackFault::Malformed("the last line does not end where the bytes do"));
    }
    Ok(())
}

fn put_notes(raw: &mut Vec<u8>, batch: &Received) -> Result<(), PackFault> {
    put_varint(raw, batch.notes.len() as u64);
    let mut before = 0u32;
    for (line, note) in &batch.notes {
        let distance = line.checked_sub(before).ok_or(PackFault::Malformed("notes do not ascend"))?;
        if *line as usize >= batch.len() {
            return Err(PackFault::Malformed("a note on a line that is not there"));
        }
        put_varint(raw, u64::from(distance));
        raw.push(number(&NOTES, *note).ok_or(PackFault::Malformed("unknown note"))?);
        before = *line;
    }
    Ok(())
}

fn number<T: PartialEq>(all: &[T], one: T) -> Option<u8> {
    all.iter().position(|known| *known == one).map(|at| at as u8)
}

fn put_varint(raw: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        raw.push(value as u8 | 0x80);
        value >>= 7;
    }
    raw.push(value as u8);
}

/// Unpacks a blob. Never panics and never takes much more room than the blob really unpacks to, whatever its bytes are.
///
/// # Errors
/// [`UnpackFault`] if these are not the bytes that [`pack`] made.
pub fn unpack(blob: &[u8]) -> Result<Received, UnpackFault> {
    let mut head = Reader(blob);
    match head.byte()? {
        VERSION => {}
        newer => return Err(UnpackFault::Version(newer)),
    }
    let written = u32::from_le_bytes(head.array()?);
    let found = crc32c::crc32c(head.0);
    if written != found {
        return Err(UnpackFault::Checksum { written, found });
    }
    let len = u32::from_le_bytes(head.array()?) as usize;
    let raw = decompress(head.0, len)?;
    let mut rest = Reader(&raw);
    let mut batch = take_head(&mut rest)?;
    batch.ends = take_ends(&mut rest)?;
    batch.notes = take_notes(&mut rest, batch.ends.len())?;
    batch.rejected = take_rejected(&mut rest)?;
    let lines = rest.0.len();
    if batch.ends.last().map_or(0, |end| *end as usize) != lines {
        return Err(UnpackFault::Malformed("lines are shorter or longer than their ends say"));
    }
    let start = raw.len() - lines;
    batch.bytes = Bytes::from(raw).slice(start..);
    Ok(batch)
}

fn decompress(frame: &[u8], len: usize) -> Result<Vec<u8>, UnpackFault> {
    if len > UNPACKED_MAX {
        return Err(UnpackFault::Malformed("says to unpack to more than any batch"));
    }
    let broken = |_| UnpackFault::Malformed("what it holds cannot be decompressed");
    let raw = if len <= FIRST_ROOM {
        at_once(frame, len).map_err(broken)?
    } else {
        bit_by_bit(frame, len).map_err(broken)?
    };
    if raw.len() != len {
        return Err(UnpackFault::Malformed("unpacks to another length than it says"));
    }
    Ok(raw)
}

/// Into room that is reserved; most batches are small, and there are very many of them.
fn at_once(frame: &[u8], len: usize) -> std::io::Result<Vec<u8>> {
    thread_local! { static OWN: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) }; }
    OWN.with_borrow_mut(|own| {
        let own = match own {
            Some(own) => own,
            None => own.insert(zstd::bulk::Decompressor::new()?),
        };
        own.decompress(frame, len)
    })
}

/// Into room that grows with what really comes.
fn bit_by_bit(frame: &[u8], len: usize) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::with_capacity(FIRST_ROOM);
    zstd::stream::read::Decoder::with_buffer(frame)?.take(len as u64 + 1).read_to_end(&mut raw)?;
    Ok(raw)
}

fn take_head(rest: &mut Reader<'_>) -> Result<Received, UnpackFault> {
    let tenant = TenantId(u128::from_le_bytes(rest.array()?));
    let source = SourceId(u128::from_le_bytes(rest.array()?));
    let at = Timestamp::from_micros(i64::from_le_bytes(rest.array()?));
    let peer = match rest.byte()? {
        0 => None,
        4 => Some(IpAddr::from(rest.array::<4>()?)),
        6 => Some(IpAddr::from(rest.array::<16>()?)),
        _ => return Err(UnpackFault::Malformed("unknown kind of address")),
    };
    let mut batch = Received::new(tenant, source, at, peer);
    batch.key = match rest.byte()? {
        0 => None,
        1 => {
            let len = usize::from(rest.byte()?);
            let epoch = std::str::from_utf8(rest.take(len)?).map_err(|_| UnpackFault::Malformed("epoch is no text"))?;
            Some(BatchKey { epoch: epoch.to_owned(), n: u64::from_le_bytes(rest.array()?) })
        }
        _ => return Err(UnpackFault::Malformed("unknown kind of key")),
    };
    Ok(batch)
}

fn take_ends(rest: &mut Reader<'_>) -> Result<Vec<u32>, UnpackFault> {
    let count = rest.count()?;
    let mut ends = Vec::with_capacity(count);
    let mut end = 0u64;
    for _ in 0..count {
        // Both stay far below 2^32, so that neither the sum nor the cast can overflow.
        end += rest.varint()?.min(u64::from(u32::MAX));
        if end > UNPACKED_MAX as u64 {
            return Err(UnpackFault::Malformed("a line ends past all bytes"));
        }
        ends.push(end as u32);
    }
    Ok(ends)
}

fn take_notes(rest: &mut Reader<'_>, lines: usize) -> Result<Vec<(u32, LineNote)>, UnpackFault> {
    let count = rest.count()?;
    let mut notes = Vec::with_capacity(count);
    let mut line = 0u64;
    for _ in 0..count {
        line = line.saturating_add(rest.varint()?);
        if line >= lines as u64 {
            return Err(UnpackFault::Malformed("a note on a line that is not there"));
        }
        let note = NOTES.get(usize::from(rest.byte()?)).ok_or(UnpackFault::Malformed("unknown note"))?;
        notes.push((line as u32, *note));
    }
    Ok(notes)
}

fn take_rejected(rest: &mut Reader<'_>) -> Result<Vec<Rejection>, UnpackFault> {
    let count = rest.count()?;
    let mut rejected = Vec::with_capacity(count);
    for _ in 0..count {
        let reason = *REASONS.get(usize::from(rest.byte()?)).ok_or(UnpackFault::Malformed("unknown reason"))?;
        rejected.push(Rejection { reason, count: rest.varint()? });
    }
    Ok(rejected)
}

/// Bytes not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], UnpackFault> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(UnpackFault::Malformed("ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackFault> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(UnpackFault::Malformed("ends too early"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, UnpackFault> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn varint(&mut self) -> Result<u64, UnpackFault> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(UnpackFault::Malformed("a number of more than 64 bits"))
    }

    /// How many items follow; each takes one byte at least, so that more than the bytes left cannot be true.
    fn count(&mut self) -> Result<usize, UnpackFault> {
        let count = self.varint()?;
        if count > self.0.len() as u64 {
            return Err(UnpackFault::Malformed("more items than bytes"));
        }
        Ok(count as usize)
    }
}
