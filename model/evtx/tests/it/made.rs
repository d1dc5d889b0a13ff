//! Chunks made by hand: templates, values, records.

use wardwatch_evtx::{CHUNK_BYTES, Chunk, Fault, JsonWriter, Place};

/// Bytes of BinXML that know where in the chunk they will stand.
pub struct Stream {
    pub at: usize,
    pub bytes: Vec<u8>,
    /// A template's definition: elements have a dependency.
    pub template: bool,
}

impl Stream {
    pub fn template(at: usize) -> Self {
        Self { at, bytes: Vec::new(), template: true }.raw(&[0x0F, 1, 1, 0])
    }

    pub fn plain(at: usize) -> Self {
        Self { at, bytes: Vec::new(), template: false }
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A name, written where it is used.
    fn name(self, name: &str) -> Self {
        let at = (self.at + self.bytes.len() + 4) as u32;
        let units: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let count = (units.len() / 2 - 1) as u16;
        self.raw(&at.to_le_bytes()).raw(&[0; 6]).raw(&count.to_le_bytes()).raw(&units)
    }

    /// `<name`, with attributes: (name, BinXML of the value).
    pub fn open(self, name: &str, attributes: &[(&str, &[u8])]) -> Self {
        let token = if attributes.is_empty() { 0x01 } else { 0x41 };
        let dependency: &[u8] = if self.template { &[0xFF, 0xFF] } else { &[] };
        let mut stream = self.raw(&[token]).raw(dependency).raw(&[0; 4]).name(name);
        if !attributes.is_empty() {
            stream = stream.raw(&[0; 4]);
        }
        for (name, value) in attributes {
            stream = stream.raw(&[0x06]).name(name).raw(value);
        }
        stream.raw(&[0x02])
    }

    pub fn close(self) -> Self {
        self.raw(&[0x04])
    }

    /// An element with this in it.
    pub fn element(self, name: &str, attributes: &[(&str, &[u8])], content: &[u8]) -> Self {
        self.open(name, attributes).raw(content).close()
    }

    pub fn end(self) -> Vec<u8> {
        self.raw(&[0]).bytes
    }
}

/// Text that stands in a template.
pub fn text(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&[0x05, 0x01], &((units.len() / 2) as u16).to_le_bytes()[..], &units].concat()
}

/// A slot that is always there.
pub fn slot(index: u16) -> Vec<u8> {
    [&[0x0D], &index.to_le_bytes()[..], &[0x01]].concat()
}

/// A slot that is left out if its value is empty.
pub fn optional(index: u16) -> Vec<u8> {
    [&[0x0E], &index.to_le_bytes()[..], &[0x01]].concat()
}

pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A use of a template whose definition stands at `at`; the definition comes with it if that is where it is used first.
pub fn instance(template: u32, definition: Option<&[u8]>, values: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0x0C, 1, 0, 0, 0, 0];
    bytes.extend(template.to_le_bytes());
    if let Some(definition) = definition {
        bytes.extend([0; 20]);
        bytes.extend((definition.len() as u32).to_le_bytes());
        bytes.extend(definition);
    }
    bytes.extend((values.len() as u32).to_le_bytes());
    for (kind, value) in values {
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend([*kind, 0]);
    }
    values.iter().for_each(|(_, value)| bytes.extend(*value));
    bytes
}

/// Where the stream of the first record begins, and where the definition in it does.
pub const STREAM: usize = 512 + 24;
pub const DEFINITION: usize = STREAM + 4 + 10;

/// The stream of a first record: a template, defined here, with its values.
pub fn defined(build: impl FnOnce(Stream) -> Stream, values: &[(u8, &[u8])]) -> Vec<u8> {
    let definition = build(Stream::template(DEFINITION + 24)).end();
    [&[0x0F, 1, 1, 0], &instance(DEFINITION as u32, Some(&definition), values)[..], &[0]].concat()
}

/// A record.
pub fn record(id: u64, stream: &[u8]) -> Vec<u8> {
    let size = ((24 + stream.len() + 4 + 7) & !7) as u32;
    let mut bytes = vec![0x2A, 0x2A, 0, 0];
    bytes.extend(size.to_le_bytes());
    bytes.extend(id.to_le_bytes());
    bytes.extend(132_223_104_000_000_000u64.to_le_bytes());
    bytes.extend(stream);
    bytes.resize(size as usize - 4, 0);
    bytes.extend(size.to_le_bytes());
    bytes
}

/// A chunk that declares these records, with its checksums.
pub fn chunk(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    bytes[..8].copy_from_slice(b"ElfChnk\0");
    for (at, number) in [(8, 1), (16, records.len() as u64), (24, 1), (32, records.len() as u64)] {
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
    }
    records.iter().for_each(|record| bytes.extend(record));
    let free = bytes.len();
    assert!(free <= CHUNK_BYTES, "{free}");
    bytes[40..44].copy_from_slice(&128u32.to_le_bytes());
    bytes[48..52].copy_from_slice(&(free as u32).to_le_bytes());
    let records = crc32fast::hash(&bytes[512..]);
    bytes[52..56].copy_from_slice(&records.to_le_bytes());
    let mut head = crc32fast::Hasher::new();
    head.update(&bytes[..120]);
    head.update(&bytes[128..512]);
    bytes[124..128].copy_from_slice(&head.finalize().to_le_bytes());
    bytes.resize(CHUNK_BYTES, 0);
    bytes
}

/// What all records of a chunk become.
pub fn read(bytes: &[u8]) -> Vec<(Place, Result<String, Fault>)> {
    let chunk = Chunk::open(bytes).unwrap();
    let mut writer = JsonWriter::default();
    writer.begin();
    let one = |place: Place| {
        let mut out = Vec::new();
        let written = writer.record(&chunk, &place, &mut out);
        (place, written.map(|()| String::from_utf8(out).unwrap()))
    };
    chunk.records().map(one).collect()
}

/// The JSON of one record, which the crate must give too.
pub fn json(stream: &[u8]) -> String {
    let chunk = chunk(&[record(1, stream)]);
    assert!(Chunk::open(&chunk).unwrap().checks().intact());
    let mut read = read(&chunk);
    assert_eq!(read.len(), 1);
    read.remove(0).1.unwrap()
}
