//! Point 18 of the engineering note: routing is data, it is complete for the corpus, and it refuses what it cannot mean.

use crate::corpus::{corpus, rule_files};
use crate::sigma_reading::{file, rule};
use std::collections::BTreeSet;
use wardwatch_predicate::route::{Routed, Source, Taxonomy};
use wardwatch_predicate::sigma::{Compiler, Document, LogSource, read_rules};

const FILES: [(&str, &str); 3] = [
    ("windows.toml", include_str!("../../../../content/taxonomy/windows.toml")),
    ("others.toml", include_str!("../../../../content/taxonomy/others.toml")),
    ("aliases.toml", include_str!("../../../../content/taxonomy/aliases.toml")),
];

fn taxonomy() -> Taxonomy {
    Taxonomy::read(&FILES).unwrap_or_else(|fault| panic!("{fault}"))
}

fn logsource(product: &str, category: &str, service: &str) -> LogSource {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    LogSource { product: part(product), category: part(category), service: part(service) }
}

#[test]
fn every_log_source_of_the_corpus_has_a_route_or_a_reason() {
    let taxonomy = taxonomy();
    let Some(folder) = corpus() else { return };
    let mut unknown = BTreeSet::new();
    let (mut routed, mut nowhere) = (BTreeSet::new(), BTreeSet::new());
    for path in rule_files(&folder) {
        for document in read_rules(&std::fs::read(&path).unwrap()) {
            let Ok(Document::Rule(rule)) = document else { continue };
            match taxonomy.route(&rule.logsource) {
                Routed::To(_) => routed.insert(rule.logsource.to_string()),
                Routed::Nowhere(_) => nowhere.insert(rule.logsource.to_string()),
                Routed::Unknown => unknown.insert(rule.logsource.to_string()),
            };
        }
    }
    assert_eq!(unknown, BTreeSet::new());
    assert_eq!(nowhere.into_iter().collect::<Vec<_>>(), ["windows/file_access/-", "windows/file_rename/-"]);
    assert_eq!(routed.len(), 136);
}

#[test]
fn a_log_source_leads_to_channels_and_event_ids() {
    let taxonomy = taxonomy();
    let Routed::To(targets) = taxonomy.route(&logsource("windows", "process_creation", "")) else { panic!() };
    assert_eq!(
        (targets[0].channel[0].as_str(), &targets[0].event[..]),
        ("Microsoft-Windows-Sysmon/Operational", &[1][..])
    );
    assert_eq!((targets[1].channel[0].as_str(), &targets[1].event[..]), ("Security", &[4688][..]));
    assert!(targets[1].has_field("Image") && !targets[1].has_field("OriginalFileName"));
    assert!(matches!(taxonomy.route(&logsource("windos", "", "")), Routed::Unknown));
    let source = |product: &str| Source { product: Some(product.to_owned()), ..Source::default() };
    assert!(source("linux").covers(&Source { service: Some("sshd".to_owned()), ..source("linux") }));
    assert!(!Source { service: Some("sshd".to_owned()), ..source("linux") }.covers(&source("linux")));
}

#[test]
fn rules_that_a_lacking_field_would_mislead_are_not_sent_to_4688() {
    let taxonomy = taxonomy();
    let Routed::To(targets) = taxonomy.route(&logsource("windows", "process_creation", "")) else { panic!() };
    let misled = |detection: &str| {
        let mut compiler = Compiler::default();
        compiler.add(&rule(&file(detection)).unwrap(), &[]).unwrap();
        let set = compiler.finish();
        assert_eq!(set.rules[0].misled_by(&targets[0], &set.fields), None);
        set.rules[0].misled_by(&targets[1], &set.fields).map(str::to_owned)
    };
    for (detection, expected) in [
        ("s: {Image|endswith: x, CommandLine|contains: y}\ncondition: s", None),
        ("s:\n  - {Image: x}\n  - {OriginalFileName: y}\ncondition: s", None),
        ("s: {Image: x}\nf: {OriginalFileName: y}\ncondition: s and not f", Some("OriginalFileName")),
        ("s: {Image: x}\nf: {ParentImage: y}\ncondition: s and not f", None),
        ("s: {Image: x, Company: null}\ncondition: s", Some("Company")),
        ("s: {Image: x}\nf: {Company: null}\ncondition: s and not f", None),
        ("s: {Image: x, Company|exists: false}\ncondition: s", Some("Company")),
        ("s: {Image: x, Company|neq: y}\ncondition: s", None),
        ("s: {Image: x}\nf: {Image|fieldref: Company}\ncondition: s and not 1 of f", Some("Company")),
    ] {
        assert_eq!(misled(detection).as_deref(), expected, "{detection}");
    }
    let Routed::To(targets) = taxonomy.route(&logsource("windows", "network_connection", "")) else { panic!() };
    let misled = |detection: &str| {
        let mut compiler = Compiler::default();
        compiler.add(&rule(&file(detection)).unwrap(), &[]).unwrap();
        let set = compiler.finish();
        set.rules[0].misled_by(&targets[1], &set.fields).map(str::to_owned)
    };
    for (detection, expected) in [
        (r"s: {Image|endswith: '\a.exe'}\ncondition: s", None),
        ("s: {DestinationPort: 1}\nf: {Image|startswith: 'C:\\x'}\ncondition: s and not f", Some("Image")),
        ("s: {DestinationPort: 1}\nf: {Image|contains: ':\\x'}\ncondition: s and not f", Some("Image")),
        ("s: {DestinationPort: 1}\nf: {Image|endswith: '\\x.exe'}\ncondition: s and not f", None),
    ] {
        assert_eq!(misled(&detection.replace("\\n", "\n")).as_deref(), expected, "{detection}");
    }
}

#[test]
fn a_taxonomy_file_that_means_nothing_is_refused_with_its_place() {
    let refused = |text: &str| Taxonomy::read(&[("t.toml", text)]).unwrap_err().to_string();
    assert!(refused("[[route]]\nlogsorce = {}\n").starts_with("t.toml:2:1: unknown field `logsorce`"));
    assert!(refused("[[route]]\nlogsource = {product = 'a'}\nto = [{}]\n").contains("one of the two"));
    let twice = "[[route]]\nlogsource = {product = 'a'}\nto = [{channel = ['x']}]\n";
    assert!(refused(&format!("{twice}{twice}")).contains("a/-/- is listed twice"));
    assert!(refused("prefixes = [1]").starts_with("t.toml:1:13: "));
}
