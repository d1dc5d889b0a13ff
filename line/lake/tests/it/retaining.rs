//! What goes, when, and what never goes too early.

use crate::fakes::{ALWAYS, T1, T2, World, at, context};
use futures::executor::block_on;
use wardwatch_ident::Timestamp;
use wardwatch_lake::{Catalogue, LakeFault, first_day_kept};

const DAY: i64 = 86_400;

#[test]
fn days_are_kept_as_long_as_the_law_asks() {
    for (days, expect) in [(180, Some("2026-05-29")), (365, Some("2025-11-25")), (179, None), (0, None)] {
        let kept = first_day_kept(at(0), days);
        match expect {
            Some(day) => assert_eq!(kept.unwrap(), day),
            None => assert!(matches!(kept, Err(LakeFault::TooShort(given, 180)) if given == days)),
        }
    }
}

#[test]
fn an_expired_day_is_gone_at_once_for_search_and_after_the_grace_for_the_disk() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"old"]);
    world.journal(T2, 2, at(0), &[b"old, of somebody else"]);
    world.journal(T1, 1, at(DAY), &[b"younger"]);
    while block_on(lake.step(at(DAY), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(DAY))).unwrap();
    let seen = |tenant| world.seqs(&lake.view(&context(tenant), "events", ALWAYS).unwrap());

    let now = at(180 * DAY + 5);
    assert_eq!(block_on(lake.expire(T1, 180, now)).unwrap(), 0, "180 whole days are kept besides today");
    let now = at(181 * DAY + 5);
    assert!(block_on(lake.expire(T1, 90, now)).is_err());
    assert_eq!(block_on(lake.expire(T1, 180, now)).unwrap(), 1);
    assert_eq!((seen(T1), seen(T2)), (vec![3], vec![2]));
    let later = |secs: i64| Timestamp(now.as_micros() + secs * 1_000_000);
    assert_eq!(block_on(lake.sweep(later(7_200))).unwrap().retired, 0);
    assert_eq!(world.store.files.lock().unwrap().len(), 3, "a query may still read it");
    let swept = block_on(lake.sweep(later(7_201))).unwrap();
    assert_eq!((swept.retired, swept.orphans), (1, 0));
    assert_eq!(world.store.files.lock().unwrap().len(), 2);
    assert!(world.catalogue.retired(Timestamp(i64::MAX)).unwrap().is_empty());
    assert_eq!((seen(T1), seen(T2)), (vec![3], vec![2]));
}

#[test]
fn what_a_hospital_left_behind_that_is_no_longer_configured_expires_like_the_rest() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"old"]);
    world.journal(T2, 2, at(0), &[b"old, of a hospital that nobody names any more"]);
    world.journal(T2, 2, at(2 * DAY), &[b"younger"]);
    while block_on(lake.step(at(2 * DAY), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(2 * DAY))).unwrap();
    assert_eq!(block_on(lake.expire_all(180, at(181 * DAY + 5))).unwrap(), [(T1, 1), (T2, 1)]);
    let seen = |tenant| world.seqs(&lake.view(&context(tenant), "events", ALWAYS).unwrap());
    assert_eq!((seen(T1), seen(T2)), (vec![], vec![3]));
    assert_eq!(block_on(lake.expire_all(180, at(181 * DAY + 5))).unwrap(), []);
    assert!(block_on(lake.expire_all(90, at(181 * DAY))).is_err());
}
