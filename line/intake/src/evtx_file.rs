//! Windows event logs: chunk by chunk, each record as JSON in the shape of the `evtx` crate.
//!
//! A damaged chunk or record is counted and named; what can be read of it is read, and the next chunk all the same. One
//! chunk (64 KiB) is in memory, and the JSON of one record. What remains in a chunk from its earlier use is not read: it was
//! read when it was new.

use crate::lines::Lines;
use crate::ndjson;
use std::io::Read;
use wardwatch_event::RejectReason;
use wardwatch_evtx::{CHUNK_BYTES, Chunk, FILE_HEADER_BYTES, FileHeader, JsonWriter, MAGIC, Standing};
use wardwatch_limits::LINE_BYTES_MAX;

/// The records of one file.
pub struct EvtxRecords<R> {
    input: R,
    writer: JsonWriter,
    block: Vec<u8>,
    json: Vec<u8>,
    header: Option<FileHeader>,
    /// Chunks read so far.
    chunks: u64,
    declared: u64,
    /// Records up to this id were read before.
    after: Option<u64>,
    last: Option<u64>,
}

/// What became of a chunk's records.
#[derive(Default)]
struct Tally {
    /// Read or known, of those that the chunk declares.
    read: u64,
    /// Read, though the chunk's head does not know them yet.
    unflushed: u64,
    errors: u64,
}

impl<R: Read> EvtxRecords<R> {
    /// How a file begins.
    pub const MAGIC: &'static [u8] = MAGIC;

    /// Over a whole file.
    pub fn new(input: R) -> Self {
        Self {
            input,
            writer: JsonWriter::default(),
            block: Vec::new(),
            json: Vec::new(),
            header: None,
            chunks: 0,
            declared: 0,
            after: None,
            last: None,
        }
    }

    /// Leaves out the records up to this id (`EventRecordID`), which were read before; a chunk that has only such is passed
    /// over.
    pub fn after(mut self, id: Option<u64>) -> Self {
        self.after = id;
        self
    }

    /// Records that the chunks so far say they hold: the sum of last - first + 1.
    pub fn declared(&self) -> u64 {
        self.declared
    }

    /// The highest record id so far.
    pub fn last_id(&self) -> Option<u64> {
        self.last
    }

    /// Adds the records of the next chunk, with their record ids. False at the end of the file.
    pub fn next_chunk(&mut self, out: &mut Lines, ids: &mut Vec<u64>, damaged: &mut dyn FnMut(String)) -> bool {
        if self.header.is_none() {
            return self.read_header(out, damaged);
        }
        let number = self.chunks;
        match self.fill(CHUNK_BYTES) {
            Ok(()) if self.block.is_empty() => {
                self.note_missing(damaged);
                false
            }
            Ok(()) => {
                self.chunks += 1;
                self.chunk(number, out, ids, damaged);
                self.block.len() == CHUNK_BYTES
            }
            Err(error) => {
                out.reject(RejectReason::BadCompression, 1);
                damaged(format!("chunk {number}: {error}"));
                false
            }
        }
    }

    fn read_header(&mut self, out: &mut Lines, damaged: &mut dyn FnMut(String)) -> bool {
        let why = match self.fill(FILE_HEADER_BYTES) {
            Ok(()) if self.block.len() < FILE_HEADER_BYTES => format!("only {} bytes", self.block.len()),
            Ok(()) => match FileHeader::read(&self.block) {
                Ok(header) => {
                    self.header = Some(header);
                    return true;
                }
                Err(fault) => fault.to_string(),
            },
            Err(error) => error.to_string(),
        };
        out.reject(RejectReason::BadRecord, 1);
        damaged(format!("file header: {why}"));
        false
    }

    /// A file that was closed knows how many chunks it has.
    fn note_missing(&self, damaged: &mut dyn FnMut(String)) {
        let Some(header) = self.header.filter(|header| header.intact && !header.dirty) else { return };
        if u64::from(header.chunks) > self.chunks {
            damaged(format!("the file breaks off: it says it has {} chunks, {} are there", header.chunks, self.chunks));
        }
    }

    fn chunk(&mut self, number: u64, out: &mut Lines, ids: &mut Vec<u64>, damaged: &mut dyn FnMut(String)) {
        let block = std::mem::take(&mut self.block);
        // Space that was set aside and never used.
        if !(block.starts_with(&[0; 8]) && block.iter().all(|b| *b == 0)) {
            match Chunk::open(&block) {
                Ok(chunk) => self.records(number, chunk, out, ids, damaged),
                Err(fault) => {
                    out.reject(RejectReason::BadRecord, 1);
                    damaged(format!("chunk {number}: {fault}"));
                }
            }
        }
        self.block = block;
    }

    fn records(
        &mut self,
        number: u64,
        chunk: Chunk<'_>,
        out: &mut Lines,
        ids: &mut Vec<u64>,
        damaged: &mut dyn FnMut(String),
    ) {
        let (head, declared) = (chunk.head(), chunk.declared());
        if declared.is_none() {
            damaged(format!("chunk {number}: it says it holds records {} to {}", head.first, head.last));
        }
        let declared = declared.unwrap_or(0);
        self.declared += declared;
        let mut tally = Tally::default();
        let mut records = chunk.records();
        self.writer.begin();
        for place in records.by_ref() {
            if self.after.is_some_and(|after| place.id <= after) {
                tally.read += u64::from(place.standing != Standing::Unflushed);
                continue;
            }
            self.json.clear();
            if let Err(fault) = self.writer.record(&chunk, &place, &mut self.json) {
                tally.errors += 1;
                damaged(format!("chunk {number}: record {}: {fault}", place.id));
                continue;
            }
            ndjson::push(&self.json, LINE_BYTES_MAX, None, out);
            ids.push(place.id);
            self.last = self.last.max(Some(place.id));
            match place.standing {
                Standing::Unflushed => tally.unflushed += 1,
                _ => tally.read += 1,
            }
        }
        if let Some(at) = records.broken() {
            damaged(format!("chunk {number}: no record at byte {at}, though it says that there is one"));
        }
        let lost = tally.errors.max(declared.saturating_sub(tally.read));
        if lost > 0 {
            out.reject(RejectReason::BadRecord, lost);
        }
        if lost > tally.errors {
            damaged(format!("chunk {number}: it says it holds {declared} records, {} were found", tally.read));
        }
        self.note_checks(number, chunk, &tally, damaged);
    }

    /// The checksums of a chunk that is being written are behind; those of any other show damage.
    fn note_checks(&self, number: u64, chunk: Chunk<'_>, tally: &Tally, damaged: &mut dyn FnMut(String)) {
        let checks = chunk.checks();
        let open = tally.unflushed > 0 && self.header.is_some_and(|header| header.dirty);
        let what = match (checks.head, checks.records) {
            (true, true) => return,
            _ if open => return,
            (false, true) => "checksum of its head is",
            (true, false) => "checksum of its records is",
            (false, false) => "checksums of its head and its records are",
        };
        damaged(format!("chunk {number}: the {what} wrong; what could be read of it was"));
    }

    /// Up to `size` bytes; fewer only at the end.
    fn fill(&mut self, size: usize) -> std::io::Result<()> {
        self.block.clear();
        self.block.reserve_exact(size);
        (&mut self.input).take(size as u64).read_to_end(&mut self.block)?;
        Ok(())
    }
}
