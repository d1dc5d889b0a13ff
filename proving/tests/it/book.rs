//! What the book and the README show works: their pack compiles and parses their lines, their queries and their rule read.

use std::path::Path;
use std::sync::Arc;
use wardwatch_event::{LineBatch, Parsed, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_parse::{SourceSettings, parse};
use wardwatch_predicate::query::read_query;
use wardwatch_predicate::sigma::{Added, Compiler, Document, Placeholders, read_rules};
use wardwatch_predicate::{JsonRecord, Reading};

fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The fenced blocks of a page that open with this word.
fn blocks<'p>(page: &'p str, word: &str) -> Vec<&'p str> {
    let fences = page.split("\n```").skip(1).step_by(2);
    fences.filter_map(|f| f.split_once('\n')).filter(|(w, _)| *w == word).map(|(_, text)| text).collect()
}

#[test]
fn the_pack_of_the_book_understands_its_lines() {
    let english = page("docs/book/en/writing-a-pack.md");
    let manifest = blocks(&english, "toml")[0];
    assert_eq!([manifest], blocks(&page("docs/book/zh/writing-a-pack.md"), "toml")[..], "both languages show one pack");
    let pack = Arc::new(Pack::compile(&PackFiles::of("acme/gate/pack.toml", manifest)).expect("the book's pack"));
    let lines: Vec<&str> = blocks(&english, "")[0].lines().collect();
    let tenant = TenantId::from_slug("book");
    let at = Timestamp::parse_rfc3339("2026-11-25T02:00:10Z").expect("the time of the sample");
    let received = Received::of_lines(tenant, SourceId::from_slug(tenant, "gate"), at, &lines);
    let batch = LineBatch { received, first: EventId::new(at, NodeId(0), 1) };
    let events = parse(&pack, batch, &SourceSettings::default());
    assert_eq!(events.len(), 3);
    let classes: Vec<u32> = events.events().map(|e| e.head().class_uid).collect();
    assert_eq!(classes, [4001, 4001, 2004]);
    for event in events.events() {
        assert_eq!(event.head().parsed, Parsed::Whole, "{}", String::from_utf8_lossy(event.raw()));
        let mut columns = Vec::new();
        event.columns(&mut |column, value| {
            columns.push(format!("{}={value:?}", column.column().map_or("", |c| c.name)));
        });
        for name in ["host", "src_ip", "dst_ip", "proto", "severity_id", "disposition_id"] {
            assert!(columns.iter().any(|c| c.starts_with(&format!("{name}="))), "{name} is not in {columns:?}");
        }
    }
}

#[test]
fn the_queries_of_the_book_are_queries() {
    for path in ["docs/book/en/searching.md", "docs/book/zh/searching.md"] {
        let page = page(path);
        let table = page.split("\n## ").nth(1).expect("the terms come first");
        let cells = table.lines().filter(|l| l.starts_with("| `")).filter_map(|l| l.split('|').nth(1));
        let mut queries: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        assert!(queries.len() > 15, "{path}: {queries:?}");
        queries.extend(blocks(&page, "").iter().flat_map(|b| b.lines()));
        for query in queries {
            assert!(read_query(query).is_ok(), "{path}: {query}: {:?}", read_query(query));
        }
    }
}

#[test]
fn the_rule_of_the_readme_fires() {
    for path in ["README.md", "README.zh-CN.md"] {
        let page = page(path);
        let documents = read_rules(blocks(&page, "yaml")[0].as_bytes());
        let [Ok(Document::Rule(rule))] = &documents[..] else { panic!("{path}: {documents:?}") };
        let mut compiler = Compiler::new(Placeholders::default());
        assert_eq!(compiler.add(rule, &[]), Ok(Added::Active), "{path}");
        let set = compiler.finish();
        let check = |image: &str, command: &str, expect: bool| {
            let record = JsonRecord::new(serde_json::json!({ "Image": image, "CommandLine": command }));
            assert_eq!(set.rules[0].matches(&Reading::new(&set.fields, &record)), expect, "{path}: {command}");
        };
        check(r"C:\Windows\System32\vssadmin.exe", "vssadmin.exe Delete Shadows /all /quiet", true);
        check(r"C:\Windows\System32\vssadmin.exe", "vssadmin.exe list shadows", false);
    }
}
