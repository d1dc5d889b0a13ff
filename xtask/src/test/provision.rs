//! Installs what the proving tests call but the workspace does not hold: Debian's rsyslog and its modules, a browser,
//! the Elasticsearch client of Python. Needs root and apt; where either is missing it says what is passed over, and
//! the tests concerned say so again.

use crate::cargo;
use std::path::Path;
use std::process::{Command, Stdio};

/// Debian packages with the tests that call them.
const PACKAGES: [(&str, &str); 8] = [
    ("rsyslog", "the peer that sends syslog and RELP"),
    ("rsyslog-relp", "RELP out of rsyslog"),
    ("rsyslog-gnutls", "TLS out of rsyslog"),
    ("rsyslog-elasticsearch", "_bulk out of rsyslog"),
    ("openssl", "a TLS client that is not ours"),
    ("strace", "EIO on fsync"),
    ("python3-venv", "room for the Elasticsearch client"),
    ("chromium", "the page in a real browser"),
];
/// The Python client that the tests drive, fixed so that a run can be repeated.
const PYTHON_CLIENT: &str = "elasticsearch==8.19.1";
/// Minutes that one installation may take.
const MINUTES_MAX: &str = "10m";

/// Installs what is missing; gives the variables by which the tests find what is not on the path.
pub fn all(root: &Path) -> Vec<(String, String)> {
    debian();
    python(root).into_iter().collect()
}

fn debian() {
    let missing: Vec<(&str, &str)> = PACKAGES.into_iter().filter(|(package, _)| !installed(package)).collect();
    if missing.is_empty() {
        println!("      ok Debian packages ({} present)", PACKAGES.len());
        return;
    }
    let why = if !is_root() {
        Some("not root")
    } else if cargo::on_path("apt-get").is_none() {
        Some("no apt-get")
    } else {
        None
    };
    if let Some(why) = why {
        for (package, use_) in missing {
            println!("skipped: {package} is missing ({why}): {use_}");
        }
        return;
    }
    println!("installing {}", missing.iter().map(|(p, _)| *p).collect::<Vec<_>>().join(" "));
    if !apt(&["update"]) {
        println!("skipped: apt-get update failed; trying with the lists at hand");
    }
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(missing.iter().map(|(p, _)| *p));
    if !apt(&args) {
        // One package that cannot be had must not cost the others.
        for (package, use_) in &missing {
            if !apt(&["install", "-y", "--no-install-recommends", package]) {
                println!("skipped: {package} cannot be installed: {use_}");
            }
        }
    }
}

fn installed(package: &str) -> bool {
    let asked =
        Command::new("dpkg-query").args(["-W", "-f=${db:Status-Abbrev}", package]).stderr(Stdio::null()).output();
    asked.is_ok_and(|o| o.stdout.starts_with(b"ii"))
}

fn apt(args: &[&str]) -> bool {
    let mut command = Command::new("timeout");
    command.args([MINUTES_MAX, "apt-get", "-q=2", "-o", "DPkg::Lock::Timeout=120"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1").stdin(Stdio::null()).stdout(Stdio::null());
    cargo::succeeds(command)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0")
}

/// A virtual environment where the tests look for it, also named to them by WARDWATCH_PYTHON.
fn python(root: &Path) -> Option<(String, String)> {
    let folder = root.join("target/venv");
    let python = folder.join("bin/python");
    let done = folder.join(".client");
    let found = Some(("WARDWATCH_PYTHON".to_owned(), python.to_string_lossy().into_owned()));
    if std::fs::read_to_string(&done).is_ok_and(|d| d == PYTHON_CLIENT) && python.exists() {
        println!("      ok Python's {PYTHON_CLIENT}");
        return found;
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder).stdout(Stdio::null());
    let mut pip = Command::new("timeout");
    pip.arg(MINUTES_MAX).arg(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.arg(PYTHON_CLIENT);
    if cargo::succeeds(venv) && cargo::succeeds(pip) && std::fs::write(&done, PYTHON_CLIENT).is_ok() {
        println!("installed Python's {PYTHON_CLIENT}");
        return found;
    }
    println!("skipped: Python's {PYTHON_CLIENT} cannot be installed (no python3-venv, or no registry)");
    None
}
