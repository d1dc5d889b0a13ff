//! What is refused, where, and that the rest of the file goes on.

use crate::sigma_reading::{file, refusal, rule};
use wardwatch_predicate::sigma::{Document, read_rules};

fn first_fault(text: &str) -> String {
    match read_rules(text.as_bytes()).into_iter().next() {
        Some(Err(refused)) => refused.fault.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn documents_are_refused_with_line_and_column() {
    let head = "title: T\nlogsource: {product: windows}\ndetection:\n  s: {f: a}\n  condition: s\n";
    for (text, expected) in [
        ("", "1:1: the file holds no document"),
        ("- a\n", "1:1: a rule is a map of keys, not a list"),
        ("just text", "1:1: a rule is a map of keys, not a single value"),
        ("title: [a\n", "not valid YAML"),
        (&head.replace("title: T\n", ""), "`title` is missing"),
        (&head.replace("logsource: {product: windows}\n", ""), "`logsource` is missing"),
        (&head.replace("product: windows", ""), "it would run on everything"),
        (&head.replace("product: windows", "produkt: windows"), "2:13: unknown key `produkt`"),
        (&head.replace("  condition: s\n", ""), "`condition` is missing"),
        (&format!("{head}levle: high\n"), "6:1: unknown key `levle`"),
        (&format!("{head}level: severe\n"), "6:8: `level` is `severe`: write one of informational, low"),
        (&format!("{head}status: done\n"), "6:9: `status` is `done`"),
        (&format!("{head}action: global\n"), "left the specification"),
        (&format!("{head}title: again\n"), "6:1: key `title` stands twice in this map, first at 1:1"),
        (&format!("{head}tags: {{a: b}}\n"), "`tags` is a list of texts"),
        (&format!("{head}related: [{{id: x}}]\n"), "has an `id` and a `type`"),
        (&head.replace("{f: a}", "{f: &x a}"), "4:13: YAML anchors"),
        (&head.replace("{f: a}", "{f: *x}"), "unknown anchor"),
        (&head.replace("{f: a}", "{f: !!int a}"), "YAML tags are refused"),
        (&head.replace("{f: a}", "{f: {g: a}}"), "a value of `f` is a text, number, bool or null, not a map"),
        (&head.replace("{f: a}", "{f: []}"), "empty list"),
        (&head.replace("{f: a}", "{}"), "empty map"),
        (&head.replace("{f: a}", "[]"), "empty list"),
        (&head.replace("{f: a}", "[[a]]"), "a list inside a list"),
        (&head.replace("condition: s", "timeframe: 5m\n  condition: s"), "`timeframe` left the specification"),
        (&head.replace("  s: {f: a}\n", ""), "there is no selection"),
    ] {
        let got = first_fault(text);
        assert!(got.contains(expected), "{text}\n{got}\nexpected {expected}");
    }
    assert!(rule(&format!("{head}x-ours: {{any: thing}}\n")).is_ok());
}

#[test]
fn modifiers_that_do_not_fit_are_refused() {
    for (key, expected) in [
        ("f|regex", "unknown modifier `regex`"),
        ("f|", "empty modifier"),
        ("f|contains|contains", "stands twice"),
        ("f|contains|endswith", "take one of"),
        ("f|re|contains", "not anchored anyway"),
        ("f|re|cased", "minds case already"),
        ("f|i", "write `re|i`"),
        ("f|re|all|i", "write `re|i`"),
        ("f|re|cidr", "exclude each other"),
        ("f|gt|contains", "no text modifier"),
        ("f|cidr|contains", "no text modifier"),
        ("f|exists|neq", "stands alone"),
        ("f|fieldref|windash", "`fieldref` goes with"),
        ("f|hour|minute", "one part of a time"),
        ("f|hour|re", "a part of a time is a number"),
    ] {
        let got = refusal(&format!("s: {{'{key}': a}}\ncondition: s"));
        assert!(got.starts_with("5:7: ") && got.contains(expected), "{key}: {got}");
    }
}

#[test]
fn a_broken_document_does_not_take_the_others_with_it() {
    let good = file("s: {f: a}\ncondition: s");
    let text = format!("{good}---\n{}---\n{good}---\ntitle: [\n", good.replace("title: T", "titel: T"));
    let read = read_rules(text.as_bytes());
    let ok: Vec<bool> = read.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, false]);
    let refused = read[1].as_ref().unwrap_err();
    assert_eq!(refused.fault.place.line, 8);
    assert_eq!(refused.id.as_deref(), Some("11111111-1111-4111-8111-111111111111"));
}

#[test]
fn correlations_and_filters_are_recognised_and_listed() {
    let text = "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [User]\n  timespan: 5m\n  condition: {gte: 10}\n";
    match read_rules(text.as_bytes()).remove(0) {
        Ok(Document::Correlation(deferred)) => {
            assert_eq!(deferred.reason, "loaded: correlation of type event_count, evaluated by a later engine");
            assert_eq!(deferred.rules, ["a"]);
        }
        other => panic!("{other:?}"),
    }
    assert!(first_fault(&text.replace("event_count", "events")).contains("write one of event_count"));
    assert!(first_fault(&text.replace("group-by", "groupby")).contains("5:3: unknown key `groupby`"));
    assert!(first_fault(&format!("{text}detection: {{}}\n")).contains("no place in a document of this kind"));
}

#[test]
fn hostile_text_is_refused_in_bounded_time() {
    let deep = format!("a: {}", "[".repeat(5_000));
    assert!(read_rules(deep.as_bytes())[0].is_err());
    let deep_blocks: String = (0..5_000).map(|n| format!("{}a:\n", " ".repeat(n))).take(1_000).collect();
    assert!(first_fault(&deep_blocks).contains("nested deeper than 64"));
    let bomb = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\n";
    assert!(first_fault(bomb).contains("anchors"));
    let wide: String = (0..200_000).map(|_| "- a\n").collect();
    assert!(first_fault(&wide).contains("more than 100000 nodes"));
    let large = "x".repeat(2 * 1024 * 1024);
    assert!(first_fault(&large).contains("at most 1048576 are read"));
    assert!(read_rules(b"title: \xff\xfe\n")[0].as_ref().unwrap_err().fault.to_string().starts_with("1:8: not UTF-8"));
    let nots = format!("s: {{f: a}}\ncondition: {}s", "not ".repeat(5_000));
    assert!(refusal(&nots).contains("nested deeper than 64"));
    let brackets = format!("s: {{f: a}}\ncondition: {}s", "(".repeat(5_000));
    assert!(refusal(&brackets).contains("nested deeper than 64"));
}
