//! What the benchmarks share. Standard library only; nothing here is part of the product.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// User and system CPU seconds of a process so far (`/proc/<pid>/stat`, 100 ticks a second).
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let field = |n: usize| after.split(' ').nth(n).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (field(11) + field(12)) / 100.0
}

/// User and system CPU seconds of children that have ended and were waited for.
pub fn children_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let field = |n: usize| after.split(' ').nth(n).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (field(13) + field(14)) / 100.0
}

/// Every thread of a process: id, name, user and system CPU seconds so far.
pub fn thread_seconds(pid: u32) -> Vec<(u32, String, f64)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let read = |task: fs::DirEntry| {
        let id = task.file_name().to_string_lossy().parse().ok()?;
        let stat = fs::read_to_string(task.path().join("stat")).ok()?;
        let (head, after) = stat.rsplit_once(") ")?;
        let name = head.split_once('(')?.1.to_owned();
        let field = |n: usize| after.split(' ').nth(n).and_then(|t| t.parse::<f64>().ok());
        Some((id, name, (field(11)? + field(12)?) / 100.0))
    };
    tasks.filter_map(read).collect()
}

/// Resident memory of a process, MiB.
pub fn resident_mib(pid: u32) -> f64 {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    statm.split(' ').nth(1).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0) * 4096.0 / 1_048_576.0
}

/// A free loopback port.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("loopback").port()
}

/// The release binary: `WARDWATCH_BIN`, else `target/release/wardwatch` of the project.
pub fn binary() -> PathBuf {
    let path =
        std::env::var_os("WARDWATCH_BIN").map_or_else(|| project().join("target/release/wardwatch"), PathBuf::from);
    assert!(path.exists(), "{} is missing: cargo build --release -p wardwatch", path.display());
    path
}

/// The project's root.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project")
}

/// A process that ends with this value.
pub struct Running(pub Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program with its output in a file.
pub fn start(program: &Path, args: &[&str], log: &Path) -> Running {
    start_env(program, args, &[], log)
}

/// The same with environment variables besides.
pub fn start_env(program: &Path, args: &[&str], envs: &[(&str, &Path)], log: &Path) -> Running {
    let out = fs::File::create(log).expect("a log");
    let child = Command::new(program)
        .args(args)
        .envs(envs.iter().copied())
        .stdin(Stdio::null())
        .stdout(out.try_clone().expect("a log"))
        .stderr(out)
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    Running(child)
}

/// Body of a GET, if it answers.
pub fn get(at: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&at, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// Sum of a metric over its labels.
pub fn metric(text: &str, name: &str) -> f64 {
    let of_name = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    text.lines().filter(of_name).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// A metric's sample with this label (`stage="parse"`).
pub fn metric_of(text: &str, name: &str, label: &str) -> f64 {
    let of_name =
        |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') && rest.contains(label));
    text.lines().filter(of_name).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Waits until `done`; panics after `bound`.
pub fn wait(what: &str, bound: Duration, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < bound, "{what}: not after {bound:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A small generator (xorshift64*), so that a seed gives the same lines everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    pub fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}
