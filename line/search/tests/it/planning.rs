//! Names, times and steps of a plan.

use wardwatch_ident::{Timestamp, Zone};
use wardwatch_predicate::query::read_query;
use wardwatch_search::{
    Access, Asked, NativeNames, NoNativeNames, Place, SearchFault, SearchPlan, Step, Test, plan, resolve,
};

struct Packs;

impl NativeNames for Packs {
    fn columns(&self, native: &str) -> Vec<String> {
        match native {
            "srcip" => vec!["src_ip".into()],
            "user" | "User" => vec!["target_user".into(), "user".into(), "no_such_column".into()],
            _ => Vec::new(),
        }
    }
}

const NOW: &str = "2026-11-25T12:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn planned(dataset: &str, text: &str) -> Result<SearchPlan, SearchFault> {
    let query = read_query(text).unwrap_or_else(|fault| panic!("{text}: {fault}")).query;
    let range = (Some(at("2026-11-24T12:00:00Z")), None);
    let zone = Zone::china();
    plan(Asked { query: &query, dataset, range, rows_max: 10, now: at(NOW), zone: &zone, natives: &Packs })
}

#[test]
fn a_name_is_a_column_or_a_native_name() {
    let check = |dataset: &str, name: &str, expect: Option<(&str, &[&str])>| {
        let found = resolve(dataset, name, &Packs).ok().map(|access| match access {
            Access::Column(column) => (String::new(), vec![column.name]),
            Access::Native { key, columns } => (key, columns.iter().map(|column| column.name).collect()),
        });
        assert_eq!(found, expect.map(|(key, columns)| (key.to_owned(), columns.to_vec())), "{dataset} {name}");
    };
    check("events", "host", Some(("", &["host"])));
    check("events", "raw", Some(("", &["raw"])));
    check("events", "src_endpoint.ip", Some(("", &["src_ip"])));
    check("events", "file.hashes", Some(("file.hashes", &["sha256", "md5", "imphash"])));
    check("events", "srcip", Some(("srcip", &["src_ip"])));
    check("events", "User", Some(("User", &["user", "target_user"])));
    check("events", "Host", Some(("Host", &["host"])));
    check("events", "SubjectUserName", Some(("SubjectUserName", &[])));
    check("events", "raw_bytes", Some(("raw_bytes", &[])));
    check("quarantine", "host", Some(("", &["host"])));
    check("alerts", "rule_id", Some(("", &["rule_id"])));
    check("alerts", "Severity", Some(("", &["severity"])));
    check("alerts", "SubjectUserName", None);
    check("cases", "host", None);
    assert!(
        matches!(resolve("events", "srcip", &NoNativeNames), Ok(Access::Native { columns, .. }) if columns.is_empty())
    );
}

#[test]
fn times_are_instants_in_the_reader_s_zone() {
    let open = "2026-11-24T12:00:00Z";
    for (text, first, last) in [
        ("x", open, None),
        ("x since:1h", "2026-11-25T11:00:00Z", None),
        ("x earliest:2026-11-25", "2026-11-24T16:00:00Z", None),
        ("x earliest:2026-11-25T08:00", "2026-11-25T00:00:00Z", None),
        ("x earliest:2026-11-25T08:00Z", "2026-11-25T08:00:00Z", None),
        ("x earliest:2026-11-25T08:00:01.5+01:00", "2026-11-25T07:00:01.5Z", None),
        ("x latest:-1h", open, Some("2026-11-25T10:59:59.999999Z")),
        ("x earliest:2020-01-01 latest:now", "2019-12-31T16:00:00Z", Some("2026-11-25T11:59:59.999999Z")),
    ] {
        let time = planned("events", text).unwrap().time;
        assert_eq!(time, (at(first), last.map_or(Timestamp(i64::MAX), at)), "{text}");
    }
    assert!(matches!(planned("events", "x latest:2020-01-01"), Err(SearchFault::EmptyRange)));
    assert!(matches!(planned("events", "x earliest:2026-13-01"), Err(SearchFault::Time(_))));
    let Test::Instant { column, between } = planned("events", "time_received:[2026-11-25 TO *]").unwrap().test else {
        panic!("a range of times");
    };
    assert_eq!(
        (column.name, between.low, between.high),
        ("time_received", Some((at("2026-11-24T16:00:00Z"), true)), None)
    );
    assert!(matches!(planned("events", "time:>5"), Err(SearchFault::Time(_))));
}

#[test]
fn steps_name_rows_first_and_made_columns_later() {
    let steps = planned("events", "* | stats count as n by host | sort -n | head 3 | fields n, n").unwrap().steps;
    let [Step::Stats { figures, by }, Step::Sort(keys), Step::Head(3), Step::Fields(fields)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(figures[0].name, "n");
    assert!(matches!(&by[0], (Place::Row(Access::Column(column)), name) if column.name == "host" && name == "host"));
    assert_eq!(keys.as_slice(), [(Place::Made("n".into()), true)]);
    assert_eq!(fields.as_slice(), [(Place::Made("n".into()), "n".into())]);
    assert_eq!(planned("events", "x").unwrap().rows_max, 10);
}

#[test]
fn what_cannot_be_planned_is_said() {
    for (dataset, text, expect) in [
        ("cases", "x", "no dataset `cases`"),
        ("alerts", "Image:x", "no field `Image` in dataset `alerts`: there are id, event_id"),
        ("events", "* | stats sum(src_ip)", "`sum` needs numbers, but `src_ip` holds addresses"),
        ("events", "* | stats avg(time)", "`avg` needs numbers, but `time` holds times"),
    ] {
        let fault = planned(dataset, text).unwrap_err().to_string();
        assert!(fault.starts_with(expect), "{fault}");
    }
}
