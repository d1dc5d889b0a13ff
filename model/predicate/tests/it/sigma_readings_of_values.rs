//! The trace a person reads, and long lists.

use crate::sigma_reading::{check_items, file, rule};
use serde_json::json;
use wardwatch_predicate::sigma::Compiler;
use wardwatch_predicate::{JsonRecord, Reading};

#[test]
fn many_contains_are_one_question_each() {
    let words: Vec<String> = (0..40).map(|n| format!("word{n}x")).collect();
    let list = words.join(", ");
    check_items(&[
        (&format!("f|contains: [{list}]"), json!({"f": "the WORD39X here"}), true),
        (&format!("f|contains: [{list}]"), json!({"f": "the word40x here"}), false),
        (&format!("f|contains|all: [{list}]"), json!({"f": words.join(" ")}), true),
        (&format!("f|contains|all: [{list}]"), json!({"f": words[1..].join(" ")}), false),
        (&format!("f|contains: [{list}, '']"), json!({"f": "nothing"}), true),
        (&format!("f|contains|neq: [{list}]"), json!({"f": "word7x"}), false),
    ]);
}

#[test]
fn the_trace_names_each_question_its_answer_and_the_event_s_value() {
    let text = file(
        "sel: {Image|endswith: '\\cmd.exe', User: [a, b]}\nfilter_1: {Host|cidr: 10.0.0.0/8}\ncondition: sel and not 1 of filter_*",
    );
    let mut compiler = Compiler::default();
    compiler.add(&rule(&text).unwrap(), &[]).unwrap();
    let set = compiler.finish();
    let record = JsonRecord::new(json!({"Image": r"C:\cmd.exe", "User": "c"}));
    let trace = set.rules[0].explain(&Reading::new(&set.fields, &record)).to_string();
    assert_eq!(
        trace,
        r#"false T [11111111-1111-4111-8111-111111111111]: sel and not 1 of filter_*
  false and
    false sel
      true  Image|endswith: `\cmd.exe` -- the event has "C:\\cmd.exe"; fits `\cmd.exe`
      false User: `a`, `b` -- the event has "c"
    true  not
      false 1 of filter_* -- 0 of 1 hold, 1 needed
        false filter_1
          false Host|cidr: `10.0.0.0/8` -- the event has no such field
"#
    );
}
