//! `content test`: samples of packs against their expectations, and examples of detections.
//!
//! A sample passes if the whole event is as expected: every column, class, activity, note and leftover. `--write`
//! replaces expectations by what came out and says each change; a column that was empty and is now filled is named
//! apart, because a person has to check it against the vendor's document.

use crate::examples::{ExampleReport, Examples};
use crate::load::{ContentFault, Library};
use crate::outcome::{Difference, Outcome};
use crate::sample::Sample;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use wardwatch_pack::Pack;
use wardwatch_parse::{SourceSettings, parse};

/// What `content test` found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TestReport {
    /// One per sample file, in order.
    pub samples: Vec<SampleReport>,
    /// One per example of a detection.
    pub examples: Vec<ExampleReport>,
    /// Packs and rules that cannot be used at all.
    pub faults: Vec<String>,
}

impl TestReport {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.faults.is_empty()
            && self.samples.iter().all(|s| s.fault.is_none() && (s.written || s.differences.is_empty()))
            && self.examples.iter().all(|e| e.fault.is_none())
    }
}

/// One sample file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SampleReport {
    /// The file.
    pub path: String,
    /// How many lines it has.
    pub lines: usize,
    /// Where a line is not as expected: number of the line (from 1) and what differs.
    pub differences: Vec<(usize, Difference)>,
    /// Columns that were empty in the expectation and are filled now: check each by hand.
    pub filled: Vec<(usize, String)>,
    /// The expectation was written.
    pub written: bool,
    /// Why it could not be run.
    pub fault: Option<String>,
}

/// Runs every sample and example whose id contains `filter`. With `write`, expectations that differ are replaced in the
/// folder the library was read from.
///
/// # Errors
/// An expectation that cannot be written; asking to write what is embedded.
pub fn test(library: &Library, filter: Option<&str>, write: bool) -> Result<TestReport, ContentFault> {
    let mut report = TestReport::default();
    let wanted = |name: &str| filter.is_none_or(|part| name.contains(part));
    for id in library.pack_ids().into_iter().filter(|id| wanted(id)) {
        match library.pack(&id) {
            Ok(pack) => test_pack(library, &id, &pack, write, &mut report)?,
            Err(fault) => report.faults.push(fault.to_string()),
        }
    }
    let examples = Examples::of(library);
    report.faults.extend(examples.faults().map(str::to_owned));
    report.examples = examples.run(library, filter);
    Ok(report)
}

fn test_pack(
    library: &Library,
    id: &str,
    pack: &Arc<Pack>,
    write: bool,
    report: &mut TestReport,
) -> Result<(), ContentFault> {
    let folder = format!("sources/{id}/samples");
    let logs: Vec<(String, Vec<u8>)> = library
        .below(&folder)
        .filter(|(path, _)| path.ends_with(".log"))
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .collect();
    if logs.is_empty() {
        report
            .faults
            .push(format!("pack `{id}` has no samples: write samples/NAME.log with lines as the source sends them"));
    }
    for (path, bytes) in logs {
        let mut sample = SampleReport { path: path.clone(), ..SampleReport::default() };
        match outcomes(pack, &bytes) {
            Err(fault) => sample.fault = Some(fault),
            Ok(found) => {
                let expect_path = expectation_of(&path);
                compare(library.text(&expect_path), &found, &mut sample);
                if write && (!sample.differences.is_empty() || sample.fault.is_some()) {
                    save(library.root(), &expect_path, &found)?;
                    (sample.written, sample.fault) = (true, None);
                }
            }
        }
        report.samples.push(sample);
    }
    Ok(())
}

/// `samples/normal.log` → `samples/normal.expect.json`
pub(crate) fn expectation_of(sample: &str) -> String {
    format!("{}.expect.json", sample.strip_suffix(".log").unwrap_or(sample))
}

/// What the real parser makes of a sample file.
pub(crate) fn outcomes(pack: &Arc<Pack>, bytes: &[u8]) -> Result<Vec<Outcome>, String> {
    let sample = Sample::read(bytes).map_err(|fault| fault.to_string())?;
    let settings = SourceSettings { zone: sample.zone.clone(), ..SourceSettings::default() };
    let batch = parse(pack, sample.batch(pack), &settings);
    Ok(batch.events().map(|event| Outcome::of(&event)).collect())
}

fn compare(expected: Option<&str>, found: &[Outcome], sample: &mut SampleReport) {
    sample.lines = found.len();
    let Some(text) = expected else {
        sample.fault = Some("no expectation yet: `content test --write` writes one, then check it by hand".to_owned());
        sample.filled =
            found.iter().enumerate().flat_map(|(at, o)| o.columns.keys().map(move |k| (at + 1, k.clone()))).collect();
        return;
    };
    let expected: Vec<Outcome> = match serde_json::from_str(text) {
        Ok(expected) => expected,
        Err(fault) => {
            sample.fault = Some(format!("the expectation is not readable: {fault}"));
            return;
        }
    };
    for (at, now) in found.iter().enumerate() {
        let Some(before) = expected.get(at) else {
            let difference =
                Difference { at: "line".to_owned(), expected: None, found: serde_json::to_value(now).ok() };
            sample.differences.push((at + 1, difference));
            continue;
        };
        for difference in before.differences(now) {
            if let (None | Some(Value::Null), Some(column)) =
                (&difference.expected, difference.at.strip_prefix("columns."))
            {
                sample.filled.push((at + 1, column.to_owned()));
            }
            sample.differences.push((at + 1, difference));
        }
    }
    for (at, gone) in expected.iter().enumerate().skip(found.len()) {
        let difference = Difference { at: "line".to_owned(), expected: serde_json::to_value(gone).ok(), found: None };
        sample.differences.push((at + 1, difference));
    }
}

fn save(root: Option<&Path>, path: &str, found: &[Outcome]) -> Result<(), ContentFault> {
    let path = root.ok_or(ContentFault::Embedded)?.join(path);
    let mut text = serde_json::to_string_pretty(found).unwrap_or_default();
    text.push('\n');
    std::fs::write(&path, text).map_err(|source| ContentFault::Write { path, source })
}
