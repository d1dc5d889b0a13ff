//! Windows event logs: chunk by chunk, each record as JSON in the shape of the `evtx` crate.
//!
//! A damaged chunk or record is counted and named; the next chunk is read all the same. One chunk (64 KiB) is in memory.

use crate::lines::Lines;
use crate::ndjson;
use evtx::{EvtxChunkData, ParserSettings};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wardwatch_event::RejectReason;
use wardwatch_limits::LINE_BYTES_MAX;

/// The file header's block ([MS-EVEN6] and the file format's public descriptions).
const FILE_HEADER_BYTES: usize = 4_096;
/// A chunk.
const CHUNK_BYTES: usize = 65_536;
/// Where a chunk's head has the offsets of its 64 lists of names, 4 bytes each.
const NAME_LISTS: std::ops::Range<usize> = 128..128 + 64 * 4;
/// A name: the offset of the next one, a hash, a count of UTF-16 units, these, and a closing zero.
const NAME_HEAD_BYTES: usize = 8;
/// A record has at least its 24-byte head and a 4-byte copy of its size.
const RECORDS_PER_CHUNK: u64 = (CHUNK_BYTES as u64 - 512) / 28;

/// The records of one file.
pub struct EvtxRecords<R> {
    input: R,
    settings: Arc<ParserSettings>,
    /// Chunks read so far; none: the header has not been read either.
    chunk: Option<u64>,
    declared: u64,
}

impl<R: Read> EvtxRecords<R> {
    /// How a file begins.
    pub const MAGIC: &'static [u8] = b"ElfFile\0";

    /// Over a whole file.
    pub fn new(input: R) -> Self {
        let settings = ParserSettings::new().num_threads(1).indent(false).separate_json_attributes(false);
        Self { input, settings: Arc::new(settings), chunk: None, declared: 0 }
    }

    /// Records that the chunks so far say they hold: the sum of last - first + 1.
    pub fn declared(&self) -> u64 {
        self.declared
    }

    /// Adds the records of the next chunk, with their record ids. False at the end of the file.
    pub fn next_chunk(&mut self, out: &mut Lines, ids: &mut Vec<u64>, damaged: &mut dyn FnMut(String)) -> bool {
        let Some(chunk) = self.chunk else {
            self.chunk = Some(0);
            return match self.block(FILE_HEADER_BYTES) {
                Ok(header) if header.len() == FILE_HEADER_BYTES => true,
                outcome => {
                    out.reject(RejectReason::BadRecord, 1);
                    damaged(format!("file header: {}", why(outcome)));
                    false
                }
            };
        };
        self.chunk = Some(chunk + 1);
        match self.block(CHUNK_BYTES) {
            Ok(block) if block.is_empty() => false,
            // Space that was set aside and never used.
            Ok(block) if block.iter().all(|b| *b == 0) => block.len() == CHUNK_BYTES,
            Ok(mut block) => {
                let whole = block.len() == CHUNK_BYTES;
                // A chunk that breaks off: its first records may be whole.
                block.resize(CHUNK_BYTES, 0);
                self.records(chunk, block, out, ids, damaged);
                whole
            }
            Err(error) => {
                out.reject(RejectReason::BadCompression, 1);
                damaged(format!("chunk {chunk}: {error}"));
                false
            }
        }
    }

    fn records(
        &mut self,
        chunk: u64,
        block: Vec<u8>,
        out: &mut Lines,
        ids: &mut Vec<u64>,
        damaged: &mut dyn FnMut(String),
    ) {
        let before = out.len() as u64;
        let mut errors = 0u64;
        let mut declared = 0;
        // The crate reads what an attacker may have written: a panic in it costs the rest of this chunk, not the file.
        let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<(), String> {
            names_end(&block)?;
            let mut data = EvtxChunkData::new(block, false).map_err(|e| e.to_string())?;
            let (first, last) = (data.header.first_event_record_number, data.header.last_event_record_number);
            declared = last.wrapping_sub(first).wrapping_add(1);
            if declared > RECORDS_PER_CHUNK {
                declared = 0;
                damaged(format!("chunk {chunk}: it says it holds records {first} to {last}"));
            }
            let mut parsed = data.parse(self.settings.clone()).map_err(|e| e.to_string())?;
            for record in parsed.iter() {
                match record.and_then(evtx::EvtxRecord::into_json_bytes) {
                    Ok(record) => {
                        ndjson::push(&record.data, LINE_BYTES_MAX, None, out);
                        ids.push(record.event_record_id);
                    }
                    Err(error) => {
                        errors += 1;
                        damaged(format!("chunk {chunk}: {error}"));
                    }
                }
            }
            Ok(())
        }));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                errors += 1;
                damaged(format!("chunk {chunk}: {error}"));
            }
            Err(_) => {
                errors += 1;
                damaged(format!("chunk {chunk}: the reader gave up"));
            }
        }
        self.declared += declared;
        let read = out.len() as u64 - before;
        let lost = errors.max(declared.saturating_sub(read));
        if lost > 0 {
            out.reject(RejectReason::BadRecord, lost);
        }
        if lost > errors {
            damaged(format!("chunk {chunk}: it says it holds {declared} records, {read} were found"));
        }
    }

    /// Up to `size` bytes; fewer only at the end.
    fn block(&mut self, size: usize) -> std::io::Result<Vec<u8>> {
        let mut block = Vec::with_capacity(size);
        (&mut self.input).take(size as u64).read_to_end(&mut block)?;
        Ok(block)
    }
}

/// Walks the lists of names as the `evtx` crate will, which follows a list that leads back into itself for ever. Names do
/// not overlap, so all of them together are no larger than the chunk: a walk that is longer (twice, to be lenient with what
/// two lists share) goes in circles or reads the same bytes again and again.
///
/// The 32 lists of templates behind them are only counted by the crate, never followed.
fn names_end(chunk: &[u8]) -> Result<(), String> {
    let mut left = 2 * CHUNK_BYTES;
    for list in chunk.get(NAME_LISTS).unwrap_or_default().chunks_exact(4) {
        let mut at = number(list);
        while at > 0 {
            let Some(head) = chunk.get(at..).and_then(|rest| rest.get(..NAME_HEAD_BYTES)) else {
                return Err(format!("a list of names leads to byte {at}, out of the chunk"));
            };
            let units = number(head.get(6..).unwrap_or_default());
            let Some(rest) = left.checked_sub(NAME_HEAD_BYTES + 2 * units) else {
                return Err(format!("the lists of names go in circles, at byte {at}"));
            };
            left = rest;
            let next = number(head.get(..4).unwrap_or_default());
            if next == at {
                break;
            }
            at = next;
        }
    }
    Ok(())
}

/// Little endian, up to four bytes.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().take(4).rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn why(outcome: std::io::Result<Vec<u8>>) -> String {
    outcome.map_or_else(|error| error.to_string(), |header| format!("only {} bytes", header.len()))
}
