//! The CSV context as one test binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use wardwatch_context_csv::{ContextTenant, CsvContext};
use wardwatch_detect::{Answer, Ask, Context, Question};
use wardwatch_ident::{TenantId, Timestamp, Zone};

fn tenant(slug: &str) -> ContextTenant {
    ContextTenant { id: TenantId::from_slug(slug), slug: slug.to_owned(), zone: Zone::china() }
}

fn put(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Yes(_) => "yes",
        Answer::No(_) => "no",
        Answer::Unknown(_) => "unknown",
    }
}

fn ask(context: &CsvContext, slug: &str, ask: Ask, table: &str, value: &str, time: &str) -> Answer {
    context.ask(TenantId::from_slug(slug), Question { ask, table, value }, at(time))
}

#[test]
fn rows_hold_in_their_time_and_their_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(
        root,
        "renmin/sets/scanners.csv",
        "value,note\nSCAN01,ours\n192.0.2.0/24,vulnerability scanner\n2001:db8::7,\n",
    );
    put(
        root,
        "renmin/tickets/remote-maintenance.csv",
        "value,from,until,note\nvendor01,2026-11-25 08:00,2026-11-25 12:00,PACS upgrade\n\
         vendor02,2026-11-25,2026-11-26T00:00:00+08:00,\nvendor03,2026-11-24 08:00,,open\n",
    );
    put(
        root,
        "renmin/shifts/it.csv",
        "weekly,value\nmon-fri 08:00-18:00; sat 08:00-12:00,li\ndaily 22:00-06:00,night\nfri-mon 00:00-24:00,weekend\n",
    );
    let context = CsvContext::open(root, vec![tenant("renmin"), tenant("zhongyi")]);
    assert_eq!(context.problems(), []);
    // 2026-11-25 is a Wednesday; +08:00.
    let cases = [
        ("renmin", Ask::InSet, "scanners", "scan01", "2026-11-25T00:00:00Z", "yes"),
        ("renmin", Ask::InSet, "scanners", "192.0.2.77", "2026-11-25T00:00:00Z", "yes"),
        ("renmin", Ask::InSet, "scanners", "::ffff:192.0.2.77", "2026-11-25T00:00:00Z", "yes"),
        ("renmin", Ask::InSet, "scanners", "192.0.3.77", "2026-11-25T00:00:00Z", "no"),
        ("renmin", Ask::InSet, "scanner", "scan01", "2026-11-25T00:00:00Z", "unknown"),
        ("zhongyi", Ask::InSet, "scanners", "scan01", "2026-11-25T00:00:00Z", "unknown"),
        ("renmin", Ask::HasOpenTicket, "remote-maintenance", "vendor01", "2026-11-25T08:00:00+08:00", "yes"),
        ("renmin", Ask::HasOpenTicket, "remote-maintenance", "vendor01", "2026-11-25T12:00:00+08:00", "no"),
        ("renmin", Ask::HasOpenTicket, "remote-maintenance", "vendor02", "2026-11-25T23:59:59+08:00", "yes"),
        ("renmin", Ask::HasOpenTicket, "remote-maintenance", "vendor02", "2026-11-24T23:59:59+08:00", "no"),
        ("renmin", Ask::HasOpenTicket, "remote-maintenance", "VENDOR03", "2099-01-01T00:00:00Z", "yes"),
        ("renmin", Ask::HasOpenTicket, "scanners", "scan01", "2026-11-25T00:00:00Z", "unknown"),
        ("renmin", Ask::OnShift, "it", "li", "2026-11-25T08:00:00+08:00", "yes"),
        ("renmin", Ask::OnShift, "it", "li", "2026-11-25T07:59:59+08:00", "no"),
        ("renmin", Ask::OnShift, "it", "li", "2026-11-28T11:00:00+08:00", "yes"),
        ("renmin", Ask::OnShift, "it", "li", "2026-11-29T11:00:00+08:00", "no"),
        ("renmin", Ask::OnShift, "it", "night", "2026-11-25T23:00:00+08:00", "yes"),
        ("renmin", Ask::OnShift, "it", "night", "2026-11-26T05:59:00+08:00", "yes"),
        ("renmin", Ask::OnShift, "it", "night", "2026-11-26T06:00:00+08:00", "no"),
        ("renmin", Ask::OnShift, "it", "weekend", "2026-11-30T23:59:00+08:00", "yes"),
        ("renmin", Ask::OnShift, "it", "weekend", "2026-11-26T12:00:00+08:00", "no"),
    ];
    for (slug, kind, table, value, time, expect) in cases {
        let answer = ask(&context, slug, kind, table, value, time);
        assert_eq!(word(&answer), expect, "{slug} {kind:?} {table} {value} {time}: {answer:?}");
    }
    let Answer::Yes(from) = ask(&context, "renmin", Ask::InSet, "scanners", "192.0.2.7", "2026-11-25T00:00:00Z") else {
        panic!("a member");
    };
    assert_eq!((from.row, &*from.table, from.version.len()), (Some(2), "scanners", 16));
    let members = context.members(TenantId::from_slug("renmin"), "scanners", at("2026-11-25T00:00:00Z")).unwrap();
    assert_eq!(members, ["2001:db8::7", "scan01"]);
}

#[test]
fn a_bad_table_leaves_the_last_good_one_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "renmin/sets/admins.csv", "value\nadm01\n");
    put(root, "renmin/sets/never.csv", "value,from\nx,yesterday\n");
    let context = CsvContext::open(root, vec![tenant("renmin")]);
    let first = context.generation();
    assert!(!context.reload(), "nothing changed");
    assert_eq!(context.generation(), first);
    let known =
        |table: &str, value: &str| word(&ask(&context, "renmin", Ask::InSet, table, value, "2026-11-25T00:00:00Z"));
    assert_eq!((known("admins", "adm01"), known("never", "x")), ("yes", "unknown"));
    let cases = [
        ("value,from\nadm01,2026-13-01\nadm02,\n", "row 1"),
        ("value,colour\nadm01,red\n", "unknown column `colour`"),
        ("name\nadm01\n", "unknown column `name`"),
        ("value,value\na,b\n", "twice"),
        ("from\n2026-11-25\n", "no column `value`"),
        ("value,from,until\nadm01,2026-11-25,2026-11-24\n", "does not lie behind"),
        ("value,weekly\nadm01,someday 08:00-18:00\n", "someday"),
        ("value,weekly\nadm01,mon 08:00-25:00\n", "mon 08:00-25:00"),
        ("value,note\nadm01\n", "row 1"),
        ("value\n\"\"\n", "no value"),
        ("value\n\u{fffd}adm01\n", ""),
    ];
    for (text, expect) in cases {
        put(root, "renmin/sets/admins.csv", text);
        assert!(context.reload(), "{text}");
        let problems = context.problems();
        let about = problems.iter().find(|problem| problem.file == "sets/admins.csv");
        if expect.is_empty() {
            assert_eq!(about, None, "{text}");
            continue;
        }
        assert!(about.is_some_and(|problem| problem.why.contains(expect)), "{text}: {problems:?}");
        assert_eq!(known("admins", "adm01"), "yes", "{text}: the last good table stays");
    }
    fs::remove_file(root.join("renmin/sets/admins.csv")).unwrap();
    assert!(context.reload());
    assert_eq!(known("admins", "adm01"), "unknown", "a table that was taken away is not known");
}

#[test]
fn names_stay_inside_the_folder_and_sizes_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "secret.csv", "value\nx\n");
    put(root, "renmin/sets/ok.csv", "value\nx\n");
    put(root, "renmin/sets/.hidden.csv", "value\nx\n");
    let many: String =
        (0..5_000).fold("value\n".to_owned(), |text, n| text + &format!("10.{}.{}.0/24\n", n / 256, n % 256));
    put(root, "renmin/sets/nets.csv", &many);
    let context = CsvContext::open(root, vec![tenant("renmin")]);
    for table in ["../../secret", "../sets/ok", ".hidden", "", "ok.csv"] {
        let answer = ask(&context, "renmin", Ask::InSet, table, "x", "2026-11-25T00:00:00Z");
        assert_eq!(word(&answer), "unknown", "{table}");
    }
    assert!(context.problems().iter().any(|problem| problem.why.contains("networks")), "{:?}", context.problems());
}
