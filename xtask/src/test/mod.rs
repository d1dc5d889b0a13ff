//! `cargo xtask test`: everything that CI checks, in one compile. Each step that is passed over says why, and the
//! last line is the sum of all of them.

mod count;
mod provision;

use crate::tree::{self, Tree};
use crate::{End, advisories, arrows, cargo, content, licences, tidy};
use count::Sum;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Separates arguments in CLIPPY_ARGS, as `cargo clippy` does it.
const CLIPPY_GLUE: &str = "__CLIPPY_HACKERY__";

/// Runs all steps whatever fails.
pub fn run(args: &[String]) -> End {
    let install = match args {
        [] => true,
        [only] if only == "--no-install" => false,
        _ => return End::Usage("test takes only --no-install".to_owned()),
    };
    let root = tree::root();
    let mut sum = Sum::default();

    step("what the tests call");
    let envs = if install { provision::all(&root) } else { Vec::new() };

    step("tidy, arrows, licences, advisories");
    let read = Tree::read(&root);
    let mut findings = tidy::check(&read);
    findings.extend(arrows::check(&read));
    findings.extend(licences::check(&read));
    findings.push(advisories::check(&read));
    sum.add(tree::print_all(&findings));

    step("format of benches and fuzz");
    sum.add(formats(&root, &read));

    step("build with lints");
    let linted = build(&root, Lints::Deny);
    sum.one(linted);
    // Red lints must not hide red tests: once more without them.
    let built = linted || build(&root, Lints::Off);

    if built {
        let lints = if linted { Lints::Deny } else { Lints::Off };
        step("tests");
        sum.add(tests(&root, lints, &envs));
        step("examples in documents");
        sum.one(cargo::succeeds(with_lints(
            cargo::command(&root, &["test", "--workspace", "--doc", "--locked", "--quiet"]),
            lints,
        )));
        step("content");
        sum.add(tree::print_all(&content::check(&root, &cargo::binary(&root, "debug"), &[])));
    } else {
        eprintln!("nothing could be tested: the workspace does not build");
    }
    println!("{sum}");
    if sum.failed == 0 { End::Done } else { End::Failed }
}

fn step(name: &str) {
    println!("\n== {name}");
    let _ = std::io::stdout().flush();
}

/// Benches and fuzz targets are workspaces of their own, which the lints below never see: their format at least is looked
/// at. Passed and failed.
fn formats(root: &Path, tree: &Tree) -> (u64, u64) {
    if cargo::tool("rustfmt").is_none() {
        println!("skipped: rustfmt is not installed (rustup component add rustfmt)");
        return (0, 0);
    }
    let apart = |path: &str| path.starts_with("benches/") || path.starts_with("fuzz/");
    let manifests = tree.files.iter().filter(|f| f.name() == "Cargo.toml" && apart(&f.path));
    let mut counted = (0, 0);
    for manifest in manifests {
        let args = ["fmt", "--check", "--manifest-path", &manifest.path, "--", "--files-with-diff"];
        if cargo::succeeds(cargo::command(root, &args)) {
            counted.0 += 1;
        } else {
            println!("failed: cargo fmt --manifest-path {}", manifest.path);
            counted.1 += 1;
        }
    }
    counted
}

/// How strict the compile is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lints {
    /// Every warning of rustc and clippy is an error.
    Deny,
    /// Plain rustc.
    Off,
}

/// The same wrapper that `cargo clippy` sets, but around a real build: clippy-driver is a rustc that lints too, so
/// one compile gives both the lints and the binaries.
fn with_lints(mut command: Command, lints: Lints) -> Command {
    let Lints::Deny = lints else { return command };
    match cargo::tool("clippy-driver") {
        Some(driver) => {
            command.env("RUSTC_WORKSPACE_WRAPPER", driver);
            command.env("CLIPPY_ARGS", format!("-D{CLIPPY_GLUE}warnings{CLIPPY_GLUE}"));
        }
        None => println!("skipped: clippy's lints, clippy-driver is not installed (rustup component add clippy)"),
    }
    command
}

/// All targets at once, so that the tests find the product's binary and nothing is compiled twice.
fn build(root: &Path, lints: Lints) -> bool {
    let args = ["build", "--workspace", "--all-targets", "--locked", "--keep-going"];
    cargo::succeeds(with_lints(cargo::command(root, &args), lints))
}

fn tests(root: &Path, lints: Lints, envs: &[(String, String)]) -> (u64, u64) {
    let nextest = cargo::output(root, &["nextest", "--version"]).is_ok();
    let args: &[&str] = if nextest {
        &["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "--no-tests=pass"]
    } else {
        println!("skipped: nextest is not installed, cargo test runs the tests instead");
        &["test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"]
    };
    let mut command = with_lints(cargo::command(root, args), lints);
    command.envs(envs.iter().map(|(k, v)| (k, v))).stdin(Stdio::null());
    match watched(command) {
        Ok((lines, success)) => {
            let (passed, failed) = count::tests(lines.iter().map(String::as_str));
            // A run that failed without naming a test (a crash, a time-out of the runner) is a failure too.
            if !success && failed == 0 { (passed, 1) } else { (passed, failed) }
        }
        Err(why) => {
            eprintln!("cannot start the tests: {why}");
            (0, 1)
        }
    }
}

/// Passes a child's output through and keeps those lines of it that count.
fn watched(mut command: Command) -> std::io::Result<(Vec<String>, bool)> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut lines = std::thread::scope(|scope| {
        let err = scope.spawn(move || err.map(|e| pass_through(e, std::io::stderr())).unwrap_or_default());
        let mut lines = out.map(|o| pass_through(o, std::io::stdout())).unwrap_or_default();
        lines.extend(err.join().unwrap_or_default());
        lines
    });
    lines.retain(|l| count::counts(l));
    Ok((lines, child.wait()?.success()))
}

fn pass_through(from: impl Read, mut to: impl Write) -> Vec<String> {
    let mut kept = Vec::new();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        let _ = to.write_all(&line);
        let text = String::from_utf8_lossy(&line);
        if count::counts(&text) {
            kept.push(text.trim().to_owned());
        }
        line.clear();
    }
    kept
}
