//! Detection beside rsigma-eval: the same events, the same public rules, one thread, CPU seconds of the thread.
//!
//! Ours: lines as the journal hands them on, `parse` with the pack, `evaluate`, alerts with their evidence and the
//! rules' counters. The peer: `serde_json` as its own JSON event needs it, then its engine, its own match details off.
//! The peer runs as it ships (one engine with every Windows rule) and behind our router (one engine for each set of
//! rules that a kind of events has; which one an event needs is known before its clock starts). Every second file
//! trains, the others are timed, once, with cold caches; sides alternate batch by batch. What the sides find is compared
//! event by event; a difference without a reason listed in `reasons.toml` is counted as unexplained, and the program
//! then fails. Usage: `cargo xtask bench detect [--events FOLDER] [PART...]`, parts: `parse tables
//! routed unrouted growth hostile`.

mod corpus;
mod differences;
mod events;
mod growth;
mod hostile;
mod memory;
mod ours;
mod peer;
mod routes;
mod rules;

use differences::Differences;
use events::{Events, Share};
use ours::Ours;
use peer::Peer;
use routes::Routes;
use rules::Corpus;

#[global_allocator]
static ALLOCATOR: memory::Counted = memory::Counted;

/// Events of one channel and event id in the diverse mix.
const OF_EACH: usize = 1_500;
/// Events of each that train.
const TRAINED_OF_EACH: usize = 300;

fn main() {
    let asked = Asked::read();
    let rules = Corpus::unpacked();
    let taxonomy = rules::taxonomy();
    let mut ours = Ours::build(&rules.texts, &taxonomy);
    eprintln!(
        "{} rules, {} active: {:.1} MB, {:.2} CPU-seconds to load and compile",
        rules.texts.len(),
        ours.active(),
        ours.megabytes,
        ours.compile_seconds
    );
    let mut line = Line::default();
    let events = Events::read(asked.folder.as_deref());
    eprintln!("{}", events.about());
    ours.train(&events.diverse(Share::Trained, TRAINED_OF_EACH));
    let mut differences = Differences::default();
    differences.know(&rules.texts);
    if asked.wants("parse") {
        parsing(&events);
    }
    if asked.wants("tables") {
        tables(&events, &ours, &mut line);
    }
    if asked.wants("routed") {
        routed(&events, &rules, &mut ours, &taxonomy, &mut differences, &mut line);
    }
    if asked.wants("unrouted") {
        unrouted(&events, &rules, &mut differences, &mut line);
    }
    line.figure("rules_mb", ours.megabytes, 1);
    line.figure("compile_cpu_s", ours.compile_seconds + ours.train_seconds, 2);
    if asked.wants("growth") {
        line.figure("growth", growth::growth(&rules, &taxonomy, &events), 2);
    }
    if asked.wants("hostile") {
        line.figure("worst_ns_byte", hostile::worst(&ours, &rules), 1);
    }
    let unexplained = differences.report(asked.folder.is_none() && asked.parts.is_empty());
    line.figure("unexplained", unexplained as f64, 0);
    println!("RESULT detect {}", line.0.join(" "));
    if unexplained > 0 {
        std::process::exit(1);
    }
}

/// What reading alone costs: the events of Windows, three times.
fn parsing(events: &Events) {
    let timed: Vec<_> = events.share(Share::Timed).into_iter().filter(|batch| batch.windows).collect();
    let (n, bytes) = (events::windows(&timed), timed.iter().map(events::Batch::bytes).sum::<usize>());
    for _ in 0..3 {
        let seconds: f64 = timed.iter().map(events::Batch::parse_seconds).sum();
        eprintln!("parse: {:.3} us an event of {} bytes", micros(seconds, n), bytes / n);
    }
}

/// Events of Windows that are read already, evaluated again and again: what the engine costs by itself, cold and warm.
fn tables(events: &Events, ours: &Ours, line: &mut Line) {
    let timed: Vec<_> = events.share(Share::Timed).into_iter().filter(|batch| batch.windows).collect();
    let (n, fresh) = (events::windows(&timed), ours.fresh());
    let rounds = std::env::var("ROUNDS").map_or(2, |text| text.parse().expect("a number"));
    let mut each = vec![0.0; rounds];
    for seconds in &mut each {
        *seconds = timed.iter().map(|batch| fresh.evaluate_seconds(batch)).sum();
    }
    let read: f64 = timed.iter().map(events::Batch::parse_seconds).sum();
    let [cold, warm, read] = [each[0], each[rounds - 1], read].map(|seconds| micros(seconds, n));
    eprintln!(
        "tables, {n} events: cold {cold:.2} us, warm {warm:.2} us; to read them {read:.2} us ({:.2})",
        warm / read
    );
    line.figure("ns_table_warm", each[rounds - 1] * 1e9 / n as f64, 0);
}

/// Everything routed, and the diverse mix of it.
fn routed(
    events: &Events,
    rules: &Corpus,
    ours: &mut Ours,
    taxonomy: &wardwatch_predicate::route::Taxonomy,
    differences: &mut Differences,
    line: &mut Line,
) {
    let timed = events.share(Share::Timed);
    let routes = Routes::of(&timed, ours, taxonomy);
    let peer = Peer::routed(rules, &routes, ours);
    let windows = Peer::whole(rules, ours, |product| product == Some("windows"));
    let (mut mine, mut theirs, mut shipped) = (0.0, 0.0, 0.0);
    let (mut mine_windows, mut n) = (0.0, 0);
    for batch in &timed {
        let found = ours.pass(batch);
        mine += found.seconds;
        n += batch.len();
        let other = peer.pass(batch, &routes);
        theirs += other.seconds;
        differences.compare("routed", ours, batch, &found, &other, Some(&routes));
        if batch.windows {
            mine_windows += found.seconds;
            shipped += windows.pass(batch, &routes).seconds;
        }
    }
    eprintln!(
        "routed, {n} events: ours {:.2} us, peer {:.2} us; as shipped {:.2} us of Windows events (ours {:.2} us)",
        micros(mine, n),
        micros(theirs, n),
        micros(shipped, events::windows(&timed)),
        micros(mine_windows, events::windows(&timed)),
    );
    line.figure("ratio_shipped", shipped / mine_windows, 2);
    line.figure("ratio_routed", theirs / mine, 2);
    let diverse = events.diverse(Share::Timed, OF_EACH);
    let routes = Routes::of(&diverse, ours, taxonomy);
    let peer = Peer::routed(rules, &routes, ours);
    let fresh = ours.fresh();
    let (mut mine, mut theirs, mut count) = (0.0, 0.0, 0);
    for batch in &diverse {
        mine += fresh.pass(batch).seconds;
        theirs += peer.pass(batch, &routes).seconds;
        count += batch.len();
    }
    eprintln!("diverse, {count} events: ours {:.2} us, peer {:.2} us", micros(mine, count), micros(theirs, count));
    line.figure("ratio_diverse", theirs / mine, 2);
    line.figure("ns_event", mine_windows * 1e9 / events::windows(&timed) as f64, 0);
    line.figure("n", n as f64, 0);
}

/// Every rule on every event, of the diverse mix.
fn unrouted(events: &Events, rules: &Corpus, differences: &mut Differences, line: &mut Line) {
    let diverse = events.diverse(Share::Timed, OF_EACH);
    let mut ours = Ours::unrouted(&rules.texts);
    ours.train(&events.diverse(Share::Trained, TRAINED_OF_EACH));
    let peer = Peer::whole(rules, &ours, |_| true);
    let (mut mine, mut theirs, mut count) = (0.0, 0.0, 0);
    let none = Routes::none();
    for batch in &diverse {
        let batch = batch.under(ours.pack_of_everything());
        let found = ours.pass(&batch);
        let other = peer.pass(&batch, &none);
        mine += found.seconds;
        theirs += other.seconds;
        count += batch.len();
        differences.compare("unrouted", &ours, &batch, &found, &other, None);
    }
    eprintln!("unrouted, {count} events: ours {:.2} us, peer {:.2} us", micros(mine, count), micros(theirs, count));
    line.figure("ratio_unrouted", theirs / mine, 2);
}

fn micros(seconds: f64, n: usize) -> f64 {
    seconds * 1e6 / n.max(1) as f64
}

#[derive(Default)]
struct Line(Vec<String>);

impl Line {
    fn figure(&mut self, name: &str, value: f64, digits: usize) {
        self.0.push(format!("{name}={value:.digits$}"));
    }
}

struct Asked {
    folder: Option<std::path::PathBuf>,
    parts: Vec<String>,
}

impl Asked {
    fn read() -> Self {
        let (mut folder, mut parts) = (None, Vec::new());
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--events" => folder = args.next().map(Into::into),
                part => parts.push(part.to_owned()),
            }
        }
        Self { folder, parts }
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|p| p == part)
    }
}

/// CPU seconds of this thread.
fn clock() -> f64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 / 1e9
}
