//! Files of the lake that cannot be read: missing, cut off, or with other bytes than were written. A search leaves them
//! out and says so, because one bad sector must not keep a hospital from all its other rows. Mends and removes nothing.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use wardwatch_lake::{LakeView, SegmentRow};

/// The last bytes of every Parquet file.
const MAGIC: [u8; 4] = *b"PAR1";
/// Bytes hashed at a time; between two, a search whose time is over ends.
const PIECE_BYTES: usize = 1024 * 1024;
/// Damaged files that are remembered; one beyond is found again by each search that meets it.
const REMEMBERED: usize = 1_024;

/// What is known of the files below the lake's folder.
#[derive(Debug)]
pub(crate) struct LakeFiles {
    root: PathBuf,
    /// Unreadable files by path, and when they were last changed: one that was put right is read again.
    known: Mutex<BTreeMap<String, Option<SystemTime>>>,
}

impl LakeFiles {
    pub fn new(root: PathBuf) -> Self {
        Self { root, known: Mutex::default() }
    }

    /// Files that are known to be unreadable; at most [`REMEMBERED`].
    pub fn known(&self) -> u64 {
        hold(&self.known).len() as u64
    }

    /// Takes out of the view what a quick look shows to be unreadable, and gives the paths.
    pub async fn set_aside_at_once(&self, view: &mut LakeView) -> Vec<String> {
        let mut unreadable = Vec::new();
        for file in &view.files {
            match self.quick_look(file) {
                Ok(true) => {}
                Ok(false) => unreadable.push(file.path.clone()),
                Err(why) => {
                    self.remember(&file.path, &why.to_string());
                    unreadable.push(file.path.clone());
                }
            }
            tokio::task::yield_now().await;
        }
        set_aside(view, &unreadable);
        unreadable
    }

    /// Reads every file of the view from end to end, takes out those that are not as they were written, and gives their
    /// paths. For after a search failed.
    pub async fn set_aside_after_failure(&self, view: &mut LakeView) -> Vec<String> {
        let mut unreadable = Vec::new();
        for file in &view.files {
            let why = match self.hash(file).await {
                Ok(hash) if hash.eq_ignore_ascii_case(&file.sha256) || file.sha256.is_empty() => continue,
                Ok(_) => "its bytes are not those that were written".to_owned(),
                Err(why) => why.to_string(),
            };
            self.remember(&file.path, &why);
            unreadable.push(file.path.clone());
        }
        set_aside(view, &unreadable);
        unreadable
    }

    /// Whether the file has its length and its end, and is not known to be damaged.
    fn quick_look(&self, file: &SegmentRow) -> Result<bool> {
        let mut open = File::open(self.root.join(&file.path))?;
        let about = open.metadata()?;
        if about.len() != file.bytes {
            let (has, wanted) = (about.len(), file.bytes);
            return Err(std::io::Error::other(format!("it has {has} bytes instead of {wanted}")));
        }
        let mut end = [0; MAGIC.len()];
        open.seek(SeekFrom::End(-(MAGIC.len() as i64)))?;
        open.read_exact(&mut end)?;
        if end != MAGIC {
            return Err(std::io::Error::other("its end is not that of a Parquet file"));
        }
        let mut known = hold(&self.known);
        match known.get(&file.path) {
            None => Ok(true),
            Some(changed) if changed.is_some() && *changed == about.modified().ok() => Ok(false),
            Some(_) => {
                known.remove(&file.path);
                Ok(true)
            }
        }
    }

    async fn hash(&self, file: &SegmentRow) -> Result<String> {
        let mut open = File::open(self.root.join(&file.path))?;
        let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
        loop {
            let read = open.read(&mut piece)?;
            match piece.get(..read) {
                None | Some([]) => return Ok(hex::encode(hash.finalize())),
                Some(bytes) => hash.update(bytes),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Logs a file the first time it is met.
    fn remember(&self, path: &str, why: &str) {
        let changed = std::fs::metadata(self.root.join(path)).and_then(|about| about.modified()).ok();
        let mut known = hold(&self.known);
        if known.get(path).is_some_and(|before| *before == changed) {
            return;
        }
        if known.len() < REMEMBERED {
            known.insert(path.to_owned(), changed);
        }
        drop(known);
        tracing::error!(
            file = path,
            error = why,
            "a file of the lake cannot be read and is left out of searches: restore it from a backup"
        );
    }
}

fn set_aside(view: &mut LakeView, unreadable: &[String]) {
    if !unreadable.is_empty() {
        view.files.retain(|file| !unreadable.contains(&file.path));
    }
}

fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
