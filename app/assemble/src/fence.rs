//! The fence between hospitals, tried from inside: somebody signed in for one of two, at every door, over the real parts.
//! Tests only.

use crate::SystemClock;
use crate::config;
use crate::desk::MachineDesk;
use crate::line;
use crate::machine::Machine;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use futures::{FutureExt, StreamExt};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;
use wardwatch_access::Actor;
use wardwatch_api::{PageSetup, Sessions, page_router};
use wardwatch_event::Received;
use wardwatch_ident::{Clock, TenantId};

/// What only the other hospital has: names, words of its lines.
const FOREIGN: [&str; 5] = ["hillside", "山前医院", "hilltop", "secret-his", "192.0.2.77"];

const CONFIG: &str = r#"
page = "127.0.0.1:8470"
[[tenant]]
id = "lakeside"
name = "湖滨医院"
[[tenant.source]]
id = "ids"
pack = "oisf/suricata"
[[tenant]]
id = "hillside"
name = "山前医院"
[[tenant.source]]
id = "secret-his"
pack = "oisf/suricata"
"#;

fn eve(signature: &str, from: &str) -> String {
    format!(
        r#"{{"timestamp":"2026-11-25T10:00:00.000000+0800","event_type":"alert","src_ip":"{from}","src_port":4444,"dest_ip":"10.1.2.3","dest_port":445,"proto":"TCP","alert":{{"action":"allowed","signature_id":2100498,"signature":"{signature}","severity":1}}}}"#
    )
}

/// Two hospitals with an alert each, and the page's doors.
struct Two {
    folder: PathBuf,
    machine: Arc<Machine>,
    doors: Router,
    sessions: Arc<Sessions>,
    closing: watch::Sender<bool>,
    workers: Vec<std::thread::JoinHandle<()>>,
}

/// A worker as the server starts it: on a thread of its own.
fn worker<F: Future<Output = ()>>(
    work: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static,
    closed: watch::Receiver<bool>,
) -> std::thread::JoinHandle<()> {
    let handle = tokio::runtime::Handle::current();
    std::thread::spawn(move || handle.block_on(work(closed)))
}

impl Two {
    async fn open(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("wardwatch-fence-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let text = format!("data = \"data\"\n{CONFIG}");
        std::fs::create_dir_all(&folder).expect("a folder");
        let config = config::parse(&text, &folder.join("wardwatch.toml"), &|_| None).expect("a configuration");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let machine = Arc::new(Machine::open(config, Arc::clone(&clock)).expect("opens"));
        let (closing, closed) = watch::channel(false);
        let sessions = Arc::new(Sessions::new(machine.config.page));
        let doors = page_router(PageSetup {
            desk: Arc::new(MachineDesk(Arc::clone(&machine))),
            clock,
            sessions: Arc::clone(&sessions),
            page: machine.config.page,
            demo: false,
            closing: closed.clone(),
        });
        let (of_line, of_lake) = (Arc::clone(&machine), Arc::clone(&machine));
        let workers = vec![
            worker(move |closed| line::work(of_line, closed), closed.clone()),
            worker(move |closed| line::write_lake(of_lake, closed), closed),
        ];
        let two = Self { folder, machine, doors, sessions, closing, workers };
        two.receive("lakeside", "ids", &eve("probe of the shore", "192.0.2.5")).await;
        two.receive("hillside", "secret-his", &eve("probe of the hilltop", "192.0.2.77")).await;
        two.searchable().await;
        two
    }

    /// One line, checked and searchable.
    async fn receive(&self, tenant: &str, source: &str, text: &str) {
        let tenant = TenantId::from_slug(tenant);
        let source = self.machine.config.source_of(tenant, source).expect("configured").id;
        let batch = Received::of_lines(tenant, source, self.machine.clock.now(), &[text]);
        self.machine.journal.append(batch).await.expect("stored");
        for _ in 0..3_000 {
            let end = self.machine.journal.end();
            if self.machine.alerts.cursor().expect("a cursor") == end && self.machine.lake.taken() == end {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the line was not checked within a minute");
    }

    /// Waits until rows of both hospitals are found.
    async fn searchable(&self) {
        let all = self.sign_in(&["lakeside", "hillside"]).await;
        for _ in 0..3_000 {
            let rows = self.ask("/api/v1/search?query=", &[("cookie", &all)]).await.text;
            if rows.contains("shore") && rows.contains("hilltop") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the lines were not searchable within a minute");
    }

    /// The cookie of somebody who reaches these hospitals.
    async fn sign_in(&self, reach: &[&str]) -> String {
        let ids: Vec<TenantId> = reach.iter().map(|slug| TenantId::from_slug(slug)).collect();
        let fleet = self.machine.mint.fleet(&ids);
        let link = self.sessions.invite(Actor::Person("duty".into()), fleet, self.machine.clock.now());
        let answer = self.ask(&format!("/?t={}", link.expect("random numbers")), &[]).await;
        let cookie = answer.cookie.expect("a session");
        cookie.split(';').next().expect("a pair").to_owned()
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.doors.clone().oneshot(request).await.expect("answered");
        let cookie = response.headers().get("set-cookie").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (status, head) = (response.status().as_u16(), format!("{:?}", response.headers()));
        let body = to_bytes(response.into_body(), 1 << 24).await.expect("a body");
        Answer { status, head, text: String::from_utf8_lossy(&body).into_owned(), cookie }
    }

    fn close(self) {
        self.closing.send_replace(true);
        for worker in self.workers {
            worker.join().expect("ended");
        }
        drop((self.doors, self.machine));
        remove(&self.folder);
    }
}

fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}

struct Answer {
    status: u16,
    head: String,
    text: String,
    cookie: Option<String>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Nothing of the other hospital stands in it, but for what the asker wrote and gets back.
    fn is_silent(&self, asked: &str, also: &str) {
        for word in FOREIGN.iter().copied().chain([also]) {
            let said = self.text.contains(word) || self.head.contains(word);
            assert!(!said || asked.contains(word), "{asked} gave away {word}: {} {}", self.status, self.text);
        }
    }
}

/// What may be asked with one's own session, with `ID` and `AT` for the other hospital's alert.
const ASKED: &[&str] = &[
    "/",
    "/api/v1/sources",
    "/api/v1/sources?tenant=lakeside",
    "/api/v1/counts",
    "/api/v1/alerts",
    "/api/v1/alerts?limit=500&since=30d",
    "/api/v1/alerts?source=secret-his",
    "/api/v1/alerts?tenant=lakeside&source=secret-his",
    "/api/v1/alerts?before=AT&before_id=ID",
    "/api/v1/alerts/ID",
    "/api/v1/alerts/ID?received=AT",
    "/api/v1/alerts/ID?tenant=lakeside&received=AT",
    "/api/v1/alerts/ID?tenant=",
    "/api/v1/alerts/ID/",
    "/api/v1/alerts/%2e%2e/alerts/ID",
    "/api/v1/alerts/../alerts/ID",
    "/api/v1/alerts/lakeside/../ID",
    "/api/v1//alerts/ID",
    "/api/v1/search?query=",
    "/api/v1/search?query=hilltop",
    "/api/v1/search?query=raw:*192.0.2.77*",
    "/api/v1/search?query=source:secret-his",
    "/api/v1/search?query=tenant:hillside",
    "/api/v1/search?query=hospital:hillside%20OR%20true",
    "/api/v1/search?query=NOT%20source:ids",
    "/api/v1/search?query=source:ids%20OR%20NOT%20source:ids",
    "/api/v1/search?query=*%20|%20stats%20count%20by%20source,%20src_ip",
    "/api/v1/search?query=*%20|%20stats%20count&tenant=lakeside&bars=60",
    "/api/v1/search?query=id:ID&dataset=alerts",
    "/api/v1/search?query=&dataset=alerts",
    "/api/v1/search?query=&dataset=quarantine",
    "/api/v1/search?query=&dataset=..%2Fhillside%2Fevents",
    "/api/v1/search?query=%27)%20OR%201=1%20--",
    "/api/v1/search?query=&format=csv",
    "/api/v1/search?query=hilltop&format=csv&limit=10000",
    "/api/v1/search?query=&format=csv&tenant=lakeside&dataset=alerts",
    "/search",
    "/verify",
    "/status",
];

/// Ways to name the other hospital. Each must answer as if there were none.
const NAMED: &[&str] = &[
    "tenant=hillside",
    "tenant=%68illside",
    "tenant=hillside&tenant=lakeside",
    "tenant=lakeside&tenant=hillside",
    "tenant=hillside%00",
    "tenant=hillside%20",
    "tenant=lakeside,hillside",
    "tenant=*",
    "tenant=../hillside",
];

async fn attack(two: &Two, own: &str, all: &str) {
    let cookie = [("cookie", own)];
    let listed = two.ask("/api/v1/alerts?tenant=hillside&since=1d", &[("cookie", all)]).await.json();
    let foreign = &listed["alerts"][0];
    let (id, at) = (foreign["id"].as_str().expect("an alert"), foreign["received"].as_str().expect("a time"));
    // The attack is worth something only if it would succeed with more reach, and one's own is seen.
    assert_eq!(two.ask(&format!("/api/v1/alerts/{id}"), &[("cookie", all)]).await.status, 200);
    let mine = two.ask("/api/v1/alerts", &cookie).await;
    assert!(mine.text.contains("probe of the shore"), "{}", mine.text);
    let rows = two.ask("/api/v1/search?query=&format=csv", &cookie).await;
    assert!(rows.text.contains("probe of the shore"), "{}", rows.text);

    let at = at.replace('+', "%2B");
    for asked in ASKED {
        let path = asked.replace("ID", id).replace("AT", &at);
        let answer = two.ask(&path, &cookie).await;
        answer.is_silent(&path, id);
        if asked.starts_with("/api/v1/alerts/") {
            assert_eq!(answer.status, 404, "{asked}");
        }
        assert!(answer.status < 500, "{asked}: {}", answer.text);
        let trick =
            [cookie[0], ("x-tenant", "hillside"), ("x-wardwatch-tenant", "hillside"), ("x-original-url", "/metrics")];
        let tricked = two.ask(&path, &trick).await;
        tricked.is_silent(&path, id);
        assert_eq!(tricked.status, answer.status, "headers change nothing: {asked}");
    }
    for named in NAMED {
        for route in
            [&format!("/api/v1/alerts/{id}") as &str, "/api/v1/alerts", "/api/v1/search", "/api/v1/search?format=csv"]
        {
            let join = if route.contains('?') { '&' } else { '?' };
            let foreign = two.ask(&format!("{route}{join}{named}"), &cookie).await;
            foreign.is_silent(named, id);
            assert!(matches!(foreign.status, 400 | 404), "{route} {named}: {} {}", foreign.status, foreign.text);
            let absent = two
                .ask(
                    &format!(
                        "{route}{join}{}",
                        named.replace("hillside", "no-where").replace("%68illside", "no-where")
                    ),
                    &cookie,
                )
                .await;
            assert_eq!((foreign.status, &foreign.text), (absent.status, &absent.text), "{route} {named}: as if absent");
        }
    }
    let nothing = two.sign_in(&[]).await;
    for path in ["/api/v1/sources", "/api/v1/counts", "/api/v1/alerts", "/api/v1/search?query=&format=csv"] {
        let answer = two.ask(path, &[("cookie", &nothing)]).await;
        answer.is_silent(path, id);
        assert!(!answer.text.contains("shore"), "an empty grant is an empty set: {path}");
    }
}

#[test]
fn one_hospitals_session_learns_nothing_of_another() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let two = Two::open("one").await;
        let (own, all) = (two.sign_in(&["lakeside"]).await, two.sign_in(&["lakeside", "hillside"]).await);
        // Once over rows in memory and alerts that wait, once over files.
        attack(&two, &own, &all).await;
        two.machine.lake.flush(two.machine.clock.now()).await.expect("flushed");
        attack(&two, &own, &all).await;
        two.close();
    });
}

#[test]
fn the_live_stream_of_one_hospital_says_nothing_of_another() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let two = Two::open("live").await;
        let own = two.sign_in(&["lakeside"]).await;
        let request = Request::get("/api/v1/live").header("host", "localhost").header("cookie", &own);
        // An old mark asks for what came before, too.
        let request = request.header("last-event-id", "0").body(Body::empty()).expect("a request");
        let response = two.doors.clone().oneshot(request).await.expect("answered");
        let mut events = response.into_body().into_data_stream();
        let mut said = String::new();
        for round in 0..3 {
            said += &String::from_utf8_lossy(&events.next().await.expect("an event").expect("bytes"));
            two.receive("hillside", "secret-his", &eve(&format!("hilltop again {round}"), "192.0.2.77")).await;
            two.receive("lakeside", "ids", &eve(&format!("shore again {round}"), "192.0.2.5")).await;
        }
        while let Some(Some(Ok(more))) = events.next().now_or_never() {
            said += &String::from_utf8_lossy(&more);
        }
        said += &String::from_utf8_lossy(&events.next().await.expect("an event").expect("bytes"));
        assert!(said.contains("shore again"), "{said}");
        for word in FOREIGN {
            assert!(!said.contains(word), "the stream gave away {word}: {said}");
        }
        drop(events);
        two.close();
    });
}
