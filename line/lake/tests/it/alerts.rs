//! Alerts and their rows.

use crate::fakes::{T1, World, context};
use proptest::prelude::*;
use wardwatch_finding::{Alert, AlertEvidence, Match, Origin, RuleRef, Severity, VendorClaim};
use wardwatch_ident::{AlertId, Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_lake::alert_rows::{alerts_of, rows_of};

pub fn alert(tenant: TenantId, n: u64, received: Timestamp) -> Alert {
    let event = EventId::new(received, NodeId(0), n);
    Alert {
        id: AlertId::of("r", "v", event),
        tenant,
        source: SourceId(7),
        origin: Origin::Rule,
        time: received,
        received,
        event,
        severity: Severity::High,
        title: format!("alert {n}"),
        rule: None,
        evidence: AlertEvidence::default(),
        vendor: None,
        entities: Vec::new(),
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ -~]{0,12}", "[登录失败 \"\\\\]{0,4}"]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text())
}

fn rule() -> impl Strategy<Value = Option<RuleRef>> {
    let parts = (text(), text(), text(), maybe(), proptest::collection::vec(text(), 0..3));
    proptest::option::of(parts.prop_map(|(id, version, title, level, tags)| RuleRef {
        id,
        version,
        title,
        level,
        tags,
    }))
}

fn vendor() -> impl Strategy<Value = Option<VendorClaim>> {
    let parts = (maybe(), maybe(), maybe(), proptest::option::of(any::<i64>()), proptest::option::of(any::<i64>()));
    proptest::option::of(parts.prop_map(|(rule_uid, threat, excerpt, severity_id, count)| VendorClaim {
        rule_uid,
        threat,
        excerpt,
        severity_id,
        count,
        ..VendorClaim::default()
    }))
}

fn any_alert() -> impl Strategy<Value = Alert> {
    let claims = (rule(), vendor(), text(), text(), text());
    let matched = proptest::collection::vec((text(), maybe(), text(), proptest::option::of(any::<u32>())), 0..3);
    let entities = proptest::collection::vec((prop_oneof![Just("host".to_owned()), text()], text()), 0..3);
    (any::<(u128, u128, i64)>(), claims, matched, entities, 0usize..5).prop_map(
        |((id, event, time), (rule, vendor, title, raw, pack), matched, entities, pick)| Alert {
            id: AlertId(id),
            event: EventId(event),
            time: Timestamp(time),
            origin: [Origin::Device, Origin::Rule, Origin::Baseline, Origin::Decoy, Origin::Person][pick],
            severity: [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical][pick],
            title,
            rule,
            vendor,
            entities,
            evidence: AlertEvidence {
                matched: matched
                    .into_iter()
                    .map(|(selection, field, value, start)| Match { selection, field, value, start, end: start })
                    .collect(),
                raw,
                pack,
                facts: Vec::new(),
            },
            ..alert(T1, 1, Timestamp(0))
        },
    )
}

proptest! {
    #[test]
    fn alerts_come_back_from_their_rows(alerts in proptest::collection::vec(any_alert(), 0..4)) {
        let rows = rows_of(&alerts, &|_| "fw".to_owned()).unwrap();
        prop_assert_eq!(alerts_of(&rows, T1).unwrap(), alerts);
    }
}

/// With a line of so many bytes.
fn long(tenant: TenantId, n: u64, bytes: usize) -> Alert {
    let evidence = AlertEvidence { raw: "x".repeat(bytes), ..AlertEvidence::default() };
    Alert { evidence, ..alert(tenant, n, crate::fakes::at(5)) }
}

#[test]
fn a_view_unpacks_the_newest_alerts_up_to_its_bound_and_counts_the_rest() {
    let world = World::default();
    let lake = world.lake(1);
    let half = wardwatch_limits::PENDING_VIEW_BYTES / 2;
    world.catalogue.state.lock().unwrap().pending =
        (1..=4).map(|n| (n, vec![long(T1, n, half)])).chain([(5, vec![long(TenantId(2), 5, half)])]).collect();
    let view = lake.view(&context(T1), "alerts", crate::fakes::ALWAYS).unwrap();
    assert_eq!((world.seqs(&view), view.alerts_left_out), (vec![4, 3], 2));
}

#[test]
fn a_flush_moves_all_alerts_however_many_but_never_holds_all() {
    let world = World::default();
    let lake = world.lake(1);
    let half = wardwatch_limits::PENDING_FLUSH_BYTES / 2;
    world.catalogue.state.lock().unwrap().pending = (1..=5).map(|n| (n, vec![long(T1, n, half)])).collect();
    let flushed = futures::executor::block_on(lake.flush(crate::fakes::at(9))).unwrap();
    assert_eq!((flushed.files, flushed.rows), (3, 5), "two at a time");
    let view = lake.view(&context(T1), "alerts", crate::fakes::ALWAYS).unwrap();
    assert_eq!((world.seqs(&view), view.alerts_left_out), (vec![1, 2, 3, 4, 5], 0));
}

#[test]
fn alerts_are_seen_once_before_and_after_they_move() {
    let world = World::default();
    let lake = world.lake(1);
    let foreign = TenantId(2);
    let now = crate::fakes::at(5);
    world.catalogue.state.lock().unwrap().pending =
        vec![(1, vec![alert(T1, 1, now), alert(foreign, 2, now)]), (2, vec![alert(T1, 3, now), alert(T1, 1, now)])];
    let seen = || {
        let mut seqs = world.seqs(&lake.view(&context(T1), "alerts", crate::fakes::ALWAYS).unwrap());
        seqs.sort_unstable();
        seqs
    };
    assert_eq!(seen(), [1, 3]);
    let flushed = futures::executor::block_on(lake.flush(now)).unwrap();
    assert_eq!((flushed.files, flushed.rows), (2, 3));
    assert_eq!(seen(), [1, 3]);
    assert!(world.catalogue.state.lock().unwrap().pending.is_empty());
    assert_eq!(world.catalogue.state.lock().unwrap().cursor, Cursor(0));
}
