//! What lies on disk and may be damaged there.

use std::io::Cursor;
use wardwatch_ident::{SourceId, TenantId, Timestamp};
use wardwatch_intake::Origin;
use wardwatch_intake::files::FileReader;

/// The version byte of a packed batch.
const VERSION: u8 = 1;

/// A blob as it is, and once more with the head that lets it past the checksum. What unpacks packs to the same.
pub fn journal_blob(data: &[u8]) {
    let mut headed = vec![VERSION];
    headed.extend(crc32c::crc32c(data).to_le_bytes());
    headed.extend(data);
    for blob in [data, &headed] {
        let Ok(batch) = wardwatch_journal::unpack(blob) else { continue };
        let Ok(packed) = wardwatch_journal::pack(&batch) else { continue };
        match wardwatch_journal::unpack(&packed) {
            Ok(again) => assert_eq!((again.bytes, again.ends), (batch.bytes, batch.ends)),
            Err(fault) => panic!("what was packed is refused: {fault}"),
        }
    }
}

/// Bytes of a line; small, so that inputs reach it.
const LIMIT: usize = 256;
/// More batches than a file of a fuzzer's size can give.
const BATCHES: usize = 10_000;

/// A file of any kind (text, packed, event log) is read to its end, every line with its place.
pub fn file(data: &[u8]) {
    let tenant = TenantId::from_slug("fuzz");
    let origin = Origin { tenant, source: SourceId::from_slug(tenant, "fuzz") };
    let Ok(mut reader) = FileReader::new(Box::new(Cursor::new(data.to_vec())), origin, LIMIT) else { return };
    let (mut lines, mut rejected) = (0, 0);
    for round in 0.. {
        assert!(round < BATCHES, "the file has no end");
        let Some(batch) = reader.next_batch(Timestamp::from_secs(0)) else { break };
        assert_eq!(batch.places.len(), batch.received.len(), "every line has a place");
        lines += batch.received.len() as u64;
        rejected += batch.received.rejected_total();
    }
    let summary = reader.summary();
    assert_eq!((summary.read, summary.rejected), (lines, rejected), "the summary tells what was given");
}

/// A chunk of a Windows event log: every record in it becomes JSON, or nothing with a reason.
pub fn event_log(data: &[u8]) {
    let Ok(chunk) = wardwatch_evtx::Chunk::open(data) else { return };
    chunk.checks();
    let mut writer = wardwatch_evtx::JsonWriter::default();
    writer.begin();
    let (mut out, mut all) = (Vec::new(), 0);
    for place in chunk.records().chain(chunk.leftovers()) {
        out.clear();
        match writer.record(&chunk, &place, &mut out) {
            Ok(()) => {
                let read = serde_json::from_slice::<serde_json::Value>(&out);
                assert!(read.is_ok(), "no JSON: {}", String::from_utf8_lossy(&out));
            }
            Err(_) => assert!(out.is_empty(), "a record that failed left something behind"),
        }
        all += out.len();
    }
    assert!(all <= wardwatch_limits::EVENT_LOG_CHUNK_WORK as usize, "the chunk became {all} bytes");
}
