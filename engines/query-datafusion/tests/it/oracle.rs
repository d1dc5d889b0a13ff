//! The engine against the plain reading of the query, row by row.

use crate::world::{Aliases, Row, T1, World, batch, block_on, planned, query, row, seqs};
use proptest::prelude::*;
use std::sync::OnceLock;
use wardwatch_lake::Layout;
use wardwatch_search::{QueryEngine, RowRecord};

/// Rows that sit on the edges of the language: letter cases that fold oddly, numbers in many spellings, addresses,
/// arrays, repeated keys, nothing at all.
fn rows() -> Vec<Vec<Row>> {
    let first = vec![
        row(
            1,
            Some(10),
            &[
                ("host", "PACS-01"),
                ("user", "admin"),
                ("src_ip", "10.1.2.3"),
                ("code", "4625"),
                ("raw", "vssadmin delete shadows"),
            ],
        ),
        row(
            2,
            Some(20),
            &[
                ("host", "pacs-01"),
                ("user", "Admin"),
                ("src_ip", "10.1.2.4"),
                ("dst_port", "443"),
                ("raw", "VSSAdmin list"),
            ],
        ),
        row(
            3,
            Some(20),
            &[("host", "Pacs-02"), ("src_ip", "192.0.2.7"), ("dst_port", "8443"), ("code", "4625.0"), ("raw", "a b c")],
        ),
        row(4, None, &[("host", "his"), ("user", "\u{212A}im"), ("raw", "user \u{212A}im logged in")]),
        row(5, None, &[("user", "kim"), ("host", "HIS"), ("code", "0x1211"), ("raw", "KIM logged in")]),
    ];
    let second = vec![
        row(
            6,
            Some(100),
            &[("user", "管理员"), ("src_ip", "2001:db8::1"), ("raw", "管理员 登录失败 from 2001:db8::1")],
        ),
        row(
            7,
            Some(110),
            &[("host", "İzmir"), ("raw", "host İZMIR"), ("unmapped", r#"{"SubjectUserName":"SYSTEM","EventID":4624}"#)],
        ),
        row(
            8,
            Some(120),
            &[("code", "4624"), ("raw", ""), ("unmapped", r#"{"SubjectUserName":["root","admin"],"x":null}"#)],
        ),
        row(9, Some(130), &[("dst_port", "0"), ("count", "-5"), ("raw", "50% off_by_one \\path\\file*")]),
    ];
    let third = vec![
        row(10, Some(-86_400), &[("raw", "older"), ("unmapped", r#"{"SubjectUserName":"a","SubjectUserName":"b"}"#)]),
        row(
            11,
            Some(200),
            &[("count", "9007199254740993"), ("raw", "{\"a\":1}"), ("unmapped", "{\"DstPort\":443.0,\"Flag\":true}")],
        ),
        row(12, Some(210), &[("host", "straße"), ("user", "ΣΊΣΥΦΟΣ"), ("raw", "no letters: 123 456")]),
    ];
    vec![first, second, third]
}

struct Prepared {
    world: World,
    runtime: tokio::runtime::Runtime,
    rows: Vec<Row>,
}

fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let world = World::new();
        let files = rows();
        runtime.block_on(async {
            for (file, layout) in files.iter().zip([Layout::L0, Layout::L1, Layout::L1]) {
                world.file(T1, layout, file).await;
            }
        });
        Prepared { world, runtime, rows: files.concat() }
    })
}

pub fn check(text: &str) {
    let prepared = prepared();
    let query = query(text);
    let rows = batch(&prepared.rows);
    let mut expect: Vec<u64> = (0..rows.num_rows())
        .filter(|row| query.matches(&RowRecord { rows: &rows, row: *row, dataset: "events", natives: &Aliases }))
        .map(|row| prepared.rows[row].seq)
        .collect();
    let plan = planned(&query, 100).unwrap();
    let answer = prepared.runtime.block_on(prepared.world.engine.run(&crate::world::context(T1), &plan));
    let mut got = seqs(&answer.unwrap_or_else(|fault| panic!("{text}: {fault}")));
    got.sort_unstable();
    expect.sort_unstable();
    assert_eq!(got, expect, "{text}");
}

const TERMS: &[&str] = &[
    "*",
    "host:PACS-01",
    "host:pacs-0?",
    "host:pacs*",
    "host:*-01",
    "host:*",
    "NOT host:*",
    "NOT host:his",
    "host:(his OR pacs-02)",
    "host:izmir",
    "host:i̇zmir",
    "host:\"İzmir\"",
    "host:STRASSE OR host:STRAßE",
    "user:kim",
    "user:KIM",
    "user:admin",
    "user:管理员",
    "user:管*",
    "user:σίσυφοσ",
    "src_ip:10.1.2.3",
    "src_ip:10.0.0.0/8",
    "NOT src_ip:10.0.0.0/8",
    "src_ip:2001:DB8::1",
    "src_ip:2001:db8::/32",
    "src_ip:[10.1.2.4 TO 192.0.2.7]",
    "src_ip:10.1.*",
    "dst_port:443",
    "dst_port:443.0",
    "dst_port:44*",
    "dst_port:>443",
    "dst_port:>=443",
    "dst_port:[1 TO 8443}",
    "dst_port:[0 TO *]",
    "dst_port:https",
    "NOT dst_port:https",
    "dst_port:<0.5",
    "count:-5",
    "count:>9007199254740992",
    "count:9007199254740993",
    "code:4625",
    "code:>4624",
    "code:462?",
    "EventID:4624",
    "EventID:4625",
    "EventID:>4624",
    "NOT EventID:*",
    "DstPort:443",
    "Flag:true",
    "x:*",
    "SubjectUserName:system",
    "SubjectUserName:admin",
    "SubjectUserName:b",
    "SubjectUserName:*o*",
    "device.hostname:his",
    "HOST:his",
    "vssadmin",
    "\"vssadmin delete\"",
    "kim",
    "izmir",
    "登录失败",
    "登录?败",
    "50%",
    "off_by_one",
    "\\\\path\\\\file\\*",
    "vss*shadows",
    "\"no letters: 123\"",
    "vssadmin NOT delete",
    "vssadmin OR 登录失败 OR src_ip:192.0.2.0/24",
    "NOT (host:his OR user:admin OR vssadmin)",
    "NOT NOT host:his",
    "event_id:00000000000000000000000000000000",
    "parsed:whole",
    "time:[\"2026-11-25T00:00:20.000000Z\" TO \"2026-11-25T00:01:50.000000Z\"}",
    "time:2026-11-24*",
    "time:*",
];

#[test]
fn every_kind_of_term_reads_as_the_language_says() {
    TERMS.iter().for_each(|text| check(text));
    check(&format!("event_id:{}", crate::world::id(7)));
    check(&format!("event_id:{}", crate::world::id(7).to_string().to_uppercase()));
    check(&format!("event_id:{}*", &crate::world::id(7).to_string()[..12]));
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("PACS-01".to_owned()),
        Just("pacs*".to_owned()),
        Just("*i*".to_owned()),
        Just("KIM".to_owned()),
        Just("443".to_owned()),
        Just("4625".to_owned()),
        Just(">443".to_owned()),
        Just("[1 TO 4625]".to_owned()),
        Just("[a TO k}".to_owned()),
        Just("10.0.0.0/8".to_owned()),
        Just("*".to_owned()),
        Just("\"管理员\"".to_owned()),
        "[a-zA-Z0-9]{1,3}\\*?",
        "[0-9]{1,4}",
    ]
}

fn term() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just("host"),
        Just("user"),
        Just("src_ip"),
        Just("dst_port"),
        Just("code"),
        Just("count"),
        Just("EventID"),
        Just("DstPort"),
        Just("SubjectUserName"),
        Just("nothing"),
    ];
    prop_oneof![
        3 => (field, value()).prop_map(|(field, value)| format!("{field}:{value}")),
        1 => "[a-zA-Z0-9管登]{1,3}",
    ]
}

fn tree() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("NOT {a}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_query_finds_what_its_plain_reading_finds(text in tree()) {
        check(&text);
    }
}

#[test]
fn hot_rows_and_files_answer_together_newest_first() {
    let world = World::new();
    block_on(async {
        world
            .file(
                T1,
                Layout::L0,
                &[row(1, None, &[("raw", "login one")]), row(2, Some(9_000), &[("raw", "login two")])],
            )
            .await;
        world.hot(T1, 3, &["login three", "logout"]).await;
        let answer = world.ask(T1, "login").await.unwrap();
        assert_eq!(seqs(&answer), [2, 3, 1]);
        assert_eq!((answer.scanned.files, answer.scanned.rows), (1, 4));
        assert!(answer.whole_rows && !answer.truncated);
        let recent = world.ask(T1, "login since:2026-11-25T00:16:42Z latest:2026-11-25T00:16:44Z").await.unwrap();
        assert_eq!(seqs(&recent), [3], "no time of their own: reception counts");
        let none = world.ask(T1, "login latest:2026-11-20").await.unwrap();
        assert_eq!((none.rows(), none.scanned.files), (0, 0), "files out of the range are not opened");
    });
}
