//! Whether content may be tried at all: loaded by the loader of the line, run by its parser and evaluator.
//!
//! Who loads and measures is the caller, because only he has the line's loader and a clock: he says what came of it
//! ([`Load`]) for the content in question and for the content in use. The samples and examples are run here.

use crate::load::{ContentFault, Library};
use crate::test::test;
use serde::Serialize;
use wardwatch_limits::{CONTENT_COMPILE_CPU_MS, CONTENT_PROGRAM_BYTES};

/// What loading gave.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Load {
    /// Packs that compile.
    pub packs: usize,
    /// Packs that do not, in words.
    pub pack_faults: Vec<String>,
    /// Rules that are evaluated.
    pub rules: usize,
    /// Rules that were refused, with place and reason; those of the rules' folders included.
    pub refused: Vec<String>,
    /// CPU milliseconds it took.
    pub cpu_ms: u64,
    /// Bytes of the compiled tables.
    pub bytes: usize,
    /// Rules whose canary does not fire, with the reason; empty where canaries cannot be made.
    pub canaries_silent: Vec<String>,
}

/// What the check found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Checked {
    /// What loading gave.
    pub load: Load,
    /// Samples that were run.
    pub samples: usize,
    /// Examples that were run.
    pub examples: usize,
    /// Why it may not be tried; nothing if it may.
    pub faults: Vec<String>,
}

/// Runs every sample and example, and compares what loading gave with what it gives for the content `in_use`.
///
/// # Errors
/// A file of the library cannot be read.
pub fn check(library: &Library, load: Load, in_use: &Load) -> Result<Checked, ContentFault> {
    let report = test(library, None, false)?;
    let mut faults = report.faults.clone();
    for fault in &load.pack_faults {
        if !faults.contains(fault) {
            faults.push(fault.clone());
        }
    }
    faults.extend(report.samples.iter().filter_map(|sample| {
        let why = match (&sample.fault, sample.differences.first()) {
            (Some(fault), _) => fault.clone(),
            (None, Some((line, _))) => format!("line {line} is not as expected: `wardwatch content test` shows it"),
            (None, None) => return None,
        };
        Some(format!("{}: {why}", sample.path))
    }));
    faults.extend(report.examples.iter().filter_map(|example| {
        Some(format!("{} [{}]: {}", example.detection, example.name, example.fault.as_deref()?))
    }));
    faults.extend(load.canaries_silent.iter().filter(|rule| !in_use.canaries_silent.contains(rule)).cloned());
    if load.refused.len() > in_use.refused.len() {
        let more = load.refused.iter().filter(|refused| !in_use.refused.contains(refused));
        faults.extend(more.map(|refused| format!("{refused} (it was not refused before)")));
    }
    if load.rules == 0 && in_use.rules > 0 {
        faults.push("no rule of it is evaluated".to_owned());
    }
    if load.cpu_ms > CONTENT_COMPILE_CPU_MS {
        faults.push(format!("compiling takes {} ms of CPU, at most {CONTENT_COMPILE_CPU_MS}", load.cpu_ms));
    }
    if load.bytes > CONTENT_PROGRAM_BYTES {
        faults.push(format!("its compiled tables take {} bytes, at most {CONTENT_PROGRAM_BYTES}", load.bytes));
    }
    Ok(Checked { samples: report.samples.len(), examples: report.examples.len(), load, faults })
}
