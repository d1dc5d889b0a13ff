//! How close the journal comes to a bare file: prints, asserts nothing.
//! `cargo run --release -p wardwatch-journal-sqlite --example append_speed [FOLDER]`
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement that cannot go on has to stop")]

use futures::executor::block_on;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wardwatch_event::Received;
use wardwatch_ident::{Cursor, SourceId, TenantId, Timestamp};
use wardwatch_journal::{Journal, pack};
use wardwatch_journal_sqlite::{Bounds, SqliteJournal};

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from).join("wardwatch-append-speed");
    for (name, lines, batches) in [("1 MiB batches", 2_600, 60), ("64 KiB batches", 160, 300), ("one line", 1, 300)] {
        let all: Vec<Received> = (0..batches).map(|n| batch(n, lines)).collect();
        println!("{name} ({} lines of {} bytes)", lines, all.first().map_or(0, |b| b.bytes.len() / lines as usize));
        bare(&folder, &all);
        for threads in [1, 8] {
            journal(&folder, &all, threads);
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// Firewall-like lines: they differ in numbers and compress about nine times.
fn batch(n: u64, lines: u64) -> Received {
    let tenant = TenantId(1);
    let lines: Vec<String> = (0..lines)
        .map(|i| {
            let x = (n * 4_099 + i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            format!(
                "<134>1 2026-11-25T02:00:{:02}.{:06}Z fw-01 session - - - srcip=192.0.2.{} srcport={} dstip=198.51.100.{} dstport={} \
                 proto=6 action=\"accept\" policyid={} sentbyte={} rcvdbyte={} duration={} service=\"HTTPS\" app=\"web-browsing\" \
                 user=\"nurse{:04}\" srcintf=\"ward\" dstintf=\"wan1\" sessionid={:016x} devname=\"fw-01\" vd=\"root\" trandisp=\"snat\"",
                i % 60, x % 1_000_000, x % 251, x >> 48, (x >> 8) % 251, 443, x % 40, x % 100_000, (x >> 20) % 1_000_000,
                x % 300, x % 4_000, x
            )
        })
        .collect();
    Received::of_lines(tenant, SourceId(1), Timestamp::from_secs(1_795_000_000), &lines)
}

fn bare(folder: &Path, all: &[Received]) {
    let blobs: Vec<Vec<u8>> = all.iter().map(|b| pack(b).expect("packs")).collect();
    std::fs::create_dir_all(folder).expect("a folder");
    let mut file = std::fs::File::create(folder.join("bare")).expect("a file");
    let (mut times, start) = (Vec::new(), Instant::now());
    for blob in &blobs {
        let before = Instant::now();
        file.write_all(blob).and_then(|()| file.sync_data()).expect("synced");
        times.push(before.elapsed());
    }
    let packed: usize = blobs.iter().map(Vec::len).sum();
    say(&format!("bare file, packed to {} KiB in all", packed >> 10), all, start.elapsed(), times);
}

fn journal(folder: &Path, all: &[Received], threads: usize) {
    let path = folder.join("journal");
    let _ = std::fs::remove_dir_all(&path);
    let (journal, _) = SqliteJournal::open(&path, Bounds::default()).expect("opens");
    let start = Instant::now();
    let times: Vec<Duration> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|own| {
                let journal = &journal;
                scope.spawn(move || {
                    let own = all.iter().skip(own).step_by(threads);
                    own.map(|one| {
                        let before = Instant::now();
                        block_on(journal.append(one.clone())).expect("stored");
                        before.elapsed()
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("no panic")).collect()
    });
    say(&format!("journal, {threads} at once"), all, start.elapsed(), times);
    let (mut at, start) = (Cursor(0), Instant::now());
    while let Some(last) = journal.read(at, 4 << 20).expect("readable").last() {
        at = last.through();
    }
    let megabytes = all.iter().map(|b| b.bytes.len()).sum::<usize>() as f64 / 1e6;
    println!("  read back: {:.0} MB/s", megabytes / start.elapsed().as_secs_f64());
}

fn say(what: &str, all: &[Received], took: Duration, mut times: Vec<Duration>) {
    times.sort();
    let at =
        |permille: usize| times.get(times.len() * permille / 1_000).copied().unwrap_or_default().as_secs_f64() * 1e3;
    let megabytes = all.iter().map(|b| b.bytes.len()).sum::<usize>() as f64 / 1e6;
    println!(
        "  {what}: {:.0} MB/s of lines, {:.0} batches/s, p50 {:.1} ms, p99 {:.1} ms",
        megabytes / took.as_secs_f64(),
        all.len() as f64 / took.as_secs_f64(),
        at(500),
        at(990)
    );
}
