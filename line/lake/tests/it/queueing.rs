//! Offers: taken in order and within the budget, declined otherwise, and read again by the lake itself.

use crate::fakes::{ALWAYS, T1, World, at, context};
use futures::executor::block_on;
use std::sync::Arc;
use wardwatch_event::EventBatch;
use wardwatch_ident::Cursor;
use wardwatch_lake::{Offer, Window};

fn window(after: u64, batches: &[Arc<EventBatch>]) -> Window {
    let through = batches.last().map_or(Cursor(after), |batch| batch.lines.through());
    Window { after: Cursor(after), through, batches: batches.to_vec() }
}

fn world_of(batches: usize) -> (World, Vec<Arc<EventBatch>>) {
    let world = World::default();
    let made = (0..batches).map(|_| world.journal(T1, 1, at(0), &[b"a", b"b"])).collect();
    (world, made)
}

#[test]
fn offers_out_of_order_are_declined_and_caught_up() {
    let (world, b) = world_of(4);
    let lake = world.lake(1);
    assert_eq!(lake.offer(window(2, &b[1..2])), Offer::Declined, "line 1 and 2 are missing");
    assert_eq!(lake.offer(window(0, &b[0..1])), Offer::Taken);
    assert_eq!(lake.offer(window(0, &b[0..2])), Offer::Taken, "the first batch is known, the second is new");
    assert_eq!(lake.offer(window(0, &b[0..1])), Offer::Taken, "known as a whole");
    assert_eq!(lake.offer(window(6, &b[3..4])), Offer::Declined);
    while block_on(lake.step(at(1), &*world.journal)).unwrap().more {}
    assert_eq!(lake.taken(), Cursor(8));
    block_on(lake.step(at(4), &*world.journal)).unwrap();
    assert_eq!(world.seqs(&lake.view(&context(T1), "events", ALWAYS).unwrap()), (1..=8).collect::<Vec<_>>());
    assert_eq!(lake.counts().offers_declined_total, 2);
}

#[test]
fn a_declined_budget_is_read_again() {
    let (world, b) = world_of(2);
    let lake = world.lake(1);
    // 128 MiB wait at most; the same batch many times over stands for a large window.
    let large: Vec<_> = std::iter::repeat_n(b[0].clone(), 400_000).collect();
    let large = Window { after: Cursor(0), through: Cursor(2), batches: large };
    assert_eq!(lake.offer(large), Offer::Declined);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    assert_eq!(lake.taken(), Cursor(4));
}

#[test]
fn without_offers_the_lake_looks_into_the_journal_by_itself() {
    let (world, _) = world_of(1);
    let lake = world.lake(1);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    assert_eq!(lake.taken(), Cursor(2));
    world.journal(T1, 1, at(1), &[b"c"]);
    block_on(lake.step(at(1), &*world.journal)).unwrap();
    assert_eq!(lake.taken(), Cursor(2), "workers may still offer it");
    while block_on(lake.step(at(3), &*world.journal)).unwrap().more {}
    assert_eq!(lake.taken(), Cursor(3));
}
