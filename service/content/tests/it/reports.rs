//! What the reports say when something is wrong, and what `--write` does.

use wardwatch_content::{Library, Tongue, Weight, lint, list, test};

const PACK: &str = "# reference = 'https://docs.example.org/'\npack = { id = 'acme/thing', format = 1 }\nbody = { kind = 'kv' }\n\
map = { src_ip = 'src', user = 'who', severity_id = { from = 'level', map = 'level' } }\n\
case = [{ when = { field = 'kind', is = 'a' }, class = 4001, activity = 6 }, { when = { field = 'kind', is = 'b' }, class = 3002, activity = 1 }]\n\
[value]\nlevel = { high = 4, low = 2 }\n";
const LOG: &str =
    "# received: 2026-11-25T02:00:00Z zone: Asia/Shanghai\nkind=a src=10.1.1.1 who=x level=high extra=1\n";
const RULE: &str = "title: t\nid: 0b9e6f3c-26f5-4a52-8f34-8b1a3f3c2a11\nlogsource:\n    product: acme\ndetection:\n    s:\n        who: x\n    condition: s\n";

fn write(folder: &std::path::Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    std::fs::write(path, text).expect("written");
}

#[test]
fn writing_names_what_was_filled_and_the_next_run_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "sources/acme/thing/pack.toml", PACK);
    write(folder.path(), "sources/acme/thing/samples/one.log", LOG);
    let run = |write| test(&Library::folder(folder.path()).expect("content"), None, write).expect("it runs");
    let first = run(false);
    assert!(!first.passed() && first.samples.iter().any(|s| s.fault.as_deref().is_some_and(|f| f.contains("--write"))));
    let written = run(true);
    assert!(written.samples.iter().all(|s| s.written && s.filled.iter().any(|(_, column)| column == "src_ip")));
    assert!(run(false).passed());
    let embedded = Library::of([
        ("sources/acme/thing/pack.toml".to_owned(), PACK.as_bytes().to_vec()),
        ("sources/acme/thing/samples/one.log".to_owned(), LOG.as_bytes().to_vec()),
    ]);
    assert!(test(&embedded, None, true).is_err());
    // A changed pack differs, and the report says where.
    write(folder.path(), "sources/acme/thing/pack.toml", &PACK.replace("user = 'who'", "target_user = 'who'"));
    let changed = run(false);
    let places: Vec<&str> = changed.samples.iter().flat_map(|s| &s.differences).map(|(_, d)| d.at.as_str()).collect();
    assert_eq!(places, ["columns.user", "columns.target_user"]);
    assert_eq!(changed.samples.first().map(|s| s.filled.clone()), Some(vec![(1, "target_user".to_owned())]));
    for (tongue, word) in [(Tongue::Zh, "不符 1 个"), (Tongue::En, "1 not as expected")] {
        assert!(changed.show(tongue).contains(word), "{}", changed.show(tongue));
    }
}

#[test]
fn lint_finds_what_is_unproven() {
    let library = |pack: &str, log: &str| {
        Library::of([
            ("sources/acme/thing/pack.toml".to_owned(), pack.as_bytes().to_vec()),
            ("sources/acme/thing/samples/one.log".to_owned(), log.as_bytes().to_vec()),
        ])
    };
    let kinds = |library: &Library, weight: Weight| -> Vec<&'static str> {
        lint(library, None).findings.iter().filter(|f| f.weight == weight).map(|f| f.kind).collect()
    };
    let plain = library(PACK, LOG);
    // No expectation; the case `b` has no sample; `extra` and the word `low` are only notes.
    assert_eq!(kinds(&plain, Weight::Error), ["sample"]);
    assert_eq!(kinds(&plain, Weight::Warning), ["case"]);
    assert_eq!(kinds(&plain, Weight::Note), ["key", "value"]);
    let uncited = library(&PACK.replace("# reference", "# see"), LOG);
    assert_eq!(kinds(&uncited, Weight::Error), ["citation", "sample"]);
    let unused = library(&PACK.replace("map = 'level'", "as = 'int'"), LOG);
    assert!(kinds(&unused, Weight::Error).contains(&"value"));
    // A word that its map lacks is named with its place; one that says nothing is not.
    let log = LOG.replace("level=high", "level=9").replace("extra=1", "extra=1\nkind=a level=-\nkind=b level=9");
    let report = lint(&library(PACK, &log), None);
    let found: Vec<_> = report.findings.iter().filter(|f| f.kind == "value" && f.weight == Weight::Warning).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].en.contains("one.log line 1: `9` is not in the value map `level`"), "{found:?}");
    let headless = library(PACK, "kind=a\n");
    assert!(kinds(&headless, Weight::Error).contains(&"sample"));
}

#[test]
fn a_rule_without_a_near_miss_is_no_detection() {
    let files = |examples: &str| {
        Library::of([
            (
                "sources/acme/thing/pack.toml".to_owned(),
                format!("{PACK}\n")
                    .replace("class = 4001, activity = 6", "class = 4001, activity = 6, sigma = { product = 'acme' }")
                    .into_bytes(),
            ),
            ("detections/d/rule.yml".to_owned(), RULE.as_bytes().to_vec()),
            ("detections/d/GUIDE.md".to_owned(), b"guide".to_vec()),
            ("detections/d/examples.yml".to_owned(), examples.as_bytes().to_vec()),
        ])
    };
    let fires = "pack: acme/thing\nfires:\n    - name: hit\n      raw: kind=a src=10.1.1.1 who=x\n";
    let both = format!("{fires}silent:\n    - name: miss\n      raw: kind=a src=10.1.1.1 who=y\n");
    let wrong = both.replace("who=y", "who=x");
    let fault_of = |examples: &str| {
        let report = test(&files(examples), Some("detections"), false).expect("it runs");
        let own = report.examples.iter().filter_map(|e| e.fault.clone());
        report.faults.iter().cloned().chain(own).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(fault_of(&both), "");
    assert!(fault_of(fires).contains("no example under `silent`"), "{}", fault_of(fires));
    assert!(fault_of(&wrong).contains("must stay silent"), "{}", fault_of(&wrong));
    assert!(
        fault_of("pack: acme/thing\nfirse: []\n").contains("2:1: unknown key `firse`"),
        "{}",
        fault_of("pack: acme/thing\nfirse: []\n")
    );
}

const SEQUENCE: &str = "title: failed\nname: failed\nid: 0b9e6f3c-26f5-4a52-8f34-8b1a3f3c2a12\nlogsource:\n    product: acme\ndetection:\n    s:\n        who|x-in-set: people\n    condition: s\n---\ntitle: Many failed\nid: 0b9e6f3c-26f5-4a52-8f34-8b1a3f3c2a13\ncorrelation:\n    type: value_count\n    rules: [failed]\n    group-by: [src]\n    timespan: 10m\n    condition: {field: who, gte: 2}\nlevel: high\n";

#[test]
fn examples_of_correlations_have_several_lines_and_a_context() {
    let faults_of = |rule: &str, examples: &str| {
        let pack =
            PACK.replace("class = 4001, activity = 6", "class = 4001, activity = 6, sigma = { product = 'acme' }");
        let library = Library::of([
            ("sources/acme/thing/pack.toml".to_owned(), pack.into_bytes()),
            ("detections/area/d/rule.yml".to_owned(), rule.as_bytes().to_vec()),
            ("detections/area/d/GUIDE.md".to_owned(), b"guide".to_vec()),
            ("detections/area/d/examples.yml".to_owned(), examples.as_bytes().to_vec()),
        ]);
        let listed = list(&library, None).detections.len();
        let report = test(&library, Some("detections"), false).expect("it runs");
        let own = report.examples.iter().filter_map(|e| e.fault.as_ref().map(|fault| format!("{}: {fault}", e.name)));
        (listed, report.faults.iter().cloned().chain(own).collect::<Vec<_>>().join("\n"))
    };
    let context =
        "pack: acme/thing\ncontext:\n    sets:\n        people: [x, {value: y, until: '2026-11-25T03:00:00Z'}]\n";
    let lines = "kind=a src=10.1.1.1 who=x\n          kind=a src=10.1.1.1 who=";
    let tail = "silent:\n    - name: once\n      raw: kind=a src=10.1.1.1 who=x\n";
    let hit = format!("fires:\n    - name: both\n      raw: |-\n          {lines}Y\n");
    // The part is not listed, and needs no example of its own.
    assert_eq!(faults_of(SEQUENCE, &format!("{context}{hit}{tail}")), (1, String::new()));
    let apart = "fires:\n    - name: both\n      events:\n          - {pack: acme/thing, raw: kind=a src=10.1.1.1 who=x}\n          - {pack: acme/thing, raw: kind=a src=10.1.1.1 who=y}\n";
    assert_eq!(faults_of(SEQUENCE, &format!("{context}{apart}{tail}")), (1, String::new()));
    for (examples, expected) in [
        // One is no member; the membership has ended; nobody has said who the members are.
        (format!("{context}{}{tail}", hit.replace("who=Y", "who=z")), "both: it must fire and does not"),
        (format!("{context}{hit}{tail}").replace("T03:", "T01:"), "both: it must fire and does not"),
        (format!("pack: acme/thing\n{hit}{tail}"), "both: it must fire and does not"),
        (format!("{context}{hit}{tail}").replace("until", "to"), "unknown key `to`; known: value, from, until"),
        (format!("{context}{hit}{tail}").replace("sets", "lists"), "unknown key `lists`; known: sets, tickets, shifts"),
        (format!("{context}{}{tail}", apart.replace("pack", "from")), "unknown key `from`; known: pack, raw"),
    ] {
        let (_, faults) = faults_of(SEQUENCE, &examples);
        assert!(faults.contains(expected), "{examples}\n{faults}");
    }
    // A second document that could alert must be shown, too.
    let two = format!("{SEQUENCE}---\n{}", RULE.replace("who: x", "who: nobody"));
    let (listed, faults) = faults_of(&two, &format!("{context}{hit}{tail}"));
    assert_eq!(listed, 2);
    assert!(faults.contains("t: no example fires this document"), "{faults}");
}
