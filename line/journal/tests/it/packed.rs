//! What is packed comes back; what is no packed batch is refused with a reason, whatever its bytes are.

use proptest::prelude::*;
use std::net::IpAddr;
use wardwatch_event::{LineBatch, LineNote, Received, RejectReason, Rejection};
use wardwatch_ident::{BatchKey, Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_journal::{PackFault, UnpackFault, after, body_hash, pack, unpack};

const NOTES: [LineNote; 4] =
    [LineNote::Truncated, LineNote::Unterminated, LineNote::FramingResync, LineNote::BulkNotIndex];
const REASONS: [RejectReason; 4] =
    [RejectReason::UdpKernelDrop, RejectReason::BadFrame, RejectReason::BadRecord, RejectReason::BadCompression];

fn small() -> Received {
    let mut batch =
        Received::of_lines(TenantId(7), SourceId(u128::MAX), Timestamp::from_micros(-1), &["a", "", "\u{ffff}"]);
    batch.peer = Some(IpAddr::from([203, 0, 113, 9]));
    batch.key = Some(BatchKey { epoch: "run".to_owned(), n: u64::MAX });
    batch.notes = vec![(2, LineNote::Truncated)];
    batch.rejected = vec![Rejection { reason: RejectReason::BadFrame, count: u64::MAX }];
    batch
}

fn any_batch() -> impl Strategy<Value = Received> {
    let lines = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..30);
    let peer = prop_oneof![
        Just(None),
        any::<[u8; 4]>().prop_map(|octets| Some(IpAddr::from(octets))),
        any::<[u8; 16]>().prop_map(|octets| Some(IpAddr::from(octets))),
    ];
    let key = prop::option::of(("[!-.0-~]{1,64}", any::<u64>()).prop_map(|(epoch, n)| BatchKey { epoch, n }));
    let notes = prop::collection::vec((any::<prop::sample::Index>(), 0..4usize), 0..5);
    let rejected = prop::collection::vec((0..4usize, any::<u64>()), 0..4);
    (any::<(u128, u128, i64)>(), lines, peer, key, notes, rejected).prop_map(
        |((tenant, source, at), lines, peer, key, notes, rejected)| {
            let mut batch = Received::of_lines(TenantId(tenant), SourceId(source), Timestamp::from_micros(at), &lines);
            (batch.peer, batch.key) = (peer, key);
            if !lines.is_empty() {
                batch.notes = notes.into_iter().map(|(i, kind)| (i.index(lines.len()) as u32, NOTES[kind])).collect();
                batch.notes.sort_by_key(|(line, _)| *line);
            }
            batch.rejected = rejected.into_iter().map(|(r, count)| Rejection { reason: REASONS[r], count }).collect();
            batch
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_batch_comes_back_as_it_was(batch in any_batch()) {
        let blob = pack(&batch).expect("packs");
        let back = unpack(&blob).expect("unpacks");
        prop_assert_eq!(format!("{back:?}"), format!("{batch:?}"));
        prop_assert_eq!(body_hash(&back), body_hash(&batch));
    }

    #[test]
    fn one_changed_byte_never_passes(batch in any_batch(), at in any::<prop::sample::Index>(), by in 1..=255u8) {
        let mut blob = pack(&batch).expect("packs");
        let at = at.index(blob.len());
        blob[at] ^= by;
        prop_assert!(unpack(&blob).is_err());
    }

    #[test]
    fn any_bytes_are_refused_or_read_but_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = unpack(&bytes);
        // Past the checksum, too.
        let mut blob = vec![1];
        blob.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        blob.extend_from_slice(&bytes);
        let _ = unpack(&blob);
        // And past the compression.
        let _ = unpack(&sealed(&bytes));
    }

    #[test]
    fn the_rest_of_a_batch_is_what_its_lines_say(batch in any_batch(), first in 1..1_000u64, skip in 0..40u64) {
        let lines = batch.len() as u64;
        let whole = LineBatch { received: batch, first: EventId::new(Timestamp::from_secs(1), NodeId(1), first) };
        let rest = after(whole.clone(), Cursor(first - 1 + skip));
        if skip >= lines.max(1) {
            prop_assert!(rest.is_none());
        } else {
            let rest = rest.expect("something is left");
            prop_assert_eq!(rest.first.seq(), first + skip);
            prop_assert_eq!(rest.through(), whole.through());
            for line in 0..rest.received.len() {
                prop_assert_eq!(rest.received.line(line), whole.received.line(line + skip as usize));
            }
            let kept: Vec<_> = whole.received.notes.iter().filter(|(line, _)| u64::from(*line) >= skip).collect();
            prop_assert_eq!(rest.received.notes.len(), kept.len());
        }
    }
}

/// `raw` packed as if it were a batch.
fn sealed(raw: &[u8]) -> Vec<u8> {
    let mut rest = (raw.len() as u32).to_le_bytes().to_vec();
    rest.extend_from_slice(&zstd::bulk::compress(raw, 1).expect("compresses"));
    let mut blob = vec![1];
    blob.extend_from_slice(&crc32c::crc32c(&rest).to_le_bytes());
    blob.extend_from_slice(&rest);
    blob
}

#[test]
fn what_is_no_packed_batch_is_refused_with_a_reason() {
    let good = pack(&small()).expect("packs");
    let mut newer = good.clone();
    newer[0] = 2;
    let head = |len: usize| vec![0u8; len];
    let bomb = {
        let mut rest = u32::MAX.to_le_bytes().to_vec();
        rest.extend_from_slice(&zstd::bulk::compress(&[0; 100_000], 1).expect("compresses"));
        let mut blob = vec![1];
        blob.extend_from_slice(&crc32c::crc32c(&rest).to_le_bytes());
        blob.extend_from_slice(&rest);
        blob
    };
    let mut many_lines = head(42);
    many_lines.extend_from_slice(&[0xFF, 0xFF, 0xFF, 0x7F]);
    let mut kind_of_peer = head(40);
    kind_of_peer.push(5);
    for (what, blob, expect) in [
        ("nothing", Vec::new(), "ends too early"),
        ("a newer version", newer, "upgrade wardwatch"),
        ("half", good[..good.len() / 2].to_vec(), "checksum"),
        ("more than any batch", bomb, "more than any batch"),
        ("a short head", sealed(&head(20)), "ends too early"),
        ("more lines than bytes", sealed(&many_lines), "more items than bytes"),
        ("an unknown address", sealed(&kind_of_peer), "unknown kind of address"),
    ] {
        let fault = unpack(&blob).expect_err(what);
        assert!(fault.to_string().contains(expect), "{what}: {fault}");
    }
    assert!(matches!(unpack(&[9]), Err(UnpackFault::Version(9))));
}

#[test]
fn a_batch_that_contradicts_itself_is_not_packed() {
    let with = |change: fn(&mut Received)| {
        let mut batch = small();
        change(&mut batch);
        pack(&batch)
    };
    assert!(with(|_| {}).is_ok());
    for (what, packed) in [
        ("ends that fall", with(|b| b.ends = vec![2, 1, 4])),
        ("ends past the bytes", with(|b| b.ends[2] = 99)),
        ("bytes past the ends", with(|b| b.ends[2] = 3)),
        ("a note on no line", with(|b| b.notes[0].0 = 3)),
        ("notes that fall", with(|b| b.notes.push((1, LineNote::Truncated)))),
    ] {
        assert!(matches!(packed, Err(PackFault::Malformed(_))), "{what}: {packed:?}");
    }
}

#[test]
fn a_very_large_batch_comes_back_as_it_was() {
    let line = "x".repeat(1_000_000);
    let lines: Vec<&str> = (0..9).map(|_| line.as_str()).collect();
    let batch = Received::of_lines(TenantId(1), SourceId(2), Timestamp::default(), &lines);
    let back = unpack(&pack(&batch).expect("packs")).expect("unpacks");
    assert_eq!((back.ends, back.bytes), (batch.ends, batch.bytes));
}
