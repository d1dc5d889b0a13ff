//! Nothing of a rule folder is dropped silently.

use crate::batches::{rule, taxonomy};
use wardwatch_detect::{Program, RuleState, Rules};

#[test]
fn every_document_is_listed_with_what_became_of_it() {
    let security = "product: windows, service: security";
    let good = rule(1, security, "s: {a: b}\ncondition: s");
    let files = [
        ("good.yml", good.clone()),
        ("again.yml", good.clone()),
        ("broken.yml", rule(2, security, "s: {a: b}\ncondition: t")),
        ("regex.yml", rule(3, security, "s: {a|re: '('}\ncondition: s")),
        ("placeholder.yml", rule(4, security, "s: {a|expand: '%x%'}\ncondition: s")),
        ("old.yml", format!("{}status: deprecated\n", rule(5, security, "s: {a: b}\ncondition: s"))),
        ("nowhere.yml", rule(6, "product: windows, category: file_access", "s: {a: b}\ncondition: s")),
        ("unknown.yml", rule(7, "product: toaster", "s: {a: b}\ncondition: s")),
        (
            "correlation.yml",
            "title: C\ncorrelation: {type: event_count, rules: [x], timespan: 5m, condition: {gte: 3}}\n".to_owned(),
        ),
        (
            "filter.yml",
            "title: F\nlogsource: {product: windows}\nfilter: {rules: any, own: {a: c}, condition: not own}\n"
                .to_owned(),
        ),
        ("two.yml", format!("{}---\nfoo: bar\n", rule(8, security, "s: {a: b}\ncondition: s"))),
    ];
    let rules = Rules::load(files.iter().map(|(path, text)| (*path, text.as_bytes())), Default::default());
    let program = Program::build(rules, &taxonomy(), &[]);
    let seen: Vec<(&str, u32, RuleState)> =
        program.listing().iter().map(|listed| (listed.path.as_str(), listed.line, listed.state)).collect();
    use RuleState::{Active, Filter, Inactive, Refused};
    assert_eq!(
        seen,
        [
            ("good.yml", 1, Active),
            ("again.yml", 1, Refused),
            ("broken.yml", 8, Refused),
            ("regex.yml", 7, Refused),
            ("placeholder.yml", 7, Inactive),
            ("old.yml", 1, Inactive),
            ("nowhere.yml", 1, Inactive),
            ("unknown.yml", 1, Inactive),
            ("correlation.yml", 2, Refused),
            ("filter.yml", 1, Filter),
            ("two.yml", 1, Active),
            ("two.yml", 10, Refused),
        ]
    );
    let reason = |path: &str| program.listing().iter().find(|listed| listed.path == path).unwrap().reason.clone();
    assert!(reason("again.yml").contains("good.yml"));
    assert!(reason("nowhere.yml").contains("Kernel-File"));
    assert!(reason("unknown.yml").contains("no route for toaster/-/-"));
    assert!(
        program
            .listing()
            .iter()
            .all(|listed| (listed.state == Active) == listed.reason.is_empty() || listed.state == Filter)
    );
}
