//! Correlation documents: what is read, and what is refused with its place and reason.

use wardwatch_predicate::sigma::{Comparison, Correlation, CorrelationKind, DeclaredGroups, Document, read_rules};

fn read(inner: &str) -> Result<Correlation, String> {
    let text = format!("title: T\ncorrelation:\n  {}\n", inner.replace('\n', "\n  "));
    match read_rules(text.as_bytes()).remove(0) {
        Ok(Document::Correlation(deferred)) => Ok(deferred.correlation),
        Ok(other) => panic!("{other:?}"),
        Err(refused) => Err(refused.fault.to_string()),
    }
}

const COUNT: &str = "type: event_count\nrules: [a]\ngroup-by: [u]\ntimespan: 5m\ncondition: {gte: 10}";
const ABSENT: &str = "type: event_count\nrules: [done]\ngroup-by: [job]\ntimespan: 8h\ncondition: {lt: 1}\n";

#[test]
fn each_type_is_read() {
    for (kind, condition) in [
        ("event_count", "condition: {gte: 10}"),
        ("event_count", "condition: {gt: 100, lte: 200}"),
        ("value_count", "condition: {field: User, gte: 10}"),
        ("value_count", "condition: {field: [User, Host], neq: 10}"),
        ("temporal", ""),
        ("temporal", "condition: {gte: 2}"),
        ("temporal_ordered", ""),
        ("temporal_ordered", "condition: {gte: 3}"),
        ("value_sum", "condition: {field: bytes, gt: 1e9}"),
        ("value_avg", "condition: {field: bytes, lt: -1.5}"),
        ("value_percentile", "condition: {field: ms, percentile: 95, gt: 300}"),
        ("value_median", "condition: {field: ms, gte: 0.5}"),
    ] {
        let got = read(&format!("type: {kind}\nrules: [a, b, c]\ngroup-by: [h]\ntimespan: 1h\n{condition}")).unwrap();
        assert_eq!((got.kind.word(), got.timespan_secs), (kind, 3_600), "{condition}");
        assert!(!got.limits.0.is_empty() && got.kind.has_field() != got.fields.is_empty(), "{condition}");
    }
    let range = read(&COUNT.replace("{gte: 10}", "{gt: 100, lte: 200}")).unwrap().limits;
    assert_eq!([100.0, 101.0, 200.0, 201.0].map(|n| range.hold(n)), [false, true, true, false]);
    assert!(!range.is_reached());
    let all = read("type: temporal\nrules: [a, b]\ntimespan: 1m").unwrap();
    assert_eq!((all.limits.0[0].0, all.limits.0[0].1.get()), (Comparison::Gte, 2.0));
    assert_eq!(all.kind, CorrelationKind::Temporal);
    for (timespan, secs) in [("15s", 15), ("90m", 5_400), ("24h", 86_400), ("2d", 172_800), ("1w", 604_800)] {
        assert_eq!(read(&COUNT.replace("5m", timespan)).unwrap().timespan_secs, secs);
    }
    let aliased = "type: temporal\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 1m\naliases: {ip: {a: src, b: dst}}";
    let aliases = read(aliased).unwrap().aliases;
    assert_eq!(["a", "b", "c"].map(|rule| aliases[0].field_of(&[rule])), [Some("src"), Some("dst"), None]);
}

#[test]
fn absences_are_read() {
    let listed = read(&format!("{ABSENT}x-absence: {{groups: [his-db, pacs]}}")).unwrap().absence.unwrap();
    assert_eq!(listed.groups, DeclaredGroups::Listed(vec![vec!["his-db".into()], vec!["pacs".into()]]));
    let daily = format!(
        "{ABSENT}x-absence:\n  set: backup_jobs\n  daily: {{from: \"22:00\", to: \"06:00\", zone: Asia/Shanghai, \
         days: [mon, sun]}}\n  while: host_answers"
    );
    let absence = read(&daily).unwrap().absence.unwrap();
    let calendar = absence.daily.unwrap();
    assert_eq!((calendar.from_minute, calendar.to_minute, calendar.minutes()), (1_320, 360, 480));
    assert_eq!(calendar.days, [true, false, false, false, false, false, true]);
    assert_eq!(absence.meanwhile.unwrap().name, "host_answers");
    let whole = read("type: event_count\nrules: [a]\ntimespan: 1h\ncondition: {lt: 1}\nx-absence: {}").unwrap();
    assert_eq!(whole.absence.unwrap().groups, DeclaredGroups::Whole);
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let percentile = "type: value_percentile\nrules: [a]\ngroup-by: [h]\ntimespan: 24h\ncondition: {field: i, lte: 1}";
    let ordered = "type: temporal_ordered\nrules: [a, b]\ntimespan: 5m\ncondition: {gte: 1}";
    let daily = "x-absence: {groups: [a], daily: {from: \"22:00\", to: \"06:00\", zone: PRC}}";
    for (text, expected) in [
        (percentile.to_owned(), "7:14: value_percentile without `percentile` can be read in two ways"),
        (ordered.to_owned(), "6:14: temporal_ordered asks for all of its rules"),
        (COUNT.replace("{gte: 10}", "{lt: 1}"), "7:14: the condition holds only when nothing was seen"),
        (COUNT.replace("{gte: 10}", "{lte: 0}"), "holds only when nothing was seen"),
        (COUNT.replace("{gte: 10}", "{eq: 0}"), "holds only when nothing was seen"),
        (COUNT.replace("{gte: 10}", "{gte: 0}"), "holds for any window"),
        (COUNT.replace("{gte: 10}", "{gt: 10, lt: 5}"), "no count fulfils"),
        (COUNT.replace("{gte: 10}", "{gte: 1.5}"), "7:20: `gte` of a count is a whole number"),
        (COUNT.replace("{gte: 10}", "{gte: 100001}"), "from 0 to 100000"),
        (COUNT.replace("{gte: 10}", "{gte: '10'}"), "`gte` is a number"),
        (COUNT.replace("{gte: 10}", "{gte: 10, near: 3}"), "7:24: unknown key `near`"),
        (COUNT.replace("{gte: 10}", "{gte: 10, field: x}"), "`field` has no meaning for event_count"),
        (COUNT.replace("{gte: 10}", "{field: x}"), "`field` has no meaning"),
        (COUNT.replace("{gte: 10}", "{}"), "has no limit"),
        (COUNT.replace("{gte: 10}", "a and b"), "is a map such as"),
        (COUNT.replace("event_count", "value_count"), "`field` is missing"),
        (COUNT.replace("event_count", "counts"), "3:9: `type` is `counts`: write one of event_count"),
        (COUNT.replace("type: event_count\n", ""), "`type` is missing"),
        (COUNT.replace("rules: [a]", "rules: []"), "`rules` is missing"),
        (COUNT.replace("rules: [a]", "rules: [a, a]"), "4:14: `a` stands in `rules` twice"),
        (COUNT.replace("[u]", "[[u]]"), "an entry of `group-by` is a text"),
        (COUNT.replace("5m", "5"), "6:13: `timespan` is `5`"),
        (COUNT.replace("5m", "5M"), "no fixed length"),
        (COUNT.replace("5m", "0s"), "no length"),
        (COUNT.replace("5m", "1.5h"), "a whole number"),
        (COUNT.replace("5m", "32d"), "at most 31 days"),
        (COUNT.replace("5m", "99999999999999999999d"), "at most 31 days"),
        (COUNT.replace("timespan: 5m\n", ""), "`timespan` is missing"),
        (COUNT.replace("condition: {gte: 10}", "generate: yes"), "`generate` is true or false"),
        (format!("{COUNT}\ngroupby: [x]"), "8:3: unknown key `groupby`"),
        (format!("{COUNT}\naliases: [x]"), "`aliases` is a map"),
        (format!("{COUNT}\naliases: {{ip: src}}"), "the alias `ip` is a map"),
        (format!("{COUNT}\nx-absence: {{groups: [a]}}"), "does not hold for a count of 0"),
        (format!("{ABSENT}x-absence: {{}}"), "which groups there should be is missing"),
        (format!("{ABSENT}x-absence: {{groups: [[a, b]]}}"), "a value for each of the 1 fields"),
        (format!("{ABSENT}x-absence: {{groups: [a], set: b}}"), "exclude each other"),
        (format!("{ABSENT}x-absence: {{groups: []}}"), "write 1 to 10000"),
        (format!("{ABSENT}x-absence: {{groups: [a], when: b}}"), "unknown key `when`"),
        (format!("{ABSENT}x-absence: {{groups: [a], while: done}}"), "`while` names a rule that is counted"),
        (format!("{}{daily}", ABSENT.replace("8h", "9h")), "write `timespan: 8h`"),
        (format!("{ABSENT}{}", daily.replace("22:00", "24:00")), "`from` is a time of day"),
        (format!("{ABSENT}{}", daily.replace(", zone: PRC", "")), "`zone` is missing"),
        (format!("{ABSENT}{}", daily.replace("PRC", "PRC, days: [monday]")), "`monday` is no day"),
    ] {
        let got = read(&text).expect_err(&text);
        assert!(got.contains(expected), "{text}\n{got}");
    }
}
