//! A device's alarm is an alert with the device's own words.

use crate::batches::{batch, pack, program};
use serde_json::json;
use wardwatch_detect::{Found, FoundAt, evaluate};
use wardwatch_finding::{Origin, Severity};

#[test]
fn a_detection_finding_becomes_an_alert_and_what_was_not_sent_is_none() {
    let ids = pack(
        "map = [{ src_ip = 'src', host = 'dev', threat = 'sig', rule_uid = 'sid', severity_id = 'sev', count = 'hits' }]\n[[case]]\nwhen = { field = 'type', is = 'alert' }\nclass = 2004\nactivity = 1\n",
    );
    let batch = batch(
        &ids,
        &[
            json!({"type": "alert", "src": "192.0.2.7", "dev": "ids-1", "sig": "SQL injection", "sid": "1001", "sev": 4, "hits": 3}),
            json!({"type": "flow", "src": "192.0.2.7"}),
            json!({"type": "alert", "src": "192.0.2.8"}),
        ],
    );
    let program = program(&[], &[&ids]);
    let alerts = evaluate(&program, &batch);
    assert_eq!(alerts.len(), 2);
    let claim = alerts[0].vendor.as_ref().unwrap();
    assert_eq!((alerts[0].origin, alerts[0].severity), (Origin::Device, Severity::High));
    assert_eq!(alerts[0].title, "SQL injection");
    assert_eq!((claim.rule_uid.as_deref(), claim.count, claim.attack_result.as_deref()), (Some("1001"), Some(3), None));
    assert_eq!(
        alerts[0].entities,
        [("host".to_owned(), "ids-1".to_owned()), ("src_ip".to_owned(), "192.0.2.7".to_owned())]
    );
    assert_eq!((alerts[1].title.as_str(), alerts[1].severity), ("Test", Severity::Medium));
    assert_ne!(alerts[0].id, alerts[1].id);
    assert_eq!(alerts, evaluate(&program, &batch));
}

#[test]
fn the_json_record_has_the_shape_that_scripts_depend_on() {
    let windows = crate::batches::windows();
    let rules = [crate::batches::rule(1, "product: windows, service: security", "s: {EventID: 4624}\ncondition: s")];
    let program = program(&rules, &[&windows]);
    let batch = batch(&windows, &[json!({"Channel": "Security", "EventID": 4624, "Data": ["a", "b"], "none": null})]);
    let alerts = evaluate(&program, &batch);
    let source = FoundAt { file: "a.jsonl".to_owned(), record: 1 };
    let found = Found::new(&alerts[0], batch.event(0).unwrap(), source, Some(crate::batches::at()));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        json,
        json!({
            "time": "2026-11-25T08:00:00.000000Z",
            "source": {"file": "a.jsonl", "record": 1},
            "rule": {"id": "00000001-0000-4000-8000-000000000000", "title": "Rule 1", "level": "high", "tags": ["attack.t1059"]},
            "event": {"Channel": "Security", "Data": ["a", "b"], "EventID": "4624", "none": null},
            "matched": [{"selection": "s", "field": "EventID", "value": "4624", "start": 32, "end": 36}],
        })
    );
}
