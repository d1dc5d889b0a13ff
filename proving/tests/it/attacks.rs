//! Attacks on a running server that need no network skill: a folder that cannot be written, a kill in the middle of
//! compaction, a configuration of a whole region.

use crate::server::{Server, binary, free_port, get, post};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const TOKEN: &str = "ww_a-third-token-for-tests";

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

fn config(http: u16) -> String {
    format!(
        "[[tenant]]\nid = \"lakeside\"\n[[tenant.source]]\nid = \"probe\"\npack = \"auto\"\n\
         tokens_sha256 = [\"{}\"]\n[[listener]]\nkind = \"http\"\nbind = \"127.0.0.1:{http}\"\n",
        sha256(TOKEN)
    )
}

fn ingest(port: u16, token: &str, body: &str) -> Option<u16> {
    let at = ([127, 0, 0, 1], port).into();
    post(at, "/api/v1/ingest", &[("authorization", &format!("Bearer {token}"))], body.as_bytes()).map(|a| a.0)
}

/// The value of a metric without labels, 0 if there is none.
fn metric(server: &Server, name: &str) -> f64 {
    let metrics = get(server.page, "/metrics").map(|m| m.1).unwrap_or_default();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0)
}

fn serve(folder: &Path) -> Output {
    // It must end by itself; the bound only ends a test that hangs.
    Command::new("timeout")
        .arg("60")
        .arg(binary())
        .args(["serve", "--config"])
        .arg(folder.join("wardwatch.toml"))
        .env("LANG", "en")
        .output()
        .expect("it runs")
}

#[test]
fn a_kill_in_the_middle_of_compaction_loses_and_doubles_nothing() {
    /// One more than are left as they are while their hour is open.
    const FILES: f64 = 65.0;
    const LINES: usize = 400;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut server = Server::start(folder.path(), &config(port));
    let mut sent = 0;
    while metric(&server, "wardwatch_lake_files_total") < FILES {
        let mut body = String::new();
        for number in sent..sent + LINES {
            let _ = writeln!(body, "<13>Nov 25 10:00:00 gate probe: number={number} door opened by 访客");
        }
        assert_eq!(ingest(port, TOKEN, &body), Some(200));
        sent += LINES;
        // It writes what is in memory to a file of its own.
        assert_eq!(server.command(&["verify", "--json"]).status.code(), Some(0));
        assert!(sent < 500 * LINES, "the files do not become more");
    }
    // Each start begins with compaction, because there are more small files than are left open; it is killed a little
    // later each time, until one got through.
    let compacted = |server: &Server| metric(server, "wardwatch_files_compacted_total") > 0.0;
    let (mut done, mut kills) = (compacted(&server), 0);
    for later in 0..40 {
        server.kill();
        server.up();
        std::thread::sleep(Duration::from_millis(25 * later));
        done |= compacted(&server);
        if done {
            break;
        }
        kills += 1;
    }
    server.until("compacted", Duration::from_secs(120), |s| done || compacted(s));
    server.kill();
    server.up();
    let rows = server.search("lakeside", "\"number=\" | fields raw");
    let numbers: BTreeSet<&str> =
        rows.iter().filter_map(|row| row["raw"].as_str()?.split("number=").nth(1)?.split(' ').next()).collect();
    assert_eq!((rows.len(), numbers.len()), (sent, sent), "after {kills} kills: each line, once");
    let verify = server.command(&["verify", "--deep", "--json"]);
    assert_eq!(verify.status.code(), Some(0), "{}", String::from_utf8_lossy(&verify.stdout));
    eprintln!("compaction: {sent} lines, {kills} kills before it was done, lost 0, doubled 0");
}

/// A file system of its own that can be made read-only.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn at(data: &Path) -> Option<Self> {
        std::fs::create_dir(data).expect("made");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=420m", "tmpfs"]).arg(data).output();
        match mounted {
            Ok(done) if done.status.success() => Some(Self(data.to_owned())),
            _ => {
                eprintln!("skipped: a tmpfs cannot be mounted here (needs root)");
                None
            }
        }
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0).output().expect("mount");
        assert!(done.status.success(), "{how}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_is_refused_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let Some(disk) = Mounted::at(&data) else { return };
    let port = free_port();
    let mut server = Server::start(folder.path(), &config(port));
    assert_eq!(ingest(port, TOKEN, "kept\n"), Some(200));
    assert_eq!(server.stop(), Some(0));
    disk.remount("ro");
    let refused = serve(folder.path());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(matches!(refused.status.code(), Some(1..=9)), "{:?}: {said}", refused.status);
    assert!(said.contains(&data.display().to_string()) && said.contains("Read-only file system"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    disk.remount("rw");
    server.up();
    server.until("searchable again", Duration::from_secs(60), |s| s.count("lakeside", "kept") == 1);
    assert_eq!(server.command(&["verify", "--deep", "--json"]).status.code(), Some(0));
    server.kill();
}

#[test]
fn two_thousand_sources_in_one_configuration_start_and_serve() {
    const TENANTS: usize = 20;
    const SOURCES: usize = 100;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let token = |tenant: usize, source: usize| format!("ww_region-{tenant}-{source}");
    let mut text = String::new();
    for tenant in 0..TENANTS {
        let _ = write!(text, "[[tenant]]\nid = \"h{tenant}\"\nname = \"第{tenant}医院\"\n");
        for source in 0..SOURCES {
            let hash = sha256(&token(tenant, source));
            let _ =
                write!(text, "[[tenant.source]]\nid = \"s{source}\"\npack = \"auto\"\ntokens_sha256 = [\"{hash}\"]\n");
        }
    }
    let _ = write!(text, "[[listener]]\nkind = \"http\"\nbind = \"127.0.0.1:{port}\"\n");
    let server = Server::start(folder.path(), &text);
    let door = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    server.until("open", Duration::from_secs(60), |_| std::net::TcpStream::connect(door).is_ok());
    for tenant in 0..TENANTS {
        for source in [0, SOURCES / 2, SOURCES - 1] {
            let line = format!("<13>Nov 25 10:00:00 gate probe: of=h{tenant}-s{source}\n");
            assert_eq!(ingest(port, &token(tenant, source), &line), Some(200));
        }
    }
    assert_eq!(ingest(port, &token(TENANTS, 0), "x\n"), Some(401));
    for tenant in [0, TENANTS - 1] {
        let slug = format!("h{tenant}");
        server.until("searchable", Duration::from_secs(60), |s| s.count(&slug, "") == 3);
        assert_eq!(server.count(&slug, &format!("\"of=h{tenant}-s50\"")), 1);
        assert_eq!(server.count(&slug, &format!("\"of=h{}-s50\"", TENANTS / 2)), 0);
    }
    let metrics = get(server.page, "/metrics").map(|m| m.1).unwrap_or_default();
    let received = metrics.lines().filter(|line| line.starts_with("wardwatch_lines_received_total{"));
    assert_eq!(received.count(), TENANTS * SOURCES, "every source is counted from the start");
    let verify = server.command(&["verify", "--json"]);
    assert_eq!(verify.status.code(), Some(0), "{}", String::from_utf8_lossy(&verify.stdout));
}
