//! Who vouches for content: keys that sign a version, and keys that a configuration trusts.
//!
//! Ed25519 (RFC 8032), private keys as PKCS#8 in files that only their owner reads, public keys as `ed25519:` and 64
//! hexadecimal digits in the configuration. Nothing here decides what a signature allows.

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use wardwatch_ident::Timestamp;
use wardwatch_limits::CONTENT_KEYS;

/// How a public key begins.
const PREFIX: &str = "ed25519:";
/// Digits of a key's id.
const ID_DIGITS: usize = 16;
/// A PKCS#8 document of an Ed25519 key is 83 bytes or fewer.
const KEY_BYTES: u64 = 1_024;

/// What is wrong with a key.
#[derive(thiserror::Error, Debug)]
pub enum KeyFault {
    /// The file cannot be read or written.
    #[error("the key file {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("the key file {0} can be read by others: chmod 600 it, and replace the key if somebody may have seen it")]
    Open(PathBuf),
    /// Not a key.
    #[error("the key file {0} holds no Ed25519 key in PKCS#8: `wardwatch content key new FILE` makes one")]
    NoKey(PathBuf),
    /// The system has no randomness.
    #[error("the system gives no random numbers for a key")]
    Random,
    /// Not a public key.
    #[error(
        "`{0}` is no public key: write `ed25519:` and 64 hexadecimal digits, as `wardwatch content key new` prints"
    )]
    Public(String),
    /// Too many.
    #[error("at most {CONTENT_KEYS} content keys can be trusted")]
    Many,
}

/// A key that signs.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes a key in a new file that only its owner can read; a file that is there is never overwritten.
    ///
    /// # Errors
    /// The file exists or cannot be written.
    pub fn create(path: &Path) -> Result<SigningKey, KeyFault> {
        let file = |source| KeyFault::File { path: path.to_owned(), source };
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyFault::Random)?;
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(file)?;
        out.write_all(document.as_ref()).and_then(|()| out.sync_all()).map_err(file)?;
        SigningKey::of_pkcs8(document.as_ref()).ok_or_else(|| KeyFault::NoKey(path.to_owned()))
    }

    /// Reads a key's file.
    ///
    /// # Errors
    /// It cannot be read, others could read it, or it holds no key.
    pub fn read(path: &Path) -> Result<SigningKey, KeyFault> {
        let file = |source| KeyFault::File { path: path.to_owned(), source };
        let about = std::fs::metadata(path).map_err(file)?;
        if about.mode() & 0o077 != 0 {
            return Err(KeyFault::Open(path.to_owned()));
        }
        if !about.is_file() || about.len() > KEY_BYTES {
            return Err(KeyFault::NoKey(path.to_owned()));
        }
        let bytes = std::fs::read(path).map_err(file)?;
        SigningKey::of_pkcs8(&bytes).ok_or_else(|| KeyFault::NoKey(path.to_owned()))
    }

    fn of_pkcs8(bytes: &[u8]) -> Option<SigningKey> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok().map(SigningKey)
    }

    /// Its public half, as the configuration names it.
    pub fn public(&self) -> String {
        format!("{PREFIX}{}", hex::encode(self.0.public_key()))
    }

    /// The id of its public half.
    pub fn id(&self) -> String {
        id_of(self.0.public_key().as_ref())
    }

    /// The signature of these bytes, hexadecimal.
    pub fn sign(&self, message: &[u8]) -> String {
        hex::encode(self.0.sign(message))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}

/// A public key, and until when it is trusted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustedKey {
    /// Whose it is, as the configuration says.
    pub name: String,
    /// No new version is taken from it after this.
    pub until: Option<Timestamp>,
    id: String,
    public: Vec<u8>,
}

impl TrustedKey {
    /// From the words of the configuration.
    ///
    /// # Errors
    /// Not a public key.
    pub fn read(name: &str, public: &str, until: Option<Timestamp>) -> Result<TrustedKey, KeyFault> {
        let fault = || KeyFault::Public(public.to_owned());
        let digits = public.strip_prefix(PREFIX).ok_or_else(fault)?;
        let public = hex::decode(digits).ok().filter(|bytes| bytes.len() == 32).ok_or_else(fault)?;
        Ok(TrustedKey { name: name.to_owned(), until, id: id_of(&public), public })
    }

    /// The first digits of the SHA-256 of the public key.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why nobody who is trusted vouches for something.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum Untrusted {
    /// No key is trusted at all.
    #[error("the configuration trusts no content key: name the author's under [[content_key]]")]
    Nobody,
    /// Not one of ours.
    #[error(
        "it is signed with the key {0}, which the configuration does not trust: name it under [[content_key]], or refuse the file"
    )]
    Unknown(String),
    /// Not any more.
    #[error(
        "it is signed with the key {id} of `{name}`, which is trusted until {until} only: have it signed with the new key"
    )]
    Expired {
        /// The key.
        id: String,
        /// Whose.
        name: String,
        /// Until when.
        until: Timestamp,
    },
    /// Something was changed.
    #[error(
        "its signature is wrong: it was changed after it was signed, or by somebody else; get it again from its author"
    )]
    Wrong,
}

/// The keys that the configuration trusts.
#[derive(Clone, Debug, Default)]
pub struct TrustedKeys(Vec<TrustedKey>);

impl TrustedKeys {
    /// Of these keys.
    ///
    /// # Errors
    /// More than there may be.
    pub fn new(keys: Vec<TrustedKey>) -> Result<TrustedKeys, KeyFault> {
        if keys.len() > CONTENT_KEYS { Err(KeyFault::Many) } else { Ok(TrustedKeys(keys)) }
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &TrustedKey> {
        self.0.iter()
    }

    /// Whether the key of this id vouches for these bytes. `now` asks for a key that has not expired; without it a key
    /// that once was trusted still holds for what was taken from it then.
    ///
    /// # Errors
    /// Nobody who is trusted does.
    pub fn verify(
        &self,
        id: &str,
        message: &[u8],
        signature: &str,
        now: Option<Timestamp>,
    ) -> Result<&TrustedKey, Untrusted> {
        if self.0.is_empty() {
            return Err(Untrusted::Nobody);
        }
        let key = self.0.iter().find(|key| key.id == id).ok_or_else(|| Untrusted::Unknown(id.to_owned()))?;
        let signature = hex::decode(signature).map_err(|_| Untrusted::Wrong)?;
        UnparsedPublicKey::new(&ED25519, &key.public).verify(message, &signature).map_err(|_| Untrusted::Wrong)?;
        match key.until {
            Some(until) if now.is_some_and(|now| now > until) => {
                Err(Untrusted::Expired { id: id.to_owned(), name: key.name.clone(), until })
            }
            _ => Ok(key),
        }
    }
}

fn id_of(public: &[u8]) -> String {
    let mut id = hex::encode(Sha256::digest(public));
    id.truncate(ID_DIGITS);
    id
}
