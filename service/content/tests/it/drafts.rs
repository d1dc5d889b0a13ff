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

/// The manifest as drafted.
fn drafted(lines: &str) -> String {
    let draft = draft(lines.as_bytes(), "acme/thing");
    assert_eq!(draft.fault, None, "{}", draft.pack_toml);
    draft.pack_toml
}

#[test]
fn only_lines_that_name_a_threat_become_alarms() {
    let session = |n: u8| format!("kind=session src=10.1.1.{n} dst=10.1.1.9 dport=443\n");
    let alarm = |n: u8| format!("kind=ips src=10.1.1.{n} dst=10.1.1.9 threat=probe{n}\n");
    // All of them, none of them, and both: then a field tells.
    let all = drafted(&(alarm(1) + &alarm(2)));
    assert!(all.contains("class = 2004") && !all.contains("class = 4001"), "{all}");
    let none = drafted(&(session(1) + &session(2)));
    assert!(none.contains("class = 4001") && !none.contains("class = 2004"), "{none}");
    let both = drafted(&(session(1) + &alarm(2)));
    let cases = "[[case]]\nwhen = { field = 'kind', in = ['ips'] }\nclass = 2004\nactivity = 1\n";
    assert!(both.contains(cases) && both.contains("in = ['session'] }\nclass = 4001"), "{both}");
    // Nothing tells but that the threat is there; or, where it is always there, nothing.
    let there = drafted(&(session(1) + &alarm(2)).replace("kind=ips", "kind=session"));
    assert!(there.contains("when = { field = 'threat', has = '' }\nclass = 2004"), "{there}");
    let untold = drafted(
        "a=1 src=10.1.1.1 dst=10.1.1.2 threat=-\na=1 src=10.1.1.1 dst=10.1.1.2 threat=probe\na=1 src=10.1.1.3 dst=10.1.1.2 threat=unknown\n",
    );
    assert!(!untold.contains("[[case]]\nclass = 2004") && untold.contains("# Some lines name a threat"), "{untold}");
}

#[test]
fn values_with_blanks_go_on_to_the_next_key() {
    let lines = "时间=2026-11-25 10:00:01 源IP=10.1.2.3 描述=a b c 等级=3\n时间=2026-11-25 10:00:02 源IP=10.1.2.4 描述=d e 等级=4\n";
    check(lines.as_bytes(), "auto", "kv", Some("时间"), &[("src_ip", "源IP"), ("message", "描述")]);
    let text = drafted(lines);
    assert!(text.contains("until_next_key = true, keys = ['时间'") && !text.contains("excerpt"), "{text}");
}

#[test]
fn severities_of_syslog_are_known() {
    let text = drafted("src=10.1.1.1 dst=10.1.1.2 lvl=4 sid=90121\nsrc=10.1.1.1 dst=10.1.1.2 lvl=6 sid=90122\n");
    assert!(text.contains("severity_id = { 0 = 6, 1 = 5, 2 = 5, 3 = 4, 4 = 3, 5 = 2, 6 = 1, 7 = 1 }"), "{text}");
    assert!(text.contains("rule_uid = 'sid'"), "{text}");
    let upwards = drafted("src=10.1.1.1 dst=10.1.1.2 lvl=9\nsrc=10.1.1.1 dst=10.1.1.2 lvl=3\n");
    assert!(!upwards.contains("7 = 1"), "{upwards}");
}

/// The chapter of the book, word for word: its lines drafted, its manifest tested and clean.
#[test]
fn the_book_does_what_it_says() {
    for language in ["en", "zh"] {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book").join(language);
        let page = std::fs::read_to_string(page.join("writing-a-pack.md")).expect("the chapter");
        let blocks: Vec<&str> = page.split("\n```").skip(1).step_by(2).collect();
        let lines = blocks.iter().find_map(|b| b.strip_prefix('\n').filter(|b| b.starts_with("<134>"))).expect("lines");
        let manifest = blocks.iter().find_map(|b| b.strip_prefix("toml\n")).expect("a manifest");
        let draft = draft(lines.as_bytes(), "acme/gate");
        assert_eq!((draft.fault, draft.coverage.timed, draft.coverage.mapped), (None, 3, 12), "{}", draft.pack_toml);
        let folder = tempfile::tempdir().expect("a folder");
        let gate = folder.path().join("sources/acme/gate");
        std::fs::create_dir_all(gate.join("samples")).expect("folders");
        let sample = format!("# received: 2026-11-25T02:00:10Z zone: Asia/Shanghai\n{lines}\n");
        for manifest in [&draft.pack_toml.replace("'https://…'", "'https://docs.acme.example/'"), &manifest.to_owned()]
        {
            std::fs::write(gate.join("pack.toml"), manifest).expect("written");
            std::fs::write(gate.join("samples/normal.log"), &sample).expect("written");
            let library = || Library::folder(folder.path()).expect("content");
            wardwatch_content::test(&library(), None, true).expect("expectations are written");
            let report = wardwatch_content::test(&library(), None, false).expect("it runs");
            assert!(report.passed(), "{}", report.show(Tongue::En));
            let lint = wardwatch_content::lint(&library(), None);
            let serious: Vec<_> = lint.findings.iter().filter(|f| f.weight < wardwatch_content::Weight::Note).collect();
            assert_eq!(serious, Vec::<&wardwatch_content::Finding>::new());
        }
        let line = lines.lines().last().expect("the third line").as_bytes();
        let library = Library::folder(folder.path()).expect("content");
        let pack = library.pack("acme/gate").expect("it compiles");
        let told = wardwatch_parse::explain(
            &pack,
            line,
            wardwatch_ident::Timestamp::from_secs(1_795_572_010),
            &Default::default(),
        );
        let shown = wardwatch_content::show_explanation(&told, Tongue::En);
        assert!(
            shown.contains("disposition_id = 2   ← act, evt map action · sources/acme/gate/pack.toml:10"),
            "{shown}"
        );
    }
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
