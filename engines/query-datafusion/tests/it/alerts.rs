//! Dataset `alerts`: what the ledger still holds is found like what lies in files, by its own tenant only.

use crate::world::{Files, T1, T2, WIDE, World, at, block_on, context, id, planned_in, query, shown};
use wardwatch_finding::{Alert, AlertEvidence, Origin, RuleRef, Severity, VendorClaim};
use wardwatch_ident::{AlertId, SourceId, TenantId};
use wardwatch_search::QueryEngine;

fn alert(tenant: TenantId, n: u64, severity: Severity, title: &str) -> Alert {
    Alert {
        id: AlertId::of("rule", "1", id(n)),
        tenant,
        source: SourceId(1),
        origin: Origin::Rule,
        time: at(n as i64),
        received: at(n as i64),
        event: id(n),
        severity,
        title: title.into(),
        rule: Some(RuleRef {
            id: "rule".into(),
            version: "1".into(),
            title: title.into(),
            level: Some("high".into()),
            tags: vec!["attack.t1490".into(), "attack.impact".into()],
        }),
        evidence: AlertEvidence { raw: format!("raw of {title}"), ..AlertEvidence::default() },
        vendor: Some(VendorClaim { severity_id: Some(4), ..VendorClaim::default() }),
        entities: vec![("host".into(), "PACS-01".into()), ("src_ip".into(), "10.1.2.3".into())],
    }
}

#[test]
fn alerts_that_did_not_fit_are_said_to_be_missing() {
    let pending = vec![alert(T1, 1, Severity::High, "shadow copies deleted")];
    let world = World::with(WIDE, Files { pending, left_out: 7, ..Files::default() });
    let plan = planned_in("alerts", &query("*"), 100).unwrap();
    let answer = block_on(world.engine.run(&context(T1), &plan)).unwrap();
    assert_eq!((answer.rows(), answer.unreadable), (1, vec!["7 alerts that wait for their file".to_owned()]));
}

#[test]
fn pending_alerts_are_searched_by_their_columns() {
    let pending = vec![
        alert(T1, 1, Severity::High, "shadow copies deleted"),
        alert(T1, 2, Severity::Low, "odd logon"),
        alert(T2, 3, Severity::High, "shadow copies deleted"),
    ];
    let world = World::with(WIDE, Files { pending, ..Files::default() });
    let ask = |text: &str| {
        let plan = planned_in("alerts", &query(text), 100).unwrap();
        shown(&block_on(world.engine.run(&context(T1), &plan)).unwrap())
    };
    for (text, expect) in [
        ("* | fields title", "title=odd logon; title=shadow copies deleted"),
        ("severity:high | fields title, host", "title=shadow copies deleted host=PACS-01"),
        ("host:pacs-01 src_ip:10.0.0.0/8 | stats count by severity", "severity=high count=1; severity=low count=1"),
        ("tags:*attack.t1490* | stats count", "count=2"),
        ("\"raw of odd\" | fields vendor_severity_id", "vendor_severity_id=4"),
        ("level:critical | stats count", "count=0"),
    ] {
        assert_eq!(ask(text), expect, "{text}");
    }
    let one = format!("id:{} | fields title", AlertId::of("rule", "1", id(2)));
    assert_eq!(ask(&one), "title=odd logon");
    let foreign = format!("id:{}", AlertId::of("rule", "1", id(3)));
    assert_eq!(ask(&foreign), "");
}
