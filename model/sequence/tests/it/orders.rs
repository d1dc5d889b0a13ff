//! Any order of arrival within the lateness, and a restart anywhere, lead to the same alerts with the same evidence.

use crate::oracle::{hits, specs};
use crate::world::{Book, Case, SECOND, all, batch, one};
use proptest::prelude::*;
use wardwatch_sequence::{Correlations, NoSets, Promptness, Settings, State};

const LATENESS: i64 = 8 * SECOND;

fn settings(promptness: Promptness) -> Settings {
    Settings { promptness, lateness_micros: LATENESS, ..Settings::default() }
}

/// In the order in which they come if each is late by so much.
fn arriving(cases: &[Case], delays: &[i64]) -> Vec<Case> {
    let mut order: Vec<(i64, &Case)> = cases
        .iter()
        .zip(delays.iter().cycle())
        .map(|(case, delay)| (case.time + delay % (LATENESS + 1), case))
        .collect();
    order.sort_by_key(|(arrival, _)| *arrival);
    order.into_iter().map(|(_, case)| case.clone()).collect()
}

/// As the line does it: hits in order of arrival, windows of lines cut anywhere, and restarts at some of the cuts.
fn line(rules: &Correlations, cases: &[Case], cuts: &[u8], promptness: Promptness) -> Book {
    let mut state = State::new(settings(promptness));
    let mut book = Book::default();
    for (case, cut) in cases.iter().zip(cuts.iter().cycle()) {
        state.take(rules, &case.hit());
        if *cut > 0 {
            book.keep(state.advance(rules, &NoSets));
        }
        if *cut > 2 {
            let (again, lost) = State::restore(settings(promptness), rules, &state.snapshot(rules));
            assert_eq!(lost, []);
            assert!(again.snapshot(rules) == state.snapshot(rules), "a state that was restored is another");
            state = again;
        }
    }
    book.keep(state.finish(rules, &NoSets));
    book
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_restarts_do_not_matter(
        spec in specs(),
        cases in hits(),
        delays in prop::collection::vec(0..=LATENESS, 60),
        cuts in prop::collection::vec(0..5_u8, 60),
    ) {
        let rules = one(&spec.inner());
        let expected = batch(&rules, &cases);
        for promptness in [Promptness::Early, Promptness::Settled] {
            prop_assert_eq!(&line(&rules, &arriving(&cases, &delays), &cuts, promptness).certain(), &expected);
        }
    }

    #[test]
    fn chains_do_not_depend_on_order_either(
        cases in hits(),
        delays in prop::collection::vec(0..=LATENESS, 60),
        cuts in prop::collection::vec(0..5_u8, 60),
    ) {
        let rules = all(&[
            ("many", "type: event_count\nrules: [a]\ngroup-by: [g, v]\ntimespan: 6s\ncondition: {gte: 2}\ngenerate: true"),
            ("few", "type: event_count\nrules: [c]\ngroup-by: [g]\ntimespan: 6s\ncondition: {lte: 2}"),
            ("then", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [g]\ntimespan: 20s\ngenerate: true"),
            ("both", "type: temporal\nrules: [then, few]\ngroup-by: [g]\ntimespan: 30s\ngenerate: true"),
            ("values", "type: value_count\nrules: [many]\ngroup-by: [g]\ntimespan: 30s\ncondition: {field: v, gte: 2}"),
        ]);
        let expected = batch(&rules, &cases);
        for promptness in [Promptness::Early, Promptness::Settled] {
            prop_assert_eq!(&line(&rules, &arriving(&cases, &delays), &cuts, promptness).certain(), &expected);
        }
    }
}

#[test]
fn an_alert_in_order_is_said_at_once_and_once() {
    let rules = one("type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 10s\ncondition: {gte: 3}");
    let mut state = State::new(settings(Promptness::Early));
    let cases = crate::world::cases(&[(1, 0, "g=p"), (2, 0, "g=p"), (3, 0, "g=p"), (4, 0, "g=p"), (30, 0, "g=p")]);
    let mut said = Vec::new();
    for case in &cases {
        state.take(&rules, &case.hit());
        said.push(state.advance(&rules, &NoSets).len());
    }
    // At the third event; at the last it becomes certain, under the same name.
    assert_eq!(said, [0, 0, 1, 0, 1]);
}

#[test]
fn a_late_event_that_joins_two_alerts_withdraws_one() {
    let rules = one("type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 4s\ncondition: {gte: 2}");
    let mut state = State::new(settings(Promptness::Early));
    // At 4 the condition was false once, so that 5 begins anew; the late 2 shows that it was never false.
    let cases = crate::world::cases(&[(0, 0, "g=p"), (1, 0, "g=p"), (5, 0, "g=p"), (6, 0, "g=p"), (3, 0, "g=p")]);
    let mut book = Book::default();
    for case in &cases {
        state.take(&rules, &case.hit());
        book.keep(state.advance(&rules, &NoSets));
    }
    book.keep(state.finish(&rules, &NoSets));
    assert_eq!(book.certain(), batch(&rules, &cases));
}
