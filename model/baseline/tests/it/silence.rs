//! Entities that stop talking.

use crate::{DAY, HOUR, MONDAY, baselines, said, seen};
use wardwatch_baseline::{Numbers, Observation};

#[test]
fn a_job_that_did_not_run() {
    let mut b = baselines();
    for day in 0..20 {
        b.observe(&seen(5, "backup", None, MONDAY + day * DAY + 2 * HOUR));
        for hour in 0..24 {
            b.observe(&seen(5, "heartbeat", None, MONDAY + day * DAY + hour * HOUR));
            assert_eq!(said(&b.silent()), [""; 0], "day {day}");
        }
    }
    let mut facts = Vec::new();
    for hour in 0..100 {
        b.observe(&seen(5, "heartbeat", None, MONDAY + 20 * DAY + hour * HOUR));
        facts.extend(b.silent().facts);
    }
    assert_eq!(facts.len(), 1, "{facts:?}");
    let Numbers::Absent { silent_seconds, usual_seconds, longest_seconds: 86_400 } = facts[0].numbers else { panic!() };
    assert_eq!((facts[0].entity.as_str(), usual_seconds), ("backup", 86_400.0));
    assert!((3 * 86_400..4 * 86_400).contains(&silent_seconds), "{silent_seconds}");
    assert_eq!(
        facts[0].english(),
        "job did not run: `backup` has been silent for 3 days, usually 24 hours pass, at most 24 hours so far"
    );
    // Back, and silent again: named again.
    b.observe(&seen(5, "backup", None, MONDAY + 25 * DAY));
    b.observe(&seen(5, "heartbeat", None, MONDAY + 60 * DAY));
    assert_eq!(b.silent().facts.len(), 1);
}

#[test]
fn silence_of_the_source_is_not_the_entitys() {
    let mut b = baselines();
    for hour in 0..20 * 24 {
        b.observe(&seen(5, "job", None, MONDAY + hour * HOUR));
    }
    // Another source moves time on.
    let other = Observation { source: "other", ..seen(5, "x", None, MONDAY + 40 * DAY) };
    b.observe(&other);
    assert_eq!(said(&b.silent()), [""; 0]);
}

#[test]
fn nothing_is_missed_before_it_is_known() {
    let mut b = baselines();
    for hour in 0..5 * 24 {
        b.observe(&seen(5, "young", None, MONDAY + hour * HOUR));
    }
    b.observe(&seen(5, "other", None, MONDAY + 13 * DAY));
    assert_eq!(said(&b.silent()), [""; 0]);
}
