//! Every pack alone, over the sample lines in its own folder.

use crate::median;
use crate::ours::Ours;
use wardwatch_content::{Library, Sample};

/// Lines of a pack in a round at least: its samples are repeated.
const LINES: usize = 20_000;
const ROUNDS: usize = 5;

/// Prints microseconds a line of each pack (columns and leftovers); answers the slowest.
pub fn each(library: &Library) -> (f64, String) {
    let mut slowest = (0.0, String::from("none"));
    for id in library.pack_ids() {
        let pack = library.pack(&id).expect("the pack compiles");
        let folder = format!("sources/{id}/samples");
        let logs = library.below(&folder).filter(|(path, _)| path.ends_with(".log"));
        let samples: Vec<Sample> =
            logs.map(|(path, bytes)| Sample::read(bytes).unwrap_or_else(|e| panic!("{path}: {e}"))).collect();
        let count: usize = samples.iter().map(|s| s.lines.len()).sum();
        let bytes: usize = samples.iter().flat_map(|s| &s.lines).map(Vec::len).sum();
        if count == 0 {
            continue;
        }
        let times = LINES.div_ceil(count);
        let mut each: Vec<Ours> = samples
            .into_iter()
            .filter(|s| !s.lines.is_empty())
            .map(|s| {
                let lines: Vec<_> = s.lines.iter().cycle().take(s.lines.len() * times).cloned().collect();
                Ours::at(pack.clone(), &lines, s.received, s.zone)
            })
            .collect();
        let lines: usize = each.iter().map(Ours::len).sum();
        let spent = (0..ROUNDS).map(|_| each.iter_mut().map(Ours::columns_and_unmapped).sum::<f64>()).collect();
        let micros = median(spent) * 1e6 / lines as f64;
        eprintln!("{id:<22} {micros:>7.3} us a line of {} B", bytes / count);
        if micros > slowest.0 {
            slowest = (micros, id);
        }
    }
    slowest
}
