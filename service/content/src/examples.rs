//! Examples of detections: raw lines that must fire a rule and near misses that must not, through the real parser, the
//! real routing and the detector of the line, correlations included.
//!
//! `detections/AREA/RULE/examples.yml`, see [`crate::examples_file`]. A folder without an example of each kind is a
//! fault, and so is a document of its `rule.yml` that could alert and is shown by no example.

use crate::examples_file::{Example, ExamplesFile, Lines};
use crate::load::Library;
use crate::rules::LibraryRules;
use crate::sample::{batch_from, joined};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use wardwatch_detect::{Detector, Listed, Memory, RuleState, Views};
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_parse::{SourceSettings, parse};

/// Reception time where an examples file names none: 2026-11-25T02:00:00Z.
const RECEIVED: Timestamp = Timestamp::from_secs(1_795_572_000);

/// Every detection of a library with its examples, and the detector of all rules together.
pub struct Examples {
    detector: Detector,
    found: Vec<Detection>,
    faults: Vec<String>,
}

/// What one example did.
#[derive(Clone, Debug, Serialize)]
pub struct ExampleReport {
    /// The detection's folder.
    pub detection: String,
    /// The example's name.
    pub name: String,
    /// It must fire; else it must not.
    pub fires: bool,
    /// Titles of the rules that fired on it, others included.
    pub fired: Vec<String>,
    /// What is wrong, if it is not as it must be.
    pub fault: Option<String>,
}

struct Detection {
    folder: String,
    /// Titles of the documents that may alert, by id.
    rules: BTreeMap<String, String>,
    file: ExamplesFile,
}

impl Examples {
    /// Reads every rule and its examples.
    pub fn of(library: &Library) -> Self {
        let LibraryRules { program, mut faults, parts } = LibraryRules::of(library);
        let mut folders: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for listed in program.listing() {
            if !matches!(listed.state, RuleState::Active | RuleState::Filter) {
                faults.push(not_active(listed));
            }
            let rules = folders.entry(listed.path.trim_end_matches("/rule.yml").to_owned()).or_default();
            if let (RuleState::Active, Some(id)) = (listed.state, &listed.id)
                && !parts.contains(id)
            {
                rules.insert(id.clone(), listed.title.clone().unwrap_or_default());
            }
        }
        let mut found = Vec::new();
        for (folder, rules) in folders {
            match read_examples(library, &folder) {
                Ok(file) => found.push(Detection { folder, rules, file }),
                Err(fault) => faults.push(fault),
            }
        }
        Self { detector: Detector::new(program), found, faults }
    }

    /// Rules that do not load, and examples that cannot be read.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(String::as_str)
    }

    /// Runs the examples of detections whose folder contains `filter`.
    pub fn run(&self, library: &Library, filter: Option<&str>) -> Vec<ExampleReport> {
        let wanted = self.found.iter().filter(|d| filter.is_none_or(|part| d.folder.contains(part)));
        wanted.flat_map(|detection| self.detection(library, detection)).collect()
    }

    fn detection(&self, library: &Library, detection: &Detection) -> Vec<ExampleReport> {
        let mut shown: BTreeSet<String> = BTreeSet::new();
        let report = |name: &str, fires: bool| ExampleReport {
            detection: detection.folder.clone(),
            name: name.to_owned(),
            fires,
            fired: Vec::new(),
            fault: None,
        };
        let mut reports = Vec::new();
        for example in &detection.file.examples {
            let mut report = report(&example.name, example.fires);
            match self.fired(library, detection, example) {
                Ok(fired) => {
                    let hit = fired.keys().any(|id| detection.rules.contains_key(id));
                    report.fault = match (example.fires, hit) {
                        (true, false) => {
                            Some("it must fire and does not: `content explain` shows what the line became".to_owned())
                        }
                        (false, true) => Some("it must stay silent and fires".to_owned()),
                        _ => None,
                    };
                    shown.extend(fired.keys().cloned());
                    report.fired = fired.into_values().collect();
                }
                Err(fault) => report.fault = Some(fault),
            }
            reports.push(report);
        }
        for (_, title) in detection.rules.iter().filter(|(id, _)| !shown.contains(*id)) {
            let fault = Some("no example fires this document: add a line under `fires`".to_owned());
            reports.push(ExampleReport { fault, ..report(title, true) });
        }
        reports
    }

    /// Titles of the rules that fire on an example's lines, by id.
    fn fired(
        &self,
        library: &Library,
        detection: &Detection,
        example: &Example,
    ) -> Result<BTreeMap<String, String>, String> {
        let file = &detection.file;
        let detector = self.detector.clone().with_context(Arc::new(file.context.clone()), Views::default());
        let received = file.received.unwrap_or(RECEIVED);
        let zone = file.zone.clone().unwrap_or_else(Zone::china);
        let settings = SourceSettings { zone, ..SourceSettings::default() };
        let mut memory = Memory::for_files();
        let (mut alerts, mut number) = (Vec::new(), 1);
        for Lines { pack, raw } in &example.events {
            let pack = library.pack(pack).map_err(|fault| fault.to_string())?;
            let lines: Vec<Vec<u8>> = match &pack.input.join {
                Some(join) => joined(raw, join),
                None => raw.iter().map(|line| line.as_bytes().to_vec()).collect(),
            };
            let batch = parse(&pack, batch_from(&lines, received, number), &settings);
            number += lines.len() as u64;
            alerts.extend(detector.look(&mut memory, &batch));
        }
        alerts.extend(detector.finish(&mut memory));
        Ok(alerts.into_iter().filter_map(|alert| alert.rule).map(|rule| (rule.id, rule.title)).collect())
    }
}

fn not_active(listed: &Listed) -> String {
    format!("{}:{}:{}: the rule is {:?}: {}", listed.path, listed.line, listed.column, listed.state, listed.reason)
}

fn read_examples(library: &Library, folder: &str) -> Result<ExamplesFile, String> {
    let path = format!("{folder}/examples.yml");
    let text =
        library.text(&path).ok_or_else(|| format!("{path} is missing: write a line that fires and a near miss"))?;
    if library.text(&format!("{folder}/GUIDE.md")).is_none() {
        return Err(format!("{folder}/GUIDE.md is missing: say what it means and what to do"));
    }
    let file = ExamplesFile::read(text).map_err(|fault| format!("{path}:{fault}"))?;
    for (fires, what) in [(true, "fires"), (false, "silent")] {
        if !file.examples.iter().any(|example| example.fires == fires) {
            return Err(format!("{path} has no example under `{what}`: every rule shows a hit and a near miss"));
        }
    }
    Ok(file)
}
