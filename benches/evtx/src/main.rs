//! Windows event logs to JSON, beside the `evtx` crate: CPU time of one thread, files in memory, rounds in turn.

mod corpus;
mod ours;
mod peers;

use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let rounds: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(9);
    let Some(files) = corpus::event_logs() else { return };
    let (fields_equal, n) = compare(&files);
    eprintln!("{} files, {n} records, {fields_equal} of them the same in both", files.len());
    assert_eq!(fields_equal, n, "the sides read different things");

    let sides: [(&str, fn(&[u8]) -> u64); 5] = [
        ("ours, JSON", ours::json),
        ("ours, JSON and checksums", ours::checked),
        ("ours, places of records", ours::places),
        ("evtx crate, JSON", peers::json),
        ("evtx crate, records", peers::records),
    ];
    let mut micros = vec![Vec::new(); sides.len()];
    for round in 0..rounds {
        for ((name, side), taken) in sides.iter().zip(&mut micros) {
            let start = cpu();
            let read: u64 = files.iter().map(|file| side(black_box(file))).sum();
            taken.push((cpu() - start) * 1e6 / n as f64);
            assert_eq!(read, n, "{name}, round {round}");
        }
    }
    for ((name, _), taken) in sides.iter().zip(&micros) {
        eprintln!(
            "{name:<26} {:.2} us a record (first round {:.2}), {:.0} records a CPU-second",
            median(taken),
            taken[0],
            1e6 / median(taken)
        );
    }
    for peer in ["hayabusa", "chainsaw"] {
        peers::whole_program(peer, n);
    }
    println!(
        "RESULT evtx records_cpu_s={:.0} fields_equal={fields_equal} n={n} ratio_json={:.2} ratio_records={:.2} first_us={:.2}",
        1e6 / median(&micros[1]),
        median(&micros[3]) / median(&micros[1]),
        median(&micros[4]) / median(&micros[1]),
        micros[1][0],
    );
}

/// Records that have the same JSON value on both sides, and records of the peer.
fn compare(files: &[Vec<u8>]) -> (u64, u64) {
    let (mut equal, mut n) = (0, 0);
    for file in files {
        let ours = ours::lines(file);
        let theirs = peers::lines(file);
        n += theirs.len() as u64;
        let value = |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line).expect("JSON");
        equal += ours.iter().zip(&theirs).filter(|(ours, theirs)| value(ours) == value(theirs)).count() as u64;
    }
    (equal, n)
}

fn median(taken: &[f64]) -> f64 {
    let mut sorted = taken.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// CPU seconds of this thread.
fn cpu() -> f64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 / 1e9
}
