//! The recordings, unpacked where the tests unpack them too.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The project's folder.
fn project() -> PathBuf {
    std::env::var_os("WARDWATCH_ROOT")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), PathBuf::from)
}

/// The folder of event logs; none, with a notice, where the data is not present.
pub fn folder() -> Option<PathBuf> {
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(|| project().join("../shared/data"), PathBuf::from);
    let archive = data.join("evtx/evtx-attack-samples.tar.xz");
    if !archive.exists() {
        eprintln!("{} is absent (WARDWATCH_DATA moves the folder)", archive.display());
        return None;
    }
    let folder = project().join("target/data/evtx");
    let done = folder.join(".unpacked");
    if !done.exists() {
        std::fs::create_dir_all(&folder).expect("a folder for data");
        let status = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status().expect("tar");
        assert!(status.success(), "{} could not be unpacked", archive.display());
        std::fs::write(done, "").expect("a mark");
    }
    Some(folder)
}

/// All event logs, in order of name.
pub fn event_logs() -> Option<Vec<Vec<u8>>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder()?]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|e| e == "evtx") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    Some(found.iter().map(|path| std::fs::read(path).expect("an event log")).collect())
}
