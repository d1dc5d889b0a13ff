//! Every way to send, against the listener it is made for.

use futures::FutureExt;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use wardwatch_event::Received;
use wardwatch_ident::{BatchKey, FixedClock, SourceId, TenantId, Timestamp};
use wardwatch_intake::{
    Credentials, Durable, Intake, Kind, ListenerConfig, Listening, Origin, Refused, Stopper, Stored, TlsFiles,
};
use wardwatch_send::{Compression, Plan, SendFault, Via, run};

/// A journal in memory that refuses every `refuse_every`-th batch once.
#[derive(Default)]
struct Memory {
    lines: Mutex<Vec<String>>,
    keys: Mutex<HashMap<BatchKey, bytes::Bytes>>,
    refuse_every: usize,
    asked: Mutex<usize>,
}

impl Durable for Memory {
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Stored, Refused>> {
        async move {
            let asked = {
                let mut asked = self.asked.lock().unwrap();
                *asked += 1;
                *asked
            };
            if self.refuse_every > 0 && asked % self.refuse_every == 0 {
                return Err(Refused::Busy { retry_after: Duration::from_millis(10) });
            }
            if let Some(key) = &batch.key {
                match self.keys.lock().unwrap().insert(key.clone(), batch.bytes.clone()) {
                    Some(body) if body == batch.bytes => return Ok(Stored { known: true }),
                    Some(_) => return Err(Refused::KeyTaken),
                    None => {}
                }
            }
            let lines = (0..batch.len()).map(|i| String::from_utf8_lossy(batch.line(i)).into_owned());
            self.lines.lock().unwrap().extend(lines);
            Ok(Stored { known: false })
        }
        .boxed()
    }
}

struct Server {
    memory: Arc<Memory>,
    address: SocketAddr,
    stopper: Stopper,
    running: tokio::task::JoinHandle<()>,
}

const TOKEN: &str = "correct-horse";

impl Server {
    fn new(kind: Kind, tls: Option<TlsFiles>, refuse_every: usize) -> Self {
        let tenant = TenantId::from_slug("renmin");
        let origin = Origin { tenant, source: SourceId::from_slug(tenant, "fw") };
        let mut credentials = Credentials::default();
        credentials.add_token_sha256(&hex::encode(Sha256::digest(TOKEN)), origin).unwrap();
        let memory = Arc::new(Memory { refuse_every, ..Memory::default() });
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_800_000_000)));
        let intake = Arc::new(Intake::new(memory.clone(), clock, credentials));
        let web = matches!(kind, Kind::Http | Kind::Https);
        let config = ListenerConfig {
            kind,
            bind: "127.0.0.1:0".parse().unwrap(),
            framing: Default::default(),
            tls,
            tenant: (!web).then_some(origin.tenant),
            source: (!web).then_some(origin.source),
        };
        let listening = Listening::bind(config, intake).unwrap();
        let address = listening.address();
        let (stopper, stop) = Stopper::pair();
        Self { memory, address, stopper, running: tokio::spawn(listening.run(stop)) }
    }

    async fn stop(self) -> Vec<String> {
        self.stopper.stop();
        self.running.await.unwrap();
        let lines = self.memory.lines.lock().unwrap();
        lines.clone()
    }
}

fn file_of(folder: &Path, lines: &[String]) -> PathBuf {
    let path = folder.join("lines.log");
    std::fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn lines(number: usize) -> Vec<String> {
    (0..number).map(|n| format!("<13>line {n}")).collect()
}

fn plan(file: PathBuf, via: Via, to: impl ToString) -> Plan {
    let mut plan = Plan::new(file, via, to.to_string());
    plan.token = Some(TOKEN.into());
    plan.batch = 100;
    plan
}

#[tokio::test]
async fn every_transport_brings_every_line_also_past_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let sent = lines(1_050);
    let path = file_of(folder.path(), &sent);
    for (kind, via, compression) in [
        (Kind::Udp, Via::Udp, Compression::None),
        (Kind::Tcp, Via::Tcp, Compression::None),
        (Kind::Tcp, Via::Counted, Compression::None),
        (Kind::Relp, Via::Relp, Compression::None),
        (Kind::Http, Via::Http, Compression::None),
        (Kind::Http, Via::Http, Compression::Gzip),
        (Kind::Http, Via::Bulk, Compression::Zstd),
    ] {
        let server = Server::new(kind, None, 3);
        let mut plan = plan(path.clone(), via, server.address);
        plan.compression = compression;
        let summary = run(&plan, std::future::pending()).await.unwrap();
        assert_eq!(summary.sent, 1_050, "{via:?}");
        assert_eq!(summary.bytes, sent.iter().map(|l| l.len() as u64).sum::<u64>());
        assert_eq!(summary.acknowledged, if via.acknowledges() { 1_050 } else { 0 }, "{via:?}");
        // Only HTTP has words for a refusal; the others wait.
        let web = matches!(via, Via::Http | Via::Bulk);
        assert_eq!(summary.refused > 0, web, "{via:?}");
        assert_eq!(server.stop().await, sent, "{via:?}");
    }
}

#[tokio::test]
async fn tls_transports() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let files = TlsFiles {
        certificate: folder.path().join("c.pem"),
        key: folder.path().join("k.pem"),
        client_ca: None,
        client_certificate_optional: false,
    };
    std::fs::write(&files.certificate, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    let sent = lines(250);
    let path = file_of(folder.path(), &sent);
    for (kind, via, scheme) in
        [(Kind::Tls, Via::Tls, ""), (Kind::RelpTls, Via::RelpTls, ""), (Kind::Https, Via::Http, "https://")]
    {
        let server = Server::new(kind, Some(files.clone()), 0);
        let mut plan = plan(path.clone(), via, format!("{scheme}localhost:{}", server.address.port()));
        assert!(matches!(run(&plan, std::future::pending()).await, Err(SendFault::Plan(_))), "no authority");
        plan.ca = Some(files.certificate.clone());
        run(&plan, std::future::pending()).await.unwrap();
        assert_eq!(server.stop().await, sent, "{via:?}");
    }
}

/// Passes bytes on to `to`, and breaks the first `breaks` connections after `bytes` bytes from the receiver.
async fn breaking(to: SocketAddr, breaks: usize, bytes: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for n in 0.. {
            let (mut sender, _) = listener.accept().await.unwrap();
            let mut receiver = TcpStream::connect(to).await.unwrap();
            if n >= breaks {
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut sender, &mut receiver).await });
                continue;
            }
            let (mut from_sender, mut to_sender) = sender.into_split();
            let (mut from_receiver, mut to_receiver) = receiver.into_split();
            let forth = tokio::spawn(async move { tokio::io::copy(&mut from_sender, &mut to_receiver).await });
            // What the receiver says after so many bytes never arrives.
            let _ = tokio::io::copy(&mut (&mut from_receiver).take(bytes as u64), &mut to_sender).await;
            forth.abort();
        }
    });
    address
}

#[tokio::test]
async fn with_keys_a_lost_answer_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let sent = lines(1_000);
    let path = file_of(folder.path(), &sent);
    for via in [Via::Http, Via::Bulk] {
        let server = Server::new(Kind::Http, None, 0);
        let proxy = breaking(server.address, 3, 60).await;
        let summary = run(&plan(path.clone(), via, proxy), std::future::pending()).await.unwrap();
        assert_eq!((summary.acknowledged, summary.known), (1_000, 1), "{via:?}");
        assert!(summary.retries >= 3);
        assert_eq!(server.stop().await, sent, "{via:?}");
    }
}

#[tokio::test]
async fn relp_loses_nothing_and_says_what_may_be_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let sent = lines(1_000);
    let path = file_of(folder.path(), &sent);
    let server = Server::new(Kind::Relp, None, 0);
    let proxy = breaking(server.address, 3, 700).await;
    let summary = run(&plan(path, Via::Relp, proxy), std::future::pending()).await.unwrap();
    assert_eq!(summary.acknowledged, 1_000);
    let stored = server.stop().await;
    assert!(stored.len() as u64 <= 1_000 + summary.resent, "{} stored, {} sent again", stored.len(), summary.resent);
    let mut once = stored.clone();
    once.sort();
    once.dedup();
    let mut expect = sent;
    expect.sort();
    assert_eq!(once, expect);
}

#[tokio::test]
async fn what_cannot_succeed_ends_at_once_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(folder.path(), &lines(10));
    let server = Server::new(Kind::Http, None, 0);
    let mut wrong = plan(path.clone(), Via::Http, server.address);
    wrong.token = Some("wrong".into());
    let fault = run(&wrong, std::future::pending()).await.unwrap_err();
    assert!(matches!(&fault, SendFault::Refused { why, .. } if why.contains("401")), "{fault}");
    let absent = plan(folder.path().join("absent"), Via::Http, server.address);
    assert!(matches!(run(&absent, std::future::pending()).await, Err(SendFault::File { .. })));
    for to in ["ftp://x", "http://", "nohost"] {
        let via = if to == "nohost" { Via::Tcp } else { Via::Http };
        assert!(
            matches!(run(&plan(path.clone(), via, to), std::future::pending()).await, Err(SendFault::Plan(_))),
            "{to}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(folder.path(), &lines(1));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fault = run(&plan(path, Via::Http, free), std::future::pending()).await.unwrap_err();
    assert!(matches!(fault, SendFault::GaveUp { summary, .. } if summary.acknowledged == 0 && summary.retries > 10));
}

#[tokio::test]
async fn packed_files_repeat_skip_tag_and_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.gz");
    let mut packer = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    packer.write_all(b"a\nb\r\n\nc").unwrap();
    packer.finish().unwrap();
    let server = Server::new(Kind::Http, None, 0);
    let mut plan = plan(path, Via::Http, server.address);
    (plan.repeat, plan.skip, plan.tag, plan.epoch) = (2, 1, true, Some("e".into()));
    let summary = run(&plan, std::future::pending()).await.unwrap();
    assert_eq!((summary.sent, summary.epoch.as_str()), (5, "e"));
    // For ever, until told to stop.
    (plan.repeat, plan.rate, plan.epoch) = (0, 100_000, None);
    let memory = server.memory.clone();
    let enough = async move {
        while memory.lines.lock().unwrap().len() < 1_000 {
            tokio::task::yield_now().await;
        }
    };
    let more = run(&plan, enough).await.unwrap();
    let stored = server.stop().await;
    assert_eq!(stored.len() as u64, 5 + more.acknowledged);
    let text = |line: &str, n: u64| format!("{line} wardwatch-send=e-{n:010}");
    assert_eq!(stored[..5], [text("b", 0), text("c", 1), text("a", 2), text("b", 3), text("c", 4)]);
}
