//! Calls cargo from within cargo without leaking this package's own variables into the build.

use crate::tree;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The binary's name of the product.
const BINARY: &str = "wardwatch";

/// A cargo command in the root.
pub fn command(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(root).args(args);
    // `cargo run` describes xtask to itself in these; a build that saw them would be built again without them.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if ours.iter().any(|o| name.starts_with(o)) {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// The cargo that called us, else the one on the path.
pub fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// Runs and passes its output through; false when it failed or could not start.
pub fn succeeds(mut command: Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(why) => {
            eprintln!("cannot start {}: {why}", command.get_program().to_string_lossy());
            false
        }
    }
}

/// Standard output of a cargo call, or its first line of complaint.
pub fn output(root: &Path, args: &[&str]) -> Result<String, String> {
    let out = command(root, args).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&out.stderr).lines().next().unwrap_or("failed").to_owned())
}

/// Where the product's binary stands after a build in this profile's folder (`debug`, `release`).
pub fn binary(root: &Path, folder: &str) -> PathBuf {
    tree::target(root).join(folder).join(BINARY)
}

/// A tool of the toolchain that runs this cargo, or the one on the path.
pub fn tool(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(program()).with_file_name(name);
    if beside.is_file() {
        return Some(beside);
    }
    on_path(name)
}

/// A program on the path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|p| p.is_file())
}
