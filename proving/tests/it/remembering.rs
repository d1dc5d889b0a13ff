//! What detection remembers outlives the process: a correlation that is killed in the middle of its window.

use crate::server::{Server, free_port, post};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

const TOKEN: &str = "ww_only-for-this-test";

/// The time in China, as sshd's lines have it.
fn now() -> String {
    let out = Command::new("date").args(["-u", "-d", "+8 hours", "+%b %e %H:%M:%S"]).output().expect("date");
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

fn send(http: SocketAddr, lines: &[String]) {
    let bearer = format!("Bearer {TOKEN}");
    let answer = post(http, "/api/v1/ingest", &[("authorization", &bearer)], lines.join("\n").as_bytes());
    assert_eq!(answer.map(|a| a.0), Some(200));
}

fn failed(count: usize) -> Vec<String> {
    let line = |n| format!("<38>{} lisapp01 sshd[20201]: Failed password for root from 203.0.113.66 port {} ssh2", now(), 51_000 + n);
    (0..count).map(line).collect()
}

/// Ids of the alerts with this rule.
fn alerts(server: &Server, rule: &str) -> Vec<String> {
    let out = server.command(&["search", &format!("rule_id:{rule}"), "--dataset", "alerts", "--tenant", "lakeside", "--json"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let rows = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a row"));
    rows.map(|row| row["id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_server_killed_inside_a_window_of_a_correlation_raises_the_alert_once() {
    use sha2::{Digest, Sha256};
    let hash: String = Sha256::digest(TOKEN.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let http = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let rules = folder.path().join("rules");
    std::fs::create_dir_all(&rules).expect("a folder");
    let rule = "title: Failed\nname: failed\nid: 0a000001-0000-4000-8000-000000000000\nlogsource: {product: linux, service: sshd}\ndetection: {s: ['Failed password'], condition: s}\n---\ntitle: Guessing\nid: 0a000002-0000-4000-8000-000000000000\nlevel: high\ncorrelation: {type: event_count, rules: [failed], timespan: 30m, condition: {gte: 30}}\n";
    std::fs::write(rules.join("guessing.yml"), rule).expect("written");
    let config = format!(
        "rules = [\"{}\"]\n[[tenant]]\nid = \"lakeside\"\nname = \"湖滨医院\"\n\
         [[tenant.source]]\nid = \"unix\"\npack = \"linux/auth\"\ntokens_sha256 = [\"{hash}\"]\n\
         [[listener]]\nkind = \"http\"\nbind = \"{http}\"\n",
        rules.display()
    );
    let mut server = Server::start(folder.path(), &config);
    for _ in 0..3 {
        send(http, &failed(8));
        server.kill();
        server.up();
    }
    server.until("searchable", Duration::from_secs(60), |s| s.count("lakeside", "\"Failed password\"") == 24);
    assert_eq!(alerts(&server, "0a000002-0000-4000-8000-000000000000"), Vec::<String>::new(), "24 are not 30");
    send(http, &failed(6));
    let guessing = |s: &Server| alerts(s, "0a000002-0000-4000-8000-000000000000");
    server.until("an alert", Duration::from_secs(60), |s| !guessing(s).is_empty());
    let before = guessing(&server);
    assert_eq!(before.len(), 1);
    assert_eq!(alerts(&server, "0a000001-0000-4000-8000-000000000000"), Vec::<String>::new(), "its part is silent");
    server.kill();
    server.up();
    server.until("searchable again", Duration::from_secs(60), |s| s.count("lakeside", "\"Failed password\"") == 30);
    assert_eq!(server.stop(), Some(0));
    server.up();
    assert_eq!(guessing(&server), before, "the same alert, once");
}
