//! As many terms as the language takes, of each kind: the answer is the plain reading's, on the threads searches run on.

use crate::oracle::check;
use wardwatch_limits::QUERY_TERMS;

fn joined(prefix: &str, word: &str, rest: usize, found: &str) -> String {
    let mut terms: Vec<String> = (1..rest).map(|n| format!("{prefix}q{n}z")).collect();
    terms.insert(rest / 2, format!("{prefix}{found}"));
    terms.join(word)
}

#[test]
fn as_many_terms_as_there_may_be_are_answered_as_the_language_says() {
    let all = QUERY_TERMS;
    // The name before the bracket counts as one.
    let values = all - 1;
    let numbers = |from: usize| (from..from + values).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    let numbers_or = |from: usize| numbers(from).replace(' ', " OR ");
    for text in [
        joined("", " OR ", all, "vssadmin"),
        joined("", " OR ", all, "登录?败"),
        joined("", " OR ", all, "kim"),
        joined("", " ", all, "vssadmin"),
        vec!["a"; all].join(" "),
        joined("NOT ", " ", all, "vssadmin"),
        format!("NOT ({})", joined("", " OR ", all, "kim")),
        format!("user:({})", joined("", " OR ", values, "kim")),
        format!("NOT user:({})", joined("", " OR ", values, "adm*")),
        format!("user:({})", joined("", " ", values, "kim")),
        format!("dst_port:({})", numbers_or(1)),
        format!("code:({})", numbers_or(4_000)),
        format!("EventID:({})", numbers_or(4_000)),
        format!("DstPort:({})", numbers_or(1)),
        format!("SubjectUserName:({})", joined("", " OR ", values, "system")),
    ] {
        check(&text);
    }
}

#[test]
fn many_terms_of_all_kinds_together() {
    let addresses = |n: usize| (0..n).map(|n| format!("10.1.{}.{}", n / 250, n % 250)).collect::<Vec<_>>().join(" OR ");
    let ids = (0..200).map(|n| crate::world::id(n).to_string()).collect::<Vec<_>>().join(" OR ");
    let pairs = (0..300).map(|n| format!("(q{n} user:u{n})")).collect::<Vec<_>>().join(" OR ");
    for text in [
        format!("src_ip:({})", addresses(900)),
        format!("NOT src_ip:({})", addresses(900)),
        format!("src_ip:({}) user:*", addresses(900)),
        format!("src_ip:({}) OR host:his OR time:>2026-11-25", addresses(700)),
        format!("time:>\"2026-11-25T00:01:00.000000Z\" NOT src_ip:({}) NOT ({pairs})", addresses(40)),
        format!("event_id:({ids})"),
        format!("{pairs} OR (vss* host:pacs* NOT dst_port:*)"),
        format!("{pairs} OR time:[\"2026-11-25T00:00:20.000000Z\" TO \"2026-11-25T00:01:50.000000Z\"}}"),
    ] {
        check(&text);
    }
}
