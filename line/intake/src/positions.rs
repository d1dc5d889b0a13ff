//! Positions of followed files, one small JSON file each.
//!
//! A position is written beside and renamed over the old one, both synced: after a crash there is the old or the new one.

use crate::ports::{Position, Positions};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// Keeps positions in a folder of its own.
#[derive(Clone, Debug)]
pub struct PositionsFolder(PathBuf);

impl PositionsFolder {
    /// In this folder, which is made if it is not there.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Positions for PositionsFolder {
    fn load(&self, file: &str) -> io::Result<Option<Position>> {
        match fs::read(self.0.join(format!("{file}.json"))) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn save(&self, file: &str, position: &Position) -> io::Result<()> {
        let beside = self.0.join(format!("{file}.new"));
        let mut new = File::create(&beside)?;
        new.write_all(&serde_json::to_vec(position)?)?;
        new.sync_all()?;
        fs::rename(&beside, self.0.join(format!("{file}.json")))?;
        File::open(&self.0)?.sync_all()
    }
}
