//! What hostile input may cost: each bound is reached, and what was left out is counted and told.

use crate::world::{Case, Fields, SECOND, TENANT, batch, cases, fields_of, one};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_limits::{CORRELATION_GROUPS, CORRELATION_TENANTS, CORRELATION_WAITING};
use wardwatch_sequence::{Correlations, Hit, NoSets, Promptness, Said, Settings, State};

const COUNT: &str = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 1h\ncondition: {gte: 3}";

fn case(n: i64, time: i64, fields: Fields) -> Case {
    Case { time, id: n as u128 + 1, rule: 0, fields }
}

fn forgotten(said: &[Said]) -> u64 {
    said.iter().map(|said| if let Said::Forgotten { groups, .. } = said { *groups } else { 0 }).sum()
}

#[test]
fn of_a_million_groups_the_latest_are_kept_and_the_others_are_told() {
    let rules = one(COUNT);
    let mut state = State::new(Settings { lateness_micros: 0, ..Settings::default() });
    let mut said = Vec::new();
    for n in 0..1_000_000_i64 {
        let fields = Fields(vec![("u".to_owned(), n.to_string())]);
        state.take(&rules, &case(n, n * 100, fields).hit());
        if n % 10_000 == 0 {
            said.extend(state.advance(&rules, &NoSets));
        }
    }
    assert_eq!(state.groups(), CORRELATION_GROUPS);
    said.extend(state.advance(&rules, &NoSets));
    let gone = 1_000_000 - CORRELATION_GROUPS as u64;
    assert_eq!((forgotten(&said), state.counts(0).groups_forgotten), (gone, gone));
    // The latest are still counted, the earliest begin anew.
    for n in 0..2_i64 {
        for (u, id) in [(999_999, 10), (5, 20)] {
            let fields = Fields(vec![("u".to_owned(), i32::to_string(&u))]);
            state.take(&rules, &case(2_000_000 + id + n, 100_000_000 + n, fields).hit());
        }
    }
    let groups: Vec<String> = state
        .finish(&rules, &NoSets)
        .into_iter()
        .filter_map(|said| if let Said::Settled(fired) = said { Some(fired.group[0].1.clone()) } else { None })
        .collect();
    assert_eq!(groups, ["999999"]);
}

#[test]
fn a_tenant_takes_no_more_bytes_than_it_may() {
    let rules = one("type: value_count\nrules: [a]\ngroup-by: [u]\ntimespan: 1h\ncondition: {field: v, gte: 1000}");
    let bytes = 2 * 1024 * 1024;
    let mut state = State::new(Settings { lateness_micros: 0, tenant_bytes: bytes, ..Settings::default() });
    for n in 0..40_000_i64 {
        state.take(&rules, &case(n, n * 1_000, fields_of(&format!("u={} v={n}", n % 200))).hit());
        if n % 500 == 0 {
            state.advance(&rules, &NoSets);
        }
    }
    assert!(state.bytes() <= bytes + 128 * 1024, "{}", state.bytes());
    assert!(forgotten(&state.advance(&rules, &NoSets)) + state.counts(0).groups_forgotten > 0);
}

#[test]
fn stamps_from_1970_and_2099_do_not_move_time() {
    let rules = one(COUNT);
    let mut state = State::new(Settings::default());
    let now = 1_800_000_000 * SECOND;
    let hit = |n: i64, time: i64| (case(n, time, fields_of("u=x")), Timestamp(now + n));
    let feed =
        |state: &mut State, (case, received): (Case, Timestamp)| state.take(&rules, &Hit { received, ..case.hit() });
    feed(&mut state, hit(1, now));
    // 2099: believed to have happened when it was received, and marked.
    feed(&mut state, hit(2, 4_070_908_800 * SECOND));
    assert_eq!((state.stamps_clamped(), state.watermark(TENANT)), (1, Some(Timestamp(now + 2 - 300 * SECOND))));
    // 1970: too late for anything.
    feed(&mut state, hit(3, 0));
    assert_eq!(state.counts(0).late, 1);
    feed(&mut state, hit(4, now + 9 * 60 * SECOND));
    match state.advance(&rules, &NoSets).as_slice() {
        [Said::Early(fired)] => assert!(fired.clamped && fired.count == 3),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clock_that_jumps_back_makes_events_late_and_one_that_jumps_ahead_ends_windows() {
    let rules = one(&COUNT.replace("gte: 3", "lte: 2"));
    let mut state = State::new(Settings { lateness_micros: 60 * SECOND, ..Settings::default() });
    let mut said = Vec::new();
    for (n, seconds) in [100_000, 100_010, 50_000, 99_930, 99_960, 900_000].into_iter().enumerate() {
        state.take(&rules, &case(n as i64, seconds * SECOND, fields_of("u=x")).hit());
        said.extend(state.advance(&rules, &NoSets));
    }
    // 50,000 and 99,930 came too late; 99,960 opens the window, which has three.
    assert_eq!((state.counts(0).late, said.len()), (2, 0));
    said.extend(state.finish(&rules, &NoSets));
    assert_eq!(said.len(), 0);
}

#[test]
fn arrays_of_ten_thousand_elements() {
    let fields = |name: &str| {
        Fields(
            (0..10_000).map(|n| (name.to_owned(), n.to_string())).chain([("w".to_owned(), "1".to_owned())]).collect(),
        )
    };
    for (inner, taken) in [
        (COUNT.to_owned(), 16),
        (COUNT.replace("[u]", "[u, u2]"), 0),
        (COUNT.replace("event_count", "value_count").replace("[u]", "[w]").replace("{gte", "{field: u, gte"), 16),
        (COUNT.replace("event_count", "value_sum").replace("[u]", "[w]").replace("{gte", "{field: u, gte"), 16),
    ] {
        let rules = one(&inner);
        let mut state = State::new(Settings::default());
        state.take(&rules, &case(1, SECOND, fields("u")).hit());
        assert_eq!((state.counts(0).taken, state.counts(0).elements_cut), (taken, 10_000 - 16), "{inner}");
        assert_eq!(state.counts(0).group_missing, u64::from(taken == 0));
    }
    // Two arrays: sixteen memberships in all.
    let both = Fields(["u", "v"].iter().flat_map(|name| fields(name).0).collect());
    let mut state = State::new(Settings::default());
    state.take(&one(&COUNT.replace("[u]", "[u, v]")), &case(1, SECOND, both).hit());
    assert_eq!(state.groups(), 16);
}

#[test]
fn a_long_value_is_told_apart_by_its_end() {
    let long = |end: &str| Fields(vec![("u".to_owned(), format!("{}{end}", "ä".repeat(500_000)))]);
    let hits: Vec<Case> =
        ["a", "b", "a", "b", "a"].iter().enumerate().map(|(n, end)| case(n as i64, n as i64, long(end))).collect();
    let fired = batch(&one(COUNT), &hits);
    assert_eq!(fired.len(), 1);
    assert!(fired[0].group[0].1.len() <= 256, "{}", fired[0].group[0].1.len());
}

fn values(rules: &Correlations, count: i64) -> Vec<(bool, u64, f64)> {
    let hits: Vec<Case> = (0..count).map(|n| case(n, n * 1_000, fields_of(&format!("h=x u={n}")))).collect();
    batch(rules, &hits).iter().map(|f| (f.estimated, f.time.as_micros() as u64 / 1_000 + 1, f.figure)).collect()
}

#[test]
fn many_values_are_exact_up_to_1024_and_estimated_beyond() {
    let over = |limit: u32| {
        one(&format!(
            "type: value_count\nrules: [a]\ngroup-by: [h]\ntimespan: 1h\ncondition: {{field: u, gte: {limit}}}"
        ))
    };
    assert_eq!(values(&over(1_024), 5_000), [(false, 1_024, 1_024.0)]);
    for limit in [2_000, 10_000, 50_000] {
        let said = values(&over(limit), 60_000);
        let (estimated, at, _) = said[0];
        let error = (at as f64 / f64::from(limit) - 1.0).abs();
        assert!(said.len() == 1 && estimated && error < 0.05, "{limit}: {said:?}");
    }
    // A low count at the end of a window is decided exactly.
    let few = one("type: value_count\nrules: [a]\ngroup-by: [h]\ntimespan: 1s\ncondition: {field: u, lte: 900}");
    assert_eq!(values(&few, 1_900), [(false, 0, 0.0); 0]);
}

#[test]
fn values_are_exact_again_when_those_left_out_are_old() {
    let rules = one("type: value_count\nrules: [a]\ngroup-by: [h]\ntimespan: 10s\ncondition: {field: u, gte: 1500}");
    let burst = |from: i64, at: i64| {
        (0..3_000).map(move |n| case(from + n, at + n * 1_000, fields_of(&format!("h=x u={}", from + n))))
    };
    let calm = (0..2_000).map(|n| case(10_000 + n, 20 * SECOND + n * 4_000, fields_of(&format!("h=x u={}", n % 7))));
    let hits: Vec<Case> = burst(0, 0).chain(calm).chain(burst(20_000, 60 * SECOND)).collect();
    assert_eq!(batch(&rules, &hits).len(), 2);
}

#[test]
fn many_numbers_leave_the_oldest_out_and_say_so() {
    let rules = one("type: value_median\nrules: [a]\ngroup-by: [h]\ntimespan: 31d\ncondition: {field: n, gte: 5}");
    let hits: Vec<Case> = (0..12_000)
        .map(|n| case(n, n * SECOND, fields_of(&format!("h=x n={}", if n < 6_500 { 1 } else { 9 }))))
        .collect();
    let fired = batch(&rules, &hits);
    assert_eq!(fired.len(), 1);
    assert!(fired[0].estimated && fired[0].count == 10_000, "{:?}", fired[0].count);
}

#[test]
fn a_group_with_very_many_waiting_hits_is_settled_before_its_time() {
    let rules = one(COUNT);
    let mut state = State::new(Settings { promptness: Promptness::Early, ..Settings::default() });
    for n in 0..(CORRELATION_WAITING as i64 + 10) {
        state.take(&rules, &case(n, n * 100, fields_of("u=x")).hit());
    }
    assert_eq!(state.counts(0).settled_before_time, 1);
    let said = state.finish(&rules, &NoSets);
    assert_eq!(said.iter().filter(|said| matches!(said, Said::Settled(_))).count(), 1);
}

#[test]
fn out_of_order_floods_stay_linear() {
    let rules = one(COUNT);
    let mut state = State::new(Settings::default());
    for n in 0..30_000_i64 {
        state.take(&rules, &case(n, (30_000 - n) * 1_000, fields_of("u=x")).hit());
    }
    let said = state.finish(&rules, &NoSets);
    let expected =
        batch(&rules, &(0..30_000_i64).map(|n| case(n, (30_000 - n) * 1_000, fields_of("u=x"))).collect::<Vec<_>>());
    let settled: Vec<_> = said.into_iter().filter(|said| matches!(said, Said::Settled(_))).collect();
    assert_eq!(settled, expected.into_iter().map(Said::Settled).collect::<Vec<_>>());
}

#[test]
fn tenants_beyond_the_bound_are_refused_and_counted() {
    let rules = one(COUNT);
    let mut state = State::new(Settings::default());
    let hit = cases(&[(1, 0, "u=x")]).remove(0);
    for tenant in 0..CORRELATION_TENANTS as u128 + 3 {
        state.take(&rules, &Hit { tenant: TenantId(tenant), ..hit.hit() });
    }
    assert_eq!((state.groups(), state.tenants_refused()), (CORRELATION_TENANTS, 3));
}
