//! Which crate may name which. The tables below are the rule; ARCHITECTURE.md explains it. A new arrow is a
//! reviewed change of a table here, never a side effect of an edit in a Cargo.toml.

use crate::End;
use crate::manifest::{self, Manifest};
use crate::tree::{self, Finding, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Layers a crate may name. `app` may name all; `proving` may name all; `xtask` names nothing.
const LAYERS: [(&str, &[&str]); 6] = [
    ("model", &["model"]),
    ("line", &["model"]),
    ("service", &["model"]),
    ("engines", &["model"]),
    ("edge", &["model", "line", "service"]),
    ("app", &["model", "line", "service", "engines", "edge", "app"]),
];

/// Single arrows beside the layers: (from, to, why).
const ALSO: [(&str, &str, &str); 13] = [
    ("engines/context-csv", "line/detect", "implements its ports"),
    ("engines/journal-memory", "line/journal", "implements its ports"),
    ("engines/journal-sqlite", "line/journal", "implements its ports"),
    ("engines/ledger-memory", "line/lake", "implements its ports"),
    ("engines/ledger-memory", "line/detect", "implements its ports"),
    ("engines/ledger-sqlite", "line/lake", "implements its ports"),
    ("engines/ledger-sqlite", "line/detect", "implements its ports"),
    ("engines/segments-parquet", "line/lake", "implements its ports"),
    ("engines/query-datafusion", "line/search", "implements its ports"),
    ("engines/query-datafusion", "line/lake", "reads the view that the lake publishes"),
    ("edge/cli", "edge/send", "`--via` takes the ways that sending knows: one list"),
    // The examples of packs and detections are run by the very parser and evaluator that the line uses: a second
    // reading of a pack in `service` could disagree with the first.
    ("service/content", "line/parse", "content tests run the real parser"),
    ("service/content", "line/detect", "content tests run the real evaluator"),
];

/// Arrows for tests only: (from, to, why). Any other neighbour that a test needs is a reason for `proving`.
const FOR_TESTS: [(&str, &str, &str); 1] = [(
    "engines/query-datafusion",
    "engines/segments-parquet",
    "queries are tested on the files that the lake really writes",
)];

/// Outside crates that stand in named folders only: (crate, where, why).
const HEAVY: [(&str, &[&str], &str); 8] = [
    ("datafusion", &["engines/query-datafusion"], "400 crates: one place"),
    ("parquet", &["engines/segments-parquet"], "the file format is one engine's matter"),
    ("rusqlite", &["engines/journal-sqlite", "engines/ledger-sqlite"], "SQL stands in engines"),
    (
        "object_store",
        &["engines/segments-parquet", "engines/query-datafusion"],
        "where files lie is an engine's matter",
    ),
    // assemble binds the routers of both to sockets.
    ("axum", &["line/intake", "edge/api", "app/assemble"], "HTTP is how lines come in and pages go out"),
    ("clap", &["edge/cli"], "the command line is one crate's matter"),
    ("yaml-rust2", &["model/predicate"], "YAML is read only where Sigma is"),
    ("evtx", &["model/evtx"], "the oracle of our own reader, in its tests"),
];

/// No I/O and no async in these: outside crates that bring either.
const NEVER_IN_MODEL: [&str; 14] = [
    "arrow",
    "axum",
    "datafusion",
    "futures",
    "hyper",
    "object_store",
    "parquet",
    "rand",
    "rusqlite",
    "rustix",
    "rustls",
    "socket2",
    "tokio",
    "tracing",
];

/// `cargo xtask arrows`
pub fn run(args: &[String]) -> End {
    if !args.is_empty() {
        return End::Usage("arrows takes no arguments".to_owned());
    }
    tree::end(&check(&Tree::read(&tree::root())))
}

/// All arrow checks.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let crates = crates(tree);
    vec![between_layers(&crates), heavy(&crates), pure(&crates), model_downward(&crates), lonely(&crates)]
}

/// Folder of each crate of the workspace with its manifest.
type Crates = BTreeMap<String, Manifest>;

fn crates(tree: &Tree) -> Crates {
    let manifests = tree.files.iter().filter(|f| f.name() == "Cargo.toml");
    manifests
        .filter_map(|f| Some((f.path.strip_suffix("/Cargo.toml")?.to_owned(), manifest::read(f.text()))))
        .filter(|(folder, _)| !folder.starts_with("benches") && !folder.starts_with("fuzz"))
        .collect()
}

/// The folder of one of our crates by its package name.
fn folder_of<'c>(crates: &'c Crates, package: &str) -> Option<&'c str> {
    crates.iter().find(|(_, m)| m.name == package).map(|(folder, _)| folder.as_str())
}

fn layer(folder: &str) -> &str {
    folder.split('/').next().unwrap_or_default()
}

/// Our own crates among these names.
fn ours<'c>(crates: &'c Crates, names: &'c [String]) -> impl Iterator<Item = &'c str> {
    names.iter().filter_map(|name| folder_of(crates, name))
}

fn between_layers(crates: &Crates) -> Finding {
    let mut complaints = Vec::new();
    let mut arrows = 0;
    for (from, manifest) in crates.iter().filter(|(folder, _)| *folder != "proving") {
        let named = ours(crates, &manifest.dependencies).map(|to| (to, false));
        let tested = ours(crates, &manifest.dev_dependencies).map(|to| (to, true));
        for (to, test) in named.chain(tested) {
            arrows += 1;
            let listed = |table: &[(&str, &str, &str)]| table.iter().any(|(f, t, _)| f == from && *t == to);
            let by_layer = LAYERS.iter().any(|(l, may)| *l == layer(from) && may.contains(&layer(to)));
            let by_name = listed(&ALSO) || (test && listed(&FOR_TESTS));
            if !by_layer && !by_name {
                let kind = if test { ", not even for tests" } else { "" };
                complaints.push(format!("{from} → {to}: not an arrow of ours{kind}"));
            }
        }
    }
    Finding {
        check: "arrows between layers",
        complaints,
        note: Some(format!("{} crates, {arrows} arrows", crates.len())),
    }
}

fn heavy(crates: &Crates) -> Finding {
    let mut complaints = Vec::new();
    for (name, places, why) in HEAVY {
        for (folder, manifest) in crates.iter().filter(|(folder, _)| *folder != "proving") {
            if manifest.dependencies.iter().any(|d| d == name) && !places.contains(&folder.as_str()) {
                complaints.push(format!("{folder} names {name}, which stands only in {}: {why}", places.join(", ")));
            }
        }
    }
    Finding::new("heavy crates in their place", complaints)
}

fn pure(crates: &Crates) -> Finding {
    let mut complaints = Vec::new();
    for (folder, manifest) in crates.iter().filter(|(folder, _)| layer(folder) == "model") {
        for name in manifest.dependencies.iter().filter(|d| NEVER_IN_MODEL.contains(&d.as_str())) {
            complaints.push(format!("{folder} names {name}: model does no I/O and waits for nothing"));
        }
    }
    Finding::new("model without I/O", complaints)
}

/// Cargo refuses a cycle of ordinary dependencies; development dependencies may close one, and do not here.
fn model_downward(crates: &Crates) -> Finding {
    let mut complaints = Vec::new();
    let model: Vec<&String> = crates.keys().filter(|f| layer(f) == "model").collect();
    for start in &model {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = named(crates, start).collect();
        while let Some(at) = open.pop() {
            if at == start.as_str() {
                complaints.push(format!("{start} names itself through others"));
                break;
            }
            if seen.insert(at) {
                open.extend(named(crates, at));
            }
        }
    }
    Finding::new("model only downward", complaints)
}

/// What a crate names, tests included.
fn named<'c>(crates: &'c Crates, folder: &str) -> impl Iterator<Item = &'c str> {
    let manifest = crates.get(folder);
    manifest.into_iter().flat_map(|m| ours(crates, &m.dependencies).chain(ours(crates, &m.dev_dependencies)))
}

/// xtask depends on nothing, and package names follow folders.
fn lonely(crates: &Crates) -> Finding {
    let mut complaints = Vec::new();
    for (folder, manifest) in crates {
        let last = folder.rsplit('/').next().unwrap_or_default();
        let expect = match folder.as_str() {
            "xtask" | "app/wardwatch" => last.to_owned(),
            _ => format!("wardwatch-{last}"),
        };
        if manifest.name != expect {
            complaints.push(format!("{folder}: the package is called {}, not {expect}", manifest.name));
        }
        if folder == "xtask" && !manifest.dependencies.is_empty() {
            complaints.push(format!(
                "xtask depends on {}: it must run in a clean clone at once",
                manifest.dependencies.join(", ")
            ));
        }
    }
    Finding::new("packages named for their folders", complaints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample;

    fn manifest(name: &str, dependencies: &[&str]) -> String {
        let list: String = dependencies.iter().map(|d| format!("{d}.workspace = true\n")).collect();
        format!("[package]\nname = \"{name}\"\n[dependencies]\n{list}")
    }

    /// `from` in its folder naming `to` in its folder; the complaint expected, or none.
    fn check(name: &str, from: &str, to: &str, complaint: &str) {
        let package = |folder: &str| format!("wardwatch-{}", folder.rsplit('/').next().unwrap());
        let files = [
            (format!("{from}/Cargo.toml"), manifest(&package(from), &[&package(to)])),
            (format!("{to}/Cargo.toml"), manifest(&package(to), &[])),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let complaints = between_layers(&crates(&sample::tree(name, &files))).complaints;
        match complaint {
            "" => assert!(complaints.is_empty(), "{complaints:?}"),
            _ => assert!(complaints.iter().any(|c| c.contains(complaint)), "{complaints:?}"),
        }
    }

    #[test]
    fn layers() {
        check("a1", "line/parse", "model/pack", "");
        check("a2", "line/parse", "line/detect", "not an arrow of ours");
        check("a3", "model/pack", "line/parse", "not an arrow of ours");
        check("a4", "engines/journal-sqlite", "line/journal", "");
        check("a5", "engines/journal-sqlite", "line/lake", "not an arrow of ours");
        check("a6", "edge/api", "line/search", "");
        check("a7", "edge/api", "engines/ledger-sqlite", "not an arrow of ours");
        check("a8", "service/content", "line/parse", "");
        check("a9", "service/content", "line/lake", "not an arrow of ours");
        check("a10", "edge/cli", "edge/demo", "not an arrow of ours");
        check("a11", "app/assemble", "engines/ledger-sqlite", "");
    }

    #[test]
    fn a_neighbour_for_tests_only_is_an_arrow_too() {
        let tree = sample::tree(
            "a12",
            &[
                (
                    "line/parse/Cargo.toml",
                    "[package]\nname = \"wardwatch-parse\"\n[dev-dependencies]\nwardwatch-lake.workspace = true\n",
                ),
                ("line/lake/Cargo.toml", "[package]\nname = \"wardwatch-lake\"\n"),
            ],
        );
        assert_eq!(between_layers(&crates(&tree)).complaints.len(), 1);
    }

    #[test]
    fn heavy_crates_and_io() {
        let tree = sample::tree(
            "a13",
            &[
                ("line/lake/Cargo.toml", &manifest("wardwatch-lake", &["datafusion"])),
                ("engines/query-datafusion/Cargo.toml", &manifest("wardwatch-query-datafusion", &["datafusion"])),
                ("model/event/Cargo.toml", &manifest("wardwatch-event", &["tokio", "bytes"])),
                ("xtask/Cargo.toml", &manifest("xtask", &["serde"])),
            ],
        );
        let crates = crates(&tree);
        assert_eq!(heavy(&crates).complaints.len(), 1);
        assert_eq!(pure(&crates).complaints.len(), 1);
        assert_eq!(lonely(&crates).complaints.len(), 1);
    }

    #[test]
    fn a_circle_in_model() {
        let tree = sample::tree(
            "a14",
            &[
                ("model/a/Cargo.toml", &manifest("wardwatch-a", &["wardwatch-b"])),
                (
                    "model/b/Cargo.toml",
                    "[package]\nname = \"wardwatch-b\"\n[dev-dependencies]\nwardwatch-a.workspace = true\n",
                ),
            ],
        );
        assert_eq!(model_downward(&crates(&tree)).complaints.len(), 2);
    }
}
