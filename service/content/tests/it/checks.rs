//! Content that may not be tried is refused with the reason.

use wardwatch_content::{Library, Load, check};

fn load() -> Load {
    Load { packs: 18, rules: 40, cpu_ms: 100, bytes: 1 << 20, ..Load::default() }
}

#[test]
fn the_shipped_content_may_be_tried() {
    let checked = check(&Library::embedded(), load(), &load()).expect("read");
    assert_eq!(checked.faults, Vec::<String>::new());
    assert!(checked.samples >= 70 && checked.examples >= 12);
}

#[test]
fn each_fault_is_named() {
    let meant = |path: &str| path.starts_with("taxonomy") || path.starts_with("sources/generic/syslog/");
    let small = || Library::embedded().keeping(meant);
    let refused = Load { refused: vec!["rules/x.yml:3:1: unknown key".into()], ..load() };
    for (what, tried, in_use, expect) in [
        ("nothing", load(), load(), None),
        ("refused before", refused.clone(), refused.clone(), None),
        ("one more refused", refused.clone(), load(), Some("rules/x.yml:3:1: unknown key (it was not refused before)")),
        ("no rules", Load { rules: 0, ..load() }, load(), Some("no rule of it is evaluated")),
        ("slow", Load { cpu_ms: 60_001, ..load() }, load(), Some("60001 ms of CPU")),
        ("large", Load { bytes: 1 << 30, ..load() }, load(), Some("compiled tables take")),
        ("silent", Load { canaries_silent: vec!["r: silent".into()], ..load() }, load(), Some("r: silent")),
        ("pack", Load { pack_faults: vec!["sources/x: bad".into()], ..load() }, load(), Some("sources/x: bad")),
    ] {
        let checked = check(&small(), tried, &in_use).expect("read");
        match expect {
            None => assert_eq!(checked.faults, Vec::<String>::new(), "{what}"),
            Some(part) => assert!(checked.faults.iter().any(|f| f.contains(part)), "{what}: {:?}", checked.faults),
        }
    }
    // A rule without an example that fires, an example that does not fire, and a rule that does not compile.
    let broken = [("detections/x/rule.yml".to_owned(), b"title: x\ndetection: 7\n".to_vec())];
    let checked = check(&small().with(Library::of(broken)), load(), &load()).expect("read");
    assert!(checked.faults.iter().any(|fault| fault.contains("detections/x/rule.yml")), "{:?}", checked.faults);
}
