//! The whole public corpus over real Windows recordings: the event adapter against the same events read as JSON.

use crate::batches::{batch, taxonomy, windows};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use wardwatch_detect::{Program, RuleState, Rules, evaluate, evaluate_plainly};
use wardwatch_predicate::route::{Routed, Target};
use wardwatch_predicate::{JsonRecord, Reading};

/// Events of each channel and event id that are looked at: the plain engine is not in a hurry, the tests are.
const EACH: usize = 6;

/// Channel and event id without parsing the line.
fn key(line: &str) -> String {
    let behind = |name: &str| line.split_once(name).map_or("", |(_, rest)| rest.split([',', '}']).next().unwrap_or(""));
    format!("{} {}", behind("\"Channel\":"), behind("\"EventID\":")).to_lowercase()
}

#[expect(clippy::disallowed_methods, reason = "tests find their data by an environment variable")]
pub fn unpacked(archive: &str, into: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var("WARDWATCH_DATA").map_or_else(|_| workspace.join("../shared/data"), PathBuf::from);
    let archive = data.join(archive);
    if !archive.exists() {
        println!("skipped: {} is not there (set WARDWATCH_DATA)", archive.display());
        return None;
    }
    let target = workspace.join("target/data").join(into);
    let done = target.join(".unpacked");
    if !done.exists() {
        std::fs::create_dir_all(&target).unwrap();
        let status = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(&target).status().unwrap();
        assert!(status.success(), "tar could not unpack {}", archive.display());
        std::fs::write(&done, "").unwrap();
    }
    Some(target)
}

pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a target without renamed fields covers the event.
fn covers(target: &Target, event: &Value) -> bool {
    let channel = event["Channel"].as_str().unwrap_or_default();
    let id = event["EventID"].as_u64().unwrap_or_default();
    target.fields.is_empty()
        && target.channel.iter().any(|name| name == "*" && !channel.is_empty() || name.eq_ignore_ascii_case(channel))
        && (target.event.is_empty() || target.event.iter().any(|wanted| u64::from(*wanted) == id))
}

#[test]
fn the_corpus_finds_the_same_in_events_and_in_the_json_they_came_from() {
    let (Some(corpus), Some(recordings)) =
        (unpacked("sigma/sigma-rules.tar.xz", "sigma"), unpacked("events/windows-recordings.tar.xz", "events"))
    else {
        return;
    };
    let texts: Vec<(String, Vec<u8>)> = files(&corpus, "yml")
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    let rules = Rules::load(texts.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())), Default::default());
    let taxonomy = taxonomy();
    let program = Program::build(rules, &taxonomy, &[]);
    let count = |state| program.listing().iter().filter(|listed| listed.state == state).count();
    assert_eq!((count(RuleState::Refused), count(RuleState::Inactive)), (0, 25 + 15));

    let windows = windows();
    let mut by_title: BTreeMap<String, usize> = BTreeMap::new();
    let mut events_seen = 0;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for path in files(&recordings, "jsonl") {
        let text = std::fs::read_to_string(&path).unwrap();
        let few = |line: &&str| {
            let seen = seen.entry(key(line)).or_insert(0);
            *seen += 1;
            *seen <= EACH
        };
        let events: Vec<Value> = text.lines().filter(few).filter_map(|line| serde_json::from_str(line).ok()).collect();
        let batch = batch(&windows, &events);
        let alerts = evaluate(&program, &batch);
        assert_eq!(alerts, evaluate_plainly(&program, &batch), "{}", path.display());
        for (row, event) in events.iter().enumerate() {
            events_seen += 1;
            let id = batch.lines.id(row as u32);
            let found: BTreeSet<&str> = alerts
                .iter()
                .filter(|alert| alert.event == id)
                .map(|alert| alert.rule.as_ref().unwrap().id.as_str())
                .collect();
            let record = JsonRecord::new(event.clone());
            let reading = Reading::new(program.field_names(), &record);
            for rule in program.rules() {
                let Routed::To(targets) = taxonomy.route(&rule.logsource) else { continue };
                if targets.iter().any(|target| covers(target, event)) && rule.matches(&reading) {
                    let own = rule.about.id.as_str();
                    assert!(found.contains(own), "{} is missing on {event}", rule.about.title);
                }
            }
            for alert in alerts.iter().filter(|alert| alert.event == id) {
                *by_title.entry(alert.title.clone()).or_default() += 1;
                assert!(alert.evidence.matched.iter().all(|m| m.value.len() <= wardwatch_limits::EVIDENCE_VALUE_BYTES));
            }
        }
    }
    println!("{events_seen} events, {} rules fired: {by_title:#?}", by_title.len());
    assert!(by_title.len() >= 10);
}
