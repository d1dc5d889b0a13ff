//! Rows, bytes, memory, time: what a search may take, and what it says when it may not.

use crate::world::{Files, Row, T1, World, block_on, context, planned, query, row, seqs};
use wardwatch_access::{Actor, OpContext};
use wardwatch_ident::Timestamp;
use wardwatch_lake::Layout;
use wardwatch_search::{QueryEngine, SearchFault};

fn many(rows: u64) -> Vec<Row> {
    let name = |seq: u64| format!("user-{seq:06}-{}", "x".repeat(64));
    (1..=rows).map(|seq| row(seq, Some(seq as i64), &[("raw", &name(seq)), ("user", &name(seq))])).collect()
}

#[test]
fn answers_are_cut_at_rows_and_at_bytes_and_say_so() {
    let world = World::with((60_000, 64 << 20, 400_000), Files::default());
    block_on(async {
        world.file(T1, Layout::L0, &many(50)).await;
        for (text, rows_max, expect, truncated) in [
            ("*", 50, 50, false),
            ("*", 49, 49, true),
            ("*", 1, 1, true),
            ("* | head 3", 50, 3, false),
            ("* | head 3", 2, 2, true),
            ("* | stats count by user", 10, 10, true),
        ] {
            let answer = world.ask_rows(T1, text, rows_max).await.unwrap();
            assert_eq!((answer.rows(), answer.truncated), (expect, truncated), "{text} {rows_max}");
        }
        let newest = world.ask_rows(T1, "*", 2).await.unwrap();
        assert_eq!(seqs(&newest), [50, 49], "the newest stay");
        world.file(T1, Layout::L0, &many(8_000)).await;
        let answer = world.ask(T1, "*").await.unwrap();
        assert!(answer.truncated && (1..8_000).contains(&answer.rows()), "{}", answer.rows());
    });
}

#[test]
fn a_search_beyond_its_time_is_ended() {
    let world = World::with((0, 64 << 20, 64 << 20), Files::default());
    block_on(async {
        world.file(T1, Layout::L0, &many(2_000)).await;
        assert!(matches!(world.ask(T1, "*").await, Err(SearchFault::TooSlow(_))));
        let mut late = context(T1);
        late.until = Timestamp(0);
        let plan = planned(&query("*"), 10).unwrap();
        assert!(matches!(world.engine.run(&late, &plan).await, Err(SearchFault::TooLate)));
    });
}

#[test]
fn a_search_beyond_its_memory_is_refused_with_what_to_do() {
    let world = World::with((60_000, 100_000, 64 << 20), Files::default());
    block_on(async {
        world.file(T1, Layout::L0, &many(20_000)).await;
        let refused = world.ask(T1, "* | stats dc(user), dc(raw)").await;
        assert!(matches!(refused, Err(SearchFault::TooLarge)), "{refused:?}");
        // The pool is free again.
        assert_eq!(world.ask(T1, "* | stats count").await.unwrap().rows(), 1);
    });
}

#[test]
fn more_searches_than_may_run_at_once_wait_their_turn() {
    let world = World::new();
    block_on(async {
        world.file(T1, Layout::L0, &many(100)).await;
        let searches = (0..8).map(|_| world.ask(T1, "* | stats count"));
        for answer in futures::future::join_all(searches).await {
            assert_eq!(answer.unwrap().rows(), 1);
        }
        // One that is given up frees its turn.
        for _ in 0..4 {
            let abandoned = world.ask(T1, "*");
            drop(abandoned);
        }
        assert_eq!(world.ask(T1, "*").await.unwrap().rows(), 100);
    });
}

#[test]
fn one_reader_cannot_fill_the_queue_for_the_others() {
    let world = World::new();
    block_on(async {
        world.file(T1, Layout::L0, &many(100)).await;
        let plan = planned(&query("* | stats count"), 10).unwrap();
        let own = context(T1);
        let other = OpContext { who: Actor::Person("somebody else".into()), ..context(T1) };
        let mut all: Vec<_> = (0..12).map(|_| world.engine.run(&own, &plan)).collect();
        all.push(world.engine.run(&other, &plan));
        let answers = futures::future::join_all(all).await;
        let refused = |answer: &Result<_, _>| matches!(answer, Err(SearchFault::TooMany));
        assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), 3, "one runs, eight wait");
        assert!(answers.last().unwrap().is_ok(), "somebody else is not kept out");
        assert!(world.engine.run(&own, &plan).await.is_ok(), "and the places are free again");
    });
}

#[test]
fn all_matching_rows_are_counted_over_time_also_those_that_are_not_given() {
    let world = World::new();
    block_on(async {
        world.file(T1, Layout::L0, &many(5_000)).await;
        for (text, rows_max, rows) in [("*", 10, 10), ("*", 100_000, 5_000), ("seq:none", 10, 0)] {
            let plan = planned(&query(text), rows_max).unwrap().with_bars(50);
            let answer = world.engine.run(&context(T1), &plan).await.unwrap();
            let counted: u64 = answer.bars.iter().map(|(_, count)| count).sum();
            let all = if rows == 0 { 0 } else { 5_000 };
            assert_eq!(
                (answer.rows(), counted, answer.bars.len()),
                (rows, all, if rows == 0 { 0 } else { 50 }),
                "{text}"
            );
        }
        let steps = planned(&query("* | stats count"), 10).unwrap().with_bars(50);
        assert!(world.engine.run(&context(T1), &steps).await.unwrap().bars.is_empty());
    });
}
