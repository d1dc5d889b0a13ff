//! What keeping and finding costs: rows per CPU-second into L0 and through compaction, bytes beside `zstd -3` of the same
//! raw lines, and eight queries beside DuckDB on the same files.
//!
//! Lines are the mix of the `path` measurement from a seed, parsed by the embedded packs outside the measured time, offered
//! to a real lake over the in-memory ledger at a simulated 500 lines a second. CPU is that of the whole process during each
//! part. DuckDB is the PyPI wheel in a virtual environment below the target folder, two threads, its own process.
//! Usage: `cargo xtask bench lake [LINES] [ROUNDS]`.

mod feed;
mod peer;
mod queries;

use std::path::PathBuf;

/// The allocator that the product ships.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let number = |n: usize, default: usize| std::env::args().nth(n).and_then(|t| t.parse().ok()).unwrap_or(default);
    let (lines, rounds) = (number(1, 2_000_000), number(2, 5).max(1));
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| wardwatch_measure::project().join("target/bench"), PathBuf::from);
    let folder = target.join("lake-data");
    let _ = std::fs::remove_dir_all(&folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let fed = runtime.block_on(feed::feed(&folder, lines));
    let ours = runtime.block_on(queries::run(&fed, rounds));
    let theirs = peer::run(&target, &fed, rounds);
    let mut ratios = Vec::new();
    for ((name, ours), theirs) in queries::NAMES.iter().zip(&ours).zip(&theirs) {
        if ours.rows != theirs.rows {
            eprintln!("{name}: {} rows here, {} there", ours.rows, theirs.rows);
        }
        let ratio = ours.cpu_ms / theirs.cpu_ms;
        eprintln!(
            "{name:<24} ours {:>8.1} ms, duckdb {:>8.1} ms of CPU, {ratio:.2} times, {} rows",
            ours.cpu_ms, theirs.cpu_ms, ours.rows
        );
        ratios.push(ratio.ln());
    }
    let geomean = (ratios.iter().sum::<f64>() / ratios.len() as f64).exp();
    println!(
        "RESULT lake l0_rows_cpu_s={:.0} l0l1_rows_cpu_s={:.0} l1_zstd={:.2} duckdb_geomean={geomean:.2} n={}",
        fed.rows as f64 / fed.l0_cpu_s,
        fed.rows as f64 / (fed.l0_cpu_s + fed.l1_cpu_s),
        fed.l1_bytes as f64 / fed.zstd_bytes as f64,
        fed.rows,
    );
    drop(fed);
    let _ = std::fs::remove_dir_all(&folder);
}

/// CPU seconds of this process.
pub fn cpu() -> f64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 / 1e9
}

/// The middle one.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
