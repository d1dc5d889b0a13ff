//! Socket to alert and lake: the server's CPU for every event, from the first line until all are stored, searchable and
//! compacted.
//!
//! A mix of hospital lines, half by syslog over TCP, half by NDJSON over HTTP with tokens and batch keys, is sent from
//! this process to the release binary with the whole public Sigma corpus, once with 3 and once with 300 tenants. What
//! counts is user and system time of the server: taking, checking, storing, the drain at the end, and the compaction of
//! the hour, for which the server is started once more with a clock an hour ahead (`hour.c`; nothing is ripe before the
//! hour has passed). Starting (reading rules) is not counted, nor is the sender. Finally every tenant's events are
//! counted by search. Usage: `cargo xtask bench path [EVENTS] [TENANTS...]`.

mod alarms;
mod cast;
mod corpus;
mod sampler;
mod sender;
mod server;

use cast::Cast;
use sampler::Sampler;
use server::Server;
use std::path::Path;
use std::time::{Duration, Instant};
use wardwatch_measure::{children_seconds, cpu_seconds, metric, metric_of, thread_seconds, wait};

/// Everything that was sent must be stored within this time after the last line.
const PATIENCE: Duration = Duration::from_secs(900);

fn main() {
    let number = |n: usize| std::env::args().nth(n).and_then(|t| t.parse::<u64>().ok());
    let events = number(1).unwrap_or(2_000_000);
    let sizes: Vec<usize> = (2..).map_while(number).map(|n| n as usize).collect();
    let rules = corpus::unpacked();
    for tenants in if sizes.is_empty() { vec![3, 300] } else { sizes } {
        let folder = std::env::temp_dir().join(format!("wardwatch-bench-path-{}-{tenants}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        run(&folder, &Cast::new(tenants, events), rules.as_deref());
        let _ = std::fs::remove_dir_all(&folder);
    }
}

fn run(folder: &Path, cast: &Cast, rules: Option<&Path>) {
    let tenants = cast.tenants.len();
    let config = cast.config(rules);
    let children = children_seconds();
    let mut server = Server::start(folder, &config, cast.page, None);
    let startup = cpu_seconds(server.pid());
    let loaded = server.metrics();
    eprintln!(
        "{tenants} tenants, {} sources, {} rules ({} refused), {startup:.1} CPU-seconds to start",
        cast.sources(),
        metric(&loaded, "wardwatch_rules_loaded"),
        metric(&loaded, "wardwatch_rules_refused"),
    );
    let sampler = Sampler::start(server.pid());
    let begun = Instant::now();
    let sent = sender::send(cast);
    let n: u64 = sent.iter().sum();
    let offered = begun.elapsed().as_secs_f64();
    wait("every event is checked", PATIENCE, || {
        let (durable, waiting) = server.durable_and_waiting();
        durable >= n && waiting == 0
    });
    let stored = || {
        std::thread::sleep(Duration::from_secs(2));
        let text = server.metrics();
        metric(&text, "wardwatch_lines_received_total") as u64 >= n
            && metric(&text, "wardwatch_lake_line") >= metric(&text, "wardwatch_journal_line")
    };
    wait("every event is stored", PATIENCE, stored);
    let wall = begun.elapsed().as_secs_f64();
    let text = server.metrics();
    server.end();
    let sampled = sampler.end();
    let path_cpu = children_seconds() - children - startup;
    let compaction = compaction(folder, &config, cast, &sent);
    report(n, &Figures { tenants, path_cpu, compaction, wall, offered, text, sampled });
}

/// CPU seconds of the compaction of everything, and a search of every tenant that must find every event.
///
/// Starting is the work of the program's first thread, which is idle afterwards; the rest is compaction.
fn compaction(folder: &Path, config: &str, cast: &Cast, sent: &[u64]) -> f64 {
    let shim = server::hour_ahead(folder);
    let mut server = Server::start(folder, config, cast.page, shim.as_deref());
    let mut spent = 0.0;
    if shim.is_some() {
        let upkeep = || -> f64 {
            let threads = thread_seconds(server.pid());
            threads.iter().filter(|(_, name, _)| name == "upkeep").map(|(.., seconds)| seconds).sum()
        };
        let (mut last, mut same) = (-1.0, 0);
        let begun = Instant::now();
        while same < 4 && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_secs(1));
            let seconds = upkeep();
            same = if seconds == last { same + 1 } else { 0 };
            last = seconds;
        }
        let starting: f64 = thread_seconds(server.pid())
            .iter()
            .filter(|(id, ..)| *id == server.pid())
            .map(|(.., seconds)| seconds)
            .sum();
        spent = cpu_seconds(server.pid()) - starting;
        let files = metric(&server.metrics(), "wardwatch_files_compacted_total");
        eprintln!("compaction: {files} files joined, {spent:.1} CPU-seconds");
    }
    for (tenant, sent) in cast.tenants.iter().zip(sent) {
        assert_eq!(server.count(&tenant.slug), *sent, "events of {} that a search finds", tenant.slug);
    }
    eprintln!("every event of every tenant is found by search");
    server.end();
    spent
}

struct Figures {
    tenants: usize,
    path_cpu: f64,
    compaction: f64,
    wall: f64,
    offered: f64,
    text: String,
    sampled: sampler::Sampled,
}

fn report(n: u64, f: &Figures) {
    let micros = |seconds: f64| seconds * 1e6 / n as f64;
    let stage =
        |name: &str| micros(metric_of(&f.text, "wardwatch_stage_cpu_seconds_total", &format!("stage=\"{name}\"")));
    let thread = |name: &str| micros(f.sampled.threads.get(name).copied().unwrap_or(0.0));
    let total = f.path_cpu + f.compaction;
    eprintln!(
        "{n} events: {:.0} a second by the wall (offered in {:.0} s, stored after {:.0} s), {total:.1} CPU-seconds, {:.1} us each",
        n as f64 / f.wall,
        f.offered,
        f.wall,
        micros(total)
    );
    eprintln!(
        "alerts {}, files {}, compacted while running {}, windows read again by the lake {}, faults {}",
        metric(&f.text, "wardwatch_alerts_total"),
        metric(&f.text, "wardwatch_lake_files_total"),
        metric(&f.text, "wardwatch_files_compacted_total"),
        metric(&f.text, "wardwatch_lake_offers_declined_total"),
        metric(&f.text, "wardwatch_line_faults_total")
            + metric(&f.text, "wardwatch_lake_faults_total")
            + metric(&f.text, "wardwatch_upkeep_faults_total"),
    );
    let unparsed = metric(&f.text, "wardwatch_lines_unparsed_total");
    eprintln!("lines not understood {unparsed}, quarantined {}", metric(&f.text, "wardwatch_lines_quarantined_total"));
    for name in ["read", "parse", "detect", "commit", "lake", "compact"] {
        eprintln!("  stage {name:<14} {:>8.2} us", stage(name));
    }
    for (name, seconds) in &f.sampled.threads {
        eprintln!("  thread {name:<13} {:>8.2} us", micros(*seconds));
    }
    let journal = thread("journal") + thread("journal-seal");
    println!(
        "RESULT path events_s_2cores={:.0} tenants={} rss_mib={:.0} us_intake={:.2} us_journal={:.2} us_parse={:.2} \
         us_detect={:.2} us_lake={:.2} us_compact={:.2} n={n}",
        2.0 * n as f64 / total,
        f.tenants,
        f.sampled.rss_mib,
        thread("sockets"),
        journal,
        stage("parse"),
        stage("detect"),
        // The whole thread: the last flush of a drain comes after the last look at the metrics.
        thread("lake"),
        stage("compact") + micros(f.compaction),
    );
}
