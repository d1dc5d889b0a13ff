//! Examples of detections: raw lines that must fire a rule and near misses that must not, through the real parser, the
//! real routing and the real evaluation.
//!
//! `detections/NAME/examples.yml`: `pack`, then lists `fires` and `silent` of `{ name, raw }` and, where needed,
//! `received` and `zone` at the top. A rule without at least one of each kind is a fault.

use crate::load::Library;
use crate::sample::batch_of;
use serde::Serialize;
use std::sync::Arc;
use wardwatch_detect::{Program, RuleState, Rules, declared_by, evaluate};
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_parse::{SourceSettings, parse};
use wardwatch_predicate::route::Taxonomy;
use wardwatch_predicate::yaml::{self, Kind, Node};

/// Reception time where an examples file names none: 2026-11-25T02:00:00Z.
const RECEIVED: Timestamp = Timestamp::from_secs(1_795_572_000);

/// Every detection of a library with its examples, and the program of all rules together.
pub struct Examples {
    program: Program,
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
    rule_id: String,
    file: ExamplesFile,
}

#[derive(Default)]
struct ExamplesFile {
    pack: String,
    received: Option<Timestamp>,
    zone: Option<Zone>,
    examples: Vec<Example>,
}

struct Example {
    name: String,
    raw: String,
    fires: bool,
}

impl Examples {
    /// Reads every rule and its examples.
    pub fn of(library: &Library) -> Self {
        let rules = library.rules();
        let texts: Vec<(String, String)> = library.taxonomy();
        let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let mut faults = Vec::new();
        let taxonomy = Taxonomy::read(&named).unwrap_or_else(|fault| {
            faults.push(fault.to_string());
            Taxonomy::default()
        });
        let declared: Vec<_> = library.packs().0.iter().flat_map(|pack| declared_by(pack)).collect();
        let files = rules.iter().map(|(path, text)| (path.as_str(), text.as_bytes()));
        let program =
            Program::build(Rules::load(files, wardwatch_predicate::sigma::Placeholders::new()), &taxonomy, &declared);
        let mut found = Vec::new();
        for listed in program.listing() {
            if listed.state != RuleState::Active {
                faults.push(format!(
                    "{}:{}:{}: the rule is {:?}: {}",
                    listed.path, listed.line, listed.column, listed.state, listed.reason
                ));
                continue;
            }
            let folder = listed.path.trim_end_matches("/rule.yml").to_owned();
            match read_examples(library, &folder) {
                Ok(file) => found.push(Detection { folder, rule_id: listed.id.clone().unwrap_or_default(), file }),
                Err(fault) => faults.push(fault),
            }
        }
        Self { program, found, faults }
    }

    /// Rules that do not load, and examples that cannot be read.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(String::as_str)
    }

    /// Runs the examples of detections whose folder contains `filter`.
    pub fn run(&self, library: &Library, filter: Option<&str>) -> Vec<ExampleReport> {
        let wanted = self.found.iter().filter(|d| filter.is_none_or(|part| d.folder.contains(part)));
        wanted.flat_map(|detection| detection.file.examples.iter().map(|e| self.one(library, detection, e))).collect()
    }

    fn one(&self, library: &Library, detection: &Detection, example: &Example) -> ExampleReport {
        let mut report = ExampleReport {
            detection: detection.folder.clone(),
            name: example.name.clone(),
            fires: example.fires,
            fired: Vec::new(),
            fault: None,
        };
        let pack = match library.pack(&detection.file.pack) {
            Ok(pack) => pack,
            Err(fault) => {
                report.fault = Some(fault.to_string());
                return report;
            }
        };
        let received = detection.file.received.unwrap_or(RECEIVED);
        let zone = detection.file.zone.clone().unwrap_or_else(Zone::china);
        let settings = SourceSettings { zone, ..SourceSettings::default() };
        let batch = parse(&Arc::clone(&pack), batch_of(&[example.raw.as_bytes()], received), &settings);
        let rules: Vec<_> = evaluate(&self.program, &batch).into_iter().filter_map(|alert| alert.rule).collect();
        let hit = rules.iter().any(|rule| rule.id == detection.rule_id);
        report.fired = rules.into_iter().map(|rule| rule.title).collect();
        report.fault = match (example.fires, hit) {
            (true, false) => Some("it must fire and does not: `content explain` shows what the line became".to_owned()),
            (false, true) => Some("it must stay silent and fires".to_owned()),
            _ => None,
        };
        report
    }
}

fn read_examples(library: &Library, folder: &str) -> Result<ExamplesFile, String> {
    let path = format!("{folder}/examples.yml");
    let text =
        library.text(&path).ok_or_else(|| format!("{path} is missing: write a line that fires and a near miss"))?;
    if library.text(&format!("{folder}/GUIDE.md")).is_none() {
        return Err(format!("{folder}/GUIDE.md is missing: say what it means and what to do"));
    }
    let file = read_text(text).map_err(|fault| format!("{path}:{fault}"))?;
    for (fires, what) in [(true, "fires"), (false, "silent")] {
        if !file.examples.iter().any(|example| example.fires == fires) {
            return Err(format!("{path} has no example under `{what}`: every rule shows a hit and a near miss"));
        }
    }
    Ok(file)
}

fn read_text(text: &str) -> Result<ExamplesFile, String> {
    let (documents, fault) = yaml::read(text);
    if let Some(fault) = fault {
        return Err(fault.to_string());
    }
    let [node] = documents.as_slice() else { return Err("1:1: expected one YAML document".to_owned()) };
    let Kind::Map(entries) = &node.kind else {
        return Err(format!("{}: expected a map, found {}", node.place, node.called()));
    };
    let mut file = ExamplesFile::default();
    for (key, value) in entries {
        match key.text.as_str() {
            "pack" => file.pack = scalar(value)?,
            "received" => {
                let text = scalar(value)?;
                let time = Timestamp::parse_rfc3339(&text);
                file.received = Some(time.ok_or_else(|| format!("{}: `{text}` is no time", value.place))?);
            }
            "zone" => {
                let text = scalar(value)?;
                file.zone = Some(Zone::parse(&text).map_err(|fault| format!("{}: {fault}", value.place))?);
            }
            "fires" => read_list(value, true, &mut file)?,
            "silent" => read_list(value, false, &mut file)?,
            other => {
                return Err(format!(
                    "{}: unknown key `{other}`; known: pack, received, zone, fires, silent",
                    key.place
                ));
            }
        }
    }
    if file.pack.is_empty() {
        return Err(format!("{}: `pack` is missing: which pack parses the raw lines?", node.place));
    }
    Ok(file)
}

fn read_list(value: &Node, fires: bool, file: &mut ExamplesFile) -> Result<(), String> {
    let Kind::List(items) = &value.kind else {
        return Err(format!("{}: expected a list, found {}", value.place, value.called()));
    };
    for item in items {
        let Kind::Map(entries) = &item.kind else { return Err(format!("{}: expected name and raw", item.place)) };
        let mut example = Example { name: String::new(), raw: String::new(), fires };
        for (key, value) in entries {
            match key.text.as_str() {
                "name" => example.name = scalar(value)?,
                "raw" => example.raw = scalar(value)?,
                other => return Err(format!("{}: unknown key `{other}`; known: name, raw", key.place)),
            }
        }
        if example.name.is_empty() || example.raw.is_empty() {
            return Err(format!("{}: an example needs `name` and `raw`", item.place));
        }
        file.examples.push(example);
    }
    Ok(())
}

fn scalar(node: &Node) -> Result<String, String> {
    match &node.kind {
        Kind::Scalar { text, .. } => Ok(text.clone()),
        _ => Err(format!("{}: expected text, found {}", node.place, node.called())),
    }
}
