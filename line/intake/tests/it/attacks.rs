//! Connections that begin and never become anything: garbage, half handshakes, half preambles. Each is counted, cut off in
//! time, and takes nothing from the next sender.

use crate::syslog::certificates;
use crate::world::{World, config, known};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wardwatch_intake::{Bounds, Kind};

/// The record header and the first bytes of a TLS 1.2 ClientHello, RFC 8446 5.1 and 4.1.2: 512 bytes are announced.
const HALF_HELLO: &[u8] = &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, 1, 2, 3, 4];

fn secured(kind: Kind, bounds: Bounds) -> (crate::syslog::Certificates, World) {
    let certificates = certificates();
    let mut settings = config(kind);
    settings.tls = Some(certificates.files(false, false));
    (certificates, World::with(settings, bounds, known()))
}

/// Sends this and waits for the other side to close; within an hour of the clock that the test stands on.
async fn closed_after(world: &World, bytes: &[u8]) -> bool {
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    sender.write_all(bytes).await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(3_600), sender.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn garbage_where_tls_is_spoken_is_refused_at_once_and_counted() {
    for kind in [Kind::Tls, Kind::RelpTls, Kind::Https] {
        let (certificates, world) = secured(kind, Bounds::default());
        let garbage: [&[u8]; 4] = [
            b"<13>plain syslog to the wrong port\n",
            b"1 open 0\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            &[0xFF; 4_096],
        ];
        for bytes in garbage {
            assert!(closed_after(&world, bytes).await);
        }
        while world.intake.meters.reading().handshakes_failed < garbage.len() as u64 {
            tokio::task::yield_now().await;
        }
        assert!(certificates.connect(world.address, false).await.is_ok(), "{kind:?}: the next sender is served");
        assert_eq!(world.intake.meters.reading().handshakes_failed, garbage.len() as u64);
        assert_eq!(world.stop().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_handshake_is_cut_off_in_time() {
    for kind in [Kind::Tls, Kind::RelpTls, Kind::Https] {
        // One at a time: whoever stalls may not keep the place for ever.
        let (_certificates, world) = secured(kind, Bounds { connections: 1, ..Bounds::default() });
        for bytes in [&b""[..], HALF_HELLO.get(..1).unwrap(), HALF_HELLO] {
            assert!(closed_after(&world, bytes).await, "{kind:?} {bytes:?}");
        }
        assert_eq!(world.intake.meters.reading().handshakes_failed, 3);
    }
}

/// Before it is known which HTTP is spoken, and after: silence is cut off.
#[tokio::test(start_paused = true)]
async fn half_a_preamble_of_http_is_cut_off_in_time() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let greeted = [&preface[..], &settings].concat();
    // A request head without end: HEADERS with neither END_HEADERS nor a CONTINUATION behind it.
    let half_head = [&greeted[..], &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83]].concat();
    let world = World::with(config(Kind::Http), Bounds { connections: 1, ..Bounds::default() }, known());
    for bytes in [&b""[..], b"P", &preface[..10], &preface[..], &greeted, &half_head, b"GET / HT"] {
        assert!(closed_after(&world, bytes).await, "{:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(world.stop().await, Vec::<String>::new());
}

/// HTTP/2 without TLS, by prior knowledge (RFC 9113 3.3): a request is answered as one of HTTP/1.1 would be.
#[tokio::test]
async fn http_2_by_prior_knowledge_needs_a_credential_too() {
    let world = World::new(Kind::Http);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    // Preface, SETTINGS, HEADERS (:method POST, :scheme http, :path /api/v1/ingest literal, END_STREAM | END_HEADERS).
    let mut head = vec![0x83, 0x86, 0x04, 14];
    head.extend_from_slice(b"/api/v1/ingest");
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0, 0, head.len() as u8, 1, 5, 0, 0, 0, 1]);
    bytes.extend_from_slice(&head);
    sender.write_all(&bytes).await.unwrap();
    // Frames until HEADERS of stream 1 come back.
    let status = loop {
        let mut frame = [0; 9];
        sender.read_exact(&mut frame).await.unwrap();
        let mut payload = vec![0; usize::from(frame[1]) * 256 + usize::from(frame[2])];
        sender.read_exact(&mut payload).await.unwrap();
        assert_ne!(frame[3], 7, "the connection was refused");
        if frame[3] == 1 {
            break payload;
        }
    };
    // `:status` with a value that is not in the static table (RFC 7541 appendix A), as 401 is not.
    assert_eq!(status[0], 0x48, "{status:?}");
    assert_eq!(world.intake.meters.reading().unauthorised, 1);
    assert_eq!(world.stop().await, Vec::<String>::new());
}
