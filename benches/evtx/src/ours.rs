//! Our side: the chunks of a file become JSON by the project's own reader, as intake calls it. Measures nothing itself.

use wardwatch_evtx::{CHUNK_BYTES, Chunk, FILE_HEADER_BYTES, JsonWriter};

/// The chunks of a file that are in use.
fn chunks(file: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    file[FILE_HEADER_BYTES..].chunks(CHUNK_BYTES).filter_map(|block| Chunk::open(block).ok())
}

fn write(file: &[u8], mut each: impl FnMut(&mut Vec<u8>), checks: bool) -> u64 {
    let mut writer = JsonWriter::default();
    let mut out = Vec::with_capacity(64 * 1024);
    let mut read = 0;
    for chunk in chunks(file) {
        assert!(!checks || chunk.checks().intact());
        writer.begin();
        for place in chunk.records() {
            out.clear();
            writer.record(&chunk, &place, &mut out).expect("a record");
            each(&mut out);
            read += 1;
        }
    }
    read
}

/// Every record as text.
pub fn json(file: &[u8]) -> u64 {
    write(
        file,
        |out| {
            std::hint::black_box(out);
        },
        false,
    )
}

/// As the product does it: checksums looked at.
pub fn checked(file: &[u8]) -> u64 {
    write(
        file,
        |out| {
            std::hint::black_box(out);
        },
        true,
    )
}

/// Only where records are.
pub fn places(file: &[u8]) -> u64 {
    chunks(file).map(|chunk| chunk.records().map(std::hint::black_box).count() as u64).sum()
}

/// Every record as a line of its own.
pub fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    write(file, |out| lines.push(out.clone()), false);
    lines
}
