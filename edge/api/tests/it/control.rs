//! The control socket: the operator's own commands.

use crate::fake::FakeDesk;
use crate::{NOON, fleet};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tower::ServiceExt;
use wardwatch_api::{ControlSetup, control_listener, control_router};
use wardwatch_ident::{FixedClock, Timestamp};

async fn call(slugs: &[&str], path: &str, body: Option<Value>) -> (u16, String) {
    let clock = Arc::new(FixedClock::new(Timestamp::parse_rfc3339(NOON).unwrap()));
    let setup = ControlSetup { desk: Arc::new(FakeDesk::new(clock.clone())), clock, fleet: fleet(slugs) };
    let request = Request::builder()
        .method(if body.is_some() { "POST" } else { "GET" })
        .uri(path)
        .header("content-type", "application/json")
        .body(body.map_or_else(Body::empty, |b| Body::from(b.to_string())))
        .unwrap();
    let answer = control_router(setup).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn search_gives_one_tenants_rows_in_three_shapes() {
    let ask = |more: Value| {
        let mut body = json!({ "query": "", "tenant": "yunqi", "limit": 4, "since": "30d" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(body)
    };
    let (status, text) = call(&["qinghe", "yunqi"], "/search", ask(json!({}))).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, answer["columns"][0].as_str(), answer["rows"].as_array().unwrap().len()),
        (200, Some("time"), 4)
    );

    let (_, text) = call(&["qinghe", "yunqi"], "/search", ask(json!({ "format": "json" }))).await;
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((lines.len(), lines[0]["src_ip"].as_str()), (4, Some("10.9.1.20")));

    let (_, text) = call(&["qinghe", "yunqi"], "/search", ask(json!({ "format": "csv" }))).await;
    assert!(text.starts_with("time,time_received,source,"), "{text}");
}

#[tokio::test]
async fn a_tenant_must_be_named_where_there_are_several() {
    for (slugs, tenant, status) in [
        (&["yunqi"][..], None, 200),
        (&["qinghe", "yunqi"][..], None, 400),
        (&["qinghe", "yunqi"][..], Some("yunqi"), 200),
        (&["qinghe"][..], Some("yunqi"), 404),
    ] {
        let (got, text) = call(slugs, "/search", Some(json!({ "query": "", "tenant": tenant }))).await;
        assert_eq!(got, status, "{slugs:?} {tenant:?} {text}");
    }
}

#[tokio::test]
async fn verify_and_status_answer_the_operator() {
    let (status, text) = call(&["qinghe"], "/verify", Some(json!({ "deep": true }))).await;
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &report["ok"], &report["read_back"]), (200, &json!(true), &json!(1)));
    let (status, text) = call(&["qinghe"], "/status", None).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &answer["hospitals"][0]["id"]), (200, &json!("qinghe")));
    assert_eq!(call(&["qinghe"], "/api/v1/alerts", None).await.0, 404);
}

#[tokio::test]
async fn coverage_is_of_the_hospitals_in_reach_and_of_the_rules_that_were_asked_for() {
    type Names = &'static [&'static str];
    let cases: [(Names, Value, u16, Names, Names); 8] = [
        (&["qinghe", "yunqi"], json!({}), 200, &["qinghe", "yunqi"], &[]),
        (
            &["qinghe", "yunqi"],
            json!({ "tenant": "yunqi", "rules": true }),
            200,
            &["yunqi"],
            &["r-alive", "r-blind", "r-broken"],
        ),
        (&["qinghe"], json!({ "tenant": "yunqi" }), 404, &[], &[]),
        (&["qinghe"], json!({ "state": "broken" }), 200, &["qinghe"], &["r-broken"]),
        (&["qinghe"], json!({ "rule": "r-blind" }), 200, &["qinghe"], &["r-blind"]),
        (&["qinghe"], json!({ "rule": "no such rule" }), 404, &[], &[]),
        (&["qinghe"], json!({ "state": "asleep" }), 400, &[], &[]),
        (&[], json!({}), 200, &[], &[]),
    ];
    for (reach, question, status, tenants, rules) in cases {
        let (got, text) = call(reach, "/coverage", Some(question.clone())).await;
        assert_eq!(got, status, "{question} {text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let found: Vec<Value> = list(&answer["tenants"]);
        assert_eq!(found.iter().map(|t| t["tenant"].as_str().unwrap()).collect::<Vec<_>>(), tenants, "{question}");
        let first = found.first().map(|t| list(&t["rules"])).unwrap_or_default();
        assert_eq!(first.iter().map(|r| r["id"].as_str().unwrap()).collect::<Vec<_>>(), rules, "{question}");
        if status == 200 {
            assert_eq!(answer["canaries"]["lost"], json!([["r-broken", "its gate stays shut"]]));
        }
    }
}

#[tokio::test]
async fn the_socket_is_for_its_owner_only_and_replaces_a_stale_one() {
    let folder = std::env::temp_dir().join(format!("ww-control-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("control.sock");
    for round in ["fresh", "stale"] {
        let listener = control_listener(&path).unwrap_or_else(|e| panic!("{round}: {e}"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{round}");
        let (dialled, accepted) = tokio::join!(tokio::net::UnixStream::connect(&path), listener.accept());
        assert!(dialled.is_ok() && accepted.is_ok(), "{round}");
    }
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["control.sock"]);
    std::fs::remove_dir_all(&folder).unwrap();
}
