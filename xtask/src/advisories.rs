//! Known weaknesses of what Cargo.lock holds, from a RustSec database on disk. Never fetches anything.

use crate::manifest;
use crate::semver::{Version, within};
use crate::tree::{self, Finding, Tree};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Advisories that were looked at and accepted: one table row each, `| id | package | reason | date |`.
const ACCEPTED: &str = "docs/decisions/advisories.md";
const ARCHIVE: &str = "advisories/rustsec-advisory-db.tar.xz";

/// What is read from one advisory.
#[derive(Debug, Default, PartialEq, Eq)]
struct Advisory {
    id: String,
    package: String,
    kind: String,
    withdrawn: bool,
    patched: Vec<String>,
    unaffected: Vec<String>,
}

/// Compares; passes over with the reason where no database is at hand.
pub fn check(tree: &Tree) -> Finding {
    const CHECK: &str = "advisories";
    let Some(archive) = tree::data(&tree.root).map(|d| d.join(ARCHIVE)).filter(|a| a.is_file()) else {
        let note = Some(format!("skipped: no {ARCHIVE} in the data folder"));
        return Finding { check: CHECK, complaints: Vec::new(), note };
    };
    let folder = match unpack(&archive, &tree::target(&tree.root).join("data/rustsec")) {
        Ok(folder) => folder,
        Err(why) => return Finding::new(CHECK, vec![format!("{}: {why}", archive.display())]),
    };
    let advisories = read_all(&folder);
    let locked = manifest::lock(tree.file("Cargo.lock").map_or("", |f| f.text()));
    let accepted = accepted(tree.file(ACCEPTED).map_or("", |f| f.text()));
    let newest = advisories.iter().map(|a| a.id.as_str()).filter(|id| id.starts_with("RUSTSEC")).max().unwrap_or("");
    let mut complaints = compare(&locked, &advisories, &accepted);
    if advisories.len() < 100 || locked.is_empty() {
        complaints.push(format!("{} advisories, {} packages: one side was not read", advisories.len(), locked.len()));
    }
    let note = format!("{} packages against {} advisories, newest {newest}", locked.len(), advisories.len());
    Finding { check: CHECK, complaints, note: Some(note) }
}

fn unpack(archive: &Path, folder: &Path) -> Result<PathBuf, String> {
    let done = folder.join(".unpacked");
    let size = std::fs::metadata(archive).map_err(|e| e.to_string())?.len().to_string();
    if std::fs::read_to_string(&done).is_ok_and(|s| s == size) {
        return Ok(folder.to_owned());
    }
    std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    let tar = Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(folder).output().map_err(|e| e.to_string())?;
    if !tar.status.success() {
        return Err(String::from_utf8_lossy(&tar.stderr).trim().to_owned());
    }
    std::fs::write(&done, size).map_err(|e| e.to_string())?;
    Ok(folder.to_owned())
}

fn read_all(folder: &Path) -> Vec<Advisory> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                // `rust/` speaks of the toolchain, not of crates.
                if !path.ends_with("rust") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "md") {
                found.extend(std::fs::read_to_string(&path).ok().as_deref().and_then(advisory));
            }
        }
    }
    found
}

/// An advisory is Markdown that opens with a block of TOML.
fn advisory(text: &str) -> Option<Advisory> {
    let (_, rest) = text.split_once("```toml")?;
    let (toml, _) = rest.split_once("```")?;
    let value = |key: &str| {
        let line = toml.lines().find(|l| l.split_once('=').is_some_and(|(k, _)| k.trim() == key))?;
        line.split_once('=').map(|(_, v)| manifest::unquote(v).to_owned())
    };
    Some(Advisory {
        id: value("id")?,
        package: value("package")?,
        kind: value("informational").unwrap_or_else(|| "vulnerability".to_owned()),
        withdrawn: value("withdrawn").is_some(),
        patched: strings(toml, "patched"),
        unaffected: strings(toml, "unaffected"),
    })
}

/// The strings of `key = [ … ]`, over one line or many.
fn strings(toml: &str, key: &str) -> Vec<String> {
    let after = toml.lines().scan(0, |at, line| {
        let from = *at;
        *at += line.len() + 1;
        Some((from, line))
    });
    let Some(from) =
        after.filter(|(_, l)| l.split_once('=').is_some_and(|(k, _)| k.trim() == key)).map(|(f, _)| f).next()
    else {
        return Vec::new();
    };
    let Some((_, list)) = toml.get(from..).and_then(|t| t.split_once('[')) else { return Vec::new() };
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Accepted ids with their row, for rows that give a reason and a date.
fn accepted(text: &str) -> Vec<(String, bool)> {
    let rows = text.lines().filter(|l| l.starts_with("| RUSTSEC-"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let whole = matches!(cells.as_slice(), [_, _, reason, date] if !reason.is_empty() && date.starts_with("20"));
        (cells.first().unwrap_or(&"").to_string(), whole)
    })
    .collect()
}

fn compare(locked: &[(String, String)], advisories: &[Advisory], accepted: &[(String, bool)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut met = Vec::new();
    for advisory in advisories.iter().filter(|a| !a.withdrawn) {
        for (name, version) in locked.iter().filter(|(name, _)| *name == advisory.package) {
            let Some(read) = Version::read(version) else { continue };
            let fine = advisory.patched.iter().chain(&advisory.unaffected).any(|r| within(&read, r) == Some(true));
            if fine {
                continue;
            }
            met.push(advisory.id.clone());
            if !accepted.iter().any(|(id, _)| *id == advisory.id) {
                let better =
                    if advisory.patched.is_empty() { "none".to_owned() } else { advisory.patched.join(" or ") };
                complaints.push(format!("{name} {version}: {} {} (mended in: {better})", advisory.id, advisory.kind));
            }
        }
    }
    for (id, whole) in accepted {
        if !whole {
            complaints.push(format!("{ACCEPTED}: {id} needs a reason and a date"));
        } else if !met.contains(id) {
            complaints.push(format!("{ACCEPTED}: {id} concerns nothing in Cargo.lock any more: delete the row"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2099-0001\"\npackage = \"thing\"\n\n[versions]\npatched = [\n  \
        \"^0.9.4\", # old\n  \">= 1.2.3\",\n]\nunaffected = [\"< 0.5\"]\n```\n\n# Title\n";

    fn locked(version: &str) -> Vec<(String, String)> {
        vec![("thing".to_owned(), version.to_owned())]
    }

    #[test]
    fn front_matter_over_many_lines() {
        let read = advisory(TEXT).unwrap();
        assert_eq!((read.id.as_str(), read.kind.as_str()), ("RUSTSEC-2099-0001", "vulnerability"));
        assert_eq!(read.patched, ["^0.9.4", ">= 1.2.3"]);
        assert_eq!(read.unaffected, ["< 0.5"]);
    }

    #[test]
    fn only_affected_versions_are_reported() {
        let advisories = [advisory(TEXT).unwrap()];
        let check = |version: &str, complaints: usize| {
            assert_eq!(compare(&locked(version), &advisories, &[]).len(), complaints, "{version}");
        };
        check("1.2.2", 1);
        check("1.2.3", 0);
        check("0.9.5", 0);
        check("0.8.0", 1);
        check("0.4.9", 0);
    }

    #[test]
    fn accepted_rows_need_a_reason_and_must_still_concern_us() {
        let advisories = [advisory(TEXT).unwrap()];
        let check = |row: &str, version: &str, complaint: &str| {
            let complaints = compare(&locked(version), &advisories, &accepted(row)).join("\n");
            assert!(
                if complaint.is_empty() { complaints.is_empty() } else { complaints.contains(complaint) },
                "{complaints}"
            );
        };
        check("| RUSTSEC-2099-0001 | thing | never called | 2026-01-01 |", "1.0.0", "");
        check("| RUSTSEC-2099-0001 | thing | | 2026-01-01 |", "1.0.0", "needs a reason");
        check("| RUSTSEC-2099-0001 | thing | never called | 2026-01-01 |", "2.0.0", "delete the row");
    }

    #[test]
    fn withdrawn_ones_are_silent() {
        let mut withdrawn = advisory(TEXT).unwrap();
        withdrawn.withdrawn = true;
        assert!(compare(&locked("1.0.0"), &[withdrawn], &[]).is_empty());
    }
}
