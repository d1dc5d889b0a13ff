//! The fast engine against the plain evaluation, on generated rules and events, and what hostile values may cost it.

use crate::sigma_reading::{all_that_hold, file, rule};
use proptest::prelude::*;
use serde_json::{Value, json};
use wardwatch_predicate::program::{Engine, Learner, State, Training};
use wardwatch_predicate::sigma::{Added, Compiler, Placeholders, RuleSet};
use wardwatch_predicate::{JsonRecord, Reading, ValueKind};

/// Rules of these detections; those that are refused are left out.
fn set_of(detections: &[String]) -> RuleSet {
    let mut compiler = Compiler::new(Placeholders::new());
    for detection in detections {
        if let Ok(rule) = rule(&file(detection)) {
            let _: Result<Added, _> = compiler.add(&rule, &[]);
        }
    }
    compiler.finish()
}

fn plainly(set: &RuleSet, event: &Value) -> Vec<u32> {
    let record = JsonRecord::new(event.clone());
    let reading = Reading::new(&set.fields, &record);
    (0u32..).zip(&set.rules).filter(|(_, rule)| rule.matches(&reading)).map(|(number, _)| number).collect()
}

/// Texts that share pieces, with what is special: wildcards, escapes, dashes, capitals, letters that fold to ASCII.
fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b", "ab", "exe", ".exe", "\\", "\\\\", "*", "?", "\\*", " -", "/", "–", "K", "k", "\u{212A}", "ſ", "s",
        "S", "İ", "i", "ä", "Ä", "Σ", "ς", "中文", "\n", "power", "Shell", "10", "0x1f", "1.0", "10.1.2.3", "true", "",
    ]);
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

fn modifier() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        "|contains",
        "|contains|all",
        "|startswith",
        "|endswith",
        "|cased",
        "|contains|cased",
        "|neq",
        "|contains|neq",
        "|windash|contains",
        "|re",
        "|re|i",
        "|cidr",
        "|exists",
        "|fieldref",
        "|fieldref|contains",
        "|gt",
        "|lte",
        "|base64offset|contains",
        "|wide|base64offset|contains",
        "|hour",
        "|neq|fieldref",
    ])
}

fn literal(modifier: &str, text: &str, number: u8) -> String {
    match modifier {
        "|exists" => number.is_multiple_of(2).to_string(),
        "|gt" | "|lte" | "|hour" => (number % 24).to_string(),
        "|cidr" => format!("10.{}.0.0/{}", number % 3, 8 + number % 20),
        "|fieldref" | "|fieldref|contains" | "|neq|fieldref" => format!("f{}", number % 3),
        "" if number.is_multiple_of(9) => "null".to_owned(),
        "" if number % 9 == 1 => number.to_string(),
        "" if number % 9 == 2 => "true".to_owned(),
        "" if number % 9 == 3 => "1.0".to_owned(),
        _ => serde_json::to_string(text).unwrap(),
    }
}

prop_compose! {
    fn item()(field in 0..4, modifier in modifier(), values in prop::collection::vec((text(), any::<u8>()), 1..4)) -> String {
        let values: Vec<String> = values.iter().map(|(text, number)| literal(modifier, text, *number)).collect();
        // The fourth field stands for keywords.
        match (field, modifier) {
            (3, _) => format!("'|all': [{}]", values.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(", ")),
            _ => format!("f{field}{modifier}: [{}]", values.join(", ")),
        }
    }
}

prop_compose! {
    fn detection()(
        items in prop::collection::vec(prop::collection::vec(item(), 1..3), 1..4),
        condition in prop::sample::select(vec![
            "a", "a and b", "a or b", "a and not b", "not a", "1 of them", "all of them", "2 of them", "not 1 of them",
            "not (a or not b)", "a or (b and not c)", "not (a and not b)",
        ]),
    ) -> String {
        let mut text = String::new();
        for (name, items) in ["a", "b", "c"].iter().zip(&items) {
            text.push_str(&format!("{name}:\n"));
            items.iter().for_each(|item| text.push_str(&format!("  {item}\n")));
        }
        format!("{text}condition: {condition}")
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::from),
        1 => any::<u8>().prop_map(|n| json!(n % 40)),
        1 => prop::sample::select(vec![json!(null), json!(true), json!(1.0), json!("0x1F"), json!("2026-11-25 08:30:00")]),
        1 => prop::collection::vec(text(), 0..4).prop_map(|texts| json!(texts)),
    ]
}

fn event() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(prop::sample::select(vec!["f0", "f1", "f2", "other"]), value(), 0..4)
        .prop_map(|fields| json!(fields))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_engine_finds_what_the_plain_evaluation_finds(
        detections in prop::collection::vec(detection(), 1..8),
        events in prop::collection::vec(event(), 1..8),
    ) {
        let set = set_of(&detections);
        let guessed = Engine::new(&set, &Training::default());
        let training = lesson(&set, &events);
        let trained = Engine::new(&set, &training);
        for event in &events {
            let plain = plainly(&set, event);
            prop_assert_eq!(&all_that_hold(&set, &guessed, event), &plain, "{} of {:#?}", event, &detections);
            prop_assert_eq!(&all_that_hold(&set, &trained, event), &plain, "trained, {} of {:#?}", event, &detections);
        }
    }
}

fn lesson(set: &RuleSet, events: &[Value]) -> Training {
    let mut learner = Learner::new(set);
    let pass = learner.pass(&(0..set.rules.len() as u32).collect::<Vec<_>>());
    for event in events {
        let (engine, state) = learner.parts();
        engine.begin(&pass, state);
        for (place, field) in pass.fields().iter().enumerate() {
            if let Some(Value::String(text)) = event.get(&set.fields[*field as usize]) {
                engine.see(&pass, place, ValueKind::Str, text, state);
            }
        }
        learner.end(&pass);
    }
    learner.training()
}

/// Bytes that tables look at for each byte of a hostile value.
fn work_per_byte(engine: &Engine, set: &RuleSet, value: &str) -> f64 {
    let pass = engine.pass(&(0..set.rules.len() as u32).collect::<Vec<_>>());
    let mut state = State::default();
    engine.begin(&pass, &mut state);
    for place in 0..pass.fields().len() {
        engine.see(&pass, place, ValueKind::Str, value, &mut state);
    }
    engine.see_text(&pass, value, &mut state);
    state.work_bytes() as f64 / value.len() as f64
}

#[test]
fn work_grows_with_the_value_and_not_faster() {
    let words: Vec<String> =
        (0..3_000).map(|n| format!(r"'\tool{n}.exe', 'powershell -enc {n} -', '\\\\host{n}\c$'")).collect();
    let detections = [
        format!("s: {{f|contains: [{}]}}\ncondition: s", words.join(", ")),
        format!("s: {{f|endswith: [{}]}}\ncondition: s", words.join(", ")),
        format!("s: {{f|startswith: [{}]}}\ncondition: s", words.join(", ")),
        r"s: {f|contains: ['a', 'aa', 'aaaaaaaaaaaaaaaaaaaab', '\\', '\\\\', 'ä']}
condition: s"
            .to_owned(),
        format!("k: [{}]\ncondition: k", words.join(", ")),
    ];
    let set = set_of(&detections);
    assert_eq!(set.rules.len(), detections.len());
    let engine = Engine::new(&set, &Training::default());
    let soup: String = (0..3_000).map(|n| format!(r"\tool{n}.exe powershell -enc {n} - \\host{n}\c$ ")).collect();
    let repeated = ["a", ".exe", "\\", "ä", "\u{212A}", "powershell -enc ", "tool1", " ", "\0"];
    let mut hostile: Vec<(&str, String)> =
        repeated.iter().map(|unit| (*unit, unit.repeat(60_000 / unit.len()))).collect();
    hostile.push(("soup", soup));
    for (name, value) in hostile {
        let once = work_per_byte(&engine, &set, &value);
        let twice = work_per_byte(&engine, &set, &value.repeat(2));
        assert!(once < 40.0, "{name:?} costs {once} looks a byte");
        assert!(twice < once * 1.2 + 0.1, "{name:?} costs {once} looks a byte, and {twice} when it is twice as long");
    }
}
