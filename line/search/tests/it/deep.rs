//! Queries as wide and as deep as they may be: read, planned, printed, compared and dropped on a small stack.

use wardwatch_ident::{Timestamp, Zone};
use wardwatch_limits::{QUERY_DEPTH, QUERY_TERMS};
use wardwatch_predicate::query::read_query;
use wardwatch_search::{Asked, NoNativeNames, Test, plan};

/// A quarter of what threads have unless they are told otherwise.
const STACK_BYTES: usize = 512 * 1024;

fn check(text: String, expect: fn(&Test) -> bool) {
    let work = move || {
        let query = read_query(&text).unwrap_or_else(|fault| panic!("{text}: {fault}")).query;
        let again = read_query(&query.to_string()).unwrap().query;
        assert_eq!(query, again, "{text}");
        let (zone, now) = (Zone::china(), Timestamp::from_secs(0));
        let asked = |query| Asked {
            query,
            dataset: "events",
            range: (None, None),
            rows_max: 10,
            now,
            zone: &zone,
            natives: &NoNativeNames,
        };
        let first = plan(asked(&query)).unwrap();
        assert!(expect(&first.test), "{text}");
        assert_eq!(format!("{first:?}"), format!("{:?}", plan(asked(&again)).unwrap()), "{text}");
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap();
}

fn wide(test: &Test) -> bool {
    matches!(test, Test::And(inner) | Test::Or(inner) if inner.len() == QUERY_TERMS)
}

#[test]
fn as_many_terms_as_there_may_be_lie_side_by_side() {
    let terms = |prefix: &str| (0..QUERY_TERMS).map(|n| format!("{prefix}a{n}")).collect::<Vec<_>>();
    check(terms("").join(" OR "), wide);
    check(terms("").join(" "), wide);
    check(terms("NOT ").join(" "), wide);
    check(terms("u:").join(" OR "), wide);
}

#[test]
fn as_deep_as_there_may_be_is_planned_and_printed() {
    let deep = QUERY_DEPTH - 1;
    check(format!("{}a", "NOT ".repeat(deep)), |test| matches!(test, Test::Not(_)));
    check(format!("{}a{}", "(".repeat(deep), ")".repeat(deep)), |test| matches!(test, Test::Line(_)));
    let ladder = (1..deep).fold("a0".to_owned(), |inner, n| {
        if n % 2 == 0 { format!("({inner}) OR a{n}") } else { format!("({inner}) b{n}") }
    });
    check(ladder, |test| matches!(test, Test::Or(_) | Test::And(_)));
}
