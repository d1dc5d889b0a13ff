//! The server under test, and its own commands.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use wardwatch_measure::{Running, binary, get, start_env, wait};

/// A running server.
pub struct Server {
    running: Running,
    config: PathBuf,
    page: SocketAddr,
}

impl Server {
    /// Starts it and waits until it answers. `shim` is preloaded.
    pub fn start(folder: &Path, config: &str, page: SocketAddr, shim: Option<&Path>) -> Self {
        let file = folder.join("w.toml");
        std::fs::write(&file, config).expect("a configuration");
        let envs: Vec<(&str, &Path)> = shim.map(|path| ("LD_PRELOAD", path)).into_iter().collect();
        let log = folder.join(if shim.is_some() { "later.log" } else { "first.log" });
        let running = start_env(&binary(), &["serve", "--config", &file.to_string_lossy()], &envs, &log);
        let server = Self { running, config: file, page };
        wait("the server is ready", Duration::from_secs(120), || {
            std::fs::read_to_string(&log).is_ok_and(|text| text.contains("http://")) && get(page, "/health").is_some()
        });
        server
    }

    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// `/metrics`, as text. With thousands of sources it is megabytes, so it is not asked for often.
    pub fn metrics(&self) -> String {
        self.text("/metrics")
    }

    /// Lines in the journal, and how many of them detection has not seen: `/health`, which is short.
    pub fn durable_and_waiting(&self) -> (u64, u64) {
        let text = self.text("/health");
        let figure = |name: &str| {
            let after = text.split_once(&format!("\"{name}\":"))?.1;
            after.split([',', '}']).next()?.parse::<f64>().ok()
        };
        let known = |name: &str| figure(name).unwrap_or_else(|| panic!("no {name}: {text}")) as u64;
        (known("lines_durable"), known("waiting_lines"))
    }

    /// A busy server may take a moment to answer.
    fn text(&self, path: &str) -> String {
        let mut answer = None;
        wait(path, Duration::from_secs(60), || {
            answer = get(self.page, path);
            answer.is_some()
        });
        answer.unwrap_or_default()
    }

    /// Events of a tenant that a search finds.
    pub fn count(&self, tenant: &str) -> u64 {
        let out = Command::new(binary())
            .args(["search", "| stats count", "--format", "csv", "--tenant", tenant, "--config"])
            .arg(&self.config)
            .output()
            .expect("the binary");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let count = text.lines().nth(1).and_then(|line| line.trim().parse().ok());
        count.unwrap_or_else(|| panic!("no count of {tenant}: {text}{}", String::from_utf8_lossy(&out.stderr)))
    }

    /// Asks it to end, and waits until it has.
    pub fn end(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        assert!(asked.is_ok_and(|s| s.success()), "SIGTERM could not be sent");
        let child = &mut self.running.0;
        wait("the server has drained", Duration::from_secs(180), || child.try_wait().is_ok_and(|s| s.is_some()));
    }
}

/// Builds what sets a program's clock an hour ahead; none, with a notice, without a C compiler.
pub fn hour_ahead(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("hour.c"), folder.join("hour.so"));
    std::fs::write(&source, include_str!("hour.c")).expect("a file");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    if built.is_ok_and(|s| s.success()) {
        return Some(library);
    }
    eprintln!("no C compiler: the hour cannot be closed, compaction is what happened while running");
    None
}
