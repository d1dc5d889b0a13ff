//! The query language: what is read, how it prints, what it matches, what is refused.

use proptest::prelude::*;
use serde_json::{Value, json};
use wardwatch_predicate::query::{
    Filter, Function, Is, Limit, Measure, Pipe, Query, RangeValue, SortKey, Term, TimeRange, TimeWord, read_query,
};
use wardwatch_predicate::{JsonRecord, Network, Number, Pattern, Piece};

fn read(text: &str) -> Query {
    read_query(text).unwrap_or_else(|fault| panic!("{text}: {fault}")).query
}

/// Query, event, expected; and the printed query reads back as the same.
fn check(cases: &[(&str, Value, bool)]) {
    for (text, event, expected) in cases {
        let query = read(text);
        assert_eq!(query.matches(&JsonRecord::new(event.clone())), *expected, "{text}\n{query}\n{event}");
        assert_eq!(read(&query.to_string()), query, "{text}\n{query}");
    }
}

/// Query and how it prints.
fn prints(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let query = read(text);
        assert_eq!(query.to_string(), *expected, "{text}");
        assert_eq!(read(expected), query, "{text}");
    }
}

fn refused(text: &str) -> String {
    match read_query(text) {
        Err(fault) => fault.to_string(),
        Ok(read) => panic!("{text} was read as {}", read.query),
    }
}

#[test]
fn terms_match_text_and_fields() {
    let event = || json!({"host": "PACS-01", "dst_ip": "10.1.2.3", "cmd_line": "VSSADMIN delete shadows", "bytes_out": 2000, "none": null, "tags": ["a", "b"]});
    check(&[
        (r#"host:PACS-01 AND dst_ip:10.0.0.0/8 AND "vssadmin""#, event(), true),
        ("host:pacs-01", event(), true),
        ("host:PACS", event(), false),
        ("host:PACS*", event(), true),
        ("host:PACS-0?", event(), true),
        ("host:\"PACS*\"", event(), false),
        ("vssadmin shadows", event(), true),
        ("vssadmin nothing", event(), false),
        ("vss*delete", event(), true),
        ("\"vssadmin delete\"", event(), true),
        ("\"vssadmin  delete\"", event(), false),
        ("host:*", event(), true),
        ("none:*", event(), false),
        ("absent:*", event(), false),
        ("NOT absent:*", event(), true),
        ("tags:b", event(), true),
        ("bytes_out:2000", event(), true),
        ("bytes_out:2000.0", event(), true),
        ("bytes_out:[1000 TO *]", event(), true),
        ("bytes_out:[* TO 2000]", event(), true),
        ("bytes_out:[1000 TO 2000}", event(), false),
        ("bytes_out:{1999 TO 2001}", event(), true),
        ("bytes_out:>1999", event(), true),
        ("bytes_out:>=2000", event(), true),
        ("bytes_out:<2000", event(), false),
        ("bytes_out:<=2e3", event(), true),
        ("host:>5", event(), false),
        ("dst_ip:[10.1.2.0 TO 10.1.2.9]", event(), true),
        ("dst_ip:>10.1.2.3", event(), false),
        ("dst_ip:10.1.2.3", event(), true),
        ("host:(LIS-01 OR PACS-01)", event(), true),
        ("host:(PACS* NOT *02)", event(), true),
        ("", event(), true),
        ("*", event(), true),
        ("NOT *", event(), false),
    ]);
}

#[test]
fn operators_bind_not_before_and_before_or() {
    let event = || json!({"a": 1, "b": 2});
    check(&[
        ("a:1 OR b:9 AND a:9", event(), true),
        ("(a:1 OR b:9) AND a:9", event(), false),
        ("NOT a:9 AND b:2", event(), true),
        ("NOT (a:1 AND b:2)", event(), false),
        ("a:1 b:2", event(), true),
        ("a:1 and not b:2", event(), false),
        ("a:9 || b:2", event(), true),
        ("a:1 && b:2", event(), true),
        ("NOT NOT a:1", event(), true),
    ]);
}

#[test]
fn paths_addresses_and_urls_are_read_as_meant() {
    check(&[
        (r"C:\Windows\System32", json!({"m": r"x c:\windows\system32\cmd.exe"}), true),
        ("http://192.0.2.1/x", json!({"m": "GET http://192.0.2.1/x HTTP/1.1"}), true),
        (r"path:C:\Windows\\*", json!({"path": r"C:\Windows\cmd.exe"}), true),
        (r#"path:"C:\Program Files\x.exe""#, json!({"path": r"c:\program files\x.exe"}), true),
        (r"path:C:\Program\ Files\x.exe", json!({"path": r"c:\program files\x.exe"}), true),
        ("ip:2001:db8:0::1", json!({"ip": "2001:DB8::1"}), true),
        ("ip:2001:db8::/32", json!({"ip": "2001:db8:7::1"}), true),
        ("ip:::ffff:10.0.0.0/104", json!({"ip": "10.9.9.9"}), true),
        ("10:20:30", json!({"m": "at 10:20:30"}), true),
        (r"user\:root", json!({"m": "user:root"}), true),
        (r#""Threat Name":x"#, json!({"Threat Name": "x"}), true),
        (r#"say:"a \"b\" c""#, json!({"say": "a \"b\" c"}), true),
        (r"x\*y", json!({"m": "x*y"}), true),
        (r"x\*y", json!({"m": "xzy"}), false),
    ]);
    let notes = read_query(r"path:C:\Windows\*").unwrap().notes;
    assert!(notes[0].note.contains("ordinary star"));
}

#[test]
fn full_width_signs_are_read_like_their_kin() {
    prints(&[
        ("host：PACS-01", "host:PACS-01"),
        ("“远程 登录” 主机：影像*", "\"远程 登录\" AND 主机:影像*"),
        ("（a OR b）　c", "(a OR b) AND c"),
        ("a ｜ stats count by 主机，user", "a | stats count by 主机, user"),
    ]);
    check(&[("\"主机：一\"", json!({"m": "在主机：一上"}), true), ("主机：一", json!({"主机": "一"}), true)]);
}

#[test]
fn a_query_prints_plainly() {
    prints(&[
        ("", "*"),
        ("a   b", "a AND b"),
        ("(a)", "a"),
        ("((a AND b) c)", "a AND b AND c"),
        ("a OR (b OR c)", "a OR b OR c"),
        ("f:\"plain\"", "f:plain"),
        ("f:\"and\"", "f:\"and\""),
        ("f:\"10.0.0.0/8\"", "f:\"10.0.0.0/8\""),
        ("f:[1 TO *]", "f:>=1"),
        ("f:{1 TO 2]", "f:{1 TO 2]"),
        ("f:>2026-11-25", "f:>\"2026-11-25\""),
        ("f:(a OR b)", "f:a OR f:b"),
        ("since:24h a", "earliest:1d AND a"),
        ("a OR b | head 5", "a OR b | head 5"),
        ("(a OR b) latest:now", "latest:now AND (a OR b)"),
        ("earliest:2026-11-25T08:00 | head 1", "earliest:\"2026-11-25T08:00\" | head 1"),
    ]);
}

#[test]
fn pipes_are_read_in_order() {
    prints(&[
        ("a | stats count by user | sort -count | head 20", "a | stats count by user | sort -count | head 20"),
        (
            "| STATS count(), dc(user) AS users, sum(bytes_out) by host",
            "| stats count, dc(user) as users, sum(bytes_out) by host",
        ),
        ("| stats avg(x), min(x), max(x), count(y)", "| stats avg(x), min(x), max(x), count(y)"),
        ("| sort time desc, host asc, +x", "| sort -time, +host, +x"),
        ("| stats dc(user) by host | sort -dc(user)", "| stats dc(user) by host | sort -\"dc(user)\""),
        ("| table a, b", "| fields a, b"),
        ("| limit 3", "| head 3"),
        ("| fields \"Threat Name\", cs-uri", "| fields \"Threat Name\", cs-uri"),
    ]);
}

#[test]
fn what_is_not_understood_is_refused_with_column_and_advice() {
    for (text, expected) in [
        ("a AND", "column 6: `AND` needs something behind it"),
        ("OR a", "column 1: a term is expected"),
        ("a OR", "a term is expected"),
        ("NOT", "column 1: `NOT` needs something"),
        ("(a", "column 1: this bracket is not closed"),
        ("a)", "column 2: this bracket closes nothing"),
        ("()", "a term is expected"),
        ("a \"b", "column 3: this quote is not closed"),
        ("\"C:\\x\\\"", "a backslash before a quote is written"),
        ("\"\"", "an empty text is in every line"),
        ("f:", "column 1: a value is expected behind the colon"),
        ("f: x", "a value is expected behind the colon"),
        ("f:[1 TO", "not closed"),
        ("f:[1 2]", "a range is written `[5 TO 9]`"),
        ("f:[* TO *]", "write `f"),
        ("f:[1 TO x]", "of one kind"),
        ("f:[10.0.0.1 TO 2001:db8::1]", "of one kind"),
        ("f:>", "a number, an address or a time"),
        ("f:10.0.0.0/33", "is no network"),
        ("f:(a", "the bracket behind `f:` is not closed"),
        ("user=root", "write `user:root` to ask a field"),
        ("bytes_out>1000", "write `bytes_out:>1000`"),
        ("user!=root", "write `NOT user:root`"),
        ("since:yesterday", "`since` takes 30m, 24h"),
        ("a OR since:1h", "a time range holds for the whole query"),
        ("since:1h OR a", "a time range holds for the whole query"),
        ("NOT since:1h", "a time range holds for the whole query"),
        ("since:1h earliest:2h", "given twice"),
        ("a | foo", "column 5: `foo` is no step"),
        ("a |", "a step is expected behind `|`"),
        ("a | stats median(x)", "`median` is no figure"),
        ("a | stats sum by x", "`sum` needs a field"),
        ("a | stats count, count", "two columns are called `count`"),
        ("a | stats count by x | sort y", "there is no column `y` any more"),
        ("a | fields x | stats count by y", "there is no column `y` any more"),
        ("a | stats count | stats count", "no column"),
        ("a | head", "`head 20`"),
        ("a | head 0", "`head 20`"),
        ("a | sort", "a field name is expected"),
    ] {
        let got = refused(text);
        assert!(
            got.contains(expected) || (text.contains("stats count |") && got.contains("one `stats`")),
            "{text}: {got}"
        );
    }
}

#[test]
fn hostile_queries_meet_a_bound() {
    assert!(refused(&"(".repeat(10_000)).contains("nested deeper"));
    assert!(refused(&"NOT ".repeat(3_000)).contains("nested deeper"));
    assert!(refused(&"a ".repeat(8_000)).contains("more than 1024 terms"));
    assert!(refused(&"a".repeat(20_000)).contains("at most 16384"));
    assert!(refused(&format!("f:{}", "(".repeat(10_000))).contains("nested deeper"));
    assert!(refused(&"| head 1 ".repeat(17)).contains("more than 16 steps"));
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("host".to_owned()), "[a-z_主][a-z0-9_.-]{0,6}", Just("Threat Name".to_owned())]
        .prop_filter("time words", |name| !matches!(name.as_str(), "since" | "earliest" | "latest"))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let piece = prop_oneof![
        "[a-zA-Z0-9 :=<>()\\[\\]{}|\"“：*?\\\\!/.主-]{1,6}".prop_map(Piece::Text),
        Just(Piece::Run),
        Just(Piece::One)
    ];
    proptest::collection::vec(piece, 1..4)
        .prop_map(|pieces| {
            let mut pattern = Pattern::default();
            pieces.into_iter().for_each(|piece| pattern.push(piece));
            pattern
        })
        .prop_filter("present, not text", |pattern| pattern.pieces() != [Piece::Run])
}

fn range_value() -> impl Strategy<Value = (RangeValue, RangeValue)> {
    prop_oneof![
        (any::<i64>(), any::<i32>()).prop_map(|(a, b)| (
            RangeValue::Number(Number::Integer(i128::from(a))),
            RangeValue::Number(Number::Float(f64::from(b) / 8.0))
        )),
        (any::<u32>(), any::<u32>()).prop_map(|(a, b)| {
            let address = |bits| RangeValue::Address(std::net::Ipv4Addr::from_bits(bits).into());
            (address(a), address(b))
        }),
        ("[a-z\"\\\\* ]{1,5}", "[a-z0-9]{1,5}").prop_map(|(a, b)| (RangeValue::Text(a), RangeValue::Text(b))),
    ]
}

fn is() -> impl Strategy<Value = Is> {
    let limit = |value: RangeValue, inclusive| Some(Limit { value, inclusive });
    prop_oneof![
        Just(Is::Present),
        pattern().prop_map(Is::Text),
        (any::<u32>(), 0u8..=32).prop_map(|(bits, prefix)| {
            Is::Within(Network::read(&format!("{}/{prefix}", std::net::Ipv4Addr::from_bits(bits))).unwrap())
        }),
        (range_value(), any::<bool>(), any::<bool>(), 0u8..3).prop_map(move |((low, high), a, b, ends)| match ends {
            0 => Is::Between { low: limit(low, a), high: None },
            1 => Is::Between { low: None, high: limit(high, b) },
            _ => Is::Between { low: limit(low, a), high: limit(high, b) },
        }),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        pattern().prop_map(|pattern| Filter::Term(Term::Text(pattern))),
        (name(), is()).prop_map(|(field, is)| Filter::Term(Term::Field { field, is })),
        Just(Filter::All),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::all_of),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::any_of),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn pipes() -> impl Strategy<Value = Vec<Pipe>> {
    let measure = (0usize..6, name(), proptest::option::of("[a-z]{1,4}")).prop_map(|(which, field, given)| {
        let functions = [
            Function::Count,
            Function::Distinct,
            Function::Sum,
            Function::Average,
            Function::Least,
            Function::Greatest,
        ];
        let function = functions[which];
        let name = given.unwrap_or_else(|| format!("{}({field})", function.word()));
        Measure { function, field: Some(field), name }
    });
    let first = prop_oneof![
        (1u64..100).prop_map(Pipe::Head),
        proptest::collection::vec((name(), any::<bool>()), 1..3).prop_map(|keys| {
            Pipe::Sort(keys.into_iter().map(|(field, descending)| SortKey { field, descending }).collect())
        }),
    ];
    let last = prop_oneof![
        (measure, proptest::collection::btree_set("[A-Z]{1,3}", 0..3))
            .prop_map(|(measure, by)| Pipe::Stats { measures: vec![measure], by: by.into_iter().collect() }),
        proptest::collection::vec(name(), 1..3).prop_map(Pipe::Fields),
    ];
    (proptest::collection::vec(first, 0..3), proptest::option::of(last)).prop_map(|(mut pipes, last)| {
        pipes.extend(last);
        pipes
    })
}

fn time() -> impl Strategy<Value = Option<TimeWord>> {
    proptest::option::of(prop_oneof![
        (0u64..10_000_000).prop_map(TimeWord::Ago),
        Just(TimeWord::At("2026-11-25 08:00:00.5+08:00".to_owned()))
    ])
}

proptest! {
    #[test]
    fn a_query_reads_back_as_it_prints(filter in filter(), earliest in time(), latest in time(), pipes in pipes()) {
        let query = Query { filter, range: TimeRange { earliest, latest }, pipes };
        let text = query.to_string();
        let back = read_query(&text);
        prop_assert!(back.is_ok(), "{}: {:?}", text, back);
        prop_assert_eq!(back.unwrap().query, query, "{}", text);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "(host|since|AND|or|NOT|TO|stats|count|by|sort|head|[a-z:*?\"“”：()\\[\\]{}|<>=,\\\\ 0-9./-]){0,30}") {
        let _ = read_query(&text);
    }
}
