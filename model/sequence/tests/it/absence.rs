//! What should be there and is not: daily windows of a zone's calendar, silences, and hosts that answer meanwhile.

use crate::world::{Case, SECOND, TENANT, cases, fields_of, one};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_sequence::{Correlations, Fired, NoSets, Said, Sets, Settings, State};

const HOUR: i64 = 3_600 * SECOND;

fn at(text: &str) -> i64 {
    Timestamp::parse_rfc3339(text).unwrap().as_micros()
}

fn seen(time: i64, rule: u32, fields: &str) -> Case {
    Case { time, id: time as u128 + u128::from(rule) + 1, rule, fields: fields_of(fields) }
}

/// Hits in this order, and events without a hit at the times of rule 9.
fn run(rules: &Correlations, cases: &[Case], sets: &dyn Sets, every: usize) -> Vec<Fired> {
    let mut state = State::new(Settings { lateness_micros: 0, ..Settings::default() });
    let mut said = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        state.see(rules, TENANT, Timestamp(case.time), Timestamp(case.time));
        state.take(rules, &case.hit());
        if n % every == 0 {
            said.extend(state.advance(rules, sets));
        }
    }
    said.extend(state.finish(rules, sets));
    said.into_iter()
        .map(|said| match said {
            Said::Settled(fired) => fired,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn told(fired: &[Fired]) -> Vec<String> {
    let text =
        |f: &Fired| format!("{} {}", f.group.iter().map(|(_, v)| v.as_str()).collect::<Vec<_>>().join(","), f.time);
    fired.iter().map(text).collect()
}

const BACKUP: &str = "type: event_count\nrules: [a]\ngroup-by: [job]\ntimespan: 8h\ncondition: {lt: 1}\nx-absence:\n  groups: [HIS, pacs]\n  daily: {from: \"22:00\", to: \"06:00\", zone: Asia/Shanghai}";

#[test]
fn a_backup_that_did_not_run_in_its_night() {
    let rules = one(BACKUP);
    // 22:00 in Shanghai is 14:00 UTC.
    let table = [
        seen(at("2026-11-20T12:00:00Z"), 9, ""),
        seen(at("2026-11-20T15:00:00Z"), 0, "job=his"),
        seen(at("2026-11-20T22:30:00Z"), 0, "job=pacs"),
        seen(at("2026-11-21T15:00:00Z"), 0, "job=HIS"),
        seen(at("2026-11-21T15:10:00Z"), 0, "job=pacs"),
        seen(at("2026-11-22T22:00:00Z"), 9, ""),
    ];
    for every in [1, 2, 100] {
        let fired = run(&rules, &table, &NoSets, every);
        // The first night pacs ran half an hour too late; the third night nothing ran.
        assert_eq!(
            told(&fired),
            ["pacs 2026-11-20T22:00:00.000000Z", "his 2026-11-22T22:00:00.000000Z", "pacs 2026-11-22T22:00:00.000000Z"]
                .map(str::to_owned),
            "{every}"
        );
        let last_his = fired.iter().find(|f| f.group[0].1 == "his").unwrap();
        assert_eq!(last_his.from, Timestamp(at("2026-11-22T14:00:00Z")));
        assert_eq!(last_his.last.unwrap().1, Timestamp(at("2026-11-21T15:00:00Z")));
        assert!(last_his.alert(&rules).unwrap().title.contains("T x"));
    }
}

#[test]
fn a_night_that_began_before_anybody_looked_is_not_judged() {
    let table = [seen(at("2026-11-20T16:00:00Z"), 9, ""), seen(at("2026-11-21T01:00:00Z"), 9, "")];
    assert_eq!(run(&one(BACKUP), &table, &NoSets, 1), []);
}

#[test]
fn only_the_days_that_are_named() {
    let rules = one(&BACKUP.replace("Asia/Shanghai", "Asia/Shanghai, days: [mon]"));
    let table: Vec<Case> = (0..20).map(|day| seen(at("2026-11-20T12:00:00Z") + day * 24 * HOUR, 9, "")).collect();
    // 2026-11-23 and 2026-11-30 are Mondays; the window ends on Tuesday morning in Shanghai.
    let expected =
        ["his 2026-11-23", "pacs 2026-11-23", "his 2026-11-30", "pacs 2026-11-30", "his 2026-12-07", "pacs 2026-12-07"];
    let mut told: Vec<String> =
        told(&run(&rules, &table, &NoSets, 1)).iter().map(|t| t[..t.len() - 17].to_owned()).collect();
    told.sort_by_key(|told| told.split_once(' ').map(|(job, day)| (day.to_owned(), job.to_owned())));
    assert_eq!(told, expected);
}

const HEART: &str = "type: event_count\nrules: [a]\ngroup-by: [host]\ntimespan: 8m\ncondition: {lt: 1}\nx-absence:\n  groups: [h1]\n  while: b";

fn beats(from: i64, to: i64, rule: u32, each: i64) -> Vec<Case> {
    (from..to).step_by(each as usize).map(|second| seen(second * SECOND, rule, "host=H1")).collect()
}

fn in_order(mut cases: Vec<Case>) -> Vec<Case> {
    cases.sort_by_key(|case| (case.time, case.id));
    cases
}

#[test]
fn a_heartbeat_that_is_lost_while_the_host_answers() {
    let rules = one(HEART);
    let minutes = |fired: &[Fired]| fired.iter().map(|f| f.time.as_micros() / SECOND / 60).collect::<Vec<_>>();
    let other = |to: i64| beats(0, to, 9, 30);
    // Heartbeats stop after an hour, answers go on: said once, and again only after they came back.
    let lost = [beats(0, 3_600, 0, 60), beats(0, 9_000, 1, 60), beats(6_000, 6_600, 0, 60), other(9_000)].concat();
    assert_eq!(minutes(&run(&rules, &in_order(lost), &NoSets, 1)), [68, 118]);
    // The host is off: neither answers.
    let off = [beats(0, 3_600, 0, 60), beats(0, 3_660, 1, 60), other(9_000)].concat();
    assert_eq!(run(&rules, &in_order(off), &NoSets, 1), []);
    // The host starts, and its agent a little later.
    let start = [beats(0, 100, 0, 60), beats(6_000, 9_000, 1, 60), beats(6_180, 9_000, 0, 60), other(9_000)].concat();
    assert_eq!(run(&rules, &in_order(start), &NoSets, 1), []);
    // The host restarts, and its agent does not.
    let without = [beats(0, 100, 0, 60), beats(6_000, 9_000, 1, 60), other(9_000)].concat();
    assert_eq!(minutes(&run(&rules, &in_order(without), &NoSets, 1)), [106]);
}

#[test]
fn fewer_than_there_should_be_and_the_tenant_as_a_whole() {
    let rules = one("type: event_count\nrules: [a]\ntimespan: 8m\ncondition: {lt: 3}\nx-absence: {}");
    let table = in_order([beats(0, 3_600, 0, 120), beats(3_600, 9_000, 0, 600), beats(0, 9_000, 9, 30)].concat());
    let fired = run(&rules, &table, &NoSets, 7);
    assert_eq!((fired.len(), fired[0].group.len()), (1, 0));
    assert!(fired[0].figure < 3.0 && fired[0].figure > 0.0);
}

struct Jobs;

impl Sets for Jobs {
    fn groups(&self, tenant: TenantId, set: &str, _: Timestamp) -> Option<Vec<Vec<String>>> {
        (tenant == TENANT && set == "jobs").then(|| vec![vec!["his".to_owned()]])
    }
}

#[test]
fn a_set_of_the_tenant_says_which_groups_there_should_be() {
    let rules = one(&BACKUP.replace("groups: [HIS, pacs]", "set: jobs"));
    let table = [seen(at("2026-11-20T12:00:00Z"), 9, ""), seen(at("2026-11-21T22:00:00Z"), 9, "")];
    assert_eq!(told(&run(&rules, &table, &Jobs, 1)).len(), 2);
    // A set that nobody filled is counted, and nothing is said to be missing.
    let mut state = State::new(Settings { lateness_micros: 0, ..Settings::default() });
    for case in &table {
        state.see(&rules, TENANT, Timestamp(case.time), Timestamp(case.time));
    }
    assert_eq!(state.finish(&rules, &NoSets), []);
    assert_eq!(state.counts(0).sets_unknown, 2);
}

#[test]
fn a_clock_that_jumps_costs_no_more_than_what_happened() {
    // From 1970 to 2026 in one step: a month of nights is made up for, of the silence of a host nothing is said twice.
    let table = cases(&[(0, 9, ""), (1_800_000_000, 9, ""), (1_800_000_001, 9, "")]);
    assert_eq!(run(&one(BACKUP), &table, &NoSets, 1).len(), 2 * 31);
    let silent = HEART.replace("\n  while: b", "");
    assert_eq!(run(&one(&silent), &table, &NoSets, 1).len(), 1);
    let between = [beats(0, 3_600, 0, 60), beats(1_800_000_000, 1_800_003_600, 0, 60), beats(0, 3_600, 9, 60)].concat();
    assert_eq!(run(&one(&silent), &in_order(between), &NoSets, 1).len(), 1);
}

#[test]
fn silence_of_all_is_noticed_when_the_clock_goes_on() {
    let rules = one(&HEART.replace("\n  while: b", ""));
    let mut state = State::new(Settings { lateness_micros: 0, ..Settings::default() });
    for case in beats(0, 3_600, 0, 60) {
        state.take(&rules, &case.hit());
    }
    assert_eq!(state.advance(&rules, &NoSets), []);
    state.idle(Timestamp(4_200 * SECOND));
    assert_eq!(state.advance(&rules, &NoSets).len(), 1);
    // Saying so twice changes nothing.
    state.idle(Timestamp(5_000 * SECOND));
    assert_eq!(state.advance(&rules, &NoSets), []);
}
