//! Rows become searchable, then files; nothing is missed or doubled on the way.

use crate::fakes::{ALWAYS, T1, T2, World, at, context};
use futures::executor::block_on;
use std::sync::atomic::{AtomicBool, Ordering};
use wardwatch_ident::Cursor;
use wardwatch_lake::{Lake, LakeFault, Window};

fn turn(lake: &Lake, world: &World, secs: i64) -> bool {
    block_on(lake.step(at(secs), &*world.journal)).unwrap().flushed.is_some()
}

fn seen(lake: &Lake, world: &World, tenant: wardwatch_ident::TenantId, dataset: &str) -> Vec<u64> {
    world.seqs(&lake.view(&context(tenant), dataset, ALWAYS).unwrap())
}

#[test]
fn rows_are_hot_after_two_seconds_and_in_a_file_after_sixty() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"a", b"poison", b"b"]);
    world.journal(T2, 2, at(0), &[b"c"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    assert!(seen(&lake, &world, T1, "events").is_empty(), "still in the builder");
    assert!(!turn(&lake, &world, 2));
    for (tenant, dataset, expect) in
        [(T1, "events", vec![1, 3]), (T1, "quarantine", vec![2]), (T2, "events", vec![4]), (T2, "quarantine", vec![])]
    {
        assert_eq!(seen(&lake, &world, tenant, dataset), expect);
    }
    assert!(!turn(&lake, &world, 59));
    assert!(turn(&lake, &world, 60));
    assert_eq!(world.catalogue.state.lock().unwrap().cursor, Cursor(4));
    assert_eq!(lake.counts().hot_rows, 0);
    assert_eq!(seen(&lake, &world, T1, "events"), [1, 3]);
    assert_eq!(seen(&lake, &world, T1, "quarantine"), [2]);
    let live = world.catalogue.state.lock().unwrap().live.clone();
    let paths: Vec<&str> = live.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths.len(), 3);
    for (row, dataset) in live.iter().zip(["events", "quarantine", "events"]) {
        let prefix = format!("{dataset}/v1/tenant={}/day=2026-11-25/", row.tenant);
        assert!(row.path.starts_with(&prefix) && row.path.ends_with(".L0.parquet"), "{}", row.path);
    }
    assert!(matches!(lake.view(&context(T1), "cases", ALWAYS), Err(LakeFault::Dataset(_))));
}

#[test]
fn views_are_cut_by_event_time_but_days_by_reception() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(86_400), &[b"line of the day before"]);
    world.journal(T1, 1, at(90_000), &[b"line of the day"]);
    while block_on(lake.step(at(90_000), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(90_000))).unwrap();
    let view = |from: i64, to: i64| world.seqs(&lake.view(&context(T1), "events", (at(from), at(to))).unwrap());
    assert_eq!(view(0, 86_399), [1, 2], "the only file has the first line's time; rows are filtered by the query");
    assert!(view(0, 86_398).is_empty());
    let day = world.catalogue.state.lock().unwrap().live[0].day.clone();
    assert_eq!(day, "2026-11-26");
}

#[test]
fn a_full_disk_keeps_rows_hot_until_there_is_room() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"a"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    world.store.full.store(true, Ordering::SeqCst);
    assert!(block_on(lake.step(at(61), &*world.journal)).is_err());
    assert_eq!(seen(&lake, &world, T1, "events"), [1]);
    world.store.full.store(false, Ordering::SeqCst);
    assert!(turn(&lake, &world, 62));
    assert_eq!(seen(&lake, &world, T1, "events"), [1]);
}

#[test]
fn a_crash_before_publishing_loses_and_doubles_nothing() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"a", b"b"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    world.catalogue.refuse.store(true, Ordering::SeqCst);
    assert!(block_on(lake.flush(at(1))).is_err());
    drop(lake);
    assert_eq!(world.store.files.lock().unwrap().len(), 1, "the file nobody knows");

    let lake = world.lake(2);
    assert!(seen(&lake, &world, T1, "events").is_empty());
    while block_on(lake.step(at(1), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(1))).unwrap();
    assert_eq!(seen(&lake, &world, T1, "events"), [1, 2]);
    let swept = block_on(lake.sweep(at(7_200))).unwrap();
    assert_eq!((swept.orphans, swept.retired), (0, 0), "not before the grace is over");
    let swept = block_on(lake.sweep(at(7_201))).unwrap();
    assert_eq!((swept.orphans, swept.retired), (1, 0));
    assert_eq!(seen(&lake, &world, T1, "events"), [1, 2]);
}

/// Readers look while windows come in, flushes are published and files compacted: each view must hold the lines 1..=n for
/// some n, each once.
#[test]
fn no_row_is_missed_or_doubled_while_flushes_go_on() {
    let world = World::default();
    let lake = world.lake(1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut views, mut most) = (0u32, 0);
                    while !done.load(Ordering::SeqCst) || views == 0 {
                        let view = match lake.view(&context(T1), "events", ALWAYS) {
                            Ok(view) => view,
                            Err(LakeFault::Busy) => continue,
                            Err(fault) => panic!("{fault}"),
                        };
                        let mut seqs = world.seqs(&view);
                        seqs.sort_unstable();
                        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
                        assert!(seqs.len() >= most, "a row that was seen is gone");
                        most = seqs.len();
                        views += 1;
                    }
                    most
                })
            })
            .collect();
        for round in 0..300i64 {
            let batch = world.journal(T1, 1, at(round), &[b"a", b"b", b"c"]);
            let after = Cursor(batch.lines.first.seq() - 1);
            lake.offer(Window { after, through: batch.lines.through(), batches: vec![batch] });
            while block_on(lake.step(at(round * 3), &*world.journal)).unwrap().more {}
            if round % 7 == 0 {
                block_on(lake.flush(at(round * 3))).unwrap();
            }
            if round % 20 == 0 {
                block_on(lake.compact(at(90_000))).unwrap();
            }
        }
        block_on(lake.flush(at(1_000))).unwrap();
        done.store(true, Ordering::SeqCst);
        readers.into_iter().for_each(|reader| assert!(reader.join().unwrap() <= 900));
    });
    assert_eq!(seen(&lake, &world, T1, "events").len(), 900);
}

#[test]
fn a_quiet_tenant_s_chunks_are_joined_as_they_grow() {
    let world = World::default();
    let lake = world.lake(1);
    for round in 0..20i64 {
        let odd: &[u8] = if round % 3 == 0 { b"odd" } else { b"plain" };
        world.journal(T1, 1, at(round * 2), &[b"a", odd, &[0xFF, 0xFE]]);
        while block_on(lake.step(at(round * 2), &*world.journal)).unwrap().more {}
    }
    block_on(lake.step(at(41), &*world.journal)).unwrap();
    let view = lake.view(&context(T1), "events", ALWAYS).unwrap();
    assert_eq!(world.seqs(&view), (1..=60).collect::<Vec<_>>(), "all of them, in the order of their numbers");
    assert!(view.hot.len() <= 6, "{} chunks", view.hot.len());
    let small: u64 = view.hot.iter().map(|rows| rows.get_array_memory_size() as u64).sum();
    assert_eq!(lake.counts().hot_bytes, small);
    block_on(lake.flush(at(42))).unwrap();
    assert_eq!((lake.counts().hot_bytes, lake.counts().hot_rows), (0, 0));
    assert_eq!(seen(&lake, &world, T1, "events"), (1..=60).collect::<Vec<_>>());
}

#[test]
fn a_publish_that_came_through_although_it_told_of_a_failure_does_not_conflict_for_ever() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"a", b"b"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    world.catalogue.lose_answer.store(true, Ordering::SeqCst);
    assert!(block_on(lake.flush(at(1))).is_err());
    world.journal(T1, 1, at(2), &[b"c"]);
    while block_on(lake.step(at(2), &*world.journal)).unwrap().more {}
    let conflict = block_on(lake.flush(at(3)));
    assert!(conflict.is_err(), "said once, for the log: {conflict:?}");
    while block_on(lake.step(at(6), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(7))).expect("goes on from where the catalogue stands");
    assert_eq!(seen(&lake, &world, T1, "events"), [1, 2, 3], "nothing lost, nothing doubled");
    assert_eq!((lake.counts().restarts_total, lake.taken()), (1, Cursor(3)));
}

#[test]
fn a_batch_that_makes_the_writer_panic_is_quarantined_and_all_else_goes_on() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"a"]);
    world.journal(T1, 666, at(0), &[b"b", b"c \xff"]);
    world.journal(T2, 2, at(0), &[b"d"]);
    let mut poison = 0;
    for turn in 0..20 {
        match block_on(lake.step(at(turn), &*world.journal)) {
            Ok(_) => {}
            Err(LakeFault::Poison(2)) => poison += 1,
            Err(other) => panic!("{other}"),
        }
    }
    block_on(lake.flush(at(30))).unwrap();
    assert_eq!((poison, lake.counts().batches_poisoned_total), (1, 1));
    assert_eq!(seen(&lake, &world, T1, "events"), [1]);
    assert_eq!(seen(&lake, &world, T1, "quarantine"), [2, 3]);
    assert_eq!(seen(&lake, &world, T2, "events"), [4]);
}

#[test]
fn a_writer_that_begins_anew_leaves_nothing_out_and_doubles_nothing() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"a", b"b"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    block_on(lake.step(at(2), &*world.journal)).unwrap();
    block_on(lake.recover()).unwrap();
    while block_on(lake.step(at(6), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(7))).unwrap();
    assert_eq!(seen(&lake, &world, T1, "events"), [1, 2]);
}
