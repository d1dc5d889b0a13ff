//! `cargo xtask bench NAME`: a measurement is a package of its own with its own lock, built in release into one
//! folder that all measurements share. It never asserts: it prints figures and a RESULT line.

use crate::{End, cargo, manifest, tree};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What measurements of the running product share; who depends on it finds the release binary by WARDWATCH_BIN.
const DRIVES_BINARY: &str = "wardwatch-measure";

/// Builds and runs one, or lists them.
pub fn run(args: &[String]) -> End {
    let root = tree::root();
    let Some((name, rest)) = args.split_first() else { return list(&root) };
    let folder = root.join("benches").join(name);
    let found = std::fs::read_to_string(folder.join("Cargo.toml")).ok();
    let Some(text) = found.filter(|_| folder.join("src/main.rs").is_file()) else {
        return End::Usage(format!("no measurement `{name}` under benches/ (cargo xtask bench lists them)"));
    };
    let mut envs: Vec<(&str, OsString)> = vec![("WARDWATCH_ROOT", root.clone().into())];
    if manifest::read(&text).dependencies.iter().any(|d| d == DRIVES_BINARY) {
        eprintln!("building the product in release");
        if !cargo::succeeds(cargo::command(&root, &["build", "--release", "--locked", "-p", "wardwatch"])) {
            return End::Failed;
        }
        envs.push(("WARDWATCH_BIN", cargo::binary(&root, "release").into()));
    }
    eprintln!("building the measurement and its peers in release");
    let target = tree::target(&root).join("bench");
    let mut build = cargo::command(&folder, &["build", "--release", "--locked"]);
    build.env("CARGO_TARGET_DIR", &target);
    if !cargo::succeeds(build) {
        return End::Failed;
    }
    let program = target.join("release").join(manifest::read(&text).name);
    let mut measure = Command::new(program);
    measure.current_dir(&folder).args(rest).envs(envs);
    if cargo::succeeds(measure) { End::Done } else { End::Failed }
}

fn list(root: &Path) -> End {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join("benches")).into_iter().flatten().flatten() {
        // A package without a program is what measurements share.
        if !entry.path().join("src/main.rs").is_file() {
            continue;
        }
        if let Ok(text) = std::fs::read_to_string(entry.path().join("Cargo.toml")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.push(format!("  {name:<10} {}", manifest::read(&text).description));
        }
    }
    found.sort();
    println!("cargo xtask bench NAME\n{}", found.join("\n"));
    End::Done
}
