//! Real senders, a server that is killed ten times, and the count afterwards.
//!
//! Of what was acknowledged nothing is lost. With batch keys nothing is doubled; without, at most what was in flight.
//! Plain TCP and TLS have no acknowledgement: what was read is accounted for, and the gap at the sender is only reported.

use crate::server::{Server, free_port, have};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const KILLS: usize = 10;
const LINES_PER_ROUND: usize = 300;
const TOKEN: &str = "ww_a-token-only-for-this-test";

struct Stage {
    folder: tempfile::TempDir,
    server: Server,
    port: u16,
}

impl Stage {
    fn new(kind: &str, extra: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let hash = sha256(TOKEN);
        let named = if kind == "http" { "" } else { "tenant = \"lakeside\"\nsource = \"probe\"\n" };
        let config = format!(
            "[[tenant]]\nid = \"lakeside\"\nname = \"湖滨医院\"\n[[tenant.source]]\nid = \"probe\"\npack = \"auto\"\n\
             tokens_sha256 = [\"{hash}\"]\n[[listener]]\nkind = \"{kind}\"\nbind = \"127.0.0.1:{port}\"\n{named}{extra}"
        );
        let server = Server::start(folder.path(), &config);
        Self { folder, server, port }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How often each numbered line is in the lake.
    fn seen(&self) -> BTreeMap<u64, u64> {
        let mut seen = BTreeMap::new();
        for row in self.server.search("lakeside", "\"probe-number=\" | fields raw") {
            let raw = row["raw"].as_str().unwrap_or_default();
            let digits: String =
                raw.split("probe-number=").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
            *seen.entry(digits.parse().expect("a numbered line")).or_insert(0) += 1;
        }
        seen
    }

    /// Waits until `lines` different lines are searchable, then gives the counts.
    fn all(&self, lines: usize) -> BTreeMap<u64, u64> {
        self.server.until("everything searchable", Duration::from_secs(90), |_| self.seen().len() >= lines);
        self.seen()
    }

    fn account_adds_up(&self) {
        let out = self.server.command(&["verify", "--deep", "--json"]);
        let report = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(out.status.code(), Some(0), "verify: {report}{}", String::from_utf8_lossy(&out.stderr));
    }
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

fn numbered(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("Nov 25 10:00:00 gate probe[7]: probe-number={n} door opened by 访客\n")).collect()
}

/// rsyslog with this configuration, fed from a file that grows.
struct Rsyslog {
    child: Child,
    feed: std::fs::File,
}

impl Rsyslog {
    fn start(folder: &Path, modules: &str, action: &str) -> Self {
        let work = folder.join("rsyslog");
        std::fs::create_dir_all(&work).expect("a folder");
        let feed = std::fs::File::create(folder.join("feed.log")).expect("a feed");
        let config = format!(
            "global(workDirectory=\"{0}\")\nmodule(load=\"imfile\" mode=\"inotify\")\n{modules}\n\
             template(name=\"asis\" type=\"string\" string=\"%msg%\")\n\
             input(type=\"imfile\" file=\"{1}\" tag=\"probe\" ruleset=\"out\")\n\
             ruleset(name=\"out\") {{\n{action}\n}}\n",
            work.display(),
            folder.join("feed.log").display()
        );
        let path = folder.join("rsyslog.conf");
        std::fs::write(&path, config).expect("a configuration");
        let log = std::fs::File::create(folder.join("rsyslog.log")).expect("a log");
        let child = Command::new("/usr/sbin/rsyslogd")
            .args(["-n", "-f"])
            .arg(&path)
            .arg("-i")
            .arg(folder.join("rsyslog.pid"))
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("rsyslogd starts");
        Self { child, feed }
    }

    fn feed(&mut self, text: &str) {
        self.feed.write_all(text.as_bytes()).expect("fed");
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Feeds in rounds and kills the server in the middle of each.
fn through_ten_kills(stage: &mut Stage, mut feed: impl FnMut(&str)) -> usize {
    for round in 0..KILLS {
        feed(&numbered(round * LINES_PER_ROUND, (round + 1) * LINES_PER_ROUND));
        std::thread::sleep(Duration::from_millis(40 * (round as u64 % 4)));
        stage.server.kill();
        stage.server.up();
    }
    KILLS * LINES_PER_ROUND
}

/// rsyslog's action queue holds 1,000 messages by default and throws the next one away after two seconds: a queue that
/// holds everything, so that what is lost here would be lost by the server.
const PATIENT: &str = "action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" queue.type=\"LinkedList\" queue.size=\"100000\"";

#[test]
fn relp_from_rsyslog_loses_nothing() {
    if !have("rsyslogd") || !Path::new("/usr/lib/x86_64-linux-gnu/rsyslog/omrelp.so").exists() {
        return eprintln!("skipped: rsyslog with its RELP module is not installed");
    }
    let mut stage = Stage::new("relp", "");
    let action =
        format!("action(type=\"omrelp\" target=\"127.0.0.1\" port=\"{}\" timeout=\"5\" {PATIENT})", stage.port);
    let mut sender = Rsyslog::start(stage.folder.path(), "module(load=\"omrelp\")", &action);
    let lines = through_ten_kills(&mut stage, |text| sender.feed(text));
    let seen = stage.all(lines);
    assert_eq!(seen.len(), lines, "lost: {:?}", (0..lines as u64).find(|n| !seen.contains_key(n)));
    let doubled: u64 = seen.values().map(|n| n - 1).sum();
    eprintln!("relp: {lines} lines, {KILLS} kills, lost 0, sent again {doubled}");
    assert!(doubled <= (KILLS * 128) as u64, "{doubled}: more than the 128 commands in flight at each kill");
    stage.account_adds_up();
}

#[test]
fn bulk_from_rsyslog_loses_nothing() {
    if !have("rsyslogd") || !Path::new("/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so").exists() {
        return eprintln!("skipped: rsyslog with its Elasticsearch module is not installed");
    }
    let mut stage = Stage::new("http", "");
    let action = format!(
        "action(type=\"omelasticsearch\" server=\"http://127.0.0.1\" serverport=\"{}\" uid=\"probe\" pwd=\"{TOKEN}\" \
         usehttps=\"off\" bulkmode=\"on\" template=\"doc\" searchIndex=\"logs\" searchType=\"\" \
         queue.dequeuebatchsize=\"100\" {PATIENT})",
        stage.port
    );
    let modules = "module(load=\"omelasticsearch\")\n\
                   template(name=\"doc\" type=\"list\" option.jsonf=\"on\") { property(outname=\"message\" name=\"msg\" format=\"jsonf\") }";
    let mut sender = Rsyslog::start(stage.folder.path(), modules, &action);
    let lines = through_ten_kills(&mut stage, |text| sender.feed(text));
    let seen = stage.all(lines);
    assert_eq!(seen.len(), lines, "lost: {:?}", (0..lines as u64).find(|n| !seen.contains_key(n)));
    let doubled: u64 = seen.values().map(|n| n - 1).sum();
    eprintln!("_bulk by rsyslog: {lines} lines, {KILLS} kills, lost 0, sent again {doubled}");
    assert!(doubled <= (KILLS * 100) as u64, "{doubled}: more than one batch in flight at each kill");
    stage.account_adds_up();
}

#[test]
fn bulk_from_the_python_client_loses_nothing() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python");
    let ready = Command::new(&python).args(["-c", "import elasticsearch"]).output();
    if !ready.is_ok_and(|o| o.status.success()) {
        return eprintln!("skipped: PyPI's elasticsearch client is not in target/venv (cargo xtask test puts it there)");
    }
    let mut stage = Stage::new("http", "");
    let script = stage.path("feed.py");
    std::fs::write(&script, include_str!("feed.py")).expect("a script");
    let lines = KILLS * LINES_PER_ROUND;
    let mut sender = Command::new(&python)
        .arg(&script)
        .args([format!("http://127.0.0.1:{}", stage.port), TOKEN.to_owned(), lines.to_string()])
        .stdout(std::fs::File::create(stage.path("feed.out")).expect("a log"))
        .stderr(std::fs::File::create(stage.path("feed.err")).expect("a log"))
        .spawn()
        .expect("python starts");
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(300));
        stage.server.kill();
        stage.server.up();
    }
    let ended = sender.wait().expect("reaped");
    let said = std::fs::read_to_string(stage.path("feed.out")).unwrap_or_default();
    let wrong = std::fs::read_to_string(stage.path("feed.err")).unwrap_or_default();
    assert!(ended.success(), "the client gave up: {wrong}");
    let seen = stage.all(lines);
    assert_eq!(seen.len(), lines);
    let doubled: u64 = seen.values().map(|n| n - 1).sum();
    eprintln!("_bulk by the Python client: {lines} lines, {KILLS} kills, lost 0, sent again {doubled}; it says {said}");
    assert!(doubled <= (KILLS * 100) as u64, "{doubled}: more than one batch in flight at each kill");
    stage.account_adds_up();
}

#[test]
fn keyed_batches_from_send_are_there_exactly_once() {
    for via in ["http", "bulk"] {
        let mut stage = Stage::new("http", "");
        let lines = KILLS * LINES_PER_ROUND;
        std::fs::write(stage.path("lines.log"), numbered(0, lines)).expect("lines");
        std::fs::write(stage.path("token"), TOKEN).expect("a token");
        let mut sender = Command::new(crate::server::binary())
            .args(["send", "--via", via, "--batch", "50", "--rate", "1000", "--json", "--to"])
            .arg(format!("http://127.0.0.1:{}", stage.port))
            .arg("--token-file")
            .arg(stage.path("token"))
            .arg(stage.path("lines.log"))
            .stdout(std::fs::File::create(stage.path("send.out")).expect("a log"))
            .stderr(std::fs::File::create(stage.path("send.err")).expect("a log"))
            .spawn()
            .expect("send starts");
        for round in 0..KILLS {
            std::thread::sleep(Duration::from_millis(60 + 30 * (round as u64 % 3)));
            stage.server.kill();
            stage.server.up();
        }
        let ended = sender.wait().expect("reaped");
        let wrong = std::fs::read_to_string(stage.path("send.err")).unwrap_or_default();
        assert!(ended.success(), "{via}: {wrong}");
        let seen = stage.all(lines);
        assert_eq!(seen.len(), lines, "{via}: something acknowledged is lost");
        assert!(seen.values().all(|n| *n == 1), "{via}: something is doubled");
        eprintln!("{via} with batch keys: {lines} lines, {KILLS} kills, lost 0, doubled 0");
        stage.account_adds_up();
    }
}

#[test]
fn plain_tcp_is_accounted_for_and_its_gap_is_not_hidden() {
    let mut stage = Stage::new("tcp", "framing = \"newline\"\n");
    let port = stage.port;
    let mut socket: Option<std::net::TcpStream> = None;
    let mut written = 0usize;
    through_ten_kills(&mut stage, |text| {
        for line in text.split_inclusive('\n') {
            let stream = socket.take().or_else(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok());
            if let Some(mut stream) = stream
                && stream.write_all(line.as_bytes()).is_ok()
            {
                written += 1;
                socket = Some(stream);
            }
        }
    });
    drop(socket);
    stage.server.until("the rest searchable", Duration::from_secs(60), |_| {
        stage.server.command(&["verify", "--json"]).status.code() == Some(0)
    });
    let seen = stage.seen();
    assert!(seen.values().all(|n| *n == 1), "nobody sends a line twice here");
    assert!(seen.len() <= written);
    eprintln!("plain TCP: {written} written, {} read and stored, gap {} (no acknowledgement)", seen.len(), written - seen.len());
    stage.account_adds_up();
}

#[test]
fn tls_from_rsyslog_is_accounted_for() {
    if !have("rsyslogd") || !Path::new("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so").exists() {
        return eprintln!("skipped: rsyslog with GnuTLS is not installed");
    }
    let keys = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).expect("a certificate");
    let (certificate, key) = (keys.path().join("cert.pem"), keys.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let extra = format!("certificate = \"{}\"\nkey = \"{}\"\n", certificate.display(), key.display());
    let mut stage = Stage::new("tls", &extra);
    let modules = format!("global(DefaultNetstreamDriverCAFile=\"{}\")", certificate.display());
    let action = format!(
        "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" \
         StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"anon\" {PATIENT})",
        stage.port
    );
    let mut sender = Rsyslog::start(stage.folder.path(), &modules, &action);
    let lines = through_ten_kills(&mut stage, |text| sender.feed(text));
    // A last line that comes over the connection made after the last kill: everything before it has been tried.
    sender.feed(&numbered(lines, lines + 1));
    stage.server.until("the last line searchable", Duration::from_secs(90), |_| stage.seen().contains_key(&(lines as u64)));
    let seen = stage.seen();
    eprintln!("TLS by rsyslog: {lines} fed, {} stored, gap {} (no acknowledgement)", seen.len() - 1, lines + 1 - seen.len());
    stage.account_adds_up();
}
