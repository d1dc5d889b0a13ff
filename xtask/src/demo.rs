//! `cargo xtask demo`: one build, then the product's own demo takes this process's place, so that Ctrl-C is its.

use crate::{End, cargo, tree};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Builds and does not come back unless something failed.
pub fn run(args: &[String]) -> End {
    let root = tree::root();
    eprintln!("building (the first time takes some minutes) 正在构建（首次需数分钟）");
    if !cargo::succeeds(cargo::command(&root, &["build", "--workspace", "--locked"])) {
        eprintln!("error: the build failed; its messages stand above");
        return End::Failed;
    }
    let binary = cargo::binary(&root, "debug");
    let why = Command::new(&binary).arg("demo").args(args).exec();
    eprintln!("error: cannot start {}: {why}", binary.display());
    End::Failed
}
