//! What is kept of a state: pieces that changed, other rules, damaged bytes.

use crate::world::{Case, SECOND, all, batch, cases, one};
use proptest::prelude::*;
use std::collections::BTreeMap;
use wardwatch_sequence::{Correlations, NoSets, Said, Saved, Settings, State};

const COUNT: &str = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 1h\ncondition: {gte: 3}";

fn settled(said: Vec<Said>) -> usize {
    said.iter().filter(|said| matches!(said, Said::Settled(_))).count()
}

fn fed(rules: &Correlations, cases: &[Case]) -> State {
    let mut state = State::new(Settings::default());
    cases.iter().for_each(|case| state.take(rules, &case.hit()));
    state.advance(rules, &NoSets);
    state
}

#[test]
fn pieces_that_changed_are_together_the_whole() {
    let rules = all(&[("x", COUNT), ("y", &COUNT.replace("[a]", "[b]")), ("z", &COUNT.replace("[a]", "[c]"))]);
    let mut state = State::new(Settings::default());
    let mut kept: BTreeMap<_, Saved> = BTreeMap::new();
    let table: Vec<(i64, u32, &str)> =
        (0..400).map(|n| (n * 7, (n % 2) as u32, if n % 3 == 0 { "u=x" } else { "u=y" })).collect();
    for (n, case) in cases(&table).iter().enumerate() {
        state.take(&rules, &case.hit());
        state.advance(&rules, &NoSets);
        if n % 10 == 0 {
            let changed = state.changed(&rules);
            // Nobody hit z: its piece is written once and never again.
            assert!(n == 0 || !changed.iter().any(|piece| piece.correlation.as_deref() == Some("id-z")));
            kept.extend(changed.into_iter().map(|piece| ((piece.tenant, piece.correlation.clone()), piece)));
        }
    }
    kept.extend(state.changed(&rules).into_iter().map(|piece| ((piece.tenant, piece.correlation.clone()), piece)));
    let pieces: Vec<Saved> = kept.into_values().collect();
    let (again, lost) = State::restore(Settings::default(), &rules, &pieces);
    assert_eq!(lost, []);
    assert!(again.snapshot(&rules) == state.snapshot(&rules));
    assert_eq!(state.changed(&rules), []);
}

#[test]
fn a_changed_rule_keeps_its_state_only_if_it_means_the_same_windows() {
    let rules = one(COUNT);
    let two = [(0, 0, "u=x"), (1, 0, "u=x")];
    let later = |new: &Correlations, from: &State| {
        let (mut state, lost) = from.under(&rules, new);
        for case in &cases(&[(0, 0, "u=other"), (5, 0, "u=x"), (6, 0, "u=x")])[1..] {
            state.take(new, &case.hit());
        }
        (settled(state.finish(new, &NoSets)), lost.into_iter().map(|lost| lost.reason).collect::<Vec<_>>())
    };
    let state = fed(&rules, &cases(&two));
    // Two were known and two come: three or four are reached, five are not.
    assert_eq!(later(&rules, &state), (1, vec![]));
    assert_eq!(later(&one(&COUNT.replace("gte: 3", "gte: 2")), &state), (1, vec![]));
    assert_eq!(later(&one(&COUNT.replace("gte: 3", "gte: 4")), &state), (1, vec![]));
    assert_eq!(later(&one(&COUNT.replace("gte: 3", "gte: 5")), &state), (0, vec![]));
    for changed in ["1h/2h", "[u]/[u, h]", "event_count/value_count"] {
        let (from, to) = changed.split_once('/').unwrap();
        let text = COUNT.replace(from, to);
        let text = if to == "value_count" { text.replace("{gte", "{field: v, gte") } else { text };
        let (fired, lost) = later(&one(&text), &state);
        assert_eq!(fired, 0, "{changed}");
        assert!(
            lost[0].contains("type, group-by or timespan of the rule changed; the correlation begins anew"),
            "{lost:?}"
        );
    }
    let gone = later(&all(&[("other", COUNT)]), &state).1;
    assert_eq!(gone, ["there is no such correlation any more"]);
}

#[test]
fn an_alert_that_was_said_is_not_said_again_after_a_restart() {
    let rules = one(COUNT);
    let state = fed(&rules, &cases(&[(0, 0, "u=x"), (1, 0, "u=x"), (2, 0, "u=x")]));
    let (mut again, _) = State::restore(Settings::default(), &rules, &state.snapshot(&rules));
    again.take(&rules, &cases(&[(3, 0, "u=x")])[0].hit());
    assert_eq!(again.advance(&rules, &NoSets), []);
    // It becomes certain under the name it had.
    let expected = batch(&rules, &cases(&[(0, 0, "u=x"), (1, 0, "u=x"), (2, 0, "u=x")]));
    assert_eq!(again.finish(&rules, &NoSets), expected.into_iter().map(Said::Settled).collect::<Vec<_>>());
}

#[test]
fn a_state_is_small() {
    let rules = one(COUNT);
    let mut state = State::new(Settings::default());
    let base = cases(&[(0, 0, "")]).remove(0);
    for n in 0..10_000_u32 {
        let fields = crate::world::fields_of(&format!("u=user{n}"));
        let case = Case { time: i64::from(n) * SECOND / 100, id: u128::from(n) + 1, fields, ..base.clone() };
        state.take(&rules, &case.hit());
    }
    state.advance(&rules, &NoSets);
    let bytes: usize = state.snapshot(&rules).iter().map(|piece| piece.bytes.len()).sum();
    assert!(bytes < 10_000 * 200, "{bytes}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_are_refused_or_read_and_never_hurt(at in 0..2_000_usize, byte: u8, cut in 0..2_000_usize, kind in 0..5_usize) {
        let texts = [
            COUNT.to_owned(),
            COUNT.replace("event_count", "value_count").replace("{gte", "{field: v, gte"),
            "type: temporal_ordered\nrules: [a, b]\ngroup-by: [u]\ntimespan: 1h".to_owned(),
            "type: value_median\nrules: [a]\ngroup-by: [u]\ntimespan: 1h\ncondition: {field: v, gte: 3}".to_owned(),
            "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 1h\ncondition: {lt: 1}\nx-absence: {groups: [x, y]}".to_owned(),
        ];
        let rules = one(&texts[kind]);
        let table: Vec<(i64, u32, &str)> = (0..20).map(|n| (n * 60, 0, if n % 3 == 0 { "u=x v=1" } else { "u=y v=2.5" })).collect();
        let mut pieces = fed(&rules, &cases(&table)).snapshot(&rules);
        for piece in &mut pieces {
            if let Some(slot) = piece.bytes.get_mut(at) {
                *slot = byte;
            }
            piece.bytes.truncate(cut);
        }
        let (mut state, _) = State::restore(Settings::default(), &rules, &pieces);
        cases(&table).iter().for_each(|case| state.take(&rules, &case.hit()));
        state.finish(&rules, &NoSets);
    }
}
