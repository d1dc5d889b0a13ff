//! `cargo xtask fuzz NAME`: builds one fuzz target with coverage on the stable toolchain and runs it for a while.
//! What it finds lands in fuzz/artifacts; a finding becomes a seed of the corpus, which the ordinary tests replay.

use crate::{End, cargo, tree};
use std::path::Path;
use std::process::Command;

/// What cargo-fuzz would pass, without its nightly-only parts: SanitizerCoverage as libFuzzer expects it.
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
];
/// Bytes of one input; the product's own line limit is higher, the interesting inputs are small.
const INPUT_BYTES_MAX: &str = "-max_len=16384";
/// MiB; a target that needs more has lost a bound.
const MEMORY_MIB_MAX: &str = "-rss_limit_mb=2048";
/// Seconds; an input that takes longer is a finding.
const INPUT_SECONDS_MAX: &str = "-timeout=10";

/// Builds and runs one, or lists them.
pub fn run(args: &[String]) -> End {
    let root = tree::root();
    let folder = root.join("fuzz");
    let targets = targets(&folder);
    let Some(name) = args.first() else {
        println!("cargo xtask fuzz NAME [SECONDS]\n  {}", targets.join("\n  "));
        return End::Done;
    };
    if !targets.contains(name) {
        return End::Usage(format!("no fuzz target `{name}` (there are: {})", targets.join(" ")));
    }
    let Ok(seconds) = args.get(1).map_or(Ok(60), |s| s.parse::<u32>()) else {
        return End::Usage("SECONDS is a number".to_owned());
    };
    let Some(host) = host() else {
        eprintln!("error: `rustc -vV` names no host");
        return End::Failed;
    };
    let target = tree::target(&root).join("fuzz");
    // With --target, build scripts and procedural macros are built without the coverage flags.
    let mut build = cargo::command(&folder, &["build", "--release", "--bin", name, "--target", &host]);
    build.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", COVERAGE.join(" "));
    if !cargo::succeeds(build) {
        return End::Failed;
    }
    let artifacts = folder.join("artifacts").join(name);
    let found = tree::target(&root).join("fuzz-corpus").join(name);
    if let Err(why) = std::fs::create_dir_all(&artifacts).and_then(|()| std::fs::create_dir_all(&found)) {
        eprintln!("error: cannot make the folders of {name}: {why}");
        return End::Failed;
    }
    let mut fuzz = Command::new(target.join(host).join("release").join(name));
    fuzz.current_dir(&folder).args([INPUT_BYTES_MAX, MEMORY_MIB_MAX, INPUT_SECONDS_MAX, "-print_final_stats=1"]);
    fuzz.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", artifacts.display()));
    // The first folder is where new inputs go; the committed seeds are only read.
    fuzz.arg(found).arg(folder.join("corpus").join(name));
    if cargo::succeeds(fuzz) { End::Done } else { End::Failed }
}

/// One file in `fuzz/targets` each.
fn targets(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("targets")).into_iter().flatten().flatten();
    let names = entries.filter_map(|e| e.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn host() -> Option<String> {
    let rustc = cargo::tool("rustc")?;
    let out = Command::new(rustc).arg("-vV").output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?;
    text.lines().find_map(|l| l.strip_prefix("host: ").map(str::to_owned))
}
