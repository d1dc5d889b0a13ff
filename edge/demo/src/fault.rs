//! Why the demo cannot go on.

use std::path::{Path, PathBuf};

/// Why the demo cannot go on, and what to do about it.
#[derive(thiserror::Error, Debug)]
pub enum DemoFault {
    /// The folder is not usable.
    #[error("{doing} {}: {source}; use another folder with --folder", path.display())]
    Folder {
        /// What was being done.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The folder holds something else.
    #[error("{} is not empty and not a folder of the demo: use another one with --folder", .0.display())]
    Foreign(PathBuf),
    /// The folder's memory of earlier runs is damaged.
    #[error("{}: {why}; start anew with --fresh", path.display())]
    Memory {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No free port, no random numbers, no certificate.
    #[error("{doing}: {why}")]
    Machine {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        why: String,
    },
}

impl DemoFault {
    pub(crate) fn folder(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Folder { doing, path, source }
    }

    pub(crate) fn machine(doing: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Machine { doing, why: why.to_string() }
    }
}
