//! HTTP: NDJSON and `_bulk`, all or nothing.

use crate::syslog::certificates;
use crate::world::{TOKEN, World, busy, config, known, origin};
use base64::Engine;
use std::io::Write;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use wardwatch_intake::{Bounds, Kind, Refused};

/// One request on a connection of its own; the answer as text.
async fn ask(world: &World, head: &str, body: &[u8]) -> String {
    let stream = TcpStream::connect(world.address).await.unwrap();
    ask_on(stream, head, body).await
}

async fn ask_on(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &[u8]) -> String {
    let mut request =
        format!("{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    request.extend_from_slice(body);
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(&request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn ingest(headers: &str) -> String {
    format!("POST /api/v1/ingest HTTP/1.1\r\nAuthorization: Bearer {TOKEN}{headers}")
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(body).unwrap();
    e.finish().unwrap()
}

#[tokio::test]
async fn lines_are_stored_and_then_answered() {
    let world = World::new(Kind::Http);
    let answer = ask(&world, &ingest(""), b"{\"a\":1}\nnot json\n\n\xff\xfe").await;
    assert_eq!(status(&answer), 200);
    assert!(answer.ends_with("{\"lines\":3}"), "{answer}");
    let zstd = zstd::stream::encode_all(&b"z1\nz2"[..], 1).unwrap();
    for (headers, body) in [("\r\nContent-Encoding: gzip", gzip(b"g1\ng2\n")), ("\r\nContent-Encoding: zstd", zstd)] {
        assert_eq!(status(&ask(&world, &ingest(headers), &body).await), 200);
    }
    let batches = world.memory.batches.lock().unwrap().clone();
    assert_eq!(batches[0].line(2), b"\xff\xfe");
    assert_eq!((batches[0].tenant(), batches[0].source), (origin().tenant, origin().source));
    assert_eq!(world.memory.lines()[3..], ["g1", "g2", "z1", "z2"]);
}

#[tokio::test]
async fn a_refusing_journal_refuses_the_whole_request() {
    for (refused, expect) in
        [(busy(), "retry-after: 1"), (Refused::Full, "retry-after: 10"), (Refused::Failed, "retry-after: 2")]
    {
        let world = World::new(Kind::Http);
        world.memory.refuse(refused, 1);
        let answer = ask(&world, &ingest(""), b"a\nb\n").await;
        assert_eq!(status(&answer), 429);
        assert!(answer.contains(expect), "{answer}");
        assert_eq!(world.memory.lines(), Vec::<String>::new());
        assert_eq!(status(&ask(&world, &ingest(""), b"a\nb\n").await), 200);
        assert_eq!(world.intake.meters.reading().sources[0].refused, 1);
    }
}

#[tokio::test]
async fn tokens_in_every_dress_and_wrong_ones_in_none() {
    let world = World::new(Kind::Http);
    let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    for (value, expect) in [
        (format!("Bearer {TOKEN}"), 200),
        (format!("bearer {TOKEN}"), 200),
        (format!("Basic {}", encode(format!("anybody:{TOKEN}"))), 200),
        (format!("ApiKey {}", encode(format!("id:{TOKEN}"))), 200),
        (format!("ApiKey {TOKEN}"), 200),
        ("Bearer wrong".into(), 401),
        (format!("Bearer {TOKEN}x"), 401),
        ("Basic !!!".into(), 401),
        (TOKEN.into(), 401),
        (String::new(), 401),
    ] {
        let head = format!("POST /api/v1/ingest HTTP/1.1\r\nAuthorization: {value}");
        assert_eq!(status(&ask(&world, &head, b"a").await), expect, "{value}");
    }
    assert_eq!(status(&ask(&world, "POST /api/v1/ingest HTTP/1.1", b"a").await), 401);
    assert_eq!(world.intake.meters.reading().unauthorised, 6);
    assert_eq!(world.memory.lines().len(), 5);
}

#[tokio::test]
async fn a_batch_key_stores_once() {
    let world = World::new(Kind::Http);
    let keyed = ingest("\r\nX-Wardwatch-Batch: run-1/7");
    let first = ask(&world, &keyed, b"a\nb").await;
    let second = ask(&world, &keyed, b"a\nb").await;
    assert_eq!((status(&first), status(&second)), (200, 200));
    assert!(first.ends_with("{\"lines\":2}") && second.ends_with("{\"lines\":2}"));
    assert!(second.contains("x-wardwatch-known: true"));
    assert_eq!(status(&ask(&world, &keyed, b"a\nc").await), 409);
    assert_eq!(status(&ask(&world, &ingest("\r\nX-Wardwatch-Batch: run 1"), b"a").await), 400);
    assert_eq!(world.memory.lines(), ["a", "b"]);
    let reading = world.intake.meters.reading().sources[0].clone();
    assert_eq!((reading.repeated, reading.invalid), (1, 2));
}

#[tokio::test]
async fn a_sender_that_dies_halfway_has_sent_nothing() {
    let world = World::new(Kind::Http);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!("{}\r\nHost: x\r\nContent-Length: 100\r\n\r\na\nb\n", ingest(""));
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(status(&ask(&world, &ingest(""), b"c").await), 200);
    assert_eq!(world.stop().await, ["c"]);
}

#[tokio::test]
async fn bodies_have_bounds() {
    let bounds = Bounds { body_bytes: 10_000, body_unpacked_bytes: 100_000, ..Bounds::default() };
    let world = World::with(config(Kind::Http), bounds, known());
    let gzipped = "\r\nContent-Encoding: gzip";
    let bomb = gzip(&vec![b'a'; 1_000_000]);
    let broken = gzip(&b"a line\n".repeat(1_000));
    for (headers, body, expect, says) in [
        ("", vec![b'a'; 10_001], 413, "larger than 10000 bytes"),
        (gzipped, bomb, 413, "grows past 100000 bytes"),
        (gzipped, broken[..broken.len() - 9].to_vec(), 400, "breaks off at byte"),
        (gzipped, b"plain".to_vec(), 400, "damaged or breaks off"),
        ("\r\nContent-Encoding: br", b"x".to_vec(), 415, "use gzip, zstd"),
    ] {
        let answer = ask(&world, &ingest(headers), &body).await;
        assert_eq!(status(&answer), expect, "{answer}");
        assert!(answer.contains(says), "{answer}");
    }
    assert_eq!(world.intake.meters.reading().sources[0].invalid, 5);
    assert_eq!(world.stop().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_cut_off() {
    let world = World::new(Kind::Http);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!("{}\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf a li", ingest(""));
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(status(&String::from_utf8_lossy(&answer)), 408);
    assert_eq!(world.intake.meters.reading().sources[0].cut_off, 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_head_that_stops_coming_is_cut_off() {
    let world = World::new(Kind::Http);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"POST /api/v1/ing").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("200"));
}

#[tokio::test]
async fn elasticsearch_senders_find_what_they_look_for() {
    let world = World::new(Kind::Http);
    let auth = format!("Authorization: ApiKey {TOKEN}");
    for (method, path, more, expect, says) in [
        ("GET", "/", "\r\nUser-Agent: Elastic-Filebeat/9.1.2 (linux)", 200, "\"number\":\"9.1.2\""),
        ("GET", "/", "", 200, "\"number\":\"8.19.0\""),
        ("GET", "/_license", "", 200, "\"status\":\"active\""),
        ("GET", "/_xpack", "", 200, "\"mode\":\"basic\""),
        ("GET", "/_cluster/health?timeout=1s", "", 200, "\"status\":\"green\""),
        ("GET", "/_cat/health", "", 200, "green"),
        ("PUT", "/_index_template/x", "", 200, "{\"acknowledged\":true}"),
        ("GET", "/_ilm/policy/x", "", 200, "{}"),
        ("PUT", "/_ingest/pipeline/a%2Fb", "", 200, "{\"acknowledged\":true}"),
        ("GET", "/_nodes/http", "", 404, "resource_not_found"),
        ("GET", "/", "\r\nAccept: application/vnd.elasticsearch+json; compatible-with=9", 200, "compatible-with=9"),
    ] {
        let answer = ask(&world, &format!("{method} {path} HTTP/1.1\r\n{auth}{more}"), b"").await;
        assert_eq!(status(&answer), expect, "{method} {path}: {answer}");
        assert!(answer.contains(says) && answer.contains("x-elastic-product: Elasticsearch"), "{answer}");
    }
    assert_eq!(status(&ask(&world, &format!("HEAD / HTTP/1.1\r\n{auth}"), b"").await), 200);
    let refused = ask(&world, "GET / HTTP/1.1", b"").await;
    assert!(status(&refused) == 401 && refused.contains("security_exception"), "{refused}");
}

#[tokio::test]
async fn bulk_is_all_or_nothing() {
    let world = World::new(Kind::Http);
    let head = |path: &str| format!("POST {path} HTTP/1.1\r\nAuthorization: ApiKey {TOKEN}");
    let body = b"{\"create\":{}}\n{\"a\":1}\n{\"index\":{\"_index\":\"i\",\"_id\":\"1\"}}\nnot json\n";
    world.memory.refuse(busy(), 1);
    let refused = ask(&world, &head("/logs/_bulk"), body).await;
    assert!(status(&refused) == 429 && refused.contains("es_rejected_execution_exception"), "{refused}");
    let answer = ask(&world, &head("/logs/_bulk?filter_path=errors,items.*.error,items.*.status"), body).await;
    assert!(
        answer.ends_with("{\"errors\":false,\"items\":[{\"create\":{\"status\":201}},{\"index\":{\"status\":201}}]}"),
        "{answer}"
    );
    assert_eq!(status(&ask(&world, &head("/_bulk"), b"{\"create\":{}}\n").await), 400);
    for path in [
        format!("/_bulk?filter_path={}", "*".repeat(5_000)),
        format!("/_bulk?filter_path={}", ["**"; 300].join(".")),
        format!("/{}/_bulk", "%01".repeat(15_000)),
    ] {
        assert_eq!(status(&ask(&world, &head(&path), body).await), 400, "{}", &path[..30]);
    }
    assert_eq!(world.stop().await, ["{\"a\":1}", "not json"]);
}

#[tokio::test]
async fn a_repeated_bulk_batch_gets_the_first_answer_again() {
    let body = b"{\"create\":{}}\n{\"a\":1}\n{\"create\":{}}\n{\"a\":2}\n";
    let ask_with = async |world: &World, key: &str| {
        let head = format!("POST /logs/_bulk HTTP/1.1\r\nAuthorization: ApiKey {TOKEN}{key}");
        let answer = ask(world, &head, body).await;
        assert_eq!(status(&answer), 200, "{answer}");
        let items = answer.split_once("\"items\":").unwrap().1.to_owned();
        (items, answer.contains("x-wardwatch-known: true"))
    };
    let (world, restarted) = (World::new(Kind::Http), World::new(Kind::Http));
    let key = "\r\nX-Wardwatch-Batch: run/7";
    let (first, known) = ask_with(&world, key).await;
    let (again, known_again) = ask_with(&world, key).await;
    assert_eq!((&again, known, known_again), (&first, false, true));
    assert_eq!(ask_with(&restarted, key).await.0, first, "also from another process");
    let ids: std::collections::BTreeSet<&str> =
        first.split("\"_id\":\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    assert_eq!(ids.len(), 2, "two items have two ids: {first}");
    // Another key, another epoch of the same number, or none: other ids.
    for other in ["\r\nX-Wardwatch-Batch: run/8", "\r\nX-Wardwatch-Batch: run2/7", ""] {
        assert_ne!(ask_with(&world, other).await.0, first, "{other}");
    }
}

#[tokio::test]
async fn https_with_a_client_certificate_needs_no_token() {
    use sha2::{Digest, Sha256};
    let certificates = certificates();
    let mut credentials = known();
    let hash = hex::encode(Sha256::digest(&certificates.client_der));
    credentials.add_certificate_sha256(&hash, origin()).unwrap();
    let mut settings = config(Kind::Https);
    settings.tls = Some(certificates.files(true, true));
    let world = World::with(settings, Bounds::default(), credentials);
    let head = "POST /api/v1/ingest HTTP/1.1";
    for (certificate, head, expect) in
        [(true, head.to_owned(), 200), (false, head.to_owned(), 401), (false, ingest(""), 200)]
    {
        let stream = certificates.connect(world.address, certificate).await.unwrap();
        assert_eq!(status(&ask_on(stream, &head, b"a").await), expect, "{certificate} {head}");
    }
}

#[tokio::test]
async fn bodies_wait_for_room_but_one_that_never_fits_is_told_so() {
    let bounds = Bounds { body_unpacked_bytes: 1 << 30, ..Bounds::default() };
    let world = World::with(config(Kind::Http), bounds, known());
    let block = vec![b'a'; 1 << 20];
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for _ in 0..257 {
        packer.write_all(&block).unwrap();
    }
    let never = ask(&world, &ingest("\r\nContent-Encoding: gzip"), &packer.finish().unwrap()).await;
    assert_eq!(status(&never), 413, "{never}");
    // Another request holds the room: its body has begun.
    let mut first = TcpStream::connect(world.address).await.unwrap();
    let large = 90 << 20;
    let head = format!("{}\r\nHost: x\r\nContent-Length: {large}\r\n\r\n", ingest(""));
    first.write_all(head.as_bytes()).await.unwrap();
    first.write_all(&vec![b'x'; large - 1]).await.unwrap();
    let packed = gzip(&vec![b'b'; 200 << 20]);
    let busy = ask(&world, &ingest("\r\nContent-Encoding: gzip"), &packed).await;
    assert_eq!(status(&busy), 429, "{busy}");
    assert!(busy.contains("retry-after: 1"));
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_cut_off() {
    let world = World::new(Kind::Http);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(format!("{}\r\nHost: x\r\nContent-Length: 100\r\n\r\n", ingest("")).as_bytes()).await.unwrap();
    let (mut input, mut output) = stream.into_split();
    let drip = async {
        for _ in 0..50 {
            tokio::time::sleep(std::time::Duration::from_secs(29)).await;
            if output.write_all(b"x").await.is_err() {
                return;
            }
        }
    };
    let hear = async {
        let mut answer = [0; 12];
        input.read_exact(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::select! {
        answer = hear => assert_eq!(answer, "HTTP/1.1 408"),
        () = drip => panic!("a body that drips was taken to its end"),
    }
}

#[tokio::test]
async fn one_sender_does_not_take_the_room_of_the_others() {
    use sha2::{Digest, Sha256};
    use wardwatch_ident::{SourceId, TenantId};
    let mut credentials = known();
    let tenant = TenantId::from_slug("other");
    let other = wardwatch_intake::Origin { tenant, source: SourceId::from_slug(tenant, "fw") };
    credentials.add_token_sha256(&hex::encode(Sha256::digest("other-horse")), other).unwrap();
    let world = World::with(config(Kind::Http), Bounds::default(), credentials);
    let mut first = TcpStream::connect(world.address).await.unwrap();
    let large = 60 << 20;
    let head = format!("{}\r\nHost: x\r\nContent-Length: {large}\r\n\r\n", ingest(""));
    first.write_all(head.as_bytes()).await.unwrap();
    first.write_all(&vec![b'x'; large - 1]).await.unwrap();
    // The server has most of the first one when it has all of the second.
    let body = vec![b'y'; 90 << 20];
    let theirs = "POST /api/v1/ingest HTTP/1.1\r\nAuthorization: Bearer other-horse";
    assert_eq!(status(&ask(&world, &ingest(""), &body).await), 429);
    assert_eq!(status(&ask(&world, theirs, &body).await), 200);
    drop(first);
}

#[tokio::test]
async fn a_header_that_stands_there_twice_is_refused() {
    let world = World::new(Kind::Http);
    let key = "\r\nX-Wardwatch-Batch: run-1/7";
    for more in [
        format!("{key}{key}"),
        format!("{key}\r\nx-wardwatch-batch: run-1/8"),
        format!("\r\nAuthorization: Bearer {TOKEN}"),
    ] {
        let answer = ask(&world, &ingest(&more), b"a").await;
        assert!(status(&answer) == 400 && answer.contains("twice"), "{more}: {answer}");
    }
    assert_eq!(world.stop().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_that_is_under_way_is_finished_when_the_server_stops() {
    let world = World::new(Kind::Http);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(format!("{}\r\nHost: x\r\nContent-Length: 4\r\n\r\na\n", ingest("")).as_bytes()).await.unwrap();
    // The listener has seen the head before it is told to stop.
    while world.intake.meters.reading().connections == 0 {
        tokio::task::yield_now().await;
    }
    let finish = async {
        stream.write_all(b"b\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (lines, answer) = tokio::join!(world.stop(), finish);
    assert_eq!(status(&answer), 200, "{answer}");
    assert_eq!(lines, ["a", "b"]);
}
