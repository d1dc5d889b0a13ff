//! Tests of content: the shipped packs and detections, and the tools that look after them.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a failing test says so by panicking")]

mod checks;
mod drafts;
mod libraries;
mod oracles;
mod reports;
mod stages;
mod versions;

use wardwatch_content::{Library, lint, list, test};

#[test]
fn every_shipped_sample_and_example_is_as_expected() {
    let library = Library::embedded();
    let report = test(&library, None, false).expect("nothing is written");
    assert!(report.passed(), "{}", report.show(wardwatch_content::Tongue::En));
    assert!(report.samples.len() >= 70, "{} samples", report.samples.len());
    assert!(report.examples.iter().filter(|e| e.fires).count() >= 130);
    assert!(report.examples.iter().filter(|e| !e.fires).count() >= 130);
}

#[test]
fn every_shipped_pack_and_rule_is_clean() {
    let library = Library::embedded();
    let report = lint(&library, None);
    assert!(report.passed(), "{}", report.show(wardwatch_content::Tongue::En));
    let listing = list(&library, None);
    assert!(listing.packs.len() >= 18, "{} packs", listing.packs.len());
    assert!(listing.packs.iter().all(|pack| pack.fault.is_none()));
    assert!(listing.detections.len() >= 80 && listing.detections.iter().all(|rule| rule.state == "active"));
}
