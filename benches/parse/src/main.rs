//! Parsing and mapping beside VRL: the same lines, the same fields on both sides, one thread, CPU seconds of the thread.
//!
//! Ours: the embedded packs, `parse` and every typed column into vectors. VRL: the parser function of the format and one
//! object with the same fields; its targets are made before the clock starts. Before anything is measured both sides'
//! fields are compared, name by name, value by value. Rounds alternate; a ratio is of medians. Then every pack alone over
//! its own sample lines. Usage: `cargo xtask bench parse [LINES_IN_TOTAL] [ROUNDS]`.

mod formats;
mod ours;
mod packs;
mod peer;

use formats::{FORMATS, Format};
use ours::Ours;
use peer::Peer;

/// The allocator that the product ships, for both sides: VRL gains more by it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Different lines of a format; they are run repeatedly.
const DISTINCT: usize = 20_000;
/// Lines of which both sides' fields are compared.
const COMPARED: usize = 2_000;
/// Passes of the peer over the lines of a format in a round.
const PEER_PASSES: usize = 2;

fn main() {
    let number = |n: usize, default: usize| std::env::args().nth(n).and_then(|t| t.parse().ok()).unwrap_or(default);
    let (total, rounds) = (number(1, 2_000_000), number(2, 5).max(1));
    let passes = total.div_ceil(DISTINCT * FORMATS.len() * rounds).max(1);
    let library = wardwatch_content::Library::embedded();
    let (mut ratios, mut n, mut peer_n) = (Vec::new(), 0, 0);
    for format in FORMATS {
        let lines = (format.lines)(DISTINCT);
        let pack = library.pack(format.pack).expect("the pack compiles");
        let (mut ours, mut peer) = (Ours::new(pack, &lines), Peer::new(format.program));
        let fields = compare(format, &mut ours, &mut peer, &lines);
        let (mut a, mut b, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (mut mine, mut all) = (0.0, 0.0);
            for _ in 0..passes {
                mine += ours.columns(format.structured_data);
            }
            all += ours.columns_and_unmapped();
            a.push(mine / (passes * DISTINCT) as f64);
            whole.push(all / DISTINCT as f64);
            let theirs: f64 = (0..PEER_PASSES).map(|_| peer.pass(&lines)).sum();
            b.push(theirs / (PEER_PASSES * DISTINCT) as f64);
        }
        n += rounds * passes * DISTINCT;
        peer_n += rounds * PEER_PASSES * DISTINCT;
        let (a, b, whole) = (median(a) * 1e6, median(b) * 1e6, median(whole) * 1e6);
        let mean = lines.iter().map(Vec::len).sum::<usize>() / lines.len();
        eprintln!(
            "{:<9} {mean} B, {fields:.1} fields a line: ours {a:.3} us (with leftovers {whole:.3}), vrl {b:.3} us, {:.2} times",
            format.name,
            b / a
        );
        ratios.push(format!("{}={:.2}", format.name, b / a));
    }
    let slowest = packs::each(&library);
    eprintln!("{n} lines on our side, {peer_n} on the peer's");
    println!("RESULT parse {} slowest_us={:.2} slowest_pack={} n={n}", ratios.join(" "), slowest.0, slowest.1);
}

/// Both sides give the same fields with the same values, or this panics; answers how many fields a line has.
fn compare(format: &Format, ours: &mut Ours, peer: &mut Peer, lines: &[Vec<u8>]) -> f64 {
    let mine = ours.named(COMPARED);
    let mut fields = 0;
    for (line, mine) in lines.iter().zip(&mine) {
        assert_eq!(*mine, peer.named(line), "{}: {}", format.name, String::from_utf8_lossy(line));
        fields += mine.len();
    }
    fields as f64 / mine.len() as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// CPU seconds of this thread.
fn clock() -> f64 {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 / 1e9
}
