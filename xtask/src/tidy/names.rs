//! How long files are, what they are called, and what they say of themselves.

use crate::manifest;
use crate::tree::{File, Finding, Tree, join};

/// Lines of a source file (style.md: most under 300).
const LINES_MAX: usize = 800;
/// A file of data says so in its first lines with these words and may be longer.
const TABLE_OF_DATA: &str = "table of data";
/// Names that answer no question of a colleague.
const SAY_NOTHING: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "misc", "types", "manager", "managers", "traits"];

fn source(file: &File) -> bool {
    matches!(file.ending(), "rs" | "js" | "css" | "html" | "py" | "sh")
}

/// No file too long to read.
pub fn lengths(tree: &Tree) -> Finding {
    let complaints = tree.files.iter().filter(|f| source(f)).filter_map(|file| {
        let lines = file.text().lines().count();
        let data = file.text().lines().take(5).any(|l| l.contains(TABLE_OF_DATA));
        (lines > LINES_MAX && !data)
            .then(|| format!("{}: {lines} lines, {LINES_MAX} at most: split by question", file.path))
    });
    Finding::new("length of files", complaints.collect())
}

/// No file or folder whose name says nothing.
pub fn telling(tree: &Tree) -> Finding {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|f| source(f)) {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            if SAY_NOTHING.contains(&stem) {
                complaints.push(format!("{}: `{stem}` says nothing: name the question it answers", file.path));
            }
        }
        for (number, line) in file.text().lines().enumerate() {
            let Some((_, rest)) = line.trim_start().split_once("fn ").filter(|(b, _)| fn_prefix(b)) else { continue };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if SAY_NOTHING.contains(&name.as_str()) {
                complaints.push(format!("{}:{}: fn `{name}` says nothing", file.path, number + 1));
            }
        }
    }
    Finding::new("names that tell", complaints)
}

fn fn_prefix(before: &str) -> bool {
    before.split_whitespace().all(|w| ["pub", "pub(crate)", "pub(super)", "const", "async"].contains(&w))
}

/// Every package says what it is.
pub fn described(tree: &Tree) -> Finding {
    let manifests = tree.files.iter().filter(|f| f.name() == "Cargo.toml");
    let complaints = manifests.filter_map(|file| {
        let manifest = manifest::read(file.text());
        let silent = !manifest.name.is_empty() && manifest.description.trim_matches('.').len() < 10;
        silent.then(|| format!("{}: its description says nothing", file.path))
    });
    Finding::new("packages described", complaints.collect())
}

/// Every module opens with its job.
pub fn opened(tree: &Tree) -> Finding {
    let production = tree.ending("rs").filter(|f| f.path.contains("/src/") && f.name() != "tests.rs");
    let complaints = production.filter_map(|file| {
        let first = file.text().lines().find(|l| !l.trim().is_empty())?;
        let doc = first.strip_prefix("//!").map_or("", str::trim);
        (doc.len() < 10).then(|| format!("{}: opens without saying its job", file.path))
    });
    Finding::new("modules that open with their job", complaints.collect())
}

/// Every dependency is used: its name stands in the sources of the package that lists it.
pub fn used(tree: &Tree) -> Finding {
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|f| f.name() == "Cargo.toml") {
        let Some(folder) = file.path.strip_suffix("Cargo.toml").filter(|f| !f.is_empty()) else { continue };
        let manifest = manifest::read(file.text());
        let mut sources: Vec<&File> = tree.ending("rs").filter(|f| f.path.starts_with(folder)).collect();
        let shared: Vec<String> = sources.iter().flat_map(|f| shared_folders(f)).collect();
        sources.extend(tree.ending("rs").filter(|f| shared.iter().any(|s| f.path.starts_with(s))));
        for name in manifest.dependencies.iter().chain(&manifest.dev_dependencies) {
            let word = name.replace('-', "_");
            if !sources.iter().any(|s| names_word(s.text(), &word)) {
                complaints.push(format!("{}: {name} is listed and never named", file.path));
            }
        }
    }
    Finding::new("dependencies that are used", complaints)
}

/// Folders outside the package whose modules it compiles by `#[path = "…/mod.rs"]`.
fn shared_folders(file: &File) -> impl Iterator<Item = String> {
    let paths = file.text().split("#[path = \"").skip(1).filter_map(|p| p.split('"').next());
    paths.filter_map(|p| join(&file.path, p).rsplit_once('/').map(|(folder, _)| format!("{folder}/")))
}

/// Whether `word` stands in `text` on its own, not as a part of a longer name.
fn names_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample;

    #[test]
    fn long_files_unless_they_are_data() {
        let long = "// x\n".repeat(801);
        let data = format!("//! A table of data.\n{long}");
        let tree = sample::tree("n1", &[("a/src/long.rs", &long), ("a/src/data.rs", &data)]);
        let complaints = lengths(&tree).complaints;
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }

    #[test]
    fn names_that_say_nothing() {
        let check = |name: &str, path: &str, text: &str, expect: usize| {
            let complaints = telling(&sample::tree(name, &[(path, text)])).complaints;
            assert_eq!(complaints.len(), expect, "{complaints:?}");
        };
        check("n2", "a/src/utils.rs", "", 1);
        check("n3", "common/src/lib.rs", "", 1);
        check("n4", "a/src/silence.rs", "", 0);
        check("n5", "a/src/silence.rs", "    pub(crate) async fn helper(a: u8) {}", 1);
        check("n6", "a/src/silence.rs", "/// not the fn helper of old", 0);
        check("n7", "a/types.md", "", 0);
    }

    #[test]
    fn silence_about_oneself() {
        let tree = sample::tree(
            "n8",
            &[
                ("a/Cargo.toml", "[package]\nname = \"a\"\ndescription = \".\"\n"),
                ("b/Cargo.toml", "[package]\nname = \"b\"\ndescription = \"Reads what b reads\"\n"),
                ("a/src/lib.rs", "//! .\nfn a() {}\n"),
                ("b/src/lib.rs", "//! Reads what b reads.\n"),
                ("b/src/inner.rs", "use a;\n"),
            ],
        );
        assert_eq!(described(&tree).complaints.len(), 1);
        assert_eq!(opened(&tree).complaints.len(), 2);
    }

    #[test]
    fn dependencies_never_named() {
        let tree = sample::tree(
            "n9",
            &[
                (
                    "a/Cargo.toml",
                    "[package]\nname = \"a\"\n[dependencies]\nquick-xml = \"1\"\nhex = \"1\"\nbytes = \"1\"\n",
                ),
                ("a/src/lib.rs", "use bytes::Bytes; // hexadecimal\nfn f() { quick_xml::go() }\n"),
            ],
        );
        assert_eq!(used(&tree).complaints, ["a/Cargo.toml: hex is listed and never named"]);
    }
}
