//! DuckDB: the PyPI wheel in a virtual environment, the same files, two threads, CPU of its own process.

use crate::feed::{Fed, NEEDLE_IP, NEEDLE_WORD};
use crate::queries::{Figure, HOST, indicators};
use std::path::Path;
use std::process::Command;

const SCRIPT: &str = include_str!("../duck.py");

pub fn run(target: &Path, fed: &Fed, rounds: usize) -> Vec<Figure> {
    let python = environment(target);
    let known = fed.root.with_extension("indicators");
    std::fs::write(&known, indicators().join("\n")).expect("a file");
    let files: Vec<String> = fed
        .files
        .iter()
        .filter(|f| f.components().any(|c| c.as_os_str() == "events"))
        .map(|f| f.display().to_string())
        .collect();
    let list = fed.root.with_extension("files");
    std::fs::write(&list, files.join("\n")).expect("a file");
    let done = Command::new(python)
        .args(["-c", SCRIPT])
        .args([list.as_os_str(), known.as_os_str()])
        .args([&rounds.to_string(), NEEDLE_IP, NEEDLE_WORD, HOST])
        .output()
        .expect("python runs");
    eprint!("{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8_lossy(&done.stdout);
    let figures: Vec<(f64, usize)> =
        serde_json::from_str(text.trim()).unwrap_or_else(|e| panic!("duckdb: {e}: {text}"));
    figures.into_iter().map(|(cpu_ms, rows)| Figure { cpu_ms, rows }).collect()
}

/// A virtual environment with the wheel, made once.
fn environment(target: &Path) -> std::path::PathBuf {
    let home = target.join("duckdb-venv");
    let python = home.join("bin/python");
    if !home.join("ready").exists() {
        let ok = |command: &mut Command| assert!(command.status().expect("it starts").success(), "{command:?}");
        ok(Command::new("python3").args(["-m", "venv"]).arg(&home));
        ok(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb"]));
        std::fs::write(home.join("ready"), "").expect("a file");
    }
    python
}
