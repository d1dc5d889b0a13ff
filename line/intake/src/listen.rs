//! From a listener's settings to a bound socket that serves until it is told to stop.
//!
//! A listener accepts no more than its cap; the next connection waits in the kernel's queue.

use crate::credential::Origin;
use crate::framing::Framing;
use crate::intake::Intake;
use crate::stop::Stop;
use crate::tls::{TlsFault, TlsFiles};
use crate::{http, relp, serve_http, stream, udp};
use rustls::ServerConfig;
use serde::Deserialize;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use wardwatch_ident::{SourceId, TenantId};
use wardwatch_limits::SYSLOG_RCVBUF_BYTES;

/// What is spoken on a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Syslog, RFC 5426.
    Udp,
    /// Syslog, RFC 6587.
    Tcp,
    /// Syslog over TLS, RFC 5425.
    Tls,
    /// RELP.
    Relp,
    /// RELP over TLS.
    RelpTls,
    /// NDJSON and Elasticsearch `_bulk`.
    Http,
    /// The same over TLS.
    Https,
}

/// The settings of one listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerConfig {
    /// What is spoken.
    pub kind: Kind,
    /// Where.
    pub bind: SocketAddr,
    /// How syslog frames are told apart (tcp, tls).
    #[serde(default)]
    pub framing: Framing,
    /// Certificate and key (tls, relp-tls, https).
    pub tls: Option<TlsFiles>,
    /// Whose lines these are if no credential says otherwise.
    pub tenant: Option<TenantId>,
    /// From which of its sources.
    pub source: Option<SourceId>,
}

/// A listener cannot be set up.
#[derive(thiserror::Error, Debug)]
pub enum ListenFault {
    /// The socket.
    #[error("listening on {bind} failed: {why}; is another program using it, or does the port need rights?")]
    Bind {
        /// Where.
        bind: SocketAddr,
        /// Why.
        why: std::io::Error,
    },
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The settings contradict each other.
    #[error("the listener on {bind} needs {what}")]
    Missing {
        /// Which listener.
        bind: SocketAddr,
        /// What.
        what: &'static str,
    },
}

/// A bound socket that does not serve yet.
pub struct Listening {
    intake: Arc<Intake>,
    config: ListenerConfig,
    origin: Option<Origin>,
    tls: Option<Arc<ServerConfig>>,
    socket: Socket,
    address: SocketAddr,
}

enum Socket {
    Stream(TcpListener),
    Datagram(udp::Datagrams),
}

impl Listening {
    /// Binds. Needs a tokio runtime.
    pub fn bind(config: ListenerConfig, intake: Arc<Intake>) -> Result<Self, ListenFault> {
        let bind = config.bind;
        let missing = |what| ListenFault::Missing { bind, what };
        let origin = config.tenant.zip(config.source).map(|(tenant, source)| Origin { tenant, source });
        let certified = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let secured = matches!(config.kind, Kind::Tls | Kind::RelpTls | Kind::Https);
        if origin.is_none() && !certified && !matches!(config.kind, Kind::Http | Kind::Https) {
            return Err(missing("a tenant and a source"));
        }
        let tls = match &config.tls {
            None if secured => return Err(missing("a certificate and a key")),
            Some(files) if secured => Some(files.load(protocols(config.kind))?),
            _ => None,
        };
        let fault = |why| ListenFault::Bind { bind, why };
        let socket = match config.kind {
            Kind::Udp => Socket::Datagram(udp::Datagrams::bind(bind).map_err(fault)?),
            kind => Socket::Stream(listen(bind, matches!(kind, Kind::Tcp | Kind::Tls)).map_err(fault)?),
        };
        let address = match &socket {
            Socket::Stream(socket) => socket.local_addr(),
            Socket::Datagram(socket) => socket.local_addr(),
        };
        Ok(Self { intake, config, origin, tls, socket, address: address.map_err(fault)? })
    }

    /// Where it listens: with port 0 in the settings, the port that was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it speaks.
    pub fn kind(&self) -> Kind {
        self.config.kind
    }

    /// Serves until `stop`, then reads what the kernel holds, makes it durable and returns.
    pub async fn run(self, stop: Stop) {
        let (intake, origin, tls) = (self.intake, self.origin, self.tls);
        match (self.socket, origin) {
            (Socket::Datagram(socket), Some(origin)) => udp::serve(&intake, socket, origin, stop).await,
            // `bind` refuses a datagram listener without a source.
            (Socket::Datagram(_), None) => {}
            (Socket::Stream(socket), _) if matches!(self.config.kind, Kind::Http | Kind::Https) => {
                let router = http::router(intake.clone());
                serve_http::serve(intake, socket, tls, origin, router, stop).await;
            }
            (Socket::Stream(socket), _) => {
                let (kind, framing) = (self.config.kind, self.config.framing);
                let cap = intake.bounds.connections;
                accept(socket, cap, stop, move |connection, peer, stop| {
                    connected(intake.clone(), tls.clone(), origin, kind, framing, connection, peer, stop)
                })
                .await;
            }
        }
    }
}

fn protocols(kind: Kind) -> &'static [&'static str] {
    if kind == Kind::Https { &["h2", "http/1.1"] } else { &[] }
}

/// `small`: bounds what lies unread in the kernel when this machine dies, because nobody sends it again.
fn listen(bind: SocketAddr, small: bool) -> std::io::Result<TcpListener> {
    let socket = if bind.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    if small {
        socket.set_recv_buffer_size(SYSLOG_RCVBUF_BYTES as u32)?;
    }
    socket.bind(bind)?;
    socket.listen(4_096)
}

#[allow(clippy::too_many_arguments, reason = "what a connection is, once, where it begins")]
async fn connected(
    intake: Arc<Intake>,
    tls: Option<Arc<ServerConfig>>,
    origin: Option<Origin>,
    kind: Kind,
    framing: Framing,
    connection: TcpStream,
    peer: IpAddr,
    stop: Stop,
) {
    match tls {
        None => {
            if let Some(origin) = origin {
                speak(&intake, kind, framing, connection, origin, peer, stop).await;
            }
        }
        Some(tls) => {
            let Some(connection) = handshake(&intake, tls, connection).await else { return };
            let Some(origin) = certified(&intake, &connection).or(origin) else {
                intake.unknown_credential(Some(peer));
                return;
            };
            speak(&intake, kind, framing, connection, origin, peer, stop).await;
        }
    }
}

async fn speak<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send>(
    intake: &Intake,
    kind: Kind,
    framing: Framing,
    connection: S,
    origin: Origin,
    peer: IpAddr,
    stop: Stop,
) {
    match kind {
        Kind::Relp | Kind::RelpTls => {
            let end = relp::serve(intake, connection, origin, peer, stop).await;
            tracing::debug!(%peer, ?end, "relp connection ended");
        }
        _ => {
            let end = stream::serve(intake, connection, framing, origin, peer, stop).await;
            if end == stream::End::BadFrame {
                tracing::warn!(%peer, source.id = %origin.source, "{}: connection closed", crate::framing::BadFrame);
            }
        }
    }
}

/// Finishes the handshake in time, or counts it as failed.
pub(crate) async fn handshake(
    intake: &Intake,
    tls: Arc<ServerConfig>,
    connection: TcpStream,
) -> Option<TlsStream<TcpStream>> {
    let patience = Duration::from_millis(intake.bounds.handshake_ms);
    let outcome = tokio::time::timeout(patience, TlsAcceptor::from(tls).accept(connection)).await;
    let connection = outcome.ok().and_then(Result::ok);
    if connection.is_none() {
        intake.meters.handshake_failed();
    }
    connection
}

/// Whom the client's certificate stands for.
pub(crate) fn certified(intake: &Intake, connection: &TlsStream<TcpStream>) -> Option<Origin> {
    let (_, session) = connection.get_ref();
    let leaf = session.peer_certificates()?.first()?;
    intake.credentials.by_certificate(leaf.as_ref())
}

/// Accepts up to `cap` connections at once until `stop`; then those that already wait, and returns when all have ended.
pub(crate) async fn accept<F, W>(socket: TcpListener, cap: usize, mut stop: Stop, work: F)
where
    F: Fn(TcpStream, IpAddr, Stop) -> W,
    W: Future<Output = ()> + Send + 'static,
{
    let gate = Arc::new(Semaphore::new(cap));
    let mut running = JoinSet::new();
    let waiting = stop.clone();
    loop {
        let next = async {
            // The semaphore is never closed; if it were, no more would be accepted.
            let permit = gate.clone().acquire_owned().await.ok()?;
            Some((permit, socket.accept().await))
        };
        tokio::select! {
            biased;
            () = stop.stopped() => break,
            Some(_) = running.join_next(), if !running.is_empty() => {}
            next = next => match next {
                None => break,
                Some((permit, Ok((connection, peer)))) => {
                    let work = work(connection, peer.ip().to_canonical(), waiting.clone());
                    running.spawn(async move {
                        work.await;
                        drop(permit);
                    });
                }
                Some((_, Err(error))) => {
                    tracing::warn!(%error, "accepting a connection failed; trying again");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
    while let Ok(Ok((connection, peer))) = tokio::time::timeout(Duration::from_millis(20), socket.accept()).await {
        running.spawn(work(connection, peer.ip().to_canonical(), waiting.clone()));
    }
    drop(socket);
    while running.join_next().await.is_some() {}
}
