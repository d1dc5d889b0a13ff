//! Who may speak TLS with us, and which certificate they showed.
//!
//! rustls with ring; nothing here decides about tenants, see `credential.rs`.

use rustls::RootCertStore;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a TLS listener, all PEM.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Our certificate with its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Authority of client certificates.
    pub client_ca: Option<PathBuf>,
    /// With `client_ca`: clients without a certificate are let in, as the listener's own source.
    #[serde(default)]
    pub client_certificate_optional: bool,
}

/// TLS cannot be set up.
#[derive(thiserror::Error, Debug)]
pub enum TlsFault {
    /// A file cannot be read.
    #[error("reading {} for TLS failed: {why}; check path, rights and that it is PEM", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// Certificate and key do not fit, or the authority is unusable.
    #[error("the TLS certificate {} cannot be used: {why}", file.display())]
    Unfit {
        /// Which.
        file: PathBuf,
        /// Why.
        why: String,
    },
}

impl TlsFiles {
    /// Reads the files. `protocols` are offered by ALPN.
    pub fn load(&self, protocols: &[&str]) -> Result<Arc<ServerConfig>, TlsFault> {
        let unfit = |why: String| TlsFault::Unfit { file: self.certificate.clone(), why };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| unfit(e.to_string()))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(ca)? {
                    roots.add(root).map_err(|e| TlsFault::Unfit { file: ca.clone(), why: e.to_string() })?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier =
                    if self.client_certificate_optional { verifier.allow_unauthenticated() } else { verifier };
                let verifier =
                    verifier.build().map_err(|e| TlsFault::Unfit { file: ca.clone(), why: e.to_string() })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|e| TlsFault::File { file: self.key.clone(), why: e.to_string() })?;
        let mut config =
            builder.with_single_cert(certificates(&self.certificate)?, key).map_err(|e| unfit(e.to_string()))?;
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let fault = |why: String| TlsFault::File { file: file.to_owned(), why };
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(|e| fault(e.to_string()))?.collect();
    match all {
        Ok(all) if all.is_empty() => Err(fault("no certificate in it".into())),
        all => all.map_err(|e| fault(e.to_string())),
    }
}
