//! Indicators: a million rows built, then the typed values of an event looked up; CPU seconds of one thread.
//!
//! An event has two addresses, a name and a SHA-256; one value in a thousand is an indicator. The sides look up the same
//! values in turns: ours by `Index::probe` with the probes of the columns, `std` by `HashSet<String>` (names by every
//! suffix, networks not at all), the peer by `fst` for names (reversed labels, every suffix). Hits are compared before
//! the clock starts. Usage: `cargo xtask bench indicators [ROWS] [EVENTS]`.

mod values;

use fst::Set;
use std::collections::HashSet;
use values::{Event, Values};
use wardwatch_ident::Timestamp;
use wardwatch_indicator::{Index, Kind, probe_of};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;
const COLUMNS: [&str; 4] = ["src_ip", "dst_ip", "dns_query", "sha256"];

fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<usize>().expect("a number"));
    let (rows, events) = (args.next().unwrap_or(1_000_000), args.next().unwrap_or(500_000));
    let values = Values::new(rows);
    let file = values.csv();
    let at = Timestamp::parse_rfc3339("2026-11-25T02:00:00Z").expect("a time");

    let start = clock();
    let (index, refused) = Index::read_csv(&[file.as_bytes()]).expect("a file");
    let build = clock() - start;
    assert!(refused.is_empty(), "{refused:?}");
    let megabytes = index.figures().bytes as f64 / 1e6;
    eprintln!(
        "{} records, {megabytes:.1} MB, built in {build:.2} CPU-s: {:?}",
        index.figures().total(),
        index.figures().records
    );

    let set: HashSet<String> = values.exact().collect();
    let mut reversed: Vec<String> = values.names().map(|n| reversed(&n)).collect();
    reversed.sort_unstable();
    let ordered = Set::from_iter(reversed).expect("sorted names");

    let events: Vec<Event> = (0..events).map(|n| values.event(n)).collect();
    let compared: usize = events.iter().map(|e| same_hits(&index, &set, &ordered, e, at)).sum();
    eprintln!("{compared} hits in {} events, the same on all sides", events.len());

    let mut sides = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let times = [
            timed(&events, |e| ours(&index, e, at)),
            timed(&events, |e| std_set(&set, e)),
            timed(&events, |e| usize::from(index.lookup(Kind::Domain, &e.name, at).is_some())),
            timed(&events, |e| usize::from(by_order(&ordered, &e.name))),
        ];
        times.into_iter().zip(&mut sides).for_each(|(t, side)| side.push(t));
    }
    let [ours_ns, std_ns, name_ns, fst_ns] = sides.map(|mut s| {
        s.sort_by(f64::total_cmp);
        s[s.len() / 2]
    });
    for (n, (column, probe)) in COLUMNS.iter().map(|c| (c, probe_of(c).expect("a probed column"))).enumerate() {
        let one = timed(&events, |e| count(&index, probe, e.values()[n], at));
        eprintln!("  {column:<10} {one:6.1} ns");
    }
    eprintln!(
        "one event, four values: ours {ours_ns:.1} ns, std HashSet (exact and suffixes, no networks) {std_ns:.1} ns"
    );
    eprintln!(
        "one name: ours {name_ns:.1} ns, fst {fst_ns:.1} ns; fst {:.1} MB for names alone",
        ordered.as_fst().size() as f64 / 1e6
    );
    println!(
        "RESULT indicators ns_event={ours_ns:.1} mb={megabytes:.1} n={} ratio_std={:.2} ratio_fst_name={:.2} build_cpu_s={build:.2}",
        events.len(),
        std_ns / ours_ns,
        fst_ns / name_ns
    );
}

fn ours(index: &Index, event: &Event, at: Timestamp) -> usize {
    let probes = PROBES.with(|p| *p);
    probes.into_iter().zip(event.values()).map(|(probe, value)| count(index, probe, value, at)).sum()
}

thread_local! {
    static PROBES: [wardwatch_indicator::Probe; 4] = COLUMNS.map(|c| probe_of(c).expect("a probed column"));
}

fn count(index: &Index, probe: wardwatch_indicator::Probe, value: &str, at: Timestamp) -> usize {
    let mut hits = 0;
    index.probe(probe, value, at, &mut |_, _| hits += 1);
    hits
}

fn std_set(set: &HashSet<String>, event: &Event) -> usize {
    let exact = [&event.source, &event.destination, &event.digest].into_iter().filter(|v| set.contains(*v)).count();
    exact + usize::from(suffixes(&event.name).any(|s| set.contains(s)))
}

fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |rest| rest.split_once('.').map(|(_, rest)| rest))
}

fn reversed(name: &str) -> String {
    name.split('.').rev().collect::<Vec<_>>().join(".")
}

fn by_order(names: &Set<Vec<u8>>, name: &str) -> bool {
    let key = reversed(name);
    let ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    ends.into_iter().any(|end| names.contains(&key[..end]))
}

fn same_hits(index: &Index, set: &HashSet<String>, names: &Set<Vec<u8>>, event: &Event, at: Timestamp) -> usize {
    let exact = |kind, text: &str| index.lookup(kind, text, at).is_some_and(|r| r.kind() == kind);
    for (kind, text) in
        [(Kind::Address, &event.source), (Kind::Address, &event.destination), (Kind::Sha256, &event.digest)]
    {
        assert_eq!(exact(kind, text), set.contains(text), "{text}");
    }
    let name = exact(Kind::Domain, &event.name);
    assert_eq!(name, suffixes(&event.name).any(|s| set.contains(s)), "{}", event.name);
    assert_eq!(name, by_order(names, &event.name), "{}", event.name);
    ours(index, event, at)
}

/// Events that are looked at between two readings of the clock.
const BLOCK: usize = 512;

/// Nanoseconds of CPU for one event. Values are in the cache when the clock starts, as they are behind a parser; the
/// structures are as cold as the values before left them.
fn timed(events: &[Event], look: impl Fn(&Event) -> usize) -> f64 {
    let mut seconds = 0.0;
    for block in events.chunks(BLOCK) {
        let read = block.iter().flat_map(Event::values).flat_map(str::bytes).fold(0u64, |sum, b| sum + u64::from(b));
        std::hint::black_box(read);
        let start = clock();
        let hits: usize = block.iter().map(&look).sum();
        std::hint::black_box(hits);
        seconds += clock() - start;
    }
    seconds * 1e9 / events.len() as f64
}

fn clock() -> f64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 / 1e9
}
