//! `wardwatch doctor`: is this machine fit, is the configuration sound, and what has a sender to be told.

use crate::config::Config;
use crate::run::Session;
use serde::Serialize;
use std::path::Path;
use wardwatch_cli::{Client, Complaint, DoctorArgs, Exit, Language};

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Good,
    Mend,
    Broken,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    outcome: Outcome,
    found: String,
    next: String,
}

impl Check {
    fn new(name: &'static str, outcome: Outcome, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { name, outcome, found: found.into(), next: next.into() }
    }

    fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, Outcome::Good, found, "")
    }
}

/// Runs every check; the worst one decides the exit code.
pub fn run(args: &DoctorArgs, session: Session) -> Result<Exit, Complaint> {
    if args.clients {
        print!("{}", session.language.pick(include_str!("clients.zh.txt"), include_str!("clients.en.txt")));
        return Ok(Exit::Ok);
    }
    let config = super::config::read(&args.config)?;
    let mut checks = vec![Check::good("configuration", format!("{} settings read", config.settings.len()))];
    checks.push(data_folder(&config));
    checks.push(disk(&config.data));
    checks.push(open_files());
    checks.extend(udp_buffer(&config));
    checks.extend(certificates(&config));
    checks.push(content(&config));
    checks.push(server(&config));
    let worst = |outcome: Outcome| checks.iter().any(|c| c.outcome == outcome);
    let exit = if worst(Outcome::Broken) { Exit::Failed } else { Exit::Ok };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&checks).map_err(Complaint::failed)?);
    } else {
        checks.iter().for_each(|check| print_check(check, session.language));
    }
    Ok(exit)
}

fn print_check(check: &Check, language: Language) {
    let mark = match check.outcome {
        Outcome::Good => language.pick("正常", "good  "),
        Outcome::Mend => language.pick("建议", "mend  "),
        Outcome::Broken => language.pick("故障", "broken"),
    };
    println!("{mark}  {:14}  {}", check.name, check.found);
    if !check.next.is_empty() {
        println!("        {:14}  → {}", "", check.next);
    }
}

fn data_folder(config: &Config) -> Check {
    let shown = config.data.display();
    if config.data.is_dir() {
        return match std::fs::metadata(&config.data) {
            Ok(meta) if meta.permissions().readonly() => {
                Check::new("data folder", Outcome::Broken, format!("{shown} cannot be written"), "give the user of the service write access")
            }
            Ok(_) => Check::good("data folder", format!("{shown}")),
            Err(e) => Check::new("data folder", Outcome::Broken, format!("{shown}: {e}"), "check the path and its owner"),
        };
    }
    Check::good("data folder", format!("{shown} will be made at the first start"))
}

/// The first existing folder on the way up.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"))
}

fn disk(data: &Path) -> Check {
    let Ok(stat) = rustix::fs::statvfs(existing(data)) else {
        return Check::new("disk", Outcome::Mend, "the free space cannot be read", "check the mount by hand");
    };
    let free = stat.f_bavail * stat.f_frsize;
    let found = format!("{:.1} GiB free", free as f64 / 1_073_741_824.0);
    if free < wardwatch_limits::DISK_RESERVE_BYTES {
        let next = "intake refuses below 256 MiB: senders keep their data until there is room again; enlarge or clear the disk";
        return Check::new("disk", Outcome::Broken, found, next);
    }
    if free < 20 * wardwatch_limits::DISK_RESERVE_BYTES {
        return Check::new("disk", Outcome::Mend, found, "less than 5 GiB: a busy day may fill it; enlarge it or move `data`");
    }
    Check::good("disk", found)
}

fn open_files() -> Check {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let now = limit.current.unwrap_or(u64::MAX);
    if now < 12_000 && limit.maximum.is_none_or(|max| max >= 12_000) {
        return Check::good("open files", format!("{now} now, raised at the start"));
    }
    if now < 12_000 {
        let next = "10,000 connections need it: LimitNOFILE=65536 in the service's unit, or `ulimit -n 65536`";
        return Check::new("open files", Outcome::Mend, format!("at most {:?}", limit.maximum), next);
    }
    Check::good("open files", format!("{now}"))
}

fn udp_buffer(config: &Config) -> Option<Check> {
    config.listeners.iter().find(|l| l.kind == "udp")?;
    let text = std::fs::read_to_string("/proc/sys/net/core/rmem_max").ok()?;
    let bytes: usize = text.trim().parse().ok()?;
    if bytes < wardwatch_limits::UDP_RCVBUF_BYTES && !rustix::process::geteuid().is_root() {
        let next = "sysctl -w net.core.rmem_max=8388608 (and in /etc/sysctl.d): bursts are dropped by the kernel otherwise";
        return Some(Check::new("UDP buffer", Outcome::Mend, format!("{bytes} bytes at most"), next));
    }
    Some(Check::good("UDP buffer", format!("{bytes} bytes")))
}

fn certificates(config: &Config) -> Vec<Check> {
    let files = config.listeners.iter().flat_map(|l| [&l.certificate, &l.key, &l.client_ca]).flatten();
    files
        .map(|file| match std::fs::read_to_string(file) {
            Ok(text) if text.contains("-----BEGIN") => Check::good("certificate", file.display().to_string()),
            Ok(_) => Check::new("certificate", Outcome::Broken, format!("{} is no PEM file", file.display()), "convert it: openssl x509 -inform der …"),
            Err(e) => Check::new("certificate", Outcome::Broken, format!("{}: {e}", file.display()), "check the path and who may read it"),
        })
        .collect()
}

fn content(config: &Config) -> Check {
    match crate::content::load(config) {
        Ok(loaded) => {
            let found = format!(
                "{} packs, {} rules ({} refused)",
                loaded.packs.len(),
                loaded.rules_loaded,
                loaded.rules_refused.len()
            );
            let unknown = crate::content::unknown_packs(config, &loaded);
            if unknown.is_empty() {
                return Check::good("content", found);
            }
            let next = "`wardwatch content list` shows the packs there are";
            Check::new("content", Outcome::Broken, format!("no pack {}", unknown.join(", ")), next)
        }
        Err(e) => Check::new("content", Outcome::Broken, e.what, e.next),
    }
}

fn server(config: &Config) -> Check {
    let client = Client::of(&config.data);
    if !client.socket().exists() {
        return Check::new("server", Outcome::Mend, "not running", "wardwatch serve");
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Check::new("server", Outcome::Broken, "no runtime", "");
    };
    match runtime.block_on(client.call::<serde_json::Value>("/status", None)) {
        Ok(health) => {
            let state = health.pointer("/health/state").and_then(|s| s.as_str()).unwrap_or("unknown").to_owned();
            let outcome = if state == "ok" { Outcome::Good } else { Outcome::Mend };
            Check::new("server", outcome, format!("runs, health {state}"), "")
        }
        Err(e) => Check::new("server", Outcome::Mend, e.to_string(), "wardwatch serve"),
    }
}
