//! What the documents name must exist: files, types, commands, links; and both languages tell the same.

use crate::tree::{File, Finding, Tree, join};
use std::collections::BTreeSet;

/// Documents that a repository owes its reader.
const OWED: [&str; 11] = [
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE",
    "content/LICENSE",
    ".ci/run",
    "docs/decisions/0001-journal-in-sqlite.md",
    "docs/errors/README.md",
];
/// Documents whose quoted names are checked one by one.
const QUOTING: [&str; 5] = ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
/// Lines of ARCHITECTURE.md (style.md).
const ARCHITECTURE_LINES_MAX: usize = 300;
/// The book stands in both, page for page.
const BOOKS: [&str; 2] = ["docs/book/en", "docs/book/zh"];

/// Nothing owed is missing.
pub fn present(tree: &Tree) -> Finding {
    let mut complaints: Vec<String> =
        OWED.iter().filter(|p| tree.file(p).is_none()).map(|p| format!("{p} is missing")).collect();
    let lines = tree.file("ARCHITECTURE.md").map_or(0, |f| f.text().lines().count());
    if lines >= ARCHITECTURE_LINES_MAX {
        complaints.push(format!("ARCHITECTURE.md: {lines} lines, under {ARCHITECTURE_LINES_MAX} it is read"));
    }
    Finding::new("documents present", complaints)
}

/// Relative links lead somewhere.
pub fn links(tree: &Tree) -> Finding {
    let mut complaints = Vec::new();
    for file in tree.ending("md") {
        for (number, line) in prose(file) {
            for piece in line.split("](").skip(1) {
                let target = piece.split([')', '#', ' ']).next().unwrap_or_default();
                if target.is_empty() || target.contains(':') {
                    continue;
                }
                let path = join(&file.path, target);
                if !tree.has(&path) {
                    complaints.push(format!("{}:{number}: the link leads to {path}, which is not there", file.path));
                }
            }
        }
    }
    Finding::new("links lead somewhere", complaints)
}

/// Lines outside fenced blocks with their numbers.
pub fn prose(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    file.text().lines().enumerate().filter_map(move |(number, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((number + 1, line))
    })
}

/// Paths, types, functions and commands in backticks exist.
pub fn quotes(tree: &Tree) -> Finding {
    let declared = declared(tree);
    let tops: BTreeSet<&str> = tree.files.iter().filter_map(|f| f.path.split_once('/').map(|(top, _)| top)).collect();
    let mut complaints = Vec::new();
    let mut looked = 0;
    for file in QUOTING.iter().filter_map(|p| tree.file(p)) {
        for (number, line) in prose(file) {
            for quote in line.split('`').skip(1).step_by(2) {
                looked += 1;
                if let Some(missing) = missing(tree, &tops, &declared, quote) {
                    complaints.push(format!("{}:{number}: `{quote}`: {missing}", file.path));
                }
            }
        }
    }
    Finding { check: "what documents quote exists", complaints, note: Some(format!("{looked} quotes")) }
}

fn missing(tree: &Tree, tops: &BTreeSet<&str>, declared: &BTreeSet<String>, quote: &str) -> Option<&'static str> {
    let words: Vec<&str> = quote.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "xtask", chore, ..] => {
            let known = tree.file("xtask/src/main.rs").is_some_and(|f| f.text().contains(&format!("\"{chore}\" =>")));
            return (!known && chore.starts_with(|c: char| c.is_ascii_lowercase())).then_some("no such chore");
        }
        ["wardwatch", command, ..] if command.chars().all(|c| c.is_ascii_lowercase()) => {
            return (!declared.contains(&capitalised(command))).then_some("no such command");
        }
        [_] => {}
        _ => return None,
    }
    if let Some((top, _)) = quote.split_once('/')
        && tops.contains(top)
        && !quote.contains(['*', '<', '…', 'N'])
    {
        return (!tree.has(quote)).then_some("no such path");
    }
    if type_name(quote) {
        return (!declared.contains(quote)).then_some("no such type");
    }
    if let Some(name) = quote.strip_suffix("()").and_then(|q| q.rsplit("::").next())
        && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    {
        return (!declared.contains(name)).then_some("no such function");
    }
    None
}

/// `CamelCase` of two letters or more, as Rust's types are written; `RELP` or `SQLite` are words of the trade.
fn type_name(quote: &str) -> bool {
    let mut chars = quote.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase())
        && chars.clone().next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_alphanumeric())
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}

/// Names that Rust code declares: items, and the variants of enums (as commands are).
pub fn declared(tree: &Tree) -> BTreeSet<String> {
    const KINDS: [&str; 8] = ["struct", "enum", "trait", "type", "fn", "const", "static", "macro_rules!"];
    let mut names = BTreeSet::new();
    for file in tree.ending("rs") {
        for line in file.text().lines().map(str::trim_start) {
            let mut words = line.split_whitespace().filter(|w| !w.starts_with("pub"));
            let mut first = words.next().unwrap_or_default();
            while ["async", "unsafe", "const"].contains(&first) && line.contains(" fn ") {
                first = words.next().unwrap_or_default();
            }
            let word = if KINDS.contains(&first) { words.next().unwrap_or_default() } else { first };
            let name: String = word.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            names.insert(name);
        }
    }
    names
}

/// A block that says which file it quotes is that file's text.
pub fn examples(tree: &Tree) -> Finding {
    const OPENS: &str = "<!-- quotes ";
    let mut complaints = Vec::new();
    let mut looked = 0;
    for file in tree.ending("md") {
        let mut rest = file.text();
        while let Some((_, after)) = rest.split_once(OPENS) {
            looked += 1;
            rest = after;
            let Some((path, after)) = after.split_once(" -->") else { continue };
            let block = after.split("```").nth(1).and_then(|b| b.split_once('\n')).map_or("", |(_, text)| text);
            let original = tree.file(path).map_or("", |f| f.text());
            if block.trim().is_empty() || !squeezed(original).contains(&squeezed(block)) {
                complaints.push(format!("{}: the block is not the text of {path}", file.path));
            }
        }
    }
    Finding { check: "quoted code is the code", complaints, note: Some(format!("{looked} blocks")) }
}

/// Lines without their indentation and without empty ones.
fn squeezed(text: &str) -> String {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The same pages with the same shape of headings in Chinese and in English.
pub fn both_languages(tree: &Tree) -> Finding {
    let [english, chinese] = BOOKS;
    let mut pairs = vec![("README.md".to_owned(), "README.zh-CN.md".to_owned())];
    for file in tree.ending("md") {
        if let Some(page) = file.path.strip_prefix(english) {
            pairs.push((file.path.clone(), format!("{chinese}{page}")));
        } else if let Some(page) = file.path.strip_prefix(chinese) {
            pairs.push((format!("{english}{page}"), file.path.clone()));
        }
    }
    pairs.sort();
    pairs.dedup();
    let mut complaints = Vec::new();
    for (a, b) in &pairs {
        let shape = |path: &str| tree.file(path).map(headings);
        let (one, other) = (shape(a), shape(b));
        if one != other {
            complaints.push(format!("{a} has the headings {}, {b} has {}", told(one), told(other)));
        }
    }
    Finding { check: "both languages tell the same", complaints, note: Some(format!("{} pages", pairs.len())) }
}

/// The depths of the headings, in order.
fn headings(file: &File) -> Vec<usize> {
    let depth = |line: &str| line.chars().take_while(|c| *c == '#').count();
    prose(file).map(|(_, l)| depth(l)).filter(|d| *d > 0).collect()
}

fn told(shape: Option<Vec<usize>>) -> String {
    shape.map_or_else(|| "none: it is missing".to_owned(), |s| format!("{s:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample;

    #[test]
    fn quotes_of_what_is_not_there() {
        let check = |name: &str, text: &str, expect: usize| {
            let tree = sample::tree(
                name,
                &[
                    ("README.md", text),
                    (
                        "line/parse/src/lib.rs",
                        "pub struct EventBatch;\npub async fn replay() {}\nenum Command {\n  Serve(A),\n}",
                    ),
                    ("xtask/src/main.rs", "match x { \"demo\" => 1 }"),
                ],
            );
            let complaints = quotes(&tree).complaints;
            assert_eq!(complaints.len(), expect, "{complaints:?}");
        };
        check("d1", "`line/parse` and `line/parse/src/lib.rs` and `line/parse/`", 0);
        check("d2", "`line/absent`", 1);
        check("d3", "`EventBatch` `parse::replay()` `RELP` `SQLite` `a b c`", 0);
        check("d4", "`LineBatch` `gone()`", 2);
        check("d5", "`cargo xtask demo` `wardwatch serve --config x`", 0);
        check("d6", "`cargo xtask dance` `wardwatch dance`", 2);
        check("d7", "```\n`line/absent`\n```", 0);
    }

    #[test]
    fn links_and_languages() {
        let tree = sample::tree(
            "d8",
            &[
                ("README.md", "# A\n[x](docs/a.md) [y](docs/gone.md) [z](https://example.org/a)"),
                ("README.zh-CN.md", "# 甲\n## 乙"),
                ("docs/a.md", "[up](../README.md)"),
                ("docs/book/en/one.md", "# One"),
                ("docs/book/zh/one.md", "# 一\n"),
                ("docs/book/zh/two.md", "# 二\n"),
            ],
        );
        assert_eq!(links(&tree).complaints.len(), 1);
        assert_eq!(both_languages(&tree).complaints.len(), 2);
    }

    #[test]
    fn quoted_code() {
        let check = |name: &str, block: &str, expect: usize| {
            let text = format!("<!-- quotes a/examples/one.rs -->\n```rust\n{block}\n```\n");
            let tree = sample::tree(
                name,
                &[("ARCHITECTURE.md", &text), ("a/examples/one.rs", "fn main() {\n    let a = 1;\n\n    b(a);\n}\n")],
            );
            assert_eq!(examples(&tree).complaints.len(), expect, "{block}");
        };
        check("d9", "let a = 1;\nb(a);", 0);
        check("d10", "let a = 2;", 1);
        check("d11", "", 1);
    }
}
