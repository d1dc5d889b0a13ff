//! Rules that hurt are set aside, and the line goes on.

use crate::batches::{batch, fired, program, rule, windows};
use serde_json::json;
use wardwatch_detect::{Quarantine, RuleHealth, each_guarded};

#[test]
fn a_rule_that_panics_is_set_aside_and_the_others_go_on() {
    let health: Vec<RuleHealth> = (0..4).map(|_| RuleHealth::default()).collect();
    let run = || {
        let mut asked = Vec::new();
        each_guarded(&[0, 1, 2, 3], &health, |number, _| {
            asked.push(number);
            assert!(number != 1 && number != 3, "this rule is broken");
        });
        asked
    };
    assert_eq!(run(), [0, 1, 2, 3]);
    assert_eq!(run(), [0, 2]);
    assert_eq!(health[1].quarantine(), Some(Quarantine::Panicked));
    assert_eq!(health[2].quarantine(), None);
}

#[test]
fn a_rule_that_costs_too_much_on_average_is_set_aside_and_one_monstrous_line_does_not_do_it() {
    let words: String = (0..400).map(|n| format!("'*a*{n}*b', ")).collect();
    let windows = windows();
    let slow = rule(1, "product: windows, service: system", &format!("s: {{x: [{words} z]}}\ncondition: s"));
    let cheap = rule(2, "product: windows, service: system", "s: {x: z}\ncondition: s");
    let program = program(&[slow, cheap], &[&windows]);
    let monstrous = batch(&windows, &[json!({"Channel": "System", "x": "y".repeat(60_000)})]);
    assert_eq!(fired(&program, &monstrous), [vec![0u32; 0]]);
    assert_eq!(program.health()[0].quarantine(), None);
    let usual = batch(&windows, &vec![json!({"Channel": "System", "x": "y".repeat(11_000)}); 64]);
    for _ in 0..64 {
        fired(&program, &usual);
    }
    assert_eq!(program.health()[0].quarantine(), Some(Quarantine::TooSlow));
    assert_eq!(program.health()[1].quarantine(), None);
}

#[test]
fn one_event_gives_a_bounded_number_of_alerts_and_the_rest_is_counted() {
    let windows = windows();
    let rules: Vec<String> =
        (1..=300).map(|id| rule(id, "product: windows, service: system", "s: {x: y}\ncondition: s")).collect();
    let program = program(&rules, &[&windows]);
    let fired = fired(&program, &batch(&windows, &[json!({"Channel": "System", "x": "y"})]));
    assert_eq!(fired[0].len(), wardwatch_limits::ALERTS_PER_EVENT);
    let cut: u64 = program.health().iter().map(RuleHealth::alerts_cut).sum();
    assert_eq!(cut, 300 - wardwatch_limits::ALERTS_PER_EVENT as u64);
}
