//! A connection, plain or TLS, tried again with growing pauses.

use crate::{Job, SendFault, Summary};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

/// The first and the longest pause between tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Where to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS.
    pub tls: bool,
    /// Path of the URL (http, bulk); empty for the usual one.
    pub path: String,
}

impl Address {
    /// Reads `host:port`, `http://host:port/path` or `https://…`.
    ///
    /// # Errors
    /// What is missing.
    pub fn parse(text: &str) -> Result<Self, SendFault> {
        let wrong = |why: &str| SendFault::Setup(format!("`{text}`: {why}; write host:port or http://host:port"));
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, port) = match (authority.rsplit_once(':'), scheme) {
            (Some((host, port)), _) => (host, port.parse().map_err(|_| wrong("the port is no number"))?),
            (None, "http") => (authority, 80),
            (None, "https") => (authority, 443),
            (None, _) => return Err(wrong("there is no port")),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong("there is no host"));
        }
        Ok(Self { host: host.to_owned(), port, tls: scheme == "https", path: path.to_owned() })
    }

    /// `host:port` for messages and headers.
    pub fn shown(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Certificates to trust.
#[derive(Clone, Debug, Default)]
pub struct Trust(Option<Arc<ClientConfig>>);

impl Trust {
    /// The authorities of a PEM file.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub fn of_file(path: &Path) -> Result<Self, SendFault> {
        let fault = |why: String| SendFault::Setup(format!("{}: {why}", path.display()));
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| fault(e.to_string()))? {
            let certificate = certificate.map_err(|e| fault(e.to_string()))?;
            roots.add(certificate).map_err(|e| fault(e.to_string()))?;
        }
        if roots.is_empty() {
            return Err(fault("there is no certificate in it".into()));
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self(Some(Arc::new(config))))
    }
}

/// Either kind of connection.
pub(crate) trait Pipe: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Pipe for T {}

/// One try.
pub(crate) async fn connect(to: &Address, trust: &Trust) -> Result<Box<dyn Pipe>, SendFault> {
    let unreachable = |why: String| SendFault::Unreachable { to: to.shown(), why };
    let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(|e| unreachable(e.to_string()))?;
    stream.set_nodelay(true).map_err(|e| unreachable(e.to_string()))?;
    if !to.tls {
        return Ok(Box::new(stream));
    }
    let Some(config) = &trust.0 else {
        return Err(SendFault::Setup("TLS needs --ca: the authority of the server's certificate".into()));
    };
    let name = ServerName::try_from(to.host.clone()).map_err(|e| SendFault::Setup(format!("`{}`: {e}", to.host)))?;
    let secured = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
    Ok(Box::new(secured.map_err(|e| unreachable(e.to_string()))?))
}

/// Pauses between tries, and when to give up.
#[derive(Debug)]
pub(crate) struct Patience {
    pause: Duration,
    since: Option<Instant>,
    limit: Option<Duration>,
}

impl Patience {
    pub fn of(job: &Job) -> Self {
        Self { pause: PAUSE.0, since: None, limit: job.patience }
    }

    /// An answer came.
    pub fn renew(&mut self) {
        (self.pause, self.since) = (PAUSE.0, None);
    }

    /// Waits before the next try (at least `least`), or gives `fault` back when it has lasted too long. What cannot
    /// get better is given back at once.
    pub async fn after(&mut self, fault: SendFault, least: Duration) -> Result<(), SendFault> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let lasting = !matches!(fault, SendFault::Unreachable { .. });
        if lasting || self.limit.is_some_and(|limit| since.elapsed() >= limit) {
            return Err(fault);
        }
        tokio::time::sleep(self.pause.max(least)).await;
        self.pause = (self.pause * 2).min(PAUSE.1);
        Ok(())
    }
}

/// Connects, however long that takes.
pub(crate) async fn connect_patiently(job: &Job, patience: &mut Patience, summary: &mut Summary, first: bool) -> Result<Box<dyn Pipe>, SendFault> {
    loop {
        match connect(&job.to, &job.trust).await {
            Ok(pipe) => {
                summary.reconnects += u64::from(!first);
                return Ok(pipe);
            }
            Err(fault) => patience.after(fault, Duration::ZERO).await?,
        }
    }
}
