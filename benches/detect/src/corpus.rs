//! Data sets, unpacked where the tests unpack them too.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's folder.
pub fn project() -> PathBuf {
    std::env::var_os("WARDWATCH_ROOT")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), PathBuf::from)
}

/// The folder of an unpacked archive of the data; none, with a notice, where it is not present.
pub fn unpacked(archive: &str, into: &str) -> Option<PathBuf> {
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(|| project().join("../shared/data"), PathBuf::from);
    let archive = data.join(archive);
    if !archive.exists() {
        eprintln!("{} is absent (WARDWATCH_DATA moves the folder)", archive.display());
        return None;
    }
    let folder = project().join("target/data").join(into);
    let done = folder.join(".unpacked");
    if !done.exists() {
        std::fs::create_dir_all(&folder).expect("a folder for data");
        let status = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status().expect("tar");
        assert!(status.success(), "{} could not be unpacked", archive.display());
        std::fs::write(done, "").expect("a mark");
    }
    Some(folder)
}

/// Files below a folder with one of these extensions, sorted.
pub fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let fits = path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e));
            match path.is_dir() {
                true => folders.push(path),
                false if fits => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}
