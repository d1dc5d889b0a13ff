//! What was decided about content versions, kept: one JSON object a line, only ever appended, and the versions' files.
//!
//! A folder: `transitions.jsonl`, `versions/<id>.wwc`. Every change is synced before it is said to be done; what a kill
//! left half written (a line without its end, a file under its temporary name) counts as not done. Two processes may
//! use the folder: appending takes a lock and looks whether somebody else was first.

use crate::signature::TrustedKeys;
use crate::stage::{Refusal, Standing, Transition};
use crate::version::{Version, VersionFault, VersionId};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use wardwatch_limits::{CONTENT_RECORD_BYTES, CONTENT_TRANSITION_BYTES, CONTENT_VERSION_BYTES};

/// Why the record could not be read or written.
#[derive(thiserror::Error, Debug)]
pub enum RecordFault {
    /// A file or folder.
    #[error("content versions: {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line that cannot be understood, or does not follow from those before it.
    #[error(
        "the record of content versions, {path} line {line}: {why}; put the file back from a backup, or move it away to begin anew with what is in the binary"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The record or a line of it is at its bound.
    #[error("the record of content versions is full: move {0} away")]
    Full(PathBuf),
    /// A decision that may not be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A version's file is gone.
    #[error("the file of version {0} is missing: stage it again")]
    Missing(VersionId),
    /// A version's file is not as it was.
    #[error("the file of version {version}: {fault}")]
    Version {
        /// Which.
        version: VersionId,
        /// Why.
        fault: VersionFault,
    },
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Record {
    folder: PathBuf,
}

impl Record {
    /// In this folder, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: &Path) -> Result<Record, RecordFault> {
        let record = Record { folder: folder.to_owned() };
        let versions = record.versions();
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&versions);
        made.map_err(|source| RecordFault::File { path: versions, source })?;
        Ok(record)
    }

    /// Where transitions stand.
    pub fn path(&self) -> PathBuf {
        self.folder.join("transitions.jsonl")
    }

    /// Everything that was decided, in order.
    ///
    /// # Errors
    /// A line that cannot be understood; a last line without its end is no fault.
    pub fn transitions(&self) -> Result<Vec<Transition>, RecordFault> {
        let path = self.path();
        match File::open(&path) {
            Ok(opened) => self.read(&self.text_of(&opened)?).map(|(transitions, _)| transitions),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(RecordFault::File { path, source }),
        }
    }

    /// What stands after everything that was decided.
    ///
    /// # Errors
    /// As [`Record::transitions`], or a transition that does not follow.
    pub fn standing(&self) -> Result<Standing, RecordFault> {
        self.standing_of(&self.transitions()?)
    }

    /// Decides and keeps it: `decide` is asked with what stands, under the lock.
    ///
    /// # Errors
    /// The refusal, or the record cannot be written: then nothing was decided.
    pub fn decide(
        &self,
        decide: impl FnOnce(&Standing) -> Result<Transition, Refusal>,
    ) -> Result<(Transition, Standing), RecordFault> {
        let path = self.path();
        let fault = |source| RecordFault::File { path: path.clone(), source };
        let options = OpenOptions::new().read(true).append(true).create(true).mode(0o600).clone();
        let mut file = options.open(&path).map_err(fault)?;
        file.lock().map_err(fault)?;
        let (transitions, whole) = self.read(&self.text_of(&file)?)?;
        let standing = self.standing_of(&transitions)?;
        let transition = decide(&standing)?;
        let next = standing.after(&transition)?;
        let mut line = serde_json::to_vec(&transition).map_err(|e| fault(e.into()))?;
        line.push(b'\n');
        if line.len() > CONTENT_TRANSITION_BYTES || (whole + line.len()) as u64 > CONTENT_RECORD_BYTES {
            return Err(RecordFault::Full(path.clone()));
        }
        // What a kill left of a line that was never said to be done.
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(fault)?;
        if let Err(e) = file.write_all(&line).and_then(|()| file.sync_all()) {
            let _ = file.set_len(whole as u64);
            return Err(fault(e));
        }
        self.sync(&self.folder)?;
        Ok((transition, next))
    }

    /// Keeps a version's file under its id; one that is there already stays.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(&self, id: &VersionId, bytes: &[u8]) -> Result<(), RecordFault> {
        let (path, part) = (self.file_of(id), self.versions().join(format!(".{}.part", id.as_str())));
        let fault = |source| RecordFault::File { path: path.clone(), source };
        let mut out =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(fault)?;
        out.write_all(bytes).and_then(|()| out.sync_all()).map_err(fault)?;
        std::fs::rename(&part, &path).map_err(fault)?;
        self.sync(&self.versions())
    }

    /// A version that was kept, checked again: the disk is not trusted either. Its key may have expired since.
    ///
    /// # Errors
    /// It is not there, or not the one that was kept.
    pub fn version(&self, id: &VersionId, keys: &TrustedKeys) -> Result<Version, RecordFault> {
        let path = self.file_of(id);
        let bytes = read_bounded(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => RecordFault::Missing(id.clone()),
            _ => RecordFault::File { path: path.clone(), source },
        })?;
        let fault = |fault| RecordFault::Version { version: id.clone(), fault };
        let version = Version::read(&bytes, keys, None).map_err(fault)?;
        if version.id == *id { Ok(version) } else { Err(fault(VersionFault::Damaged("it is another version's"))) }
    }

    /// Removes the files of versions that nothing needs any more, and what a kill left of one; gives how many.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn tidy(&self, standing: &Standing) -> Result<usize, RecordFault> {
        let versions = self.versions();
        let fault = |source| RecordFault::File { path: versions.clone(), source };
        let needed: Vec<String> = standing.needed().iter().map(|id| format!("{}.wwc", id.as_str())).collect();
        let mut gone = 0;
        for entry in std::fs::read_dir(&versions).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let ours = name.ends_with(".wwc") || name.ends_with(".part");
            if ours && !needed.contains(&name) && std::fs::remove_file(entry.path()).is_ok() {
                gone += 1;
            }
        }
        Ok(gone)
    }

    fn text_of(&self, file: &File) -> Result<Vec<u8>, RecordFault> {
        let mut text = Vec::new();
        let read = file.take(CONTENT_RECORD_BYTES + 1).read_to_end(&mut text);
        read.map_err(|source| RecordFault::File { path: self.path(), source })?;
        if text.len() as u64 > CONTENT_RECORD_BYTES { Err(RecordFault::Full(self.path())) } else { Ok(text) }
    }

    /// The transitions in these bytes, and how many of the bytes are whole lines.
    fn read(&self, text: &[u8]) -> Result<(Vec<Transition>, usize), RecordFault> {
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines = text.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
        let mut transitions = Vec::new();
        for (at, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let transition = serde_json::from_slice(line).map_err(|e| self.line(at + 1, e.to_string()))?;
            transitions.push(transition);
        }
        Ok((transitions, whole))
    }

    fn standing_of(&self, transitions: &[Transition]) -> Result<Standing, RecordFault> {
        let mut standing = Standing::default();
        for (at, transition) in transitions.iter().enumerate() {
            let follows = standing.after(transition);
            standing = follows.map_err(|_| self.line(at + 1, "it does not follow from the lines before".to_owned()))?;
        }
        Ok(standing)
    }

    fn line(&self, line: usize, why: String) -> RecordFault {
        RecordFault::Line { path: self.path(), line, why }
    }

    fn versions(&self) -> PathBuf {
        self.folder.join("versions")
    }

    fn file_of(&self, id: &VersionId) -> PathBuf {
        self.versions().join(format!("{}.wwc", id.as_str()))
    }

    fn sync(&self, folder: &Path) -> Result<(), RecordFault> {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| RecordFault::File { path: folder.to_owned(), source })
    }
}

/// The bytes of a version's file, never more than one may have.
///
/// # Errors
/// It cannot be read.
pub fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(CONTENT_VERSION_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
