//! The contract of port `AlertBook`, told to every engine.

use super::ledgers::House;
use super::samples::{alert, context, tenants};
use futures::executor::block_on;
use wardwatch_detect::BookFault;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, TenantId};

fn commit(house: &House, after: u64, through: u64, alerts: &[Alert]) -> Result<(), BookFault> {
    block_on(house.book().commit(Cursor(after), Cursor(through), alerts, &[]))
}

fn recent(house: &House, tenant: TenantId, limit: usize) -> Vec<u64> {
    let alerts = house.book().recent(&context(tenant), limit).expect("readable");
    assert!(alerts.iter().all(|a| a.tenant == tenant), "a foreign alert");
    alerts.iter().map(|a| a.event.seq()).collect()
}

#[test]
fn alerts_and_cursor_move_together_and_only_from_where_it_stands() {
    for mut house in House::each() {
        let [own, other] = tenants();
        assert_eq!(house.book().cursor().ok(), Some(Cursor(0)));
        commit(&house, 0, 10, &[alert(own, 3), alert(other, 4), alert(own, 9)]).expect("first window");
        commit(&house, 10, 20, &[]).expect("a window without alerts");
        for (after, through) in [(0, 10), (19, 30), (21, 30)] {
            let late = commit(&house, after, through, &[alert(own, 25)]);
            assert!(matches!(late, Err(BookFault::Conflict { at: Cursor(20), .. })), "{late:?}");
        }
        house.restart();
        assert_eq!(house.book().cursor().ok(), Some(Cursor(20)));
        assert_eq!(recent(&house, own, 10), [9, 3], "a refused window leaves nothing");
        commit(&house, 20, 30, &[alert(own, 25)]).expect("goes on");
        assert_eq!(recent(&house, own, 10), [25, 9, 3]);
    }
}

#[test]
fn recent_is_newest_first_bounded_and_fenced() {
    for house in House::each() {
        let [own, other] = tenants();
        for window in 0..5 {
            let alerts: Vec<Alert> = (1..=4).map(|i| alert(own, window * 10 + i)).collect();
            commit(&house, window * 10, window * 10 + 10, &alerts).expect("kept");
        }
        commit(&house, 50, 60, &[alert(other, 55)]).expect("kept");
        assert_eq!(recent(&house, own, 0), [0u64; 0]);
        assert_eq!(recent(&house, own, 3), [44, 43, 42]);
        assert_eq!(recent(&house, own, 6), [44, 43, 42, 41, 34, 33]);
        assert_eq!(recent(&house, own, 100).len(), 20);
        assert_eq!(recent(&house, other, 100), [55]);
        assert_eq!(recent(&house, TenantId::from_slug("nobody"), 100), [0u64; 0], "foreign answers like absent");
    }
}

#[test]
fn an_alert_comes_back_with_all_its_evidence() {
    for mut house in House::each() {
        let own = tenants()[0];
        let mut sent = alert(own, 1);
        sent.evidence.raw = "\u{0}\u{fffd}\"\\ 中文 \r\n".repeat(1_000);
        sent.vendor = Some(wardwatch_finding::VendorClaim { count: Some(7), ..Default::default() });
        commit(&house, 0, 1, std::slice::from_ref(&sent)).expect("kept");
        house.restart();
        assert_eq!(house.book().recent(&context(own), 1).expect("readable"), [sent]);
    }
}

#[test]
fn a_window_with_very_many_alerts_is_kept_whole() {
    for house in House::each() {
        let own = tenants()[0];
        let alerts: Vec<Alert> = (1..=400)
            .map(|seq| {
                let mut one = alert(own, seq);
                one.evidence.raw = "x".repeat(32 * 1024);
                one
            })
            .collect();
        commit(&house, 0, 400, &alerts).expect("kept");
        assert_eq!(recent(&house, own, 1_000), (1..=400).rev().collect::<Vec<_>>());
        let pending = house.catalogue().pending_alerts(usize::MAX).expect("pending").blobs;
        assert_eq!(pending.iter().map(|(_, alerts)| alerts.len()).sum::<usize>(), 400);
    }
}
