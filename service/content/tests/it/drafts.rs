//! Drafts: what is guessed from lines, and that a draft always compiles.

use proptest::prelude::*;
use wardwatch_content::{Library, Tongue, draft, synonym_count};
use wardwatch_pack::{Pack, PackFiles};

/// Charset, body, time field, and columns that must be proposed with the field each reads first.
fn check(lines: &[u8], charset: &str, body: &str, time: Option<&str>, columns: &[(&str, &str)]) {
    let draft = draft(lines, "acme/thing");
    assert_eq!((draft.charset, draft.body, draft.fault.as_deref()), (charset, body, None), "{}", draft.pack_toml);
    assert_eq!(draft.time.as_ref().map(|t| t.from.as_str()), time, "{}", draft.pack_toml);
    for (column, field) in columns {
        let found = draft.fields.iter().find(|f| f.name == *field).unwrap_or_else(|| panic!("no field {field}"));
        assert_eq!(found.column.as_deref(), Some(*column), "{field}");
    }
    assert_eq!(draft.coverage.parsed.get("whole"), Some(&draft.coverage.lines), "{}", draft.show(Tongue::En));
}

#[test]
fn the_usual_shapes_are_recognised() {
    check(
        b"<189>date=2026-11-25 time=09:00:01 devname=\"fw1\" srcip=10.1.1.1 dstip=10.1.1.2 dstport=80 action=\"deny\" level=\"notice\"\n\
          <189>date=2026-11-25 time=09:00:02 devname=\"fw1\" srcip=10.1.1.3 dstip=10.1.1.2 dstport=443 action=\"accept\" level=\"alert\"\n",
        "auto", "kv", Some("date+time"),
        &[("src_ip", "srcip"), ("dst_ip", "dstip"), ("dst_port", "dstport"), ("disposition_id", "action"), ("severity_id", "level")],
    );
    check(
        "{\"eventTime\":\"2026-11-25T09:00:01+08:00\",\"src\":{\"ip\":\"10.1.1.1\"},\"userName\":\"a\",\"威胁等级\":\"高\"}\n".as_bytes(),
        "auto", "json", Some("eventTime"), &[("user", "userName"), ("severity_id", "威胁等级")],
    );
    check(
        b"2026-11-25 09:00:01|!login|!10.1.1.1|!ok\n2026-11-25 09:00:02|!login|!10.1.1.2|!ok\n",
        "auto",
        "csv",
        None,
        &[],
    );
    check(
        b"<134>Nov 25 09:00:01 h p: CEF:0|V|P|1|7|n|3|src=10.1.1.1 dst=10.1.1.2\n",
        "auto",
        "cef",
        None,
        &[("src_ip", "src"), ("dst_ip", "dst")],
    );
    check(
        b"<134>Nov 25 09:00:01 h LEEF:1.0|V|P|1|7|src=10.1.1.1\tusrName=a\n",
        "auto",
        "leef",
        None,
        &[("src_ip", "src"), ("user", "usrName")],
    );
    check(b"<134>Nov 25 09:00:01 h p: nothing but words\n", "auto", "text", None, &[]);
}

#[test]
fn chinese_keys_in_gb18030_are_read() {
    let library = Library::embedded();
    let bytes = library.bytes("sources/sangfor/af/samples/gbk.log").expect("a sample");
    check(
        bytes,
        "gb18030",
        "kv",
        None,
        &[
            ("src_ip", "源IP"),
            ("dst_port", "目的端口"),
            ("threat_class", "攻击类型"),
            ("severity_id", "严重级别"),
            ("disposition_id", "系统动作"),
            ("url", "URL"),
        ],
    );
}

#[test]
fn the_table_of_names_is_large_and_points_at_columns() {
    assert!(synonym_count() >= 400, "{}", synonym_count());
    let table = include_str!("../../src/synonyms.csv");
    for line in table.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let (column, key) = line.split_once(',').expect("column,key");
        assert!(column == "time" || wardwatch_schema::find_column(column).is_some(), "{line}");
        assert!(!key.trim().is_empty(), "{line}");
    }
}

#[test]
fn every_shipped_sample_gives_a_draft_that_compiles() {
    let library = Library::embedded();
    let logs: Vec<_> = library.below("sources").filter(|(path, _)| path.ends_with(".log")).collect();
    assert!(logs.len() >= 70);
    for (path, bytes) in logs {
        let draft = draft(bytes, "acme/thing");
        assert_eq!(draft.fault, None, "{path}\n{}", draft.pack_toml);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_a_draft_that_compiles(bytes in prop::collection::vec(any::<u8>(), 0..600), id in ".{0,20}") {
        let draft = draft(&bytes, &id);
        prop_assert_eq!(draft.fault, None);
        prop_assert!(Pack::compile(&PackFiles::of("p", &draft.pack_toml)).is_ok());
    }

    #[test]
    fn any_pairs_give_a_draft_that_compiles(pairs in prop::collection::vec(("[a-z'\"\\\\\u{4e00}-\u{4e20} .=\\[\\]]{1,8}", "[ -~\u{4e00}-\u{4e20}]{0,12}"), 3..12), pair in "[=:]", sep in "(, |;| |,)") {
        let line: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}{pair}{value}")).collect();
        let draft = draft(line.join(&sep).as_bytes(), "acme/thing");
        prop_assert_eq!(draft.fault, None, "{}", draft.pack_toml);
    }
}
