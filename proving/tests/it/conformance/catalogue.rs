//! The contract of port `Catalogue`, told to every engine.

use super::ledgers::House;
use super::samples::{alert, at, context, source, tenants};
use futures::executor::block_on;
use wardwatch_ident::{Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_lake::{CatalogueFault, LakeAccount, Pending, Publish, SegmentRow};

const ALWAYS: (Timestamp, Timestamp) = (Timestamp(i64::MIN), Timestamp(i64::MAX));

/// A file with rows received in these seconds of the story.
pub fn file(
    id: u128,
    tenant: TenantId,
    dataset: &str,
    received: (i64, i64),
    sources: &[(SourceId, u64)],
) -> SegmentRow {
    let day = at(received.0).day();
    SegmentRow {
        id,
        tenant,
        dataset: dataset.to_owned(),
        path: format!("{dataset}/v1/tenant={tenant}/day={day}/{id:032x}.L0.parquet"),
        day,
        level: 0,
        rows: sources.iter().map(|(_, rows)| rows).sum(),
        bytes: 4_096,
        received: (at(received.0), at(received.1)),
        time: (at(received.0 - 60), at(received.1)),
        events: (EventId::new(at(received.0), NodeId(0), 1), EventId::new(at(received.1), NodeId(0), 9)),
        sha256: format!("{id:064x}"),
        schema_version: 1,
        sources: sources.to_vec(),
    }
}

fn publish(house: &House, change: Publish) -> Result<(), CatalogueFault> {
    block_on(house.catalogue().publish(change))
}

fn new(add: Vec<SegmentRow>, cursor: (u64, u64)) -> Publish {
    Publish { add, cursor: Some((Cursor(cursor.0), Cursor(cursor.1))), ..Publish::default() }
}

fn ids(files: Result<Vec<SegmentRow>, CatalogueFault>) -> Vec<u128> {
    files.expect("readable").iter().map(|file| file.id).collect()
}

fn account(tenant: TenantId, stored: u64, quarantined: u64, duplicates: u64) -> LakeAccount {
    LakeAccount { tenant, source: source(tenant), stored, quarantined, duplicates }
}

#[test]
fn files_and_cursor_are_published_together_and_only_from_where_it_stands() {
    for mut house in House::each() {
        let own = tenants()[0];
        let rows = [(source(own), 10)];
        assert_eq!(house.catalogue().cursor().ok(), Some(Cursor(0)));
        let first = file(u128::MAX, own, "events", (0, 10), &rows);
        publish(&house, new(vec![first.clone()], (0, 10))).expect("published");
        let late = publish(&house, new(vec![file(2, own, "events", (0, 10), &rows)], (0, 10)));
        assert!(matches!(late, Err(CatalogueFault::Conflict(_))), "{late:?}");
        let twice = publish(&house, new(vec![file(3, own, "events", (0, 9), &rows), first.clone()], (10, 20)));
        assert!(matches!(twice, Err(CatalogueFault::Conflict(_))), "{twice:?}");
        house.restart();
        assert_eq!(house.catalogue().cursor().ok(), Some(Cursor(10)));
        assert_eq!(house.catalogue().all_live().expect("live"), [first], "a refused change leaves nothing");
        assert_eq!(house.catalogue().accounts().expect("accounts"), [account(own, 10, 0, 0)]);
    }
}

#[test]
fn a_view_is_one_tenants_one_dataset_and_the_time_asked_for() {
    for house in House::each() {
        let [own, other] = tenants();
        let add = vec![
            file(1, own, "events", (100, 199), &[]),
            file(2, own, "events", (0, 99), &[]),
            file(3, own, "quarantine", (0, 99), &[]),
            file(4, other, "events", (0, 99), &[]),
        ];
        publish(&house, new(add, (0, 10))).expect("published");
        let view =
            |tenant, dataset, from, to| ids(house.catalogue().view(&context(tenant), dataset, (at(from), at(to))));
        assert_eq!(view(own, "events", 0, 1_000), [2, 1], "oldest first");
        assert_eq!(view(own, "events", 99, 99), [2], "both ends belong to it");
        assert_eq!(view(own, "events", 100, 100), [1]);
        assert_eq!(view(own, "events", 200, 300), [0u128; 0]);
        assert_eq!(view(own, "events", -5, -1), [0u128; 0]);
        assert_eq!(view(own, "quarantine", 0, 1_000), [3]);
        assert_eq!(view(own, "alerts", 0, 1_000), [0u128; 0]);
        assert_eq!(view(other, "events", 0, 1_000), [4]);
        assert_eq!(view(TenantId::from_slug("nobody"), "events", 0, 1_000), [0u128; 0]);
        let mut all = ids(house.catalogue().all_live());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4]);
    }
}

#[test]
fn compaction_replaces_what_is_live_counts_no_row_twice_and_leaves_the_old_files_for_a_while() {
    for mut house in House::each() {
        let own = tenants()[0];
        let of = |id, rows| file(id, own, "events", (0, 99), &[(source(own), rows)]);
        publish(&house, new(vec![of(1, 10), of(2, 20)], (0, 30))).expect("published");
        house.set_clock(500);
        let merged = SegmentRow { level: 1, ..of(3, 27) };
        let change = Publish {
            add: vec![merged.clone()],
            replace: vec![1, 2],
            duplicates: vec![(own, source(own), 3)],
            ..Publish::default()
        };
        publish(&house, change.clone()).expect("replaced");
        let again = publish(&house, Publish { add: vec![of(4, 27)], ..change });
        assert!(matches!(again, Err(CatalogueFault::Conflict(_))), "{again:?}");
        house.restart();
        assert_eq!(house.catalogue().view(&context(own), "events", ALWAYS).expect("view"), [merged]);
        assert_eq!(house.catalogue().cursor().ok(), Some(Cursor(30)));
        assert_eq!(house.catalogue().accounts().expect("accounts"), [account(own, 30, 0, 3)]);
        assert_eq!(ids(house.catalogue().retired(at(500))), [0u128; 0]);
        assert_eq!(ids(house.catalogue().retired(at(501))), [1, 2]);
        block_on(house.catalogue().forget(&[1, 3])).expect("forgotten");
        assert_eq!(ids(house.catalogue().retired(at(501))), [2]);
        assert_eq!(ids(house.catalogue().all_live()), [3], "a live file cannot be forgotten");
    }
}

#[test]
fn old_days_expire_for_the_tenant_alone_and_lower_no_account() {
    for house in House::each() {
        let [own, other] = tenants();
        let day = 86_400;
        let add = [(1, own, 0), (2, own, day), (3, other, 0)];
        let add = add.map(|(id, tenant, start)| file(id, tenant, "events", (start, start + 9), &[(source(tenant), 5)]));
        publish(&house, new(add.to_vec(), (0, 15))).expect("published");
        let before = at(day).day();
        assert_eq!(block_on(house.catalogue().expire(own, &before, at(900))).ok(), Some(1));
        assert_eq!(block_on(house.catalogue().expire(own, &before, at(950))).ok(), Some(0));
        assert_eq!(ids(house.catalogue().view(&context(own), "events", ALWAYS)), [2]);
        assert_eq!(ids(house.catalogue().view(&context(other), "events", ALWAYS)), [3]);
        assert_eq!(ids(house.catalogue().retired(at(901))), [1]);
        let stored: u64 = house.catalogue().accounts().expect("accounts").iter().map(|a| a.stored).sum();
        assert_eq!(stored, 15);
    }
}

#[test]
fn accounts_tell_stored_from_quarantined_and_do_not_count_alerts() {
    for house in House::each() {
        let [own, other] = tenants();
        let add = vec![
            file(1, own, "events", (0, 9), &[(source(own), 7)]),
            file(2, own, "quarantine", (0, 9), &[(source(own), 2)]),
            file(3, own, "alerts", (0, 9), &[(source(own), 100)]),
            file(4, other, "events", (0, 9), &[(source(other), 1)]),
        ];
        publish(&house, new(add, (0, 10))).expect("published");
        publish(&house, new(vec![file(5, own, "events", (10, 19), &[(source(own), 3)])], (10, 13))).expect("published");
        let mut expect = [account(own, 10, 2, 0), account(other, 1, 0, 0)];
        expect.sort_by_key(|a| a.tenant);
        assert_eq!(house.catalogue().accounts().expect("accounts"), expect);
    }
}

#[test]
fn alerts_are_either_pending_or_in_a_published_file() {
    for mut house in House::each() {
        let [own, other] = tenants();
        let kept = [alert(own, 1), alert(other, 2)];
        block_on(house.book().commit(Cursor(0), Cursor(5), &kept, &[])).expect("kept");
        let pending = house.catalogue().pending_alerts(usize::MAX).expect("pending").blobs;
        let seqs: Vec<u64> = pending.iter().flat_map(|(_, alerts)| alerts.iter().map(|a| a.event.seq())).collect();
        assert_eq!((pending.len(), seqs.iter().sum::<u64>()), (2, 3), "one blob a tenant");
        let blobs: Vec<u64> = pending.iter().map(|(number, _)| *number).collect();
        let moved = Publish { moved_alerts: blobs.clone(), ..new(vec![file(1, own, "alerts", (0, 9), &[])], (9, 10)) };
        assert!(publish(&house, moved).is_err(), "the lake stands elsewhere");
        assert_eq!(
            house.catalogue().pending_alerts(usize::MAX).expect("pending").blobs.len(),
            2,
            "a refused change moves nothing"
        );
        let moved = Publish { moved_alerts: blobs.clone(), ..new(vec![file(1, own, "alerts", (0, 9), &[])], (0, 5)) };
        publish(&house, moved).expect("published");
        assert_eq!(house.catalogue().pending_alerts(usize::MAX).expect("pending").blobs, []);
        assert_eq!(house.book().recent(&context(own), 9).expect("recent"), []);
        house.restart();
        block_on(house.book().commit(Cursor(5), Cursor(6), &[alert(own, 6)], &[])).expect("kept");
        let next = house.catalogue().pending_alerts(usize::MAX).expect("pending").blobs;
        assert!(blobs.iter().all(|old| *old != next[0].0), "a number is never given twice");
    }
}

#[test]
fn pending_alerts_are_unpacked_one_tenant_at_a_time_and_within_a_bound() {
    for mut house in House::each() {
        let [own, other] = tenants();
        for seq in 1..=6 {
            let mut one = alert(if seq == 2 { other } else { own }, seq);
            one.evidence.raw = "x".repeat(64 * 1024);
            block_on(house.book().commit(Cursor(seq - 1), Cursor(seq), &[one], &[])).expect("kept");
        }
        house.restart();
        let book = house.catalogue();
        let seqs = |pending: &Pending| -> Vec<u64> {
            pending.blobs.iter().flat_map(|(_, alerts)| alerts.iter().map(|a| a.event.seq())).collect()
        };
        for (bytes_max, expect, left_out) in
            [(0, vec![6], 4), (96 * 1024, vec![6, 5], 3), (usize::MAX, vec![6, 5, 4, 3, 1], 0)]
        {
            let pending = book.pending_alerts_of(&context(own), bytes_max).expect("pending");
            assert_eq!((seqs(&pending), pending.left_out), (expect, left_out), "newest first, at least one");
        }
        let all = book.pending_alerts(160 * 1024).expect("pending");
        assert_eq!((seqs(&all), all.left_out), (vec![1, 2, 3], 3), "oldest first, of all");
        let numbers = book.pending_numbers(&context(own)).expect("numbers");
        assert!(numbers.len() == 5 && numbers.is_sorted());
        assert!(all.blobs.iter().filter(|(_, alerts)| alerts[0].tenant == own).all(|(n, _)| numbers.contains(n)));
        let wanted = alert(own, 4).id;
        assert_eq!(book.pending_alert(&context(own), wanted).expect("looked").map(|a| a.event.seq()), Some(4));
        assert_eq!(book.pending_alert(&context(other), wanted).expect("looked"), None, "foreign answers like absent");
        let nobody = context(TenantId::from_slug("nobody"));
        assert_eq!(book.pending_alerts_of(&nobody, usize::MAX).expect("pending"), Pending::default());
    }
}
