//! Recorded event logs: the same records, the same text as the `evtx` crate gives.

use evtx::{EvtxChunkData, ParserSettings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_evtx::{CHUNK_BYTES, Chunk, FILE_HEADER_BYTES, FileHeader, JsonWriter, Standing};

/// Unpacked event logs: WARDWATCH_EVTX names a folder.
fn files() -> Vec<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "where test data lies")]
    let Some(folder) = std::env::var_os("WARDWATCH_EVTX").map(PathBuf::from).filter(|folder| folder.is_dir()) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    walk(&folder, &mut files);
    files.sort();
    files
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "evtx") {
            files.push(path);
        }
    }
}

/// Records of a chunk by offset, as the crate gives them.
pub fn oracle(chunk: &[u8]) -> (u64, Vec<(u64, Vec<u8>)>) {
    let settings = ParserSettings::new().num_threads(1).indent(false).separate_json_attributes(false);
    let mut data = EvtxChunkData::new(chunk.to_vec(), false).unwrap();
    let declared = data.header.last_event_record_number.wrapping_sub(data.header.first_event_record_number) + 1;
    let mut parsed = data.parse(Arc::new(settings)).unwrap();
    let records = parsed.iter().map(|record| {
        let record = record.unwrap().into_json_bytes().unwrap();
        (record.event_record_id, record.data)
    });
    (declared, records.collect())
}

#[test]
fn recorded_logs_give_what_the_crate_gives() {
    let files = files();
    if files.is_empty() {
        println!("skipped: no unpacked event logs in WARDWATCH_EVTX");
        return;
    }
    let (mut same, mut bytes_differ, mut values_differ) = (0, 0, 0);
    let mut standings = BTreeMap::new();
    let (mut declared, mut dirty, mut damaged) = (0, 0, 0);
    let mut writer = JsonWriter::default();
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let header = FileHeader::read(&bytes).unwrap();
        dirty += u32::from(header.dirty);
        for (n, block) in bytes[FILE_HEADER_BYTES..].chunks(CHUNK_BYTES).enumerate() {
            if block.iter().all(|b| *b == 0) {
                continue;
            }
            let chunk = Chunk::open(block).unwrap();
            if !chunk.checks().intact() {
                damaged += 1;
                println!("{} chunk {n}: {:?} {:?}", path.display(), chunk.checks(), chunk.head());
            }
            let (theirs_declared, theirs) = oracle(block);
            assert_eq!(chunk.declared(), Some(theirs_declared));
            declared += theirs_declared;
            writer.begin();
            let mut theirs = theirs.into_iter();
            for place in chunk.records() {
                *standings.entry(format!("{:?}", place.standing)).or_insert(0) += 1;
                let mut out = Vec::new();
                let written = writer.record(&chunk, &place, &mut out);
                if place.standing != Standing::Declared {
                    continue;
                }
                written.unwrap_or_else(|e| panic!("{} {place:?}: {e}", path.display()));
                let (id, json) = theirs.next().unwrap();
                assert_eq!(id, place.id);
                if json == out {
                    same += 1;
                } else {
                    bytes_differ += 1;
                    let value = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json);
                    if value(&json).unwrap() != value(&out).unwrap() {
                        values_differ += 1;
                    }
                    if bytes_differ < 5 {
                        println!(
                            "theirs {}\nours   {}\n",
                            String::from_utf8_lossy(&json),
                            String::from_utf8_lossy(&out)
                        );
                    }
                }
            }
            assert_eq!(theirs.next(), None, "{} chunk {n}", path.display());
        }
    }
    println!(
        "{} files, {dirty} dirty, {damaged} damaged chunks, {declared} declared, {same} the same, {bytes_differ} differ in text, {values_differ} in value; {standings:?}",
        files.len()
    );
    assert_eq!((bytes_differ, values_differ, declared), (0, 0, same));
}
