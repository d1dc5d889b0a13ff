//! The other pure cores: datagrams, RELP frames, bodies, unpacking, credentials, the kernel's table.

use proptest::prelude::*;
use std::io::Write;
use wardwatch_ident::{SourceId, TenantId};
use wardwatch_intake::kernel_loss::drops_of;
use wardwatch_intake::lines::Lines;
use wardwatch_intake::relp_frame::{RelpReader, open_answer, write_frame};
use wardwatch_intake::unpack::{Packing, UnpackFault, unpack};
use wardwatch_intake::{Credentials, Origin, datagram, ndjson, version_of};

fn text(lines: &Lines) -> String {
    lines.iter().map(|l| String::from_utf8_lossy(l).escape_debug().to_string()).collect::<Vec<_>>().join("|")
}

#[test]
fn a_datagram_is_one_line_but_for_two_habits() {
    for (input, expect) in [
        ("<13>a", "<13>a"),
        ("<13>a\n", "<13>a"),
        ("<13>a\r\n\0", "<13>a"),
        ("<13>a\n<14>b\n", "<13>a|<14>b"),
        ("<13>a\n  at b\n", "<13>a\\n  at b"),
        ("5 <13>a", "<13>a"),
        ("6 <13>a\n", "<13>a"),
        ("7 <13>a", "<13>a"),
        ("8 <13>a", "8 <13>a"),
        ("no pri", "no pri"),
        ("\n\0", ""),
        ("", ""),
    ] {
        let mut out = Lines::default();
        datagram::cut(input.as_bytes(), 100, &mut out);
        assert_eq!(text(&out), expect, "{input:?}");
    }
}

#[test]
fn lines_of_a_body() {
    for (input, limit, expect) in [
        ("a\nb\r\n\n \nc", 10, "a|b|c"),
        ("", 10, ""),
        ("{\"a\":1}\n{broken\n", 10, "{\"a\":1}|{broken"),
        ("123456\n1", 5, "12345|1"),
    ] {
        let mut out = Lines::default();
        ndjson::cut(input.as_bytes(), limit, 100, &mut out).unwrap();
        assert_eq!(text(&out).replace("\\\"", "\""), expect, "{input:?}");
    }
    assert!(ndjson::cut(b"a\nb\nc", 10, 2, &mut Lines::default()).is_err());
}

fn frames(input: &[u8], split: usize) -> String {
    let mut reader = RelpReader::new(8);
    let mut shown = Vec::new();
    let (head, tail) = input.split_at(split);
    for piece in [head, tail] {
        reader.buffer().extend_from_slice(piece);
        loop {
            match reader.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    let cut = if frame.truncated { "!" } else { "" };
                    let data = String::from_utf8_lossy(&frame.data).escape_debug().to_string();
                    shown.push(format!("{} {} [{data}]{cut}", frame.txnr, frame.command));
                }
                Err(bad) => {
                    shown.push(bad.to_string());
                    return shown.join("; ");
                }
            }
        }
    }
    shown.join("; ")
}

#[test]
fn relp_frames() {
    for (input, expect) in [
        ("1 open 3 a=b\n", "1 open [a=b]"),
        ("1 syslog 5 a\nb\nc\n2 close 0\n", "1 syslog [a\\nb\\nc]; 2 close []"),
        ("2 close 0 \n3 close 0\n", "2 close []; 3 close []"),
        ("1 syslog 10 0123456789\n2 close 0\n", "1 syslog [01234567]!; 2 close []"),
        ("1 syslog 8 01234567\n", "1 syslog [01234567]"),
        ("1 syslog 3 abcd\n", "not a RELP frame: the data is longer than announced"),
        ("1 syslog 9 0123456789\n", "not a RELP frame: the data is longer than announced"),
        ("x open 0\n", "not a RELP frame: a number of one to nine digits is missing"),
        ("1234567890 open 0\n", "not a RELP frame: a number of one to nine digits is missing"),
        ("1 open x\n", "not a RELP frame: a number of one to nine digits is missing"),
        ("1 open 3\n", "not a RELP frame: data is announced but there is none"),
        ("1  0\n", "not a RELP frame: the command is not a word of up to 32 letters"),
    ] {
        for split in 0..=input.len() {
            assert_eq!(frames(input.as_bytes(), split), expect, "{input:?} split at {split}");
        }
    }
    let mut out = Vec::new();
    write_frame(&mut out, 7, "rsp", b"200 OK");
    write_frame(&mut out, 0, "serverclose", b"");
    assert_eq!(out, b"7 rsp 6 200 OK\n0 serverclose 0\n");
    assert_eq!(
        open_answer(b"relp_version=1\nrelp_software=x"),
        b"200 OK\nrelp_version=1\nrelp_software=wardwatch\ncommands=syslog"
    );
    assert!(open_answer(b"").starts_with(b"200 OK\nrelp_version=0\n"));
}

proptest! {
    #[test]
    fn relp_takes_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), split in 0usize..200) {
        let split = split.min(bytes.len());
        prop_assert_eq!(frames(&bytes, split), frames(&bytes, bytes.len()));
    }
}

fn packed(packing: Packing, body: &[u8]) -> Vec<u8> {
    match packing {
        Packing::None => body.to_vec(),
        Packing::Gzip => {
            let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(body).unwrap();
            e.finish().unwrap()
        }
        Packing::Zlib => {
            let mut e = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(body).unwrap();
            e.finish().unwrap()
        }
        Packing::Zstd => zstd::stream::encode_all(body, 1).unwrap(),
    }
}

#[test]
fn bodies_unpack_up_to_their_bound() {
    let body = vec![b'a'; 3_000_000];
    let mut room = |_| true;
    for packing in [Packing::None, Packing::Gzip, Packing::Zlib, Packing::Zstd] {
        let small = packed(packing, &body);
        assert_eq!(unpack(packing, &small, body.len(), &mut room).unwrap(), body, "{packing:?}");
        let fault = unpack(packing, &small, body.len() - 1, &mut room).unwrap_err();
        assert!(matches!(fault, UnpackFault::TooLarge { .. }), "{packing:?} {fault}");
        assert_eq!(unpack(packing, &small, body.len(), &mut |_| false), Err(UnpackFault::NoRoom));
        if packing != Packing::None {
            let broken = unpack(packing, &small[..small.len() / 2], body.len(), &mut room).unwrap_err();
            assert!(matches!(broken, UnpackFault::Broken { at, .. } if at > 0), "{packing:?} {broken}");
        }
    }
    assert_eq!(Packing::from_encoding("GZIP"), Some(Packing::Gzip));
    assert_eq!(Packing::from_encoding("br"), None);
}

/// Frames that claim a window: the decoder may not take the memory on their word.
#[test]
fn a_frame_of_a_few_bytes_claims_no_gigabyte() {
    let frame = |window_log: u8| {
        // Magic number, no flags, window descriptor (RFC 8878 3.1.1.1.2), a last raw block of one byte.
        vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, (window_log - 10) << 3, 0x09, 0x00, 0x00, b'a']
    };
    let mut room = |_| true;
    assert_eq!(unpack(Packing::Zstd, &frame(24), 100, &mut room).unwrap(), b"a");
    for window_log in [25, 27, 31, 41] {
        let fault = unpack(Packing::Zstd, &frame(window_log), 100, &mut room).unwrap_err();
        assert!(matches!(&fault, UnpackFault::Broken { .. }), "{window_log} {fault}");
    }
    // Many frames, each small: their sum is what counts; and frames of nothing cost nothing.
    let many = frame(20).repeat(101);
    assert!(matches!(unpack(Packing::Zstd, &many, 100, &mut room), Err(UnpackFault::TooLarge { .. })));
    let nothing = zstd::stream::encode_all(&b""[..], 1).unwrap().repeat(50_000);
    assert_eq!(unpack(Packing::Zstd, &nothing, 100, &mut room).unwrap(), b"");
    // A frame that says it holds more than it does.
    let mut short = zstd::bulk::compress(&[b'a'; 50], 1).unwrap();
    short.truncate(short.len() - 1);
    assert!(matches!(unpack(Packing::Zstd, &short, 100, &mut room), Err(UnpackFault::Broken { .. })));
}

#[test]
fn credentials_know_by_hash_only() {
    let origin = Origin { tenant: TenantId::from_slug("renmin"), source: SourceId(1) };
    let mut credentials = Credentials::default();
    // SHA-256 of "abc" (FIPS 180-4 example).
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    credentials.add_token_sha256(hash, origin).unwrap();
    credentials.add_certificate_sha256(&hash.to_uppercase().replace("BA78", "BA:78:"), origin).unwrap();
    assert_eq!(credentials.by_token(b"abc"), Some(origin));
    assert_eq!(credentials.by_token(b"abd"), None);
    assert_eq!(credentials.by_certificate(b"abc"), Some(origin));
    assert_eq!(credentials.by_certificate(b""), None);
    assert!(credentials.add_token_sha256("abc", origin).is_err());
}

#[test]
fn versions_are_mirrored() {
    for (agent, expect) in [
        ("Elastic-Filebeat/8.19.4 (linux; amd64; abc; 2026-01-01)", Some("8.19.4")),
        ("Elastic-Winlogbeat/7.17.0-SNAPSHOT", Some("7.17.0")),
        ("elasticsearch-py/9.0.1 (Python/3.13.1; elastic-transport/8.17.0)", Some("9.0.1")),
        ("elastic-transport-python/8.15.0", None),
        ("Vector/0.50.0", None),
        ("Logstash/8.15.3 (OS=Linux)", Some("8.15.3")),
        ("Filebeat/99.1.1", None),
        ("Filebeat/8.1", None),
        ("", None),
    ] {
        assert_eq!(version_of(agent), expect, "{agent}");
    }
}

#[test]
fn drops_are_the_last_column_of_the_own_line() {
    let line = " 1234: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5150 2 0000000000000000 42";
    assert_eq!(drops_of(line, 5150), Some(42));
    assert_eq!(drops_of(line, 5151), None);
    let head = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
    assert_eq!(drops_of(head, 5150), None);
}
