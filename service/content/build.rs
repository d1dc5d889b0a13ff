//! Writes the list of files under `content/` into the crate, so that the one binary needs no files beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content");
    let mut files = Vec::new();
    for part in ["baselines", "detections", "sources", "taxonomy"] {
        println!("cargo:rerun-if-changed={}", root.join(part).display());
        collect(&root.join(part), part, &mut files);
    }
    files.sort();
    let mut text = String::from("&[\n");
    for (name, path) in &files {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
    }
    text.push(']');
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    if let Err(fault) = std::fs::write(&out, text) {
        println!("cargo:warning=the content could not be listed in {}: {fault}", out.display());
    }
}

fn collect(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let (path, name) = (entry.path(), format!("{name}/{file_name}"));
        if file_name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, &name, files);
        } else if let Ok(path) = path.canonicalize() {
            files.push((name, path));
        }
    }
}
