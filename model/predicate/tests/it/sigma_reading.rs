//! What the tests of rules share: a detection and an event in, the answer out.

use serde_json::Value;
use wardwatch_predicate::program::{Engine, State, Training};
use wardwatch_predicate::sigma::{Added, CompiledRule, Compiler, Document, Placeholders, Rule, RuleSet, read_rules};
use wardwatch_predicate::{FieldKey, JsonRecord, Reading, Record, ValueKind};

/// A rule file around a detection whose lines are indented by two.
pub fn file(detection: &str) -> String {
    let indented: String = detection.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "title: T\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {{product: windows}}\ndetection:\n{indented}"
    )
}

/// The only rule of a file.
pub fn rule(text: &str) -> Result<Rule, String> {
    match read_rules(text.as_bytes()).into_iter().next() {
        Some(Ok(Document::Rule(rule))) => Ok(*rule),
        Some(Ok(other)) => Err(format!("not a rule: {other:?}")),
        Some(Err(refused)) => Err(refused.fault.to_string()),
        None => Err("nothing".to_owned()),
    }
}

/// The fault of a detection, or how it got through.
pub fn refusal(detection: &str) -> String {
    match rule(&file(detection)) {
        Err(fault) => fault,
        Ok(rule) => match Compiler::default().add(&rule, &[]) {
            Ok(added) => format!("{added:?}"),
            Err(fault) => fault.to_string(),
        },
    }
}

/// Whether a detection holds for an event, with the trace and the evidence checked to agree.
pub fn holds(detection: &str, event: &Value) -> bool {
    holds_with(detection, event, Placeholders::new())
}

/// The same with placeholders.
pub fn holds_with(detection: &str, event: &Value, placeholders: Placeholders) -> bool {
    let rule = rule(&file(detection)).unwrap_or_else(|fault| panic!("{fault}\n{detection}"));
    let mut compiler = Compiler::new(placeholders);
    match compiler.add(&rule, &[]) {
        Ok(Added::Active) => {}
        other => panic!("{other:?}\n{detection}"),
    }
    let set = compiler.finish();
    let holds = evaluate(&set.rules[0], &set.fields, event);
    let fast = all_that_hold(&set, &Engine::new(&set, &Training::default()), event);
    assert_eq!(fast == [0], holds, "the engine disagrees on {event}:\n{detection}");
    holds
}

/// The numbers of the rules that hold, as the engine says: opened by the values, then asked.
pub fn all_that_hold(set: &RuleSet, engine: &Engine, event: &Value) -> Vec<u32> {
    let record = JsonRecord::new(event.clone());
    let pass = engine.pass(&(0..set.rules.len() as u32).collect::<Vec<_>>());
    let (mut state, mut found) = (State::default(), Vec::new());
    // As they are, and with their escapes; twice each: the second time from what is remembered.
    for with_escapes in [false, true, false, true] {
        engine.begin(&pass, &mut state);
        for (place, field) in pass.fields().iter().enumerate() {
            let name = set.fields[*field as usize].as_str();
            record.each_value(FieldKey { name, number: *field }, &mut |value| {
                let written = quoted(&value.text);
                let escaped = with_escapes && value.kind == ValueKind::Str;
                if !escaped || !engine.see_written(&pass, place, &written, &mut state) {
                    engine.see(&pass, place, value.kind, &value.text, &mut state);
                }
            });
        }
        record.each_of_all(&mut |value| {
            let written = quoted(&value.text);
            let escaped = with_escapes && Engine::sees_written(&written);
            engine.see_text(&pass, if escaped { &written } else { &value.text }, &mut state);
        });
        let mut candidates = Vec::new();
        engine.candidates(&mut state, &mut candidates);
        candidates.retain(|rule| engine.holds(*rule, &record, &mut state));
        found.push(candidates);
    }
    assert!(found.iter().all(|other| *other == found[0]), "what is remembered or has escapes differs: {found:?}");
    found.swap_remove(0)
}

/// The text as JSON writes it, without the quotes.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// Evaluates and checks that the trace agrees.
pub fn evaluate(rule: &CompiledRule, fields: &[String], event: &Value) -> bool {
    let record = JsonRecord::new(event.clone());
    let reading = Reading::new(fields, &record);
    let holds = rule.matches(&reading);
    assert_eq!(rule.explain(&reading).holds, holds, "the trace disagrees:\n{}", rule.explain(&reading));
    if !holds {
        assert!(rule.evidence(&reading).is_empty());
    }
    holds
}

/// A table of (detection lines, event, expected).
pub fn check(cases: &[(&str, Value, bool)]) {
    for (detection, event, expected) in cases {
        assert_eq!(holds(detection, event), *expected, "\n{detection}\n{event}");
    }
}

/// A table of (item, event, expected) for detections of one selection with one item.
pub fn check_items(cases: &[(&str, Value, bool)]) {
    for (item, event, expected) in cases {
        let detection = format!("s:\n  {item}\ncondition: s");
        assert_eq!(holds(&detection, event), *expected, "\n{item}\n{event}");
    }
}
