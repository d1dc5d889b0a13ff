//! Compaction changes the order of rows and nothing else.

use crate::fakes::{ALWAYS, T1, T2, World, at, context, ids};
use futures::executor::block_on;
use proptest::prelude::*;
use wardwatch_ident::{Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_lake::{Catalogue, Job, Layout, Publish, SegmentRow, choose};

fn file(id: u128, level: u8, secs: i64, rows: u64, bytes: u64) -> SegmentRow {
    let received = (at(secs), at(secs + 59));
    SegmentRow {
        id,
        tenant: T1,
        dataset: "events".into(),
        day: at(secs).day(),
        level,
        path: format!("p{id}"),
        rows,
        bytes,
        received,
        time: received,
        events: (EventId::new(at(secs), NodeId(0), 1), EventId::new(at(secs), NodeId(0), 2)),
        sha256: String::new(),
        schema_version: 1,
        sources: vec![(SourceId(1), rows)],
    }
}

const MIB: u64 = 1024 * 1024;

#[test]
fn closed_hours_are_chosen_and_small_files_of_closed_days() {
    let chosen = |live: &[SegmentRow], now: Timestamp| -> Vec<Vec<u128>> {
        choose(live, now).iter().map(|Job { inputs }| inputs.iter().map(|input| input.id).collect()).collect()
    };
    let check = |name: &str, live: &[SegmentRow], now: i64, expect: &[&[u128]]| {
        assert_eq!(chosen(live, at(now)), expect, "{name}");
    };
    let two = [file(1, 0, 0, 10, MIB), file(2, 0, 60, 10, MIB)];
    check("an open hour waits", &two, 3_599, &[]);
    check("a closed hour", &two, 3_600, &[&[1, 2]]);
    check("over the hour's edge", &[file(1, 0, 3_570, 10, MIB)], 3_700, &[]);
    check("one file alone is compacted too", &[file(1, 0, 0, 10, MIB)], 3_600, &[&[1]]);
    check("compacted once", &[file(1, 1, 0, 10, MIB)], 3_600, &[]);
    check("hours of an open day stay", &[file(1, 1, 0, 10, MIB), file(2, 1, 3_600, 10, MIB)], 80_000, &[]);
    check("hours of a closed day join", &[file(1, 1, 0, 10, MIB), file(2, 1, 3_600, 10, MIB)], 86_400, &[&[1, 2]]);
    check("large ones stay", &[file(1, 1, 0, 10, 20 * MIB), file(2, 1, 3_600, 10, MIB)], 86_400, &[]);
    check("bounded by bytes", &[file(1, 0, 0, 10, 20 * MIB), file(2, 0, 60, 10, 20 * MIB)], 3_600, &[&[1], &[2]]);
    check("bounded by rows", &[file(1, 0, 0, 500_000, MIB), file(2, 0, 60, 500_000, MIB)], 3_600, &[&[1], &[2]]);
    let many: Vec<SegmentRow> = (0..65).map(|n| file(n, 0, 0, 10, 1)).collect();
    let all: Vec<u128> = (0..65).collect();
    check("too many to wait", &many, 100, &[&all]);
    let mut other = file(2, 0, 60, 10, MIB);
    other.tenant = T2;
    check("tenants apart", &[file(1, 0, 0, 10, MIB), other.clone()], 3_600, &[&[1], &[2]]);
    other.tenant = T1;
    other.dataset = "alerts".into();
    check("datasets apart", &[file(1, 0, 0, 10, MIB), other], 3_600, &[&[2], &[1]]);
}

/// All rows of a tenant's view as text, sorted: column names and values.
fn multiset(world: &World, lake: &wardwatch_lake::Lake, tenant: TenantId) -> Vec<String> {
    let view = lake.view(&context(tenant), "events", ALWAYS).unwrap();
    let mut rows = Vec::new();
    for file in &view.files {
        for batch in &world.store.files.lock().unwrap()[&file.path].1 {
            for row in 0..batch.num_rows() {
                let mut cells: Vec<String> = batch
                    .schema()
                    .fields()
                    .iter()
                    .zip(batch.columns())
                    .filter(|(_, column)| arrow::array::Array::is_valid(column, row))
                    .map(|(field, column)| {
                        let text = arrow::util::display::array_value_to_string(column, row).unwrap();
                        format!("{}={text}", field.name())
                    })
                    .collect();
                cells.sort();
                rows.push(cells.join(";"));
            }
        }
    }
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_same_rows_before_and_after(
        flushes in proptest::collection::vec(
            proptest::collection::vec((0u8..2, 1u128..4, 0i64..50, "(odd|poison|x)?[a-c]{0,3}"), 1..6), 1..6),
    ) {
        let world = World::default();
        let lake = world.lake(1);
        for (n, lines) in flushes.iter().enumerate() {
            for (tenant, source, secs, line) in lines {
                let tenant = if *tenant == 0 { T1 } else { T2 };
                world.journal(tenant, *source, at(n as i64 * 60 + secs), &[line.as_bytes(), b"x"]);
            }
            while block_on(lake.step(at(n as i64 * 60), &*world.journal)).unwrap().more {}
            block_on(lake.flush(at(n as i64 * 60))).unwrap();
        }
        let before = (multiset(&world, &lake, T1), multiset(&world, &lake, T2));
        while block_on(lake.compact(at(3_600))).unwrap().is_some() {}
        prop_assert_eq!(&(multiset(&world, &lake, T1), multiset(&world, &lake, T2)), &before);
        let live = world.catalogue.all_live().unwrap();
        prop_assert!(live.iter().all(|row| row.level == 1));
        for row in &live {
            let files = world.store.files.lock().unwrap();
            let (layout, batches, _) = &files[&row.path];
            prop_assert_eq!(*layout, Layout::L1);
            prop_assert_eq!(batches.iter().map(|b| b.num_rows() as u64).sum::<u64>(), row.rows);
            prop_assert_eq!(row.sources.iter().map(|(_, n)| n).sum::<u64>(), row.rows);
        }
        while block_on(lake.compact(at(86_400))).unwrap().is_some() {}
        prop_assert_eq!((multiset(&world, &lake, T1), multiset(&world, &lake, T2)), before);
        prop_assert!(world.catalogue.state.lock().unwrap().duplicates.is_empty());
    }
}

#[test]
fn an_id_that_stands_twice_is_kept_once_and_counted() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 3, at(0), &[b"a", b"b"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(0))).unwrap();
    // The same file once more under another name, as if a catalogue had been put back from a copy.
    let mut copy = world.catalogue.all_live().unwrap()[0].clone();
    let file = world.store.files.lock().unwrap()[&copy.path].clone();
    copy.id += 1;
    copy.path.push('2');
    world.store.files.lock().unwrap().insert(copy.path.clone(), file);
    block_on(world.catalogue.publish(Publish { add: vec![copy], ..Publish::default() })).unwrap();

    let done = block_on(lake.compact(at(3_600))).unwrap().unwrap();
    assert_eq!((done.files, done.rows, done.duplicates), (2, 2, 2));
    assert_eq!(world.catalogue.state.lock().unwrap().duplicates, [(T1, SourceId(3), 2)]);
    let live = world.catalogue.all_live().unwrap();
    assert_eq!(live[0].sources, [(SourceId(3), 2)]);
    let rows = world.store.files.lock().unwrap()[&live[0].path].1.clone();
    let seqs: Vec<u64> = rows.iter().flat_map(ids).map(EventId::seq).collect();
    assert_eq!(seqs, [1, 2]);
}

#[test]
fn compacted_rows_stand_in_the_order_of_time() {
    let world = World::default();
    let lake = world.lake(1);
    // Lines with a time of their own come by it; those without stand before them, by reception.
    for (n, secs, lines) in [(1, 30, [&b"x"[..], b"odd"]), (2, 10, [b"x", b"odd"]), (3, 20, [b"odd", b"x"])] {
        world.journal(T1, 1, at(secs), &lines);
        while block_on(lake.step(at(n * 60), &*world.journal)).unwrap().more {}
        block_on(lake.flush(at(n * 60))).unwrap();
    }
    block_on(lake.compact(at(3_600))).unwrap().unwrap();
    let live = world.catalogue.all_live().unwrap();
    let rows = world.store.files.lock().unwrap()[&live[0].path].1.clone();
    assert_eq!(rows.iter().flat_map(ids).map(EventId::seq).collect::<Vec<_>>(), [4, 5, 2, 3, 6, 1]);
}

#[test]
fn two_lines_with_the_same_bytes_are_two_lines() {
    let world = World::default();
    let lake = world.lake(1);
    world.journal(T1, 1, at(0), &[b"login failed", b"login failed"]);
    world.journal(T1, 1, at(0), &[b"login failed"]);
    while block_on(lake.step(at(0), &*world.journal)).unwrap().more {}
    block_on(lake.flush(at(0))).unwrap();
    let done = block_on(lake.compact(at(3_600))).unwrap().unwrap();
    assert_eq!((done.rows, done.duplicates), (3, 0));
    assert_eq!(world.catalogue.cursor().unwrap(), Cursor(3));
}
