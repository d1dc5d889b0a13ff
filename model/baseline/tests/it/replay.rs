//! The same events give the same profiles, with and without a snapshot in between.

use crate::{DAY, HOUR, MONDAY, TEXT, baselines, seen, site};
use proptest::prelude::*;
use std::sync::Arc;
use wardwatch_baseline::{Baselines, Definitions, Look, SnapshotFault};

/// (definition, entity, value, seconds after the one before)
type Step = (usize, u8, u16, i64);

fn step(b: &mut Baselines, (definition, entity, value, _): Step, at: i64) -> Look {
    let (entity, value) = (format!("e{entity}"), format!("{value}"));
    let mut look = b.observe(&seen(definition, &entity, Some(&value), at));
    if value.ends_with('7') {
        let silent = b.silent();
        look.facts.extend(silent.facts);
        look.raises.extend(silent.raises);
    }
    look
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![0i64..60, 0..HOUR, 0..DAY, Just(15 * DAY), Just(-HOUR)];
    proptest::collection::vec((0usize..6, 0u8..6, 0u16..40, gap), 0..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_snapshot_changes_nothing(steps in steps(), cut in 0usize..150, budget in prop_oneof![Just(2_000usize), Just(1 << 26)]) {
        let mut through = baselines().with_budget(budget);
        let mut stopped = baselines().with_budget(budget);
        let mut at = MONDAY;
        for (n, one) in steps.iter().enumerate() {
            at += one.3;
            if n == cut {
                let bytes = stopped.snapshot();
                let definitions = Arc::new(Definitions::read(TEXT).unwrap());
                stopped = Baselines::restore(definitions, site(), [3; 16], &bytes).unwrap().with_budget(budget);
                prop_assert_eq!(stopped.snapshot(), bytes);
            }
            prop_assert_eq!(step(&mut through, *one, at), step(&mut stopped, *one, at));
        }
        prop_assert_eq!(through.snapshot(), stopped.snapshot());
        prop_assert_eq!(through.counters(), stopped.counters());
    }

    #[test]
    fn damaged_bytes_are_refused_or_read(steps in steps(), place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut b = baselines();
        let mut at = MONDAY;
        for one in &steps {
            at += one.3;
            step(&mut b, *one, at);
        }
        let mut bytes = b.snapshot();
        let definitions = Arc::new(Definitions::read(TEXT).unwrap());
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert!(Baselines::restore(Arc::clone(&definitions), site(), [3; 16], short).is_err());
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(mut read) = Baselines::restore(definitions, site(), [3; 16], &bytes) {
            for one in steps.iter().take(20) {
                step(&mut read, *one, at + one.3);
            }
        }
    }
}

#[test]
fn snapshots_of_others_are_refused() {
    let bytes = baselines().snapshot();
    let definitions = Arc::new(Definitions::read(TEXT).unwrap());
    let restore = |key, bytes: &[u8]| Baselines::restore(Arc::clone(&definitions), site(), key, bytes).err();
    assert_eq!(restore([3; 16], &bytes), None);
    assert_eq!(restore([4; 16], &bytes), Some(SnapshotFault::OtherKey));
    assert_eq!(restore([3; 16], b""), Some(SnapshotFault::Foreign));
    assert_eq!(restore([3; 16], b"WWBL\x02"), Some(SnapshotFault::Foreign));
    let more: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    assert_eq!(restore([3; 16], &more), Some(SnapshotFault::Damaged));
}

#[test]
fn a_changed_definition_starts_anew_and_the_others_go_on() {
    let mut b = baselines();
    for day in 0..15 {
        b.observe(&seen(0, "a", Some("his.exe"), MONDAY + day * DAY));
        b.observe(&seen(5, "a", None, MONDAY + day * DAY));
    }
    let bytes = b.snapshot();
    let first = TEXT.split("[[baseline]]").nth(1).unwrap();
    // Another order, another title: the same meaning. Another field: not.
    let moved = format!(
        "{}[[baseline]]{}",
        TEXT.replacen(&format!("[[baseline]]{first}"), "", 1),
        first.replace("new program", "other")
    );
    let moved = Arc::new(Definitions::read(&moved).unwrap());
    let mut read = Baselines::restore(moved, site(), [3; 16], &bytes).unwrap();
    assert_eq!(read.entities(), 2);
    assert_eq!(read.observe(&seen(5, "a", Some("odd.exe"), MONDAY + 15 * DAY)).facts.len(), 1);

    let changed =
        Arc::new(Definitions::read(&TEXT.replacen("value = \"proc_path\"", "value = \"cmd_line\"", 1)).unwrap());
    let mut read = Baselines::restore(changed, site(), [3; 16], &bytes).unwrap();
    assert_eq!(read.entities(), 1);
    assert_eq!(read.observe(&seen(0, "a", Some("odd.exe"), MONDAY + 15 * DAY)).facts.len(), 0);
}
