//! Connections to a receiver, plain or TLS.

use crate::carrier::Trouble;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Connecting and the handshake must be done in this time.
const CONNECT: Duration = Duration::from_secs(10);

/// Anything that can be talked over.
pub(crate) trait Talk: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Talk for T {}

/// Where to connect, and whom to trust there.
#[derive(Clone)]
pub(crate) struct Target {
    /// `host:port`.
    pub(crate) address: String,
    pub(crate) tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Target {
    /// `ca`: with it TLS is spoken.
    pub(crate) fn new(address: &str, ca: Option<&Path>) -> Result<Self, String> {
        let (host, _) = address.rsplit_once(':').ok_or_else(|| format!("`{address}` is not host:port"))?;
        let Some(ca) = ca else { return Ok(Self { address: address.to_owned(), tls: None }) };
        let failed = |why: String| format!("trusting {} failed: {why}", ca.display());
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_file_iter(ca).map_err(|e| failed(e.to_string()))? {
            let root = root.map_err(|e| failed(e.to_string()))?;
            roots.add(root).map_err(|e| failed(e.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|e| failed(e.to_string()))?;
        Ok(Self { address: address.to_owned(), tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    pub(crate) async fn connect(&self) -> Result<Box<dyn Talk>, Trouble> {
        let again = |why: String| Trouble::again(format!("connecting to {} failed: {why}", self.address));
        let connect = async {
            let plain = TcpStream::connect(&self.address).await?;
            plain.set_nodelay(true)?;
            Ok::<Box<dyn Talk>, std::io::Error>(match &self.tls {
                None => Box::new(plain),
                Some((connector, name)) => Box::new(connector.connect(name.clone(), plain).await?),
            })
        };
        match tokio::time::timeout(CONNECT, connect).await {
            Err(_) => Err(again("it took too long".into())),
            Ok(outcome) => outcome.map_err(|e| again(e.to_string())),
        }
    }
}
