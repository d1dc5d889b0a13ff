//! Any text is read, in linear time and bounded memory.

use proptest::prelude::*;
use wardwatch_limits::{STATEMENT_BYTES, STATEMENT_NAME_BYTES, STATEMENT_TABLES};
use wardwatch_statement::{Dialect, Statement};

fn check(text: &str) {
    for dialect in [Dialect::Unknown, Dialect::MySql, Dialect::Oracle, Dialect::SqlServer, Dialect::Postgres] {
        let s = Statement::read_as(text, dialect);
        assert!(s.work <= 3 * text.len() as u64 + 64, "{} bytes, {} looked at", text.len(), s.work);
        assert!(s.normal.len() <= 8 * text.len() + 64);
        for list in [&s.tables, &s.qualified, &s.aggregates, &s.aggregated, &s.grouped, &s.procedures] {
            assert!(list.len() <= STATEMENT_TABLES);
            assert!(list.iter().all(|name| name.len() <= 3 * STATEMENT_NAME_BYTES));
        }
    }
}

#[test]
fn hostile_texts() {
    let much = 20_000;
    for unit in [
        "(",
        ")",
        "select ",
        "from a,",
        "'",
        "\"",
        "[",
        "`",
        "\\",
        "\\'",
        "/*",
        "*/",
        "/*!",
        "--",
        "#",
        "$$",
        "$a",
        "q'(",
        "a.",
        ".",
        ",",
        "with a as (",
        "from (",
        "sum(",
        "exec('",
        ";",
        "表",
        "，",
        "a ",
        "1 ",
        "0x",
        ":",
        "@",
        "#{",
        "in (1,",
        "(1),",
        "case when ",
        "union select * from t",
        "top ",
        "limit ",
        "E'\\",
        "N'",
        "\0",
        "group by a,",
    ] {
        check(&unit.repeat(much / unit.len()));
    }
    let long = format!("select {} from t", "a,".repeat(STATEMENT_BYTES));
    let s = Statement::read(&long);
    assert!(s.truncated && s.work <= 2 * STATEMENT_BYTES as u64);
    let many: String = (0..1_000).map(|n| format!("t{n},")).collect();
    assert_eq!(Statement::read(&format!("select 1 from {many}")).tables.len(), STATEMENT_TABLES);
    let name = "n".repeat(100_000);
    check(&format!("select {name}.{name} from {name}.{name}"));
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_tokens(words in proptest::collection::vec(proptest::sample::select(vec![
        "select", "from", "where", "group", "by", "insert", "into", "update", "set", "delete", "merge", "using", "on", "with", "as",
        "t", "u.v", "表", "sum(", "count(*)", "(", ")", ",", ";", "*", "'x'", "1", "q'[", "/*", "*/", "/*!", "--", "\n", "[a]", "\"b\"",
        "exec", "('select", "limit", "top", "union", "join", "$$", "@v", "then", "begin", "end", "create", "table", "drop", "values",
    ]), 0..60)) {
        check(&words.join(" "));
        check(&words.concat());
    }

    #[test]
    fn values_do_not_change_the_hash(a in "[a-z']{0,9}", b in 0u32.., n in 1usize..6) {
        let quoted = a.replace('\'', "''");
        let list = vec![format!("'{quoted}'"); n].join(", ");
        let one = Statement::read(&format!("select c from t where d in ({list}) and e = {b}"));
        prop_assert_eq!(one.normal, "select c from t where d in ( ? ) and e = ?");
    }
}
