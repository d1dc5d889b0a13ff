//! What each kind of profile says, and what it keeps to itself.

use crate::{DAY, HOUR, MONDAY, baselines, said, seen};
use wardwatch_baseline::{Baselines, Claim, Numbers, Observation, Supported};

#[test]
fn new_values_after_fourteen_days() {
    let mut b = baselines();
    for host in ["a", "b", "c"] {
        assert_eq!(said(&b.observe(&seen(0, host, Some("his.exe"), MONDAY))), [""; 0]);
    }
    b.observe(&seen(0, "b", Some("odd.exe"), MONDAY));
    // A second short of fourteen days.
    assert_eq!(said(&b.observe(&seen(0, "a", Some("early.exe"), MONDAY + 14 * DAY - 1))), [""; 0]);
    assert_eq!(b.counters().learning, 5);
    let look = b.observe(&seen(0, "a", Some("odd.exe"), MONDAY + 14 * DAY));
    assert_eq!(said(&look), ["new program: first time `odd.exe` on `a` in 14 days, seen on 1 of 2 others"]);
    assert_eq!(look.facts[0].chinese(), "新程序:“a”观察 14 天以来首次出现“odd.exe”:其他 2 个对象中有 1 个出现过");
    // Once.
    assert_eq!(said(&b.observe(&seen(0, "a", Some("odd.exe"), MONDAY + 14 * DAY + 1))), [""; 0]);
    // A new host is learned although the source is known.
    assert_eq!(said(&b.observe(&seen(0, "d", Some("x.exe"), MONDAY + 20 * DAY))), [""; 0]);
    // A new source is learned although the host is known.
    let other = Observation { source: "other", ..seen(0, "a", Some("y.exe"), MONDAY + 20 * DAY) };
    assert_eq!(said(&b.observe(&other)), [""; 0]);
}

#[test]
fn peers_count_before_new_for_me() {
    let mut b = baselines();
    let as_ward = |entity, value, secs| Observation { role: Some("ward"), ..seen(0, entity, Some(value), secs) };
    for host in ["a", "b", "c", "d", "e"] {
        b.observe(&as_ward(host, "his.exe", MONDAY));
    }
    for host in ["b", "c", "d"] {
        b.observe(&as_ward(host, "tool.exe", MONDAY + DAY));
    }
    b.observe(&as_ward("b", "odd.exe", MONDAY + DAY));
    let later = MONDAY + 15 * DAY;
    assert_eq!(said(&b.observe(&as_ward("a", "tool.exe", later))), [""; 0]);
    assert_eq!(b.counters().known_to_peers, 1);
    let odd = b.observe(&as_ward("a", "odd.exe", later));
    assert_eq!(
        said(&odd),
        ["new program: first time `odd.exe` on `a` in 15 days, seen on 1 of 4 others, 1 of 4 with the role `ward`"]
    );
}

#[test]
fn a_storm_is_one_summary() {
    let mut b = baselines();
    b.observe(&seen(0, "a", Some("his.exe"), MONDAY));
    b.observe(&seen(0, "b", Some("his.exe"), MONDAY));
    let later = MONDAY + 20 * DAY;
    let names: Vec<String> = (0..300).map(|n| format!("part{n}.dll")).collect();
    let facts: Vec<_> = names.iter().flat_map(|n| b.observe(&seen(0, "a", Some(n), later)).facts).collect();
    assert_eq!(facts.len(), 21);
    assert!(facts[..20].iter().all(|f| matches!(f.numbers, Numbers::FirstSeen { .. })));
    assert_eq!(facts[20].numbers, Numbers::Storm { new: 21 });
    assert_eq!(b.counters().stormed, 279);
    // Others are heard meanwhile, and this one again in the next hour.
    assert_eq!(b.observe(&seen(0, "b", Some("other.exe"), later)).facts.len(), 1);
    assert_eq!(b.observe(&seen(0, "a", Some("next.exe"), later + HOUR)).facts.len(), 1);
}

#[test]
fn values_are_rare_in_the_whole_tenant() {
    let mut b = baselines();
    for n in 0..40_000i64 {
        let image = ["his.exe", "lis.exe", "pacs.exe"][n as usize % 3];
        assert_eq!(said(&b.observe(&seen(1, "a", Some(image), MONDAY + n * 30))), [""; 0]);
    }
    let later = MONDAY + 15 * DAY;
    let odd = b.observe(&seen(1, "a", Some("odd.exe"), later));
    assert!(matches!(odd.facts[0].numbers, Numbers::Rare { count: 0, total } if total > 1_000), "{odd:?}");
    assert!(said(&odd)[0].starts_with("rare program: `odd.exe` on `a` was seen at most 0 times in "));
    assert_eq!(said(&b.observe(&seen(1, "a", Some("his.exe"), later))), [""; 0]);
    // What was common once is rare when it was not seen for weeks.
    for n in 0..40_000i64 {
        b.observe(&seen(1, "a", Some("his.exe"), later + n * 60));
    }
    assert_eq!(b.observe(&seen(1, "a", Some("pacs.exe"), later + 28 * DAY)).facts.len(), 1);
}

#[test]
fn many_values_at_once() {
    let mut b = baselines();
    let targets: Vec<String> = (0..20_000).map(|n| format!("t{n}")).collect();
    for hour in 0..15 * 24 {
        for target in &targets[..3 + hour as usize % 3] {
            assert_eq!(said(&b.observe(&seen(2, "a", Some(target), MONDAY + hour * HOUR))), [""; 0]);
        }
    }
    let later = MONDAY + 15 * DAY;
    let facts: Vec<_> = targets[..19].iter().flat_map(|t| b.observe(&seen(2, "a", Some(t), later)).facts).collect();
    assert_eq!(facts, [], "below what is worth a fact");
    let facts: Vec<_> = targets.iter().flat_map(|t| b.observe(&seen(2, "a", Some(t), later + 9)).facts).collect();
    assert_eq!(facts.len(), 1, "once an hour");
    let Numbers::FanOut { distinct: 20, estimated: false, usual, .. } = facts[0].numbers else { panic!("{facts:?}") };
    assert!((3.0..5.0).contains(&usual), "{usual}");
}

#[test]
fn the_count_of_many_values_is_near() {
    let mut b = baselines();
    let later = MONDAY + 15 * DAY;
    b.observe(&seen(2, "a", Some("t"), MONDAY));
    for hour in 0..30 {
        b.observe(&seen(2, "a", Some("t"), later + hour * HOUR));
    }
    // The first fact of an hour comes early; the mean learned from a crowded hour shows the estimate.
    let crowd: Vec<String> = (0..50_000).map(|n| format!("t{n}")).collect();
    for hour in 30..36 {
        crowd.iter().for_each(|t| {
            b.observe(&seen(2, "a", Some(t), later + hour * HOUR));
        });
    }
    let more: Vec<String> = (0..400_000).map(|n| format!("u{n}")).collect();
    let at = later + 40 * HOUR;
    let facts: Vec<_> = more.iter().flat_map(|t| b.observe(&seen(2, "a", Some(t), at)).facts).collect();
    let Numbers::FanOut { usual, estimated: true, .. } = facts[0].numbers else { panic!("{facts:?}") };
    // Six of the newest seven weights are on 50,000.
    let expect = 50_000.0 * (1.0 - 0.8f32.powi(6));
    assert!((usual / expect - 1.0).abs() < 0.08, "{usual} {expect}");
}

#[test]
fn much_for_this_hour_of_the_week() {
    let mut b = baselines();
    let amount = |hour: i64| if (8..18).contains(&(hour % 24)) { "1000" } else { "10" };
    for hour in 0..21 * 24 {
        assert_eq!(said(&b.observe(&seen(3, "a", Some(amount(hour)), MONDAY + hour * HOUR))), [""; 0]);
    }
    let later = MONDAY + 21 * DAY;
    // By day this is usual, by night it is not.
    assert_eq!(said(&b.observe(&seen(3, "a", Some("1500"), later + 2 * HOUR))).len(), 1);
    assert_eq!(said(&b.observe(&seen(3, "a", Some("1500"), later + 2 * HOUR + 60))), [""; 0]);
    assert_eq!(said(&b.observe(&seen(3, "a", Some("1500"), later + 9 * HOUR))), [""; 0]);
    let much = b.observe(&seen(3, "a", Some("90000"), later + 9 * HOUR + 60));
    let Numbers::Volume { amount, usual, .. } = much.facts[0].numbers else { panic!("{much:?}") };
    assert_eq!((amount, usual), (91_500.0, 1_000.0));
    // What is no number is no observation.
    for value in ["many", "", "-5", "NaN", "inf"] {
        assert_eq!(said(&b.observe(&seen(3, "a", Some(value), later + 10 * HOUR))), [""; 0]);
    }
}

fn office(b: &mut Baselines, entity: &str, role: Option<&str>) {
    for day in (0..28).filter(|day| day % 7 < 5) {
        for hour in 8..18 {
            let at = MONDAY + day * DAY + hour * HOUR;
            assert_eq!(said(&b.observe(&Observation { role, ..seen(4, entity, None, at) })), [""; 0]);
        }
    }
}

#[test]
fn hours_without_precedent() {
    let night = MONDAY + 28 * DAY + 3 * HOUR;
    let at_night = |entity| seen(4, entity, None, night);
    let mut b = baselines();
    office(&mut b, "a", None);
    let look = b.observe(&at_night("a"));
    assert_eq!(
        said(&look),
        ["unusual hour: `a` is active on Monday at 3:00 for the first time, after 200 active hours"]
    );
    assert_eq!(look.facts[0].chinese(), "非常规时间:“a”首次在周一 3 时活动,此前在 200 个小时内活动过");
    // Next to known hours, on duty, or in the shift of its role: nothing.
    for expected in [
        seen(4, "b", None, MONDAY + 28 * DAY + 7 * HOUR),
        Observation { on_shift: true, ..at_night("b") },
        Observation { role: Some("night"), ..at_night("b") },
    ] {
        let mut b = baselines();
        office(&mut b, "b", None);
        assert_eq!(said(&b.observe(&expected)), [""; 0], "{expected:?}");
    }
    // Peers of the same role are at work then.
    let mut b = baselines();
    office(&mut b, "c", Some("emergency"));
    for week in 0..4 {
        let at = MONDAY + week * 7 * DAY + 3 * HOUR;
        b.observe(&Observation { role: Some("emergency"), ..seen(4, "d", None, at) });
    }
    assert_eq!(said(&b.observe(&Observation { role: Some("emergency"), ..at_night("c") })), [""; 0]);
}

struct Match(&'static str);
impl Claim for Match {}

#[test]
fn facts_stand_beside_claims_or_raise_risk_in_pairs() {
    let mut b = baselines();
    office(&mut b, "a", None);
    b.observe(&seen(0, "a", Some("his.exe"), MONDAY));
    let night = MONDAY + 28 * DAY + 3 * HOUR;
    let first = b.observe(&seen(4, "a", None, night));
    assert_eq!(first.raises, []);
    let second = b.observe(&seen(0, "a", Some("odd.exe"), night + 60));
    assert_eq!((second.facts.len(), second.raises.len()), (1, 1));
    let raise = &second.raises[0];
    assert_eq!((raise.earlier.definition.as_str(), raise.later.definition.as_str()), ("hours", "new"));
    assert!(raise.points > raise.later.risk);
    // Two values of one question are not independent, nor are facts about two hosts or two hours.
    assert_eq!(
        b.observe(&seen(0, "a", Some("odd2.exe"), night + 70)).raises.len(),
        1,
        "with the hour, not with the other value"
    );
    assert_eq!(b.observe(&seen(0, "a", Some("odd3.exe"), night + 2 * HOUR)).raises, []);

    let mut facts = first.facts.clone();
    facts.extend(second.facts.clone());
    let supported = Supported::by(Match("rule"), facts);
    assert_eq!((supported.claim.0, supported.facts.len()), ("rule", 2));
    let many = Supported::by(Match("rule"), vec![first.facts[0].clone(); 50]);
    assert_eq!(many.risk_added, wardwatch_limits::BASELINE_RISK_MAX);
}
