//! Every rule has a canary that fires, or is listed with a reason; and nothing of canaries is counted.

use crate::batches::{at, program, rule, taxonomy, windows};
use crate::recordings::{files, unpacked};
use std::path::Path;
use std::sync::Arc;
use wardwatch_detect::{Canaries, CanaryOutcome, CanaryReport, CoverageState, Detector, Memory, Program, Rules};
use wardwatch_ident::TenantId;
use wardwatch_predicate::route::Source;
use wardwatch_sequence::Settings;

/// What did not fire, as `id: why`.
fn silent(report: &CanaryReport) -> Vec<String> {
    let why = |(id, outcome): (&String, &CanaryOutcome)| match outcome {
        CanaryOutcome::Fired => None,
        CanaryOutcome::NotMade(why) => Some(format!("{id}: {why}")),
        CanaryOutcome::Lost(why) => Some(format!("{id}: LOST {why}")),
    };
    report.outcomes.iter().filter_map(why).collect()
}

/// A detector of all rules in these files; what their log sources name is taken as declared by a pack.
fn detector_of(paths: Vec<std::path::PathBuf>) -> Detector {
    let texts: Vec<(String, Vec<u8>)> =
        paths.into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect();
    let rules = Rules::load(texts.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())), Default::default());
    let declared: Vec<Source> = rules
        .set
        .rules
        .iter()
        .map(|rule| Source {
            product: rule.logsource.product.clone(),
            category: rule.logsource.category.clone(),
            service: rule.logsource.service.clone(),
        })
        .collect();
    Detector::new(Arc::new(Program::build(rules, &taxonomy(), &declared)))
}

#[test]
fn the_public_corpus_has_canaries() {
    let Some(corpus) = unpacked("sigma/sigma-rules.tar.xz", "sigma") else { return };
    let report = Canaries::run(&detector_of(files(&corpus, "yml")), at());
    println!("fired, not made, lost: {:?}", report.counts());
    // It wants the channel of the log that was cleared, which the event has elsewhere: the route's own is excluded.
    assert_eq!(
        silent(&report),
        ["a62b37e0-45d3-48d9-a517-90c1a1b0186b: the fields of System cannot be given what it asks for"]
    );
    assert!(report.counts().0 >= 3_700);
}

#[test]
fn our_own_detections_have_canaries() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/detections");
    let of_rules = files(&content, "yml").into_iter().filter(|path| path.ends_with("rule.yml"));
    let detector = detector_of(of_rules.collect());
    let report = Canaries::run(&detector, at());
    println!("fired, not made, lost: {:?} of {} rules", report.counts(), detector.program().rules().len());
    let silent = silent(&report);
    let unlisted: Vec<&String> = silent
        .iter()
        .filter(|line| !line.ends_with("it fires when something does not come: `x-absence`"))
        .filter(|line| !line.ends_with("whose canary stands for both"))
        .collect();
    assert!(unlisted.is_empty(), "{unlisted:#?}");
    assert!(report.counts().0 > 100 && !detector.correlations().is_empty());
}

const SECURITY: &str = "product: windows, service: security";

#[test]
fn canaries_are_counted_nowhere() {
    let rules = [
        rule(1, SECURITY, "s: {EventID: 4625, TargetUserName|contains: adm}\ncondition: s"),
        rule(2, SECURITY, "s: {EventID: 4625, TargetUserName|x-in-set: vip}\ncondition: s"),
        rule(3, "product: windows, category: process_creation", "s: {Image|endswith: '\\x.exe'}\ncondition: s"),
        rule(4, SECURITY, "s: {a: x}\nf: {a|contains: x}\ncondition: s and not f"),
    ];
    let detector = Detector::new(Arc::new(program(&rules, &[&windows()])));
    let report = Canaries::run(&detector, at());
    assert_eq!(report.counts(), (3, 1, 0), "{:?}", silent(&report));
    let program = detector.program();
    for health in program.health() {
        assert_eq!((health.candidates(), health.matches(), health.work_bytes()), (0, 0, 0));
    }
    let memory = Memory::new(Settings::default(), [7; 16]);
    let coverage = memory.seen().coverage(program, TenantId::from_slug("canary of rules"), 0, &[], Some(&report));
    assert_eq!((coverage.events, coverage.matches), (0, 0));
    assert!(memory.pieces(&detector).is_empty());
    assert_eq!(program.events_hurt(), 0);
}

#[test]
fn a_rule_that_loses_its_canary_is_broken() {
    let detector = Detector::new(Arc::new(program(&[rule(1, SECURITY, "s: {a: x}\ncondition: s")], &[&windows()])));
    let mut report = Canaries::run(&detector, at());
    let state = |report: &CanaryReport| {
        let memory = Memory::new(Settings::default(), [7; 16]);
        let tenant = TenantId::from_slug("renji");
        memory.seen().coverage(detector.program(), tenant, 0, &[], Some(report)).state
    };
    assert!(matches!(state(&report), CoverageState::Blind(_)));
    let lost = CanaryOutcome::Lost("its gate stays shut".to_owned());
    report.outcomes.insert("00000001-0000-4000-8000-000000000000".to_owned(), lost);
    assert_eq!(state(&report), CoverageState::Broken("its gate stays shut".to_owned()));
}

#[test]
fn correlations_fire_on_hits_of_their_rules() {
    let base = |n: u32, name: &str| {
        rule(n, SECURITY, &format!("s: {{EventID: 46{n}}}\ncondition: s")).replacen(
            "title:",
            &format!("name: {name}\ntitle:"),
            1,
        )
    };
    let on = |id: u32, body: &str| {
        format!(
            "title: C{id}\nid: {id:08}-0000-4000-8000-000000000000\ncorrelation:\n  rules: [r25, r24]\n  timespan: 10m\n{body}"
        )
    };
    let cases = [
        (on(101, "  type: event_count\n  group-by: [IpAddress]\n  condition: {gte: 40}\n"), ""),
        (on(102, "  type: event_count\n  group-by: [IpAddress]\n  condition: {lt: 3}\n"), ""),
        (on(103, "  type: value_count\n  group-by: [IpAddress]\n  condition: {gt: 5, field: TargetUserName}\n"), ""),
        (on(104, "  type: temporal\n  group-by: [IpAddress]\n"), ""),
        (on(105, "  type: temporal_ordered\n  group-by: [IpAddress]\n"), ""),
        (on(106, "  type: value_sum\n  group-by: [IpAddress]\n  condition: {gt: 1000, field: bytes}\n"), ""),
        (on(107, "  type: event_count\n  condition: {gte: 20000}\n"), "no number of hits up to 10,000 holds"),
        (
            on(108, "  type: event_count\n  group-by: [job]\n  condition: {lt: 1}\n  x-absence: {groups: [a]}\n"),
            "it fires when something does not come: `x-absence`",
        ),
    ];
    for (correlation, why) in cases {
        let rules = [base(25, "r25"), base(24, "r24"), correlation.clone()];
        let detector = Detector::new(Arc::new(program(&rules, &[&windows()])));
        assert_eq!(detector.correlations().len(), 1, "{correlation} {:?}", detector.program().listing());
        let silent = silent(&Canaries::run(&detector, at()));
        let expect: Vec<String> = if why.is_empty() { Vec::new() } else { vec![why.to_owned()] };
        let found: Vec<String> = silent.iter().filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect();
        assert_eq!(found, expect, "{correlation}");
    }
}
