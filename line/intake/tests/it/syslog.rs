//! Syslog listeners on the loopback: UDP, TCP, TLS.

use crate::world::{World, busy, config, known, origin};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use wardwatch_event::{LineNote, RejectReason};
use wardwatch_ident::{SourceId, TenantId};
use wardwatch_intake::{Bounds, Credentials, Kind, Origin, TlsFiles};

#[tokio::test]
async fn tcp_lines_arrive_with_tenant_source_and_peer() {
    let world = World::new(Kind::Tcp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    sender.write_all(b"<13>one\n9 <13>two\nx<13>thr").await.unwrap();
    world.memory.until(2).await;
    sender.write_all(b"ee\n<13>rest").await.unwrap();
    drop(sender);
    assert_eq!(world.memory.until(4).await, ["<13>one", "<13>two\nx", "<13>three", "<13>rest"]);
    let batches = world.memory.batches.lock().unwrap().clone();
    for batch in &batches {
        assert_eq!((batch.tenant(), batch.source), (origin().tenant, origin().source));
        assert_eq!(batch.peer, Some(world.address.ip()));
    }
    assert_eq!(batches.last().unwrap().notes, [(0, LineNote::Unterminated)]);
    let reading = world.intake.meters.reading();
    assert_eq!((reading.sources[0].lines, reading.sources[0].bytes), (4, 7 + 9 + 9 + 8));
    assert_eq!(reading.sources[0].notes, [(LineNote::Unterminated, 1)]);
}

#[tokio::test]
async fn a_refusing_journal_makes_tcp_wait_and_loses_nothing() {
    let world = World::new(Kind::Tcp);
    world.memory.refuse(busy(), 5);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    let sent: Vec<String> = (0..20_000).map(|n| format!("<13>line {n}")).collect();
    sender.write_all((sent.join("\n") + "\n").as_bytes()).await.unwrap();
    assert_eq!(world.memory.until(20_000).await, sent);
    assert_eq!(world.intake.meters.reading().sources[0].refused, 5);
}

#[tokio::test]
async fn stopping_reads_what_the_kernel_holds() {
    let world = World::new(Kind::Tcp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    sender.write_all(&b"<13>a line\n".repeat(5_000)).await.unwrap();
    // Neither closed nor waited for: the lines are somewhere between sender and listener.
    assert_eq!(world.stop().await.len(), 5_000);
    drop(sender);
}

#[tokio::test]
async fn a_bad_count_on_a_locked_connection_closes_it_and_is_counted() {
    let world = World::new(Kind::Tcp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    sender.write_all("6 <13>ab".repeat(8).as_bytes()).await.unwrap();
    sender.write_all(b"nonsense").await.unwrap();
    assert_eq!(sender.read(&mut [0; 8]).await.unwrap_or(0), 0);
    let batches = world.memory.batches.lock().unwrap().clone();
    assert_eq!(batches.iter().map(|b| b.len()).sum::<usize>(), 8);
    assert_eq!(batches.last().unwrap().rejected[0].reason, RejectReason::BadFrame);
    assert_eq!(world.intake.meters.reading().sources[0].rejected, [(RejectReason::BadFrame, 1)]);
}

#[tokio::test]
async fn the_connection_over_the_cap_waits_its_turn() {
    let bounds = Bounds { connections: 1, ..Bounds::default() };
    let world = World::with(config(Kind::Tcp), bounds, known());
    let mut first = TcpStream::connect(world.address).await.unwrap();
    let mut second = TcpStream::connect(world.address).await.unwrap();
    second.write_all(b"<13>second\n").await.unwrap();
    first.write_all(b"<13>first\n").await.unwrap();
    assert_eq!(world.memory.until(1).await, ["<13>first"]);
    drop(first);
    assert_eq!(world.memory.until(2).await, ["<13>first", "<13>second"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_cut_off() {
    let bounds = Bounds { connection_idle_ms: 60_000, ..Bounds::default() };
    let world = World::with(config(Kind::Tcp), bounds, known());
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    assert_eq!(sender.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert_eq!(world.intake.meters.reading().sources[0].cut_off, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_connections_at_once() {
    const WANTED: usize = 10_000;
    let soft = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: soft.maximum, maximum: soft.maximum };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, raised);
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX) as usize;
    // Both ends are in this process, and so are the tests that run beside this one.
    let number = WANTED.min(allowed.saturating_sub(1_500) / 2);
    if number < WANTED {
        println!("only {number} of {WANTED} connections: the limit of open files is {allowed}");
    }
    let world = World::new(Kind::Tcp);
    let mut senders = Vec::new();
    for n in 0..number {
        let mut sender = TcpStream::connect(world.address).await.unwrap();
        sender.write_all(format!("<13>from {n}\n").as_bytes()).await.unwrap();
        senders.push(sender);
    }
    let mut lines = world.memory.until(number).await;
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), number);
    assert_eq!(world.intake.meters.reading().connections, number as u64);
    drop(senders);
}

#[tokio::test]
async fn datagrams_become_lines_by_peer() {
    let world = World::new(Kind::Udp);
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    sender.send_to(b"<13>one\n", world.address).await.unwrap();
    sender.send_to(b"<13>two\n<13>three\n", world.address).await.unwrap();
    sender.send_to(b"", world.address).await.unwrap();
    let mut lines = world.memory.until(3).await;
    lines.sort();
    assert_eq!(lines, ["<13>one", "<13>three", "<13>two"]);
    assert_eq!(world.memory.batches.lock().unwrap()[0].peer, Some(world.address.ip()));
}

/// More datagrams than the buffer holds, before anybody reads: sent = lines + what the kernel dropped.
#[tokio::test]
async fn what_the_kernel_drops_is_counted_once() {
    let world = World::new(Kind::Udp);
    // On this one thread the listener cannot run while datagrams are sent without awaiting.
    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagram = vec![b'x'; 60_000];
    let mut sent = 0;
    for _ in 0..2_000 {
        sent += u64::from(sender.send_to(&datagram, world.address).is_ok());
    }
    let memory = world.memory.clone();
    let lines = world.stop().await.len() as u64;
    let batches = memory.batches.lock().unwrap();
    let dropped: u64 = batches.iter().map(|b| b.rejected_total()).sum();
    assert!(dropped > 0, "the buffer held {sent} datagrams of 60 kB");
    assert_eq!(lines + dropped, sent);
}

/// An authority, a server certificate and a client certificate, as files.
pub struct Certificates {
    pub folder: tempfile::TempDir,
    pub authority_der: Vec<u8>,
    pub client_der: Vec<u8>,
    pub client_key_der: Vec<u8>,
}

pub fn certificates() -> Certificates {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let leaf = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        (certificate, key)
    };
    let (server, server_key) = leaf("localhost");
    let (client, client_key) = leaf("sender");
    std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(folder.path().join("server.pem"), server.pem()).unwrap();
    std::fs::write(folder.path().join("server.key"), server_key.serialize_pem()).unwrap();
    Certificates {
        folder,
        authority_der: authority.der().to_vec(),
        client_der: client.der().to_vec(),
        client_key_der: client_key.serialize_der(),
    }
}

impl Certificates {
    pub fn files(&self, client: bool, optional: bool) -> TlsFiles {
        TlsFiles {
            certificate: self.folder.path().join("server.pem"),
            key: self.folder.path().join("server.key"),
            client_ca: client.then(|| self.folder.path().join("ca.pem")),
            client_certificate_optional: optional,
        }
    }

    pub async fn connect(
        &self,
        address: std::net::SocketAddr,
        with_certificate: bool,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.authority_der.clone().into()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let client = match with_certificate {
            true => builder
                .with_client_auth_cert(
                    vec![self.client_der.clone().into()],
                    rustls_pki_types::PrivateKeyDer::Pkcs8(self.client_key_der.clone().into()),
                )
                .unwrap(),
            false => builder.with_no_client_auth(),
        };
        let connection = TcpStream::connect(address).await?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        connector.connect("localhost".try_into().unwrap(), connection).await
    }
}

#[tokio::test]
async fn tls_takes_the_source_from_the_certificate() {
    let certificates = certificates();
    let certified = Origin { tenant: TenantId::from_slug("xiehe"), source: SourceId(9) };
    let mut credentials = Credentials::default();
    credentials.add_certificate_sha256(&hex::encode(Sha256::digest(&certificates.client_der)), certified).unwrap();
    let mut settings = config(Kind::Tls);
    settings.tls = Some(certificates.files(true, true));
    let world = World::with(settings, Bounds::default(), credentials);
    for (with_certificate, expect) in [(true, certified), (false, origin())] {
        let mut sender = certificates.connect(world.address, with_certificate).await.unwrap();
        sender.write_all(b"10 <13>secret").await.unwrap();
        sender.shutdown().await.unwrap();
        let lines = world.memory.until(1).await;
        assert_eq!(lines, ["<13>secret"]);
        let batch = world.memory.batches.lock().unwrap().pop().unwrap();
        assert_eq!((batch.tenant(), batch.source), (expect.tenant, expect.source));
    }
}

#[tokio::test]
async fn tls_refuses_who_has_to_show_a_certificate_and_does_not() {
    let certificates = certificates();
    let mut settings = config(Kind::Tls);
    settings.tls = Some(certificates.files(true, false));
    (settings.tenant, settings.source) = (None, None);
    let world = World::with(settings, Bounds::default(), Credentials::default());
    // With TLS 1.3 the client learns of it with its first read.
    let refused = match certificates.connect(world.address, false).await {
        Err(_) => true,
        Ok(mut sender) => sender.read(&mut [0; 8]).await.is_err(),
    };
    assert!(refused);
    // A certificate of the right authority that stands for no source.
    let mut sender = certificates.connect(world.address, true).await.unwrap();
    let _ = sender.write_all(b"<13>a\n").await;
    let _ = sender.read(&mut [0; 8]).await;
    let reading = world.intake.meters.reading();
    assert_eq!((reading.handshakes_failed, reading.unauthorised), (1, 1));
    assert_eq!(world.stop().await, Vec::<String>::new());
}
