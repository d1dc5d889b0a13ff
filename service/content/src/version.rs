//! A content version: packs, detections, taxonomy and baselines as one signed file.
//!
//! Layout (format 1): the line `wardwatch-content 1`; a line with the manifest's length, the key's id and the signature;
//! the manifest (JSON: each file with its size and SHA-256); the files' bytes in the manifest's order. The signature
//! covers the first line and the manifest, and the manifest covers every file, so that nothing can be changed, added,
//! left out or exchanged. A version is read into memory only: no name in it becomes a path on a disk.

use crate::load::Library;
use crate::signature::{SigningKey, TrustedKeys, Untrusted};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use wardwatch_ident::Timestamp;
use wardwatch_limits::{
    CONTENT_AHEAD_MS, CONTENT_FILE_BYTES, CONTENT_FILES, CONTENT_MANIFEST_BYTES, CONTENT_PATH_BYTES,
    CONTENT_VERSION_BYTES,
};

/// The first line of a version's file.
const HEAD: &[u8] = b"wardwatch-content 1\n";
/// The format that this build writes and reads.
const FORMAT: u32 = 1;
/// The second line is not longer.
const SEAL_BYTES: usize = 256;
/// Folders that content has.
pub const PARTS: [&str; 5] = ["baselines", "detections", "indicators", "sources", "taxonomy"];

/// Which content: the SHA-256 of a version's manifest, or what is in the binary.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(String);

impl VersionId {
    /// What is in the binary.
    pub fn builtin() -> VersionId {
        VersionId("builtin".to_owned())
    }

    /// Of a manifest's bytes.
    fn of(manifest: &[u8]) -> VersionId {
        VersionId(hex::encode(Sha256::digest(manifest)))
    }

    /// From its 64 digits, or `builtin`.
    pub fn parse(text: &str) -> Option<VersionId> {
        let digits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (digits || text == "builtin").then(|| VersionId(text.to_owned()))
    }

    /// Whether it is what is in the binary.
    pub fn is_builtin(&self) -> bool {
        self.0 == "builtin"
    }

    /// All of it, for file names and records.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As people read it: the first twelve digits.
impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

impl fmt::Debug for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a version holds, as its author signed it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The layout.
    pub format: u32,
    /// What its author calls it.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// Id of the key that signs it.
    pub key: String,
    /// The version it was made from, if its author says so.
    pub previous: Option<VersionId>,
    /// Rules of the previous version that are gone on purpose: their silence is no reason to halt.
    pub retired: Vec<String>,
    /// Every file, by path.
    pub files: Vec<FileEntry>,
}

/// A file of a version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// `sources/vendor/product/pack.toml`, …
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// What an author says about a version he makes.
#[derive(Clone, Debug)]
pub struct About {
    /// What he calls it.
    pub name: String,
    /// Now.
    pub made: Timestamp,
    /// What it was made from.
    pub previous: Option<VersionId>,
    /// Rules that are gone on purpose.
    pub retired: Vec<String>,
}

/// Why a version was refused.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum VersionFault {
    /// Not a version.
    #[error("this is no content version: `wardwatch content pack FOLDER -o FILE` makes one")]
    NotOne,
    /// A layout of another build.
    #[error("this content version has a format that this build does not know: update wardwatch first")]
    Format,
    /// Cut, or changed in its frame.
    #[error("the content version is damaged: {0}; get it again from its author")]
    Damaged(&'static str),
    /// A file is not what was signed.
    #[error("the file `{0}` in the content version is not the one that was signed: get it again from its author")]
    Changed(String),
    /// A path that may not be.
    #[error(
        "the path `{0}` cannot be in a content version: files stand in sources, detections, taxonomy, baselines or indicators, with plain names"
    )]
    Path(String),
    /// Too much.
    #[error("the content is too large for a version: {0}")]
    TooLarge(&'static str),
    /// Made in the future.
    #[error("it says it was made at {0}, which is ahead of this machine's clock: check both clocks")]
    Ahead(Timestamp),
    /// Nobody who is trusted vouches for it.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
}

/// A version that somebody trusted vouches for, with all its files checked.
#[derive(Clone, Debug)]
pub struct Version {
    /// Which.
    pub id: VersionId,
    /// What its author signed.
    pub manifest: Manifest,
    /// The name of the key's owner in the configuration.
    pub author: String,
    /// The files.
    pub library: Library,
}

/// Packs a library's files into a version's file.
///
/// # Errors
/// More than a version can hold, or a path that may not be in it.
pub fn pack(library: &Library, about: About, key: &SigningKey) -> Result<(VersionId, Vec<u8>), VersionFault> {
    let (mut files, mut body) = (Vec::new(), Vec::new());
    for (path, bytes) in PARTS.iter().flat_map(|part| library.below(part)) {
        check_path(path)?;
        let sha256 = hex::encode(Sha256::digest(bytes));
        files.push(FileEntry { path: path.to_owned(), bytes: bytes.len() as u64, sha256 });
        body.extend_from_slice(bytes);
    }
    let About { name, made, previous, retired } = about;
    let manifest = Manifest { format: FORMAT, name, made, key: key.id(), previous, retired, files };
    check_sizes(&manifest)?;
    let text = serde_json::to_vec(&manifest).map_err(|_| VersionFault::Damaged("the manifest cannot be written"))?;
    if text.len() > CONTENT_MANIFEST_BYTES {
        return Err(VersionFault::TooLarge("its manifest"));
    }
    let seal = format!("{} {} {}\n", text.len(), key.id(), key.sign(&signed(&text)));
    Ok((VersionId::of(&text), [HEAD, seal.as_bytes(), &text, &body].concat()))
}

impl Version {
    /// Reads a version's file: who signed it, and that every file is the one that was signed. With `now` for taking it
    /// anew; without for one that was taken before, whose key may have expired since.
    ///
    /// # Errors
    /// Not a version, damaged, changed, or not signed by somebody trusted.
    pub fn read(bytes: &[u8], keys: &TrustedKeys, now: Option<Timestamp>) -> Result<Version, VersionFault> {
        if bytes.len() as u64 > CONTENT_VERSION_BYTES {
            return Err(VersionFault::TooLarge("its file"));
        }
        let frame = Frame::of(bytes)?;
        let author = keys.verify(frame.key, &signed(frame.manifest), frame.signature, now)?.name.clone();
        let manifest: Manifest = serde_json::from_slice(frame.manifest)
            .map_err(|_| VersionFault::Damaged("its manifest cannot be understood"))?;
        if manifest.format != FORMAT {
            return Err(VersionFault::Format);
        }
        if manifest.key != frame.key {
            return Err(Untrusted::Wrong.into());
        }
        let ahead = |now: Timestamp| manifest.made > now.plus_micros(CONTENT_AHEAD_MS * 1_000);
        if now.is_some_and(ahead) {
            return Err(VersionFault::Ahead(manifest.made));
        }
        check_sizes(&manifest)?;
        let library = files_of(&manifest, frame.body)?;
        Ok(Version { id: VersionId::of(frame.manifest), manifest, author, library })
    }

    /// The whole content: these files, and of the binary the parts that the version does not have at all.
    pub fn over(&self, builtin: Library) -> Library {
        let has = |path: &str| {
            let part = path.split('/').next().unwrap_or_default();
            self.library.below(part).next().is_some()
        };
        builtin.keeping(|path| !has(path)).with(self.library.clone())
    }
}

/// The pieces of a version's file, nothing of it trusted yet.
struct Frame<'b> {
    key: &'b str,
    signature: &'b str,
    manifest: &'b [u8],
    body: &'b [u8],
}

impl<'b> Frame<'b> {
    fn of(bytes: &'b [u8]) -> Result<Frame<'b>, VersionFault> {
        let Some(rest) = bytes.strip_prefix(HEAD) else {
            let other = bytes.starts_with(b"wardwatch-content ");
            return Err(if other { VersionFault::Format } else { VersionFault::NotOne });
        };
        let damaged = VersionFault::Damaged("its second line");
        let end = rest.iter().take(SEAL_BYTES).position(|byte| *byte == b'\n').ok_or_else(|| damaged.clone())?;
        let (seal, rest) = rest.split_at_checked(end).ok_or_else(|| damaged.clone())?;
        let seal = std::str::from_utf8(seal).map_err(|_| damaged.clone())?;
        let mut words = seal.split(' ');
        let (Some(length), Some(key), Some(signature), None) =
            (words.next().and_then(|n| n.parse::<usize>().ok()), words.next(), words.next(), words.next())
        else {
            return Err(damaged);
        };
        if length > CONTENT_MANIFEST_BYTES {
            return Err(VersionFault::TooLarge("its manifest"));
        }
        let rest = rest.get(1..).unwrap_or_default();
        let (manifest, body) = rest.split_at_checked(length).ok_or(VersionFault::Damaged("it is cut off"))?;
        Ok(Frame { key, signature, manifest, body })
    }
}

/// What the signature covers.
fn signed(manifest: &[u8]) -> Vec<u8> {
    [HEAD, manifest].concat()
}

fn files_of(manifest: &Manifest, body: &[u8]) -> Result<Library, VersionFault> {
    let mut rest = body;
    let mut files: Vec<(String, Vec<u8>)> = Vec::with_capacity(manifest.files.len());
    for entry in &manifest.files {
        check_path(&entry.path)?;
        if files.last().is_some_and(|(last, _)| *last >= entry.path) {
            return Err(VersionFault::Damaged("a file stands in it twice"));
        }
        let size = usize::try_from(entry.bytes).map_err(|_| VersionFault::TooLarge("one of its files"))?;
        let (bytes, after) = rest.split_at_checked(size).ok_or(VersionFault::Damaged("it is cut off"))?;
        if hex::encode(Sha256::digest(bytes)) != entry.sha256 {
            return Err(VersionFault::Changed(entry.path.clone()));
        }
        files.push((entry.path.clone(), bytes.to_vec()));
        rest = after;
    }
    if !rest.is_empty() {
        return Err(VersionFault::Damaged("there is more in it than was signed"));
    }
    Ok(Library::of(files))
}

fn check_sizes(manifest: &Manifest) -> Result<(), VersionFault> {
    let sum = manifest.files.iter().fold(0u64, |sum, file| sum.saturating_add(file.bytes));
    match () {
        () if manifest.files.is_empty() => Err(VersionFault::Damaged("there is no file in it")),
        () if manifest.files.len() > CONTENT_FILES => Err(VersionFault::TooLarge("so many files")),
        () if manifest.files.iter().any(|file| file.bytes > CONTENT_FILE_BYTES) => {
            Err(VersionFault::TooLarge("one of its files"))
        }
        () if sum > CONTENT_VERSION_BYTES => Err(VersionFault::TooLarge("all files together")),
        () => Ok(()),
    }
}

/// Plain names below one of the parts: `..`, absolute names, backslashes and control characters have no business here.
fn check_path(path: &str) -> Result<(), VersionFault> {
    let mut parts = path.split('/');
    let known = parts.next().is_some_and(|part| PARTS.contains(&part));
    let mut below = false;
    let plain = parts.all(|part| {
        below = true;
        !part.is_empty() && !part.starts_with('.') && !part.chars().any(|c| c.is_control() || c == '\\' || c == ':')
    });
    let fits = known && plain && below && path.len() <= CONTENT_PATH_BYTES;
    if fits { Ok(()) } else { Err(VersionFault::Path(path.to_owned())) }
}
