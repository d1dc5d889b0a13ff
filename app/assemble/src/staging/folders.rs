//! Whether rules or packs in the configured folders, or what hospitals say about them, have changed: by name, size and
//! time, and only once they rest.

use crate::config::Config;
use crate::watching;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use wardwatch_limits::CONTENT_FILES;

/// Looks between two walks of the folders.
const RESTS: u32 = 1;
/// Folders below each other that are walked.
const DEPTH: usize = 12;

/// How the folders looked.
pub(super) struct Folders {
    /// As they are in use.
    taken: u64,
    /// As they looked last; a copy under way looks different each time.
    seen: u64,
    rest: u32,
}

impl Folders {
    pub(super) fn new(config: &Config) -> Folders {
        let taken = look(config);
        Folders { taken, seen: taken, rest: RESTS }
    }

    /// Whether they look different from what is in use, and the same as when they were walked last; nothing while they
    /// are not walked.
    pub(super) fn changed(&mut self, config: &Config) -> Option<bool> {
        if self.rest > 0 {
            self.rest -= 1;
            return None;
        }
        self.rest = RESTS;
        let now = look(config);
        let rests = now == self.seen;
        self.seen = now;
        if rests && now != self.taken {
            self.taken = now;
            return Some(true);
        }
        Some(false)
    }
}

fn look(config: &Config) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut left = CONTENT_FILES;
    let paths = config.content.iter().chain(&config.rules);
    paths.for_each(|path| walk(path, 0, &mut left, &mut hasher));
    watching::stamp(config).hash(&mut hasher);
    hasher.finish()
}

fn walk(path: &Path, depth: usize, left: &mut usize, hasher: &mut DefaultHasher) {
    let Ok(about) = std::fs::metadata(path) else {
        // Gone is a state too.
        (path, "gone").hash(hasher);
        return;
    };
    if *left == 0 || depth > DEPTH {
        return;
    }
    *left -= 1;
    if !about.is_dir() {
        (path, about.len(), about.modified().ok()).hash(hasher);
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.iter().for_each(|path| walk(path, depth + 1, left, hasher));
}
