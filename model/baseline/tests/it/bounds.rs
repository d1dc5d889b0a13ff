//! Wrong clocks, hostile names and a million entities.

use crate::{DAY, MONDAY, baselines, said, seen};
use wardwatch_baseline::Observation;
use wardwatch_ident::Timestamp;

#[test]
fn clocks_that_are_wrong_teach_nothing() {
    let mut b = baselines();
    b.observe(&seen(0, "a", Some("his.exe"), MONDAY));
    let received = Timestamp::from_secs(MONDAY + 20 * DAY);
    for (at, early, ahead) in [
        ("1970-01-01T00:00:00Z", 1, 0),
        ("2099-01-01T00:00:00Z", 1, 1),
        ("1969-12-31T23:59:59Z", 2, 1),
        ("9999-12-31T23:59:59Z", 2, 2),
    ] {
        let at = Timestamp::parse_rfc3339(at).unwrap();
        let look = b.observe(&Observation { at, received, ..seen(0, "a", Some("odd.exe"), 0) });
        assert_eq!(said(&look), [""; 0]);
        assert_eq!((b.counters().ignored_early, b.counters().ignored_ahead), (early, ahead));
    }
    // A line from 1970 that says so itself is as wrong.
    b.observe(&seen(0, "a", Some("odd.exe"), -5));
    assert_eq!(b.counters().ignored_early, 3);
    // Time did not move: the host is still learned by its true age, and the value is still new.
    assert_eq!(b.observe(&seen(0, "a", Some("odd.exe"), MONDAY + 14 * DAY)).facts.len(), 1);
    // A day late is learned from, and moves nothing.
    let late = Observation {
        received: Timestamp::from_secs(MONDAY + 15 * DAY),
        ..seen(0, "a", Some("late.exe"), MONDAY + 14 * DAY + 5)
    };
    assert_eq!(b.observe(&late).facts.len(), 1);
}

#[test]
fn a_million_entities_stay_in_their_budget() {
    let budget = 16 * 1024 * 1024;
    let mut b = baselines().with_budget(budget);
    let fixed = b.bytes();
    for n in 0..1_000_000i64 {
        let host = format!("h{n}");
        b.observe(&seen([0, 2, 4][n as usize % 3], &host, Some("v"), MONDAY + n));
    }
    let c = b.counters();
    assert_eq!(c.observed, 1_000_000);
    assert_eq!(c.evicted as usize + b.entities(), 1_000_000);
    assert!(b.entities() > 20_000, "{}", b.entities());
    assert!(b.bytes() <= fixed + budget + budget / 4, "{} {fixed}", b.bytes());
}

#[test]
fn who_was_used_last_stays() {
    let mut b = baselines().with_budget(100_000);
    for day in 0..20 {
        b.observe(&seen(0, "old friend", Some("his.exe"), MONDAY + day * DAY));
        for n in 0..200 {
            b.observe(&seen(0, &format!("h{day}.{n}"), Some("v"), MONDAY + day * DAY + 60));
        }
    }
    assert!(b.counters().evicted > 3_000);
    assert_eq!(
        b.observe(&seen(0, "old friend", Some("odd.exe"), MONDAY + 20 * DAY)).facts.len(),
        1,
        "it was never forgotten"
    );
}

#[test]
fn one_entity_with_very_many_values() {
    let mut b = baselines();
    for n in 0..30_000i64 {
        b.observe(&seen(0, "a", Some(&format!("v{n}")), MONDAY + n));
    }
    assert!(b.bytes() < 4 * 1024 * 1024, "{}", b.bytes());
    let later = MONDAY + 20 * DAY;
    for n in 0..30_000 {
        assert_eq!(said(&b.observe(&seen(0, "a", Some(&format!("v{n}")), later))), [""; 0], "known");
    }
    // Of a hundred new ones nearly all are new (a Bloom filter may know one in a thousand).
    let new: usize = (0..18).map(|n| b.observe(&seen(0, "a", Some(&format!("w{n}")), later)).facts.len()).sum();
    assert!(new >= 17, "{new}");
    // Two turns later nothing is known any more.
    b.observe(&seen(0, "a", Some("x"), later + 31 * DAY));
    b.observe(&seen(0, "a", Some("y"), later + 62 * DAY));
    assert_eq!(b.observe(&seen(0, "a", Some("v7"), later + 63 * DAY)).facts.len(), 1);
}

#[test]
fn hostile_names() {
    let long = "x".repeat(1 << 20);
    let mut b = baselines();
    for definition in 0..6 {
        for entity in ["", &long, "\0", "\u{fffd}"] {
            for value in [None, Some(""), Some(long.as_str()), Some("1e308"), Some("-1")] {
                for day in [0, 15, 30] {
                    let look = b.observe(&seen(definition, entity, value, MONDAY + day * DAY));
                    assert!(
                        look.facts
                            .iter()
                            .all(|f| f.entity.len() <= 256 && f.value.as_ref().is_none_or(|v| v.len() <= 256))
                    );
                }
            }
        }
    }
    assert!(b.observe(&seen(99, "a", Some("b"), MONDAY)).facts.is_empty());
    assert!(b.bytes() < 4 * 1024 * 1024);
}
