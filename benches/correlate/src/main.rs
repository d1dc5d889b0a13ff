//! Correlation: 400,000 hits in 100,000 groups, one after the other through a state; CPU seconds of one thread.
//!
//! Both sides get the same hits with the single rule already evaluated: what is timed is reading the group, finding it,
//! counting, and saying that the condition holds. Ours is given hits in order of arrival, one in ten up to four minutes
//! late, and settles after every thousand as the line does; the peer, which knows no lateness, is given the same. Which
//! groups ever fire is compared. Usage: `cargo xtask bench correlate [HITS] [GROUPS]`.

mod hits;
mod memory;
mod ours;
mod peer;

use hits::{Hits, Shape};
use std::collections::BTreeSet;

#[global_allocator]
static ALLOCATOR: memory::Counted = memory::Counted;

/// What one side gave.
pub struct Run {
    /// CPU seconds of all hits.
    pub seconds: f64,
    /// Megabytes kept at the end.
    pub megabytes: f64,
    /// Groups that fired.
    pub fired: BTreeSet<String>,
    /// Alerts given.
    pub alerts: usize,
}

const ROUNDS: usize = 3;

fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<usize>().expect("a number"));
    let (count, groups) = (args.next().unwrap_or(400_000), args.next().unwrap_or(100_000));
    let mut results = Vec::new();
    for shape in [Shape::EventCount, Shape::ValueCount] {
        for groups in [1_000.min(groups), groups] {
            let hits = Hits::new(shape, count, groups);
            let mut sides = [const { Vec::new() }; 3];
            let mut megabytes = [0.0; 3];
            // The first round counts memory and is not timed.
            for round in 0..=ROUNDS {
                if round == 0 {
                    memory::start();
                } else {
                    memory::stop();
                }
                let runs = [ours::run(&hits, true), ours::run(&hits, false), peer::run(&hits)];
                let [early, settled, peer] = &runs;
                assert!(early.fired == settled.fired, "early and settled differ");
                if round == 0 {
                    compare(shape, groups, early, peer);
                    megabytes = [early.megabytes, settled.megabytes, peer.megabytes];
                } else {
                    runs.iter().zip(&mut sides).for_each(|(run, side)| side.push(run.seconds * 1e9 / count as f64));
                }
            }
            let [early, settled, peer] = sides.map(|mut side| {
                side.sort_by(f64::total_cmp);
                side[side.len() / 2]
            });
            eprintln!(
                "{:<12} {groups:>7} groups: early {early:6.1} ns a hit, settled only {settled:6.1}, rsigma-eval {peer:6.1}; \
                 kept {:.1} MB, {:.1} MB, rsigma-eval {:.1} MB",
                shape.word(),
                megabytes[0],
                megabytes[1],
                megabytes[2]
            );
            results.push((early, peer, megabytes[0]));
        }
    }
    let [(_, _, _), (count_ns, count_peer, state_mb), (_, _, _), (value_ns, value_peer, value_mb)] = results[..] else {
        unreachable!("two shapes by two numbers of groups")
    };
    println!(
        "RESULT correlate ns_hit_event_count={count_ns:.1} ns_hit_value_count={value_ns:.1} state_mb={state_mb:.1} n={count} \
         state_mb_value_count={value_mb:.1} ratio_event_count={:.2} ratio_value_count={:.2}",
        count_peer / count_ns,
        value_peer / value_ns
    );
}

/// The peer takes late hits as they come and cuts windows at the newest: some groups may differ, and how many is said.
fn compare(shape: Shape, groups: usize, ours: &Run, peer: &Run) {
    let missed = ours.fired.difference(&peer.fired).count();
    let more = peer.fired.difference(&ours.fired).count();
    eprintln!(
        "  {:<12} {groups:>7} groups: {} fired ({} alerts), rsigma-eval {} ({} alerts), {missed} only ours, {more} only its",
        shape.word(),
        ours.fired.len(),
        ours.alerts,
        peer.fired.len(),
        peer.alerts
    );
    assert!((missed + more) * 20 <= ours.fired.len().max(20), "the sides disagree on more than one group in twenty");
}

/// CPU seconds of this thread.
pub fn clock() -> f64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}
