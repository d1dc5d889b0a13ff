//! Damaged and hostile chunks: what can be read is read, and nothing grows without bound.

use crate::made::{DEFINITION, STREAM, Stream, chunk, defined, instance, optional, read, record, slot, text};
use proptest::prelude::*;
use wardwatch_evtx::{CHUNK_BYTES, Chunk, Fault, JsonWriter, Standing};
use wardwatch_limits::{EVENT_LOG_CHUNK_WORK, EVENT_LOG_RECORD_BYTES};

/// Three records of one template.
fn three() -> (Vec<u8>, Vec<usize>) {
    let first = defined(|s| s.open("Event", &[]).element("N", &[], &slot(0)).close(), &[(0x04, &[1])]);
    let more = |n: u8| [&[0x0F, 1, 1, 0], &instance(DEFINITION as u32, None, &[(0x04, &[n])])[..], &[0]].concat();
    let records = [record(1, &first), record(2, &more(2)), record(3, &more(3))];
    let starts = records.iter().scan(512, |at, record| Some(std::mem::replace(at, *at + record.len())));
    (chunk(&records), starts.collect())
}

#[test]
fn a_damaged_head_costs_its_record_only() {
    let (mut bytes, starts) = three();
    assert_eq!(read(&bytes).len(), 3);
    bytes[starts[1]] = 0xFF;
    let found = Chunk::open(&bytes).unwrap();
    assert!(found.checks().head && !found.checks().records);
    let mut records = found.records();
    let places: Vec<_> = records.by_ref().map(|place| (place.id, place.standing)).collect();
    assert_eq!(places, [(1, Standing::Declared), (3, Standing::Recovered)]);
    assert_eq!((records.broken(), found.declared()), (Some(starts[1]), Some(3)));
    assert_eq!(read(&bytes)[1].1.as_deref(), Ok(r#"{"Event":{"N":3}}"#));
}

#[test]
fn what_the_head_does_not_know_yet_is_read_and_what_it_forgot_is_told_apart() {
    let (mut bytes, starts) = three();
    // The head knows the first only: the second follows it with the next id.
    bytes[48..52].copy_from_slice(&(starts[1] as u32).to_le_bytes());
    bytes[16..24].copy_from_slice(&1u64.to_le_bytes());
    let places: Vec<_> = Chunk::open(&bytes).unwrap().records().map(|place| (place.id, place.standing)).collect();
    assert_eq!(places, [(1, Standing::Declared), (2, Standing::Unflushed), (3, Standing::Unflushed)]);
    // With another id it is left from before.
    bytes[starts[1] + 8] = 9;
    let found = Chunk::open(&bytes).unwrap();
    assert_eq!(found.records().count(), 1);
    let left: Vec<_> = found.leftovers().map(|place| (place.id, place.standing)).collect();
    assert_eq!(left, [(9, Standing::Leftover), (3, Standing::Leftover)]);
}

#[test]
fn heads_that_lie_are_refused_or_bounded() {
    assert!(matches!(Chunk::open(&[0; 600]), Err(Fault::Magic { .. })));
    assert!(matches!(Chunk::open(b"ElfChnk\0"), Err(Fault::Outside { .. })));
    let (mut bytes, _) = three();
    bytes[48..52].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(Chunk::open(&bytes).unwrap().declared(), None);
    assert_eq!(read(&bytes).len(), 3);
}

/// One record that fails as it should, quickly.
fn refused(stream: &[u8]) -> Fault {
    read(&chunk(&[record(1, stream)])).remove(0).1.unwrap_err()
}

#[test]
fn bombs_are_refused() {
    let items = vec![1u8; 20_000];
    let two_lists =
        |s: Stream| s.open("Event", &[]).open("X", &[]).element("I", &[("n", &slot(1))], &slot(0)).close().close();
    assert_eq!(refused(&defined(two_lists, &[(0x84, &items), (0x84, &items)])), Fault::Large);
    // One value of 20 kB in 600 elements.
    let value = vec![b'x'; 20_000];
    let repeated = |s: Stream| (0..600).fold(s.open("Event", &[]), |s, _| s.element("A", &[], &slot(0))).close();
    assert_eq!(refused(&defined(repeated, &[(0x02, &value)])), Fault::Large);
    let deep = |s: Stream| (0..200).fold(s, |s, _| s.open("A", &[]));
    assert!(matches!(refused(&defined(deep, &[])), Fault::Deep { .. }));
    let plain = (0..200).fold(Stream::plain(STREAM), |s, _| s.open("A", &[])).end();
    assert!(matches!(refused(&plain), Fault::Deep { .. }));
    // A value that is the stream of a template whose value is one, and so on.
    let event = |s: Stream| s.open("Event", &[]).raw(&optional(0)).close();
    let nest = (0..40).fold(vec![0u8; 4], |inner, _| instance(DEFINITION as u32, None, &[(0x21, &inner)]));
    assert!(matches!(refused(&defined(event, &[(0x21, &nest)])), Fault::Deep { .. }));
    // Sixty elements, and sixty in the value in the innermost one.
    let sixty = |s: Stream| (0..60).fold(s, |s, _| s.open("A", &[]));
    let closed = |s: Stream| (0..60).fold(s, |s, _| s.close());
    let outer = |s: Stream| closed(sixty(s).raw(&optional(0)));
    let inner =
        closed(sixty(Stream::plain(DEFINITION + 24 + outer(Stream::template(DEFINITION + 24)).end().len() + 8)));
    assert!(matches!(refused(&defined(outer, &[(0x21, &inner.end())])), Fault::Deep { .. }));
    // A template that is outside, not one, or itself in its own stream.
    for at in [0u32, 70_000, u32::MAX, 512, STREAM as u32] {
        assert!(!matches!(refused(&instance(at, None, &[])), Fault::Large), "{at}");
    }
    for stream in [&[0x02][..], &[0x04], &[0x0D, 0, 0, 1], &[0x1F], &[0x05, 0x01, 0xFF, 0xFF], &text("alone")] {
        refused(stream);
    }
}

/// Many small records that each use a template of nearly a chunk: the chunk's work ends.
#[test]
fn a_chunk_has_a_bound() {
    let big = |s: Stream| {
        (0..800).fold(s.open("Event", &[]), |s, _| s.element("Name", &[], &text("content that repeats"))).close()
    };
    let first = defined(big, &[]);
    let more = instance(DEFINITION as u32, None, &[]);
    let mut records = vec![record(1, &first)];
    let mut size = 512 + records[0].len();
    while size + 64 < CHUNK_BYTES {
        records.push(record(records.len() as u64 + 1, &more));
        size += records[records.len() - 1].len();
    }
    let read = read(&chunk(&records));
    let written: usize = read.iter().filter_map(|(_, json)| json.as_ref().ok()).map(String::len).sum();
    assert!(read[0].1.is_ok());
    assert!(written <= EVENT_LOG_CHUNK_WORK as usize, "{written}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever changes in a chunk, what comes out is JSON within its bound, and nothing panics.
    #[test]
    fn changed_bytes_give_json_or_a_fault(changes in prop::collection::vec((0usize..2_000, any::<u8>()), 1..40)) {
        let (mut bytes, _) = three();
        bytes.truncate(2_000);
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let Ok(chunk) = Chunk::open(&bytes) else { return Ok(()) };
        chunk.checks();
        let mut writer = JsonWriter::default();
        writer.begin();
        let mut out = Vec::new();
        for place in chunk.records().chain(chunk.leftovers()) {
            out.clear();
            match writer.record(&chunk, &place, &mut out) {
                Ok(()) => {
                    prop_assert!(out.len() <= EVENT_LOG_RECORD_BYTES + CHUNK_BYTES * 4);
                    let value = serde_json::from_slice::<serde_json::Value>(&out);
                    prop_assert!(value.is_ok(), "{}", String::from_utf8_lossy(&out));
                }
                Err(_) => prop_assert!(out.is_empty()),
            }
        }
    }
}
