//! Rules that hurt are set aside, and the line goes on.

use crate::batches::{at, batch, fired, program, rule, windows};
use serde_json::json;
use wardwatch_detect::{Bill, Quarantine, RuleHealth, bill, each_guarded, each_resumed};
use wardwatch_ident::{EventId, NodeId};

fn event(seq: u64) -> EventId {
    EventId::new(at(), NodeId(0), seq)
}

fn healths(count: usize) -> Vec<RuleHealth> {
    (0..count).map(|_| RuleHealth::default()).collect()
}

#[test]
fn a_rule_that_panics_is_left_for_the_event_and_set_aside_after_three_different_ones() {
    let health = healths(4);
    // The rules that were asked about this event.
    let look = |seq: u64| {
        let (mut asked, mut hurt) = (Vec::new(), Vec::new());
        let ask = |number: u32, _: &RuleHealth| {
            asked.push(number);
            assert!(number != 1 && !(number == 3 && seq == 1), "this rule is broken");
        };
        each_guarded(&[0, 1, 2, 3], &health, ask, &mut hurt);
        bill(&health, &hurt, event(seq));
        asked
    };
    // A replay of the same event does not count again.
    for seq in [1, 2, 2, 1, 3] {
        assert_eq!(look(seq), [0, 1, 2, 3]);
    }
    assert_eq!(look(4), [0, 2, 3]);
    let aside: Vec<_> = health.iter().map(RuleHealth::quarantine).collect();
    assert_eq!(aside, [None, Some(Quarantine::Panicked), None, None]);
}

#[test]
fn lines_that_hurt_shared_code_set_no_rule_aside() {
    let health = healths(10);
    let all: Vec<u32> = (0..10).collect();
    for seq in 0..20 {
        let mut hurt = Vec::new();
        each_guarded(&all, &health, |_, _| panic!("shared code is broken on this line"), &mut hurt);
        assert_eq!((hurt.len(), bill(&health, &hurt, event(seq))), (10, Bill::Event));
    }
    assert!(health.iter().all(|health| health.quarantine().is_none()));
    assert_eq!(bill(&health, &[], event(1)), Bill::Nobody);
    // One rule that two groups asked is one rule.
    assert_eq!(bill(&health, &[7, 7, 7, 7, 7], event(1)), Bill::Rules);
}

#[test]
fn work_goes_on_behind_what_panics() {
    let (mut done, mut lost, mut begun) = (Vec::new(), Vec::new(), 0);
    each_resumed(
        5,
        |at| {
            begun += 1;
            while at.get() < 5 {
                assert!(!matches!(at.get(), 0 | 3 | 4), "this event is hostile");
                done.push(at.get());
                at.set(at.get() + 1);
            }
        },
        |at| lost.push(at),
    );
    assert_eq!((done, lost, begun), (vec![1, 2], vec![0, 3, 4], 3));
}

#[test]
fn a_rule_that_costs_too_much_on_average_is_set_aside_and_one_monstrous_line_does_not_do_it() {
    let words: String = (0..400).map(|n| format!("'*a*{n}*b', ")).collect();
    let windows = windows();
    let slow = rule(1, "product: windows, service: system", &format!("s: {{x: [{words} z]}}\ncondition: s"));
    let cheap = rule(2, "product: windows, service: system", "s: {x: z}\ncondition: s");
    let program = program(&[slow, cheap], &[&windows]);
    let monstrous = batch(&windows, &[json!({"Channel": "System", "x": "y".repeat(60_000) + "a"})]);
    assert_eq!(fired(&program, &monstrous), [vec![0u32; 0]]);
    assert_eq!(program.health()[0].quarantine(), None);
    let usual = batch(&windows, &vec![json!({"Channel": "System", "x": "y".repeat(11_000) + "a"}); 64]);
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
