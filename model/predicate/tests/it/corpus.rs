//! The whole public corpus: every file is read, every rule is compiled or listed with its reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use wardwatch_predicate::sigma::{Added, Compiler, Document, read_rules};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The unpacked corpus, or none with a notice where the archive is not there.
#[expect(clippy::disallowed_methods, reason = "tests find their data by an environment variable")]
pub fn corpus() -> Option<PathBuf> {
    let data = std::env::var("WARDWATCH_DATA").map_or_else(|_| workspace().join("../shared/data"), PathBuf::from);
    let archive = data.join("sigma/sigma-rules.tar.xz");
    if !archive.exists() {
        println!("skipped: {} is not there (set WARDWATCH_DATA)", archive.display());
        return None;
    }
    let target = workspace().join("target/data/sigma");
    let done = target.join(".unpacked");
    if !done.exists() {
        std::fs::create_dir_all(&target).unwrap();
        let status = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(&target).status().unwrap();
        assert!(status.success(), "tar could not unpack {}", archive.display());
        std::fs::write(&done, "").unwrap();
    }
    Some(target)
}

/// Every `.yml` below a folder, sorted.
pub fn rule_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_rule_of_the_public_corpus_loads_or_is_listed() {
    let Some(folder) = corpus() else { return };
    let mut compiler = Compiler::default();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused: Vec<String> = Vec::new();
    let mut inactive: Vec<String> = Vec::new();
    for path in rule_files(&folder) {
        *counts.entry("files").or_default() += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for document in read_rules(&std::fs::read(&path).unwrap()) {
            *counts.entry("documents").or_default() += 1;
            let rule = match document {
                Ok(Document::Rule(rule)) => rule,
                Ok(other) => panic!("{name}: {other:?}"),
                Err(fault) => {
                    refused.push(format!("{name}:{}", fault.fault));
                    continue;
                }
            };
            match compiler.add(&rule, &[]) {
                Ok(Added::Active) => *counts.entry("active").or_default() += 1,
                Ok(Added::Inactive { place, reason }) => inactive.push(format!("{name}:{place}: {reason}")),
                Err(fault) => refused.push(format!("{name}:{fault}")),
            }
        }
    }
    let set = compiler.finish();
    println!("{counts:?}\ninactive {}\n{}", inactive.len(), inactive.join("\n"));
    assert_eq!(refused, Vec::<String>::new());
    assert!(inactive.iter().all(|line| line.contains("has no value")));
    assert_eq!(counts["files"], 3_780);
    assert_eq!(counts["documents"], 3_780);
    assert_eq!(counts["active"] + inactive.len(), 3_780);
    assert_eq!(inactive.len(), 25);
    assert_eq!(set.rules.len(), counts["active"]);
    assert!(set.fields.len() > 380 && set.fields.len() < 420, "{} fields", set.fields.len());
}
