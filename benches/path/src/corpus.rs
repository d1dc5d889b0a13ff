//! The public Sigma corpus, unpacked where the tests unpack it too.

use std::path::PathBuf;
use std::process::Command;
use wardwatch_measure::project;

/// The folder of its rules; none, with a notice, where the data set is not present.
pub fn unpacked() -> Option<PathBuf> {
    let folder = project().join("target/data/sigma");
    if folder.join("rules").is_dir() {
        return Some(folder);
    }
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(|| project().join("../shared/data"), PathBuf::from);
    let archive = data.join("sigma/sigma-rules.tar.xz");
    if !archive.exists() {
        eprintln!("{} is absent: the hospital library alone is loaded", archive.display());
        return None;
    }
    std::fs::create_dir_all(&folder).expect("a folder for rules");
    let done = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status().expect("tar");
    assert!(done.success(), "{} could not be unpacked", archive.display());
    Some(folder)
}
