//! A real server: the `wardwatch` binary with a configuration of its own in a folder of its own.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The binary that this test run built beside its tests.
pub fn binary() -> PathBuf {
    let tests = std::env::current_exe().expect("a test has a path");
    let built = tests.parent().and_then(Path::parent).expect("deps lies in the profile's folder").join("wardwatch");
    assert!(built.exists(), "{} is missing: run `cargo build --workspace` (cargo xtask test does)", built.display());
    built
}

/// A loopback port that is free for TCP and UDP now.
pub fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("loopback").port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Whether a program can be called; tests that need it say so and pass over.
pub fn have(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|p| std::env::split_paths(&p).collect::<Vec<_>>())
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .any(|folder| folder.join(program).is_file());
    if !found {
        eprintln!("skipped: `{program}` is not installed (cargo xtask test installs it when run as root)");
    }
    found
}

/// A server that is stopped when dropped.
pub struct Server {
    pub folder: PathBuf,
    pub page: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// Writes the configuration (with `page` put in front) and starts.
    pub fn start(folder: &Path, config: &str) -> Self {
        let page = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let text = format!("data = \"data\"\npage = \"{page}\"\n{config}");
        std::fs::write(folder.join("wardwatch.toml"), text).expect("a test folder can be written");
        let mut server = Self { folder: folder.to_owned(), page, child: None };
        server.up();
        server
    }

    /// Starts (again) and waits until it says it is ready.
    pub fn up(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log")).expect("log");
        let child = Command::new(binary())
            .args(["serve", "--config"])
            .arg(self.folder.join("wardwatch.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        self.child = Some(child);
        self.until("ready", Duration::from_secs(60), |s| get(s.page, "/health").is_some_and(|(status, _)| status == 200));
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("SIGKILL");
            child.wait().expect("reaped");
        }
    }

    /// Asks it to stop and waits for its own end.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(asked.is_ok_and(|s| s.success()), "SIGTERM");
        child.wait().expect("reaped").code()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Runs a command of the binary with this server's configuration.
    pub fn command(&self, args: &[&str]) -> Output {
        Command::new(binary())
            .args(args)
            .arg("--config")
            .arg(self.folder.join("wardwatch.toml"))
            .env("LANG", "en")
            .output()
            .expect("the binary runs")
    }

    /// Rows of a search, as JSON.
    pub fn search(&self, tenant: &str, query: &str) -> Vec<Value> {
        let out = self.command(&["search", query, "--tenant", tenant, "--json", "--limit", "100000"]);
        assert!(out.status.success(), "search {query}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).lines().map(|l| serde_json::from_str(l).expect("a row")).collect()
    }

    /// `| stats count` of a query.
    pub fn count(&self, tenant: &str, query: &str) -> u64 {
        self.search(tenant, &format!("{query} | stats count")).first().and_then(|r| r["count"].as_u64()).unwrap_or(0)
    }

    /// Waits until `done`, looking ten times a second; the bound only ends a test that hangs.
    pub fn until(&self, what: &str, bound: Duration, mut done: impl FnMut(&Self) -> bool) {
        let rounds = bound.as_millis() / 100;
        for _ in 0..rounds {
            if done(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("not {what} after {bound:?}; the log ends:\n{}", tail(&self.log()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn tail(log: &str) -> &str {
    let from = log.len().saturating_sub(3_000);
    log.get(from..).unwrap_or(log)
}

/// GET over a fresh connection: status and body.
pub fn get(at: SocketAddr, path: &str) -> Option<(u16, String)> {
    request(at, &format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n"), b"")
}

/// POST over a fresh connection: status and body.
pub fn post(at: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<(u16, String)> {
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    request(at, &head, body)
}

fn request(at: SocketAddr, head: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(head.as_bytes()).ok()?;
    // A server may answer (413) before it has read everything.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    Some((status, text.split_once("\r\n\r\n").map(|(_, b)| b.to_owned()).unwrap_or_default()))
}
