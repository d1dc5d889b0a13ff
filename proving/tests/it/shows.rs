//! What the product promises to show: the event log set, a full disk, the check of `send`, the demo, the page in a browser.

use crate::browser::Browser;
use crate::server::{Server, binary, free_port, get, have};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const TOKEN: &str = "ww_another-token-for-tests";

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Recorded data, if it lies beside the project; unpacked once below `target/data`.
fn recorded(archive: &str, name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = std::env::var_os("WARDWATCH_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let packed = shared.join(archive);
    if !packed.exists() {
        eprintln!("skipped: {} is not there", packed.display());
        return None;
    }
    let folder = root.join("target/data").join(name);
    if !folder.exists() {
        let fresh = root.join("target/data").join(format!("{name}.{}", std::process::id()));
        std::fs::create_dir_all(&fresh).expect("a folder");
        let unpacked = Command::new("tar").arg("xf").arg(&packed).arg("-C").arg(&fresh).status().expect("tar");
        assert!(unpacked.success());
        // Another test may have been quicker; its copy is as good.
        let _ = std::fs::rename(&fresh, &folder);
    }
    Some(folder)
}

fn one_source(folder: &Path, port: u16) -> Server {
    let config = format!(
        "[[tenant]]\nid = \"lakeside\"\n[[tenant.source]]\nid = \"probe\"\npack = \"auto\"\n\
         tokens_sha256 = [\"{}\"]\n[[listener]]\nkind = \"http\"\nbind = \"127.0.0.1:{port}\"\n",
        sha256(TOKEN)
    );
    Server::start(folder, &config)
}

#[test]
fn every_record_of_the_event_log_set_is_read_and_checked() {
    let (Some(logs), Some(rules)) =
        (recorded("evtx/evtx-attack-samples.tar.xz", "evtx"), recorded("sigma/sigma-rules.tar.xz", "sigma"))
    else {
        return;
    };
    let out = Command::new(binary())
        .args(["detect", "--json", "--lang", "en", "--rules"])
        .arg(&rules)
        .arg(&logs)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    eprintln!("{said}");
    assert!(said.contains("277 event logs: 8255 records read, 8255 declared"), "{said}");
    assert!(said.contains(" 0 refused"), "{said}");
    let found: Vec<serde_json::Value> =
        String::from_utf8_lossy(&out.stdout).lines().map(|l| serde_json::from_str(l).expect("one object a line")).collect();
    assert!(found.len() > 1_500, "{}", found.len());
    // Places are bytes of the record as JSON: within it, and in order.
    for place in found.iter().flat_map(|f| f["matched"].as_array().cloned().unwrap_or_default()) {
        if let (Some(start), Some(end)) = (place["start"].as_u64(), place["end"].as_u64()) {
            assert!(start <= end, "{place}");
        }
    }
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    if !rustix_root() {
        return eprintln!("skipped: mounting a small disk needs root");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("made");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=420m", "tmpfs"]).arg(&data).status();
    if !mounted.is_ok_and(|s| s.success()) {
        return eprintln!("skipped: a tmpfs cannot be mounted here");
    }
    let port = free_port();
    let mut server = one_source(folder.path(), port);
    let lines: String = (0..20_000).map(|n| format!("<13>Nov 25 10:00:00 gate probe: line {n}\n")).collect();
    std::fs::write(folder.path().join("lines"), lines).expect("lines");
    std::fs::write(folder.path().join("token"), TOKEN).expect("a token");
    let filler = data.join("filler");
    std::fs::write(&filler, vec![0u8; 200 << 20]).expect("filled");
    let mut sender = Command::new(binary())
        .args(["send", "--via", "http", "--batch", "200", "--json", "--check", "--tenant", "lakeside", "--to"])
        .arg(format!("http://127.0.0.1:{port}"))
        .arg("--token-file")
        .arg(folder.path().join("token"))
        .arg("--config")
        .arg(folder.path().join("wardwatch.toml"))
        .arg(folder.path().join("lines"))
        .stdout(std::fs::File::create(folder.path().join("send.out")).expect("a log"))
        .stderr(std::fs::File::create(folder.path().join("send.err")).expect("a log"))
        .spawn()
        .expect("send starts");
    let refused = |s: &Server| {
        let metrics = get(s.page, "/metrics").map(|m| m.1).unwrap_or_default();
        metrics.lines().any(|l| l.starts_with("wardwatch_intake_refused_total{") && !l.ends_with(" 0"))
    };
    server.until("refused", Duration::from_secs(30), refused);
    std::fs::remove_file(&filler).expect("room again");
    assert!(sender.wait().expect("reaped").success(), "{}", std::fs::read_to_string(folder.path().join("send.err")).unwrap_or_default());
    let said = std::fs::read_to_string(folder.path().join("send.out")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&summary["check"]["missing"], &summary["check"]["doubled"]), (&0.into(), &0.into()), "{said}");
    assert!(summary["refused"].as_u64() > Some(0), "{said}");
    assert_eq!(server.command(&["verify", "--json"]).status.code(), Some(0));
    server.kill();
    let _ = Command::new("umount").arg("-l").arg(&data).status();
}

fn rustix_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"))
}

#[test]
fn the_demo_starts_flows_finds_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |seconds: &str| {
        let port = free_port().to_string();
        let out = Command::new(binary())
            .args(["demo", "--no-open", "--seconds", seconds, "--lang", "en", "--port", &port, "--folder"])
            .arg(folder.path().join("demo"))
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
        assert!(String::from_utf8_lossy(&out.stdout).starts_with("http://localhost:"));
    };
    let account = || {
        let config = folder.path().join("demo/wardwatch.toml");
        let out = Command::new(binary()).args(["verify", "--json", "--config"]).arg(config).output().expect("it runs");
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
        assert_eq!(report["ok"], true, "{report}");
        report["accounts"].as_array().into_iter().flatten().filter_map(|a| a["received"].as_u64()).sum::<u64>()
    };
    run("12");
    let first = account();
    run("6");
    let second = account();
    eprintln!("demo: {first} lines in the first run, {} more in the second", second - first);
    assert!(first > 300 && second > first, "{first} {second}");
}

#[test]
fn the_page_shows_an_alert_in_a_real_browser() {
    if !have("chromium") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let server = one_source(folder.path(), port);
    let hostile = r#"<img src=x onerror="document.title='broken'">"#;
    let eve = format!(
        r#"{{"timestamp":"2026-11-25T10:00:00.000000+0800","event_type":"alert","src_ip":"203.0.113.9","dest_ip":"10.1.2.3","proto":"TCP","alert":{{"action":"allowed","signature_id":7,"signature":{},"severity":1}}}}"#,
        serde_json::json!(format!("seen by a browser {hostile}"))
    );
    let at = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let cef = format!("<134>Nov 25 10:00:00 gate CEF:0|Maker|Sensor|1|7|seen by a browser {hostile}|8|src=203.0.113.9 act=blocked");
    for body in [eve, cef] {
        let answer = crate::server::post(at, "/api/v1/ingest", &[("authorization", &format!("Bearer {TOKEN}"))], body.as_bytes());
        assert_eq!(answer.map(|a| a.0), Some(200));
    }
    server.until("an alert", Duration::from_secs(30), |s| {
        let out = s.command(&["search", "", "--dataset", "alerts", "--json"]);
        !out.stdout.is_empty()
    });
    let log = server.log();
    let link = log.lines().find(|l| l.starts_with("http://localhost:")).expect("the link is printed");
    let mut browser = Browser::open(folder.path(), link);
    assert!(browser.until("document.body.innerText.includes('lakeside')"), "the hospital is not on the page");
    assert!(browser.until("document.body.innerText.includes('seen by a browser')"), "the alert is not on the page");
    // What a device wrote is text, never markup, and no script of a line has run.
    assert_eq!(browser.ask("document.querySelectorAll('img[src=\"x\"]').length"), 0);
    assert_eq!(browser.ask("document.title.includes('broken')"), false);
    // In English too, and the link has worked once only.
    browser.ask("document.getElementById('language').click()");
    assert!(browser.until("document.body.innerText.includes('Alerts')"), "the page does not turn English");
    let path = link.trim_start_matches("http://").split_once('/').map(|(_, path)| format!("/{path}")).expect("a path");
    assert!(get(server.page, &path).is_some_and(|(status, _)| status != 200), "the link works twice");
}
