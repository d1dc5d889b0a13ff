//! One line from the socket to an alert a person can read, and what happens to lines nobody wants.

use crate::server::{Server, binary, free_port, get, post};
use std::io::Write;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

const TOKEN: &str = "ww_only-for-this-test";

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

struct House {
    folder: tempfile::TempDir,
    server: Server,
    http: SocketAddr,
    tcp: SocketAddr,
    udp: SocketAddr,
}

/// Two hospitals; the first takes HTTP, TCP and UDP, the second HTTP only.
fn house() -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let at = || SocketAddr::from(([127, 0, 0, 1], free_port()));
    let (http, tcp, udp) = (at(), at(), at());
    let config = format!(
        "[[tenant]]\nid = \"lakeside\"\nname = \"湖滨医院\"\n\
         [[tenant.source]]\nid = \"any\"\npack = \"auto\"\ntokens_sha256 = [\"{}\"]\n\
         [[tenant.source]]\nid = \"wire\"\npack = \"auto\"\n\
         [[tenant]]\nid = \"hillside\"\nname = \"山前医院\"\n\
         [[tenant.source]]\nid = \"any\"\npack = \"auto\"\ntokens_sha256 = [\"{}\"]\n\
         [[listener]]\nkind = \"http\"\nbind = \"{http}\"\n\
         [[listener]]\nkind = \"tcp\"\nbind = \"{tcp}\"\ntenant = \"lakeside\"\nsource = \"wire\"\n\
         [[listener]]\nkind = \"udp\"\nbind = \"{udp}\"\ntenant = \"lakeside\"\nsource = \"wire\"\n",
        sha256(TOKEN),
        sha256("other")
    );
    let server = Server::start(folder.path(), &config);
    House { folder, server, http, tcp, udp }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

const EVE: &str = r#"{"timestamp":"2026-11-25T10:00:00.000000+0800","event_type":"alert","src_ip":"203.0.113.9","src_port":4444,"dest_ip":"10.1.2.3","dest_port":445,"proto":"TCP","alert":{"action":"allowed","signature_id":2100498,"signature":"probe of a share","severity":1}}"#;

#[test]
fn a_line_becomes_an_alert_that_can_be_searched_and_read() {
    let house = house();
    let answer = post(house.http, "/api/v1/ingest", &[("authorization", &bearer(TOKEN))], EVE.as_bytes());
    assert_eq!(answer.map(|a| a.0), Some(200));
    house.server.until("searchable", Duration::from_secs(30), |s| s.count("lakeside", "threat:\"probe of a share\"") == 1);
    let alerts = house.server.command(&["search", "", "--dataset", "alerts", "--tenant", "lakeside", "--json"]);
    let text = String::from_utf8_lossy(&alerts.stdout);
    let alert: serde_json::Value = serde_json::from_str(text.lines().next().expect("an alert")).expect("JSON");
    assert_eq!(alert["title"], "probe of a share");
    assert_eq!(alert["origin"], "device");
    // What the device did not send is "not sent", never "no".
    assert_eq!(alert["vendor_attack_result"], serde_json::Value::Null);
    // The other hospital sees nothing of it, whatever it writes into its query.
    for query in ["", "lakeside", "source:any OR tenant:lakeside", "raw:*probe*"] {
        assert_eq!(house.server.count("hillside", query), 0, "{query}");
    }
}

#[test]
fn every_bad_line_is_kept_or_refused_with_a_reason_and_the_rest_goes_on() {
    let mut house = house();
    let auth = bearer(TOKEN);
    let ingest = |headers: &[(&str, &str)], body: &[u8]| {
        let mut all = vec![("authorization", auth.as_str())];
        all.extend_from_slice(headers);
        post(house.http, "/api/v1/ingest", &all, body)
    };
    // Binary, wrong encoding, too deep, too long, half a line: all 200, all stored.
    let deep = format!("{}1{}\n", "[".repeat(500), "]".repeat(500));
    let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(400 * 1024));
    for body in [&b"\xff\xfe\x00\x01 binary\n"[..], b"\xd6\xd0\xce\xc4 GBK\n", deep.as_bytes(), long.as_bytes(), b"{\"a\":1"] {
        assert_eq!(ingest(&[], body).map(|a| a.0), Some(200));
    }
    // A wrong token, a bomb, a key used twice.
    assert_eq!(post(house.http, "/api/v1/ingest", &[("authorization", "Bearer no")], b"x").map(|a| a.0), Some(401));
    let key = [("x-wardwatch-batch", "run/1")];
    assert_eq!(ingest(&key, b"once\n").map(|a| a.0), Some(200));
    assert_eq!(ingest(&key, b"once\n").map(|a| a.0), Some(200));
    assert_eq!(ingest(&key, b"another\n").map(|a| a.0), Some(409));
    // Syslog by TCP and UDP, one of them far too long.
    let mut stream = TcpStream::connect(house.tcp).expect("connected");
    stream.write_all(format!("<13>Nov 25 10:00:00 gate probe: short\n<13>{}\n<13>last", "y".repeat(100_000)).as_bytes()).expect("sent");
    drop(stream);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.send_to(b"<13>Nov 25 10:00:00 gate probe: datagram", house.udp).expect("sent");
    let expect = 5 + 1 + 3 + 1;
    house.server.until("everything stored", Duration::from_secs(60), |s| s.count("lakeside", "") == expect);
    assert_eq!(house.server.count("lakeside", "once"), 1);
    let verify = house.server.command(&["verify", "--deep", "--json"]);
    assert_eq!(verify.status.code(), Some(0), "{}", String::from_utf8_lossy(&verify.stdout));
    // An orderly stop and a new start change nothing.
    assert_eq!(house.server.stop(), Some(0));
    house.server.up();
    assert_eq!(house.server.count("lakeside", ""), expect);
}

#[test]
fn a_second_server_on_the_same_folder_is_told_so() {
    let house = house();
    let second = Command::new(binary())
        .args(["serve", "--config"])
        .arg(house.folder.path().join("wardwatch.toml"))
        .env("LANG", "en")
        .output()
        .expect("it runs");
    assert_eq!(second.status.code(), Some(5));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains(&house.server.pid().to_string()), "names the process that holds the folder: {said}");
}

#[test]
fn metrics_and_health_are_plain_and_free_of_hospital_data() {
    let house = house();
    post(house.http, "/api/v1/ingest", &[("authorization", &bearer(TOKEN))], b"patient Zhang\n");
    let (status, metrics) = get(house.server.page, "/metrics").expect("metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("wardwatch_lines_received_total{tenant=\"lakeside\",source=\"any\"} 1"), "{metrics}");
    assert!(!metrics.contains("Zhang"));
    let (status, health) = get(house.server.page, "/health").expect("health");
    let health: serde_json::Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!((status, &health["parts"]["journal"]["state"]), (200, &serde_json::json!("ok")));
    // Nobody but the owner may look into the data folder.
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(house.folder.path().join("data")).expect("the data folder").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    // The page itself needs a session.
    assert_eq!(get(house.server.page, "/api/v1/alerts").map(|a| a.0), Some(401));
}

#[test]
fn a_damaged_batch_is_stepped_over_counted_and_never_called_stored() {
    let mut house = house();
    let auth = bearer(TOKEN);
    for body in ["first\n", "second\n"] {
        assert_eq!(post(house.http, "/api/v1/ingest", &[("authorization", &auth)], body.as_bytes()).map(|a| a.0), Some(200));
    }
    // Nothing has been flushed yet: after the start both lines are read again from the journal, one of them damaged.
    house.server.kill();
    let journal = house.folder.path().join("data/journal");
    let mut broken = 0;
    for entry in std::fs::read_dir(journal).expect("a journal").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "db") && path.file_stem().is_some_and(|s| s != "index") {
            let segment = rusqlite::Connection::open(&path).expect("a segment");
            broken += segment.execute("UPDATE batch SET crc = (crc + 1) % 4294967296 WHERE rowid = (SELECT min(rowid) FROM batch)", []).expect("a table of batches");
        }
    }
    assert!(broken > 0, "no batch was found to damage");
    house.server.up();
    assert_eq!(post(house.http, "/api/v1/ingest", &[("authorization", &auth)], b"third\n").map(|a| a.0), Some(200));
    house.server.until("the rest searchable", Duration::from_secs(60), |s| s.count("lakeside", "third") == 1);
    assert_eq!(house.server.count("lakeside", "second"), 1);
    // The line is gone, and the account says so.
    let verify = house.server.command(&["verify", "--json"]);
    assert_eq!(verify.status.code(), Some(5), "{}", String::from_utf8_lossy(&verify.stdout));
    let health = get(house.server.page, "/health").map(|h| h.1).unwrap_or_default();
    assert!(health.contains("\"degraded\""), "{health}");
}

#[test]
fn a_lost_ledger_is_not_replaced_by_an_empty_one() {
    let mut house = house();
    let answer = post(house.http, "/api/v1/ingest", &[("authorization", &bearer(TOKEN))], b"kept\n");
    assert_eq!(answer.map(|a| a.0), Some(200));
    assert_eq!(house.server.stop(), Some(0));
    std::fs::remove_file(house.folder.path().join("data/ledger.db")).expect("removed");
    let out = Command::new(binary())
        .args(["serve", "--config"])
        .arg(house.folder.path().join("wardwatch.toml"))
        .env("LANG", "en")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(5), "{said}");
    assert!(said.contains("backup"), "{said}");
}
