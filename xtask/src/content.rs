//! `cargo xtask content`: the product's own checks over the folder `content/`, with its development build.

use crate::tree::Finding;
use crate::{End, cargo, tree};
use std::path::Path;
use std::process::Command;

/// Builds, then `content test` and `content lint`.
pub fn run(args: &[String]) -> End {
    let root = tree::root();
    if !cargo::succeeds(cargo::command(&root, &["build", "--workspace", "--locked"])) {
        return End::Failed;
    }
    tree::end(&check(&root, &cargo::binary(&root, "debug"), args))
}

/// Both checks with a binary that is built.
pub fn check(root: &Path, binary: &Path, args: &[String]) -> Vec<Finding> {
    [("content test", "test"), ("content lint", "lint")]
        .map(|(check, verb)| {
            let mut command = Command::new(binary);
            command.current_dir(root).args(["content", verb, "--content", "content"]).args(args);
            Finding::new(check, complaints(&mut command))
        })
        .into()
}

fn complaints(command: &mut Command) -> Vec<String> {
    match command.status() {
        Ok(status) if status.success() => Vec::new(),
        Ok(status) => vec![format!("ended with {status}")],
        Err(why) => vec![format!("cannot start: {why}")],
    }
}
