//! Rows counted over time.

use wardwatch_ident::Timestamp;
use wardwatch_search::Bars;

fn drawn(times: &[i64], bars: u32) -> Vec<(i64, u64)> {
    let mut counted = Bars::default();
    times.iter().for_each(|at| counted.add(Timestamp::from_micros(*at)));
    counted.drawn(bars).into_iter().map(|(at, count)| (at.as_micros(), count)).collect()
}

#[test]
fn bars_reach_from_the_first_row_to_the_last() {
    for (times, bars, expect) in [
        (&[][..], 4, vec![]),
        (&[7][..], 2, vec![(7, 1), (8, 0)]),
        (&[10, 11, 19, 10][..], 2, vec![(10, 3), (15, 1)]),
        (&[-5, 5][..], 2, vec![(-5, 1), (1, 1)]),
        (&[1, 2][..], 0, vec![]),
        (&[i64::MIN, i64::MAX][..], 1, vec![(i64::MIN, 2)]),
    ] {
        assert_eq!(drawn(times, bars), expect, "{times:?}");
    }
}

/// Numbers that look random and are the same each time.
fn scattered(seed: u64, count: usize) -> Vec<i64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state ^ (state >> 29)) as i64
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn no_row_is_lost_or_counted_twice_however_far_apart_they_lie() {
    for (seed, count, bars) in [(1, 1, 1), (2, 4_097, 7), (3, 20_000, 120), (4, 9_000, 199)] {
        let times = scattered(seed, count);
        let drawn = drawn(&times, bars);
        assert_eq!(drawn.len(), bars as usize);
        assert_eq!(drawn.iter().map(|(_, count)| count).sum::<u64>(), times.len() as u64);
        assert_eq!(drawn[0].0, *times.iter().min().unwrap());
    }
}

#[test]
fn edges_are_exact_while_the_rows_are_few() {
    for seed in 0..20 {
        let times: Vec<i64> = scattered(seed, 500).into_iter().map(|at| at.rem_euclid(10_000)).collect();
        let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
        let stretch = (last - first) / 10 + 1;
        let slow: Vec<(i64, u64)> = (0..10)
            .map(|n| (first + n * stretch, times.iter().filter(|at| (**at - first) / stretch == n).count() as u64))
            .collect();
        assert_eq!(drawn(&times, 10), slow);
    }
}
