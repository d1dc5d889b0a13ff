//! Whose lines are these? Answered from the credential alone: a token, a client certificate, or the listener itself.
//!
//! Nothing in this file ever sees a line: content cannot choose its tenant or source.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use wardwatch_ident::{SourceId, TenantId};

/// The tenant and source that lines are stamped with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The hospital.
    pub tenant: TenantId,
    /// Its device or system.
    pub source: SourceId,
}

/// A hash in the configuration that is none.
#[derive(thiserror::Error, Debug, PartialEq, Eq)]
#[error("`{0}` is not a SHA-256 in hexadecimal (64 digits); `wardwatch token` prints one")]
pub struct HashFault(pub String);

type Hash = [u8; 32];

/// All tokens and certificates that stand for a source. Tokens are known by their SHA-256 only.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    tokens: Vec<(Hash, Origin)>,
    certificates: Vec<(Hash, Origin)>,
}

impl Credentials {
    /// Lets the token with this SHA-256 (hexadecimal) stand for `origin`. Several may, during a rotation.
    pub fn add_token_sha256(&mut self, hash: &str, origin: Origin) -> Result<(), HashFault> {
        self.tokens.push((read_hash(hash)?, origin));
        Ok(())
    }

    /// Lets the client certificate with this SHA-256 over its DER form (hexadecimal, colons allowed) stand for `origin`.
    pub fn add_certificate_sha256(&mut self, hash: &str, origin: Origin) -> Result<(), HashFault> {
        self.certificates.push((read_hash(&hash.replace(':', ""))?, origin));
        Ok(())
    }

    /// Whom a token stands for. The time it takes does not depend on how much of a hash agrees.
    pub fn by_token(&self, token: &[u8]) -> Option<Origin> {
        find(&self.tokens, &Sha256::digest(token).into())
    }

    /// Whom a client certificate (DER) stands for.
    pub fn by_certificate(&self, der: &[u8]) -> Option<Origin> {
        find(&self.certificates, &Sha256::digest(der).into())
    }
}

/// Looks at every entry, so that neither position nor content shows in the time it takes.
fn find(known: &[(Hash, Origin)], hash: &Hash) -> Option<Origin> {
    known.iter().fold(
        None,
        |found, (candidate, origin)| {
            if bool::from(candidate.ct_eq(hash)) { Some(*origin) } else { found }
        },
    )
}

fn read_hash(text: &str) -> Result<Hash, HashFault> {
    let mut hash = Hash::default();
    hex::decode_to_slice(text.trim(), &mut hash).map_err(|_| HashFault(text.chars().take(80).collect()))?;
    Ok(hash)
}
