//! Reads the files of the workspace once, for all checks. Never changes one.

use crate::End;
use std::path::{Path, PathBuf};

/// Folders that hold what was built or fetched, not what was written.
const NOT_WRITTEN: [&str; 5] = ["target", ".git", "node_modules", "__pycache__", "artifacts"];
/// Larger files are data; their text is not looked at.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// One file: its path from the root with `/`, and its text if it is UTF-8.
#[derive(Debug)]
pub struct File {
    /// Path from the root, with `/`.
    pub path: String,
    /// The content, if it is text of reasonable size.
    pub text: Option<String>,
}

impl File {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// What follows the last dot of the name.
    pub fn ending(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, ending)| ending)
    }

    /// The text, or nothing for what is not text.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

/// The written files below a root, sorted by path.
#[derive(Debug)]
pub struct Tree {
    /// Where it was read.
    pub root: PathBuf,
    /// The files.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads everything below `root` but what was built.
    pub fn read(root: &Path) -> Self {
        let mut files = Vec::new();
        walk(root, root, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { root: root.to_owned(), files }
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok().and_then(|i| self.files.get(i))
    }

    /// Whether a file or folder stands at this path.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let below = format!("{path}/");
        self.file(path).is_some() || self.files.iter().any(|f| f.path.starts_with(&below))
    }

    /// Files with this ending.
    pub fn ending(&self, ending: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |f| f.ending() == ending)
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if !NOT_WRITTEN.iter().any(|n| name == *n) {
                walk(root, &path, files);
            }
        } else if kind.is_file() {
            let Ok(below) = path.strip_prefix(root) else { continue };
            let small = entry.metadata().is_ok_and(|m| m.len() <= TEXT_BYTES_MAX);
            let text = if small { std::fs::read(&path).ok().and_then(|b| String::from_utf8(b).ok()) } else { None };
            files.push(File { path: below.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

/// `target` as seen from the folder of `from`.
pub fn join(from: &str, target: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The workspace's root: the nearest folder upward whose Cargo.toml opens a workspace.
pub fn root() -> PathBuf {
    let from = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).or_else(|| std::env::current_dir().ok());
    let from = from.unwrap_or_else(|| PathBuf::from("."));
    let opens =
        |folder: &&Path| std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|t| t.contains("[workspace]"));
    from.ancestors().find(opens).map_or_else(|| from.clone(), Path::to_owned)
}

/// Where builds go: CARGO_TARGET_DIR, else `target` in the root.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |t| root.join(t))
}

/// Where the public data sets lie, if they are here: WARDWATCH_DATA, else `../shared/data`.
pub fn data(root: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("WARDWATCH_DATA").map(PathBuf::from);
    Some(named.unwrap_or_else(|| root.join("../shared/data"))).filter(|d| d.is_dir())
}

/// What one check found wrong: a line each, `path:line: what`.
#[derive(Debug)]
pub struct Finding {
    /// The check's name, as printed.
    pub check: &'static str,
    /// Complaints; none is a pass.
    pub complaints: Vec<String>,
    /// Said whatever the outcome: what was passed over and why, or how much was looked at.
    pub note: Option<String>,
}

impl Finding {
    /// A check that looked at everything it wanted.
    pub fn new(check: &'static str, complaints: Vec<String>) -> Self {
        Self { check, complaints, note: None }
    }

    /// Prints it; true when nothing is wrong.
    pub fn print(&self) -> bool {
        let word = if self.complaints.is_empty() { "ok" } else { "FAILED" };
        match &self.note {
            Some(note) => println!("{word:>8} {} ({note})", self.check),
            None => println!("{word:>8} {}", self.check),
        }
        for complaint in &self.complaints {
            println!("         {complaint}");
        }
        self.complaints.is_empty()
    }
}

/// Prints all and counts: (passed, failed).
pub fn print_all(findings: &[Finding]) -> (u64, u64) {
    findings
        .iter()
        .fold((0, 0), |(passed, failed), f| if f.print() { (passed + 1, failed) } else { (passed, failed + 1) })
}

/// The end of a chore that only checks.
pub fn end(findings: &[Finding]) -> End {
    match print_all(findings) {
        (_, 0) => End::Done,
        _ => End::Failed,
    }
}

/// A throw-away tree for the checks' own tests.
#[cfg(test)]
pub mod sample {
    use super::Tree;

    /// Writes `files` below a fresh folder and reads them as a tree.
    pub fn tree(name: &str, files: &[(&str, &str)]) -> Tree {
        let root = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let tree = Tree::read(&root);
        std::fs::remove_dir_all(&root).unwrap();
        tree
    }
}
