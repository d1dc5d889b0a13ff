//! Each reading that tools differ on, as a table: seconds, rule and fields in; when alerts are, out.

use crate::world::{SECOND, batch, cases, one, seconds};
use wardwatch_ident::EventId;

fn check(inner: &str, table: &[(i64, u32, &str)], expected: &[i64]) {
    assert_eq!(seconds(&batch(&one(inner), &cases(table))), expected, "{inner}\n{table:?}");
}

const COUNT: &str = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 10s\ncondition: {gte: 3}";

#[test]
fn windows_slide_and_exclude_what_is_a_timespan_old() {
    check(COUNT, &[(0, 0, "u=x"), (5, 0, "u=x"), (9, 0, "u=x")], &[9]);
    check(COUNT, &[(0, 0, "u=x"), (5, 0, "u=x"), (10, 0, "u=x")], &[]);
    // Across any boundary of minutes or hours.
    check(COUNT, &[(3_595, 0, "u=x"), (3_599, 0, "u=x"), (3_604, 0, "u=x")], &[3_604]);
}

#[test]
fn an_alert_is_said_once_until_it_was_false_or_the_timespan_has_passed() {
    let burst: Vec<(i64, u32, &str)> = (0..=25).map(|at| (at, 0, "u=x")).collect();
    check(COUNT, &burst, &[2, 12, 22]);
    // At 12 only 12 and 11 are in the window: it was false, and 13 begins anew.
    check(
        COUNT,
        &[(0, 0, "u=x"), (1, 0, "u=x"), (2, 0, "u=x"), (11, 0, "u=x"), (12, 0, "u=x"), (13, 0, "u=x")],
        &[2, 13],
    );
}

#[test]
fn groups_fold_letters_and_an_event_without_the_field_belongs_to_none() {
    check(COUNT, &[(0, 0, "u=Müller"), (1, 0, "u=MÜLLER"), (2, 0, "u=müller")], &[2]);
    check(COUNT, &[(0, 0, "v=1"), (1, 0, "v=1"), (2, 0, "v=1"), (3, 0, "v=1")], &[]);
    check(COUNT, &[(0, 0, "u=x"), (1, 0, "u=y"), (2, 0, "u=x"), (3, 0, "u=y")], &[]);
    // No group-by: the tenant as a whole.
    check(&COUNT.replace("group-by: [u]\n", ""), &[(0, 0, ""), (1, 0, "u=y"), (2, 0, "")], &[2]);
    // Two fields belong together, and their values do not run into each other.
    let both = COUNT.replace("[u]", "[u, h]");
    check(&both, &[(0, 0, "u=a h=bc"), (1, 0, "u=ab h=c"), (2, 0, "u=a h=bc"), (3, 0, "u=a h=bc")], &[3]);
}

#[test]
fn each_element_of_an_array_is_a_membership() {
    let fired = batch(&one(COUNT), &cases(&[(0, 0, "u=x u=y"), (1, 0, "u=y"), (2, 0, "u=y u=x u=Y"), (3, 0, "u=x")]));
    let groups: Vec<&str> = fired.iter().map(|f| f.group[0].1.as_str()).collect();
    assert_eq!((seconds(&fired), groups), (vec![2, 3], vec!["y", "x"]));
}

#[test]
fn an_event_that_two_rules_found_counts_once() {
    let rules = one(&COUNT.replace("[a]", "[a, b]"));
    let mut hits = cases(&[(0, 0, "u=x"), (0, 1, "u=x"), (1, 0, "u=x"), (2, 1, "u=x")]);
    hits[1].id = hits[0].id;
    let fired = batch(&rules, &hits);
    assert_eq!((seconds(&fired), fired[0].events.len()), (vec![2], 3));
}

#[test]
fn counts_below_are_known_when_the_window_of_the_first_event_has_ended() {
    let few = COUNT.replace("gte: 3", "lt: 3");
    check(&few, &[(0, 0, "u=x"), (5, 0, "u=x"), (30, 0, "u=z")], &[10]);
    check(&few, &[(0, 0, "u=x"), (1, 0, "u=x"), (2, 0, "u=x"), (30, 0, "u=z")], &[]);
    // The window that has not ended with the batch is not judged.
    check(&few, &[(0, 0, "u=x"), (5, 0, "u=x")], &[]);
    check(&COUNT.replace("gte: 3", "eq: 2"), &[(0, 0, "u=x"), (9, 0, "u=x"), (10, 0, "u=x"), (40, 0, "u=x")], &[10]);
    check(&COUNT.replace("gte: 3", "neq: 2"), &[(0, 0, "u=x"), (9, 0, "u=x"), (10, 0, "u=x"), (40, 0, "u=x")], &[20]);
    check(
        &COUNT.replace("gte: 3", "gt: 1, lte: 2"),
        &[(0, 0, "u=x"), (9, 0, "u=x"), (10, 0, "u=x"), (40, 0, "u=y")],
        &[10],
    );
}

#[test]
fn values_are_counted_folded_and_once() {
    let values = "type: value_count\nrules: [a]\ngroup-by: [h]\ntimespan: 10s\ncondition: {field: u, gte: 3}";
    check(values, &[(0, 0, "h=x u=a"), (1, 0, "h=x u=A"), (2, 0, "h=x u=b"), (3, 0, "h=x u=c")], &[3]);
    check(values, &[(0, 0, "h=x u=a"), (1, 0, "h=x"), (2, 0, "h=x u=b"), (11, 0, "h=x u=c")], &[]);
    check(values, &[(0, 0, "h=x u=a u=b"), (1, 0, "h=x u=c")], &[1]);
    // Several fields are one value together.
    let pairs = values.replace("field: u", "field: [u, v]");
    check(&pairs, &[(0, 0, "h=x u=a v=1"), (1, 0, "h=x u=a v=2"), (2, 0, "h=x u=a"), (3, 0, "h=x u=b v=1")], &[3]);
}

#[test]
fn temporal_asks_for_all_rules_in_any_order_or_for_some() {
    let all = "type: temporal\nrules: [a, b, c]\ngroup-by: [h]\ntimespan: 10s";
    check(all, &[(0, 2, "h=x"), (4, 0, "h=x"), (9, 1, "h=x")], &[9]);
    check(all, &[(0, 2, "h=x"), (4, 0, "h=x"), (10, 1, "h=x")], &[]);
    check(&format!("{all}\ncondition: {{gte: 2}}"), &[(0, 2, "h=x"), (1, 2, "h=x"), (4, 0, "h=x")], &[4]);
    // One event may be what several rules look for.
    let mut hits = cases(&[(0, 0, "h=x"), (0, 1, "h=x"), (0, 2, "h=x")]);
    hits.iter_mut().for_each(|hit| hit.id = 9);
    assert_eq!(seconds(&batch(&one(all), &hits)), [0]);
    // The field has another name in the events of one rule.
    let aliased = "type: temporal\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 10s\naliases: {ip: {a: src, id-b: dst}}";
    check(aliased, &[(0, 0, "src=1 dst=9"), (1, 1, "src=9 dst=1")], &[1]);
}

#[test]
fn temporal_ordered_asks_for_the_order() {
    let chain = "type: temporal_ordered\nrules: [a, b]\ngroup-by: [h]\ntimespan: 10s";
    check(chain, &[(0, 0, "h=x"), (9, 1, "h=x")], &[9]);
    check(chain, &[(0, 1, "h=x"), (9, 0, "h=x")], &[]);
    check(chain, &[(0, 0, "h=x"), (10, 1, "h=x")], &[]);
    // The chain that begins last counts: the first a is too old, the second is not.
    check(chain, &[(0, 0, "h=x"), (8, 0, "h=x"), (15, 1, "h=x")], &[15]);
    // In one instant the order of reception.
    check(chain, &[(5, 0, "h=x"), (5, 1, "h=x")], &[5]);
    check(chain, &[(5, 1, "h=x"), (5, 0, "h=x")], &[]);
}

#[test]
fn figures_of_numbers() {
    let of = |kind: &str, condition: &str| {
        format!("type: {kind}\nrules: [a]\ngroup-by: [h]\ntimespan: 10s\ncondition: {{field: n, {condition}}}")
    };
    check(&of("value_sum", "gte: 100"), &[(0, 0, "h=x n=60"), (1, 0, "h=x n=x"), (2, 0, "h=x n=40")], &[2]);
    check(&of("value_sum", "gte: 100"), &[(0, 0, "h=x n=60"), (10, 0, "h=x n=60")], &[]);
    // Beyond 53 bits whole numbers are still added exactly.
    let exact = [(0, 0, "h=x n=9007199254740993"), (1, 0, "h=x n=-9007199254740992")];
    check(&of("value_sum", "eq: 1"), &[exact[0], exact[1], (20, 0, "h=y n=0")], &[10]);
    check(&of("value_avg", "gt: 50"), &[(0, 0, "h=x n=no"), (1, 0, "h=x n=40"), (2, 0, "h=x n=70")], &[2]);
    check(&of("value_median", "gte: 5"), &[(0, 0, "h=x n=1"), (1, 0, "h=x n=9"), (2, 0, "h=x n=2")], &[1]);
    check(&of("value_percentile", "percentile: 100, gt: 8"), &[(0, 0, "h=x n=1"), (1, 0, "h=x n=9")], &[1]);
    check(&of("value_percentile", "percentile: 0, gt: 8"), &[(0, 0, "h=x n=1"), (1, 0, "h=x n=9")], &[]);
    check(&of("value_avg", "lt: 5"), &[(0, 0, "h=x n=1"), (1, 0, "h=x n=3"), (30, 0, "h=x n=1")], &[10]);
}

#[test]
fn an_alert_says_what_it_stands_on() {
    let rules = one(COUNT);
    let fired = batch(&rules, &cases(&[(0, 0, "u=X"), (4, 0, "u=x"), (9, 0, "u=x")])).remove(0);
    assert_eq!(fired.group, [("u".to_owned(), "x".to_owned())]);
    assert_eq!((fired.figure, fired.count), (3.0, 3));
    assert_eq!(fired.events, [EventId(1), EventId(2), EventId(3)]);
    assert_eq!((fired.first.unwrap().1.as_micros(), fired.last.unwrap().1.as_micros()), (0, 9 * SECOND));
    let alert = fired.alert(&rules).unwrap();
    assert_eq!((alert.id, alert.event, alert.title.as_str()), (fired.id, EventId(3), "T x"));
    let shown: Vec<String> = alert
        .evidence
        .matched
        .iter()
        .map(|m| format!("{}={}", m.field.as_deref().unwrap_or(&m.selection), m.value))
        .collect();
    assert_eq!(shown[..2], ["u=x", "event_count=3"]);
    assert_eq!(shown.len(), 2 + 1 + 3);
    // Another window of the same group has another name, the same window of another version too.
    let again = batch(&rules, &cases(&[(100, 0, "u=x"), (104, 0, "u=x"), (109, 0, "u=x")]));
    let mut hits = cases(&[(0, 0, "u=X"), (4, 0, "u=x"), (9, 0, "u=x")]);
    assert_eq!(batch(&rules, &hits)[0].id, fired.id);
    hits.iter_mut().for_each(|hit| hit.id += 50);
    assert_ne!(batch(&rules, &hits)[0].id, again[0].id);
    assert_ne!(
        batch(&one(&COUNT.replace("gte: 3", "gt: 2")), &cases(&[(0, 0, "u=x"), (1, 0, "u=x"), (2, 0, "u=x")]))[0].id,
        fired.id
    );
}

#[test]
fn evidence_is_bounded_and_keeps_the_last_events() {
    let many = COUNT.replace("gte: 3", "gte: 500").replace("10s", "1h");
    let table: Vec<(i64, u32, &str)> = (0..500).map(|at| (at, 0, "u=x")).collect();
    let fired = batch(&one(&many), &cases(&table)).remove(0);
    assert_eq!((fired.count, fired.events.len(), fired.events[99]), (500, 100, EventId(500)));
    assert_eq!(fired.first.unwrap().0, EventId(1));
    assert!(fired.alert(&one(&many)).unwrap().evidence.matched.len() <= 64);
}
