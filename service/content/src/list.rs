//! `content list`: which packs and detections there are.

use crate::load::{ContentFault, Library};
use crate::rules::LibraryRules;
use serde::Serialize;
use wardwatch_detect::{Listed, RuleState};

/// What there is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Listing {
    /// Packs, by id.
    pub packs: Vec<PackEntry>,
    /// Detections that may alert, by folder; parts of correlations are left out, unless they are not active.
    pub detections: Vec<DetectionEntry>,
}

/// A pack.
#[derive(Clone, Debug, Serialize)]
pub struct PackEntry {
    /// `vendor/product`.
    pub id: String,
    /// English title.
    pub title: String,
    /// Chinese title.
    pub title_zh: String,
    /// Hash of the manifest and its maps.
    pub version: String,
    /// Kinds of events it tells apart.
    pub cases: usize,
    /// Columns it can fill.
    pub columns: usize,
    /// Sample files.
    pub samples: usize,
    /// Why it cannot be used.
    pub fault: Option<String>,
}

/// A detection.
#[derive(Clone, Debug, Serialize)]
pub struct DetectionEntry {
    /// Its folder.
    pub path: String,
    /// The rule's id.
    pub id: Option<String>,
    /// The rule's title.
    pub title: Option<String>,
    /// `active`, `inactive`, `refused`, …
    pub state: String,
    /// Why it is not active.
    pub reason: String,
}

/// Everything whose id or path contains `filter`.
pub fn list(library: &Library, filter: Option<&str>) -> Listing {
    let wanted = |name: &str| filter.is_none_or(|part| name.contains(part));
    let packs = library.pack_ids().into_iter().filter(|id| wanted(id)).map(|id| pack_entry(library, id)).collect();
    let rules = LibraryRules::of(library);
    let part =
        |rule: &Listed| rule.state == RuleState::Active && rule.id.as_ref().is_some_and(|id| rules.parts.contains(id));
    let listed = rules.program.listing().iter().filter(|rule| wanted(&rule.path) && !part(rule)).cloned();
    let detections = listed
        .map(|rule| DetectionEntry {
            path: rule.path.trim_end_matches("/rule.yml").to_owned(),
            id: rule.id,
            title: rule.title,
            state: format!("{:?}", rule.state).to_lowercase(),
            reason: rule.reason,
        })
        .collect();
    Listing { packs, detections }
}

fn pack_entry(library: &Library, id: String) -> PackEntry {
    let folder = format!("sources/{id}/samples");
    let samples = library.below(&folder).filter(|(path, _)| path.ends_with(".log")).count();
    match library.pack(&id) {
        Ok(pack) => PackEntry {
            title: pack.title.clone(),
            title_zh: pack.title_zh.clone(),
            version: pack.version.clone(),
            cases: pack.cases().len(),
            columns: pack.columns().len(),
            samples,
            fault: None,
            id,
        },
        Err(fault) => broken(id, samples, &fault),
    }
}

fn broken(id: String, samples: usize, fault: &ContentFault) -> PackEntry {
    PackEntry {
        title: id.clone(),
        title_zh: id.clone(),
        version: String::new(),
        cases: 0,
        columns: 0,
        samples,
        fault: Some(fault.to_string()),
        id,
    }
}
