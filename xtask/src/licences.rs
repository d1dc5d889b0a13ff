//! Licences of everything that Cargo.lock brings in, and names that come in several versions.

use crate::cargo;
use crate::tree::{Finding, Tree};
use std::collections::BTreeMap;

/// SPDX identifiers that may be linked into an Apache-2.0 binary.
const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// One package as `cargo metadata` tells it.
#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
}

/// Asks `cargo metadata`; where that cannot answer the check is passed over with the reason.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let asked = cargo::output(&tree.root, &["metadata", "--format-version", "1", "--locked", "--all-features"]);
    let packages = match asked {
        Ok(json) => packages(&json),
        Err(why) => {
            let note = Some(format!("skipped: cargo metadata: {why}"));
            return vec![Finding { check: "licences", complaints: Vec::new(), note }];
        }
    };
    vec![licences(&packages), duplicates(&packages)]
}

fn licences(packages: &[Package]) -> Finding {
    let mut complaints: Vec<String> = packages
        .iter()
        .filter(|p| !p.licence.as_deref().is_some_and(allowed))
        .map(|p| format!("{} {}: licence {}", p.name, p.version, p.licence.as_deref().unwrap_or("not declared")))
        .collect();
    if packages.len() < 20 {
        complaints.push(format!("only {} packages were read from cargo metadata: its form changed", packages.len()));
    }
    Finding { check: "licences", complaints, note: Some(format!("{} packages", packages.len())) }
}

/// Told, not refused: an upgrade elsewhere can end a duplicate, a ban here cannot.
fn duplicates(packages: &[Package]) -> Finding {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let twice: Vec<&str> = versions.iter().filter(|(_, v)| v.len() > 1).map(|(name, _)| *name).collect();
    let note = format!("{} names in several versions: {}", twice.len(), twice.join(" "));
    Finding { check: "duplicate crates", complaints: Vec::new(), note: Some(note) }
}

/// Reads the package objects out of the metadata document. Each opens with name, version, id and licence, in this
/// order; dependencies inside a package open with name and source and are thereby passed over.
fn packages(json: &str) -> Vec<Package> {
    let mut found = Vec::new();
    for piece in json.split("{\"name\":\"").skip(1) {
        let Some((name, rest)) = piece.split_once("\",\"version\":\"") else { continue };
        let Some((version, rest)) = rest.split_once("\",\"id\":\"") else { continue };
        let Some((_, rest)) = rest.split_once("\",\"license\":") else { continue };
        if name.contains('"') || version.contains('"') {
            continue;
        }
        let licence = rest.strip_prefix('"').and_then(|r| r.split_once('"')).map(|(l, _)| l.to_owned());
        found.push(Package { name: name.to_owned(), version: version.to_owned(), licence });
    }
    found
}

/// An SPDX expression with OR, AND, WITH and brackets (and the old `/` for OR) that we can satisfy.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at) && at == words.len()
}

fn any(words: &[&str], at: &mut usize) -> bool {
    let mut good = all(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        good |= all(words, at);
    }
    good
}

fn all(words: &[&str], at: &mut usize) -> bool {
    let mut good = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        good &= one(words, at);
    }
    good
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let good = any(words, at);
        *at += 1;
        return good;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).unwrap_or(&"");
        *at += 2;
        return ALLOWED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ALLOWED.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let check = |text: &str, expect: bool| assert_eq!(allowed(text), expect, "{text}");
        check("MIT OR Apache-2.0", true);
        check("MIT/Apache-2.0", true);
        check("GPL-3.0-only", false);
        check("GPL-3.0-only OR MIT", true);
        check("MIT AND GPL-3.0-only", false);
        check("(MIT OR GPL-2.0-only) AND Unicode-3.0", true);
        check("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true);
        check("GPL-2.0-only WITH Classpath-exception-2.0", false);
        check("", false);
    }

    #[test]
    fn packages_are_told_from_their_dependencies() {
        let json = r#"{"packages":[{"name":"a","version":"1.0.0","id":"x","license":"MIT","license_file":null,
            "dependencies":[{"name":"b","source":null,"req":"^1"}]},{"name":"c","version":"2.0.0","id":"y","license":null}]}"#;
        let package = |name: &str, version: &str, licence: Option<&str>| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.map(str::to_owned),
        };
        assert_eq!(packages(json), [package("a", "1.0.0", Some("MIT")), package("c", "2.0.0", None)]);
        assert_eq!(licences(&packages(json)).complaints.len(), 2, "no licence, and too few packages");
    }
}
