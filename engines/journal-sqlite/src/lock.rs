//! One process at a time on a folder: a lock that the kernel lets go of when the process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Holds a folder until it is dropped.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Why the folder cannot be had.
#[derive(thiserror::Error, Debug)]
pub enum LockFault {
    /// Somebody has it.
    #[error("{} is in use by {holder}: stop it, or choose another data folder", folder.display())]
    Held {
        /// Which folder.
        folder: PathBuf,
        /// `process <pid>`, as far as it is known.
        holder: String,
    },
    /// The lock file cannot be made.
    #[error("{} cannot be locked: {source}", folder.display())]
    Io {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl DataLock {
    /// Makes the folder if it is not there and takes it. A file `LOCK` in it names the holder; the file stays.
    ///
    /// # Errors
    /// [`LockFault::Held`] if another process, or another part of this one, has it.
    pub fn take(folder: &Path) -> Result<Self, LockFault> {
        let fault = |source| LockFault::Io { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(fault)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("LOCK"))
            .map_err(fault)?;
        match patiently(&file) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(LockFault::Held { folder: folder.to_owned(), holder: holder(&mut file) });
            }
            Err(other) => return Err(fault(other.into())),
        }
        // The name is a kindness to whoever comes second; a full disk must not keep the first from starting.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// Tries for a second: a process that is being replaced takes a moment to end, and one that is starting a child shares
/// its open files with it for a moment.
fn patiently(file: &File) -> Result<(), rustix::io::Errno> {
    let mut tries = 50;
    loop {
        match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) if tries > 0 => tries -= 1,
            outcome => return outcome,
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let known = file.take(32).read_to_string(&mut text).is_ok();
    match text.trim().parse::<u32>() {
        Ok(pid) if known => format!("process {pid}"),
        _ => "another process".to_owned(),
    }
}
