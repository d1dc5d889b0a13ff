//! What the data routes answer, and to whom.

use crate::fake::HOSTILE;
use crate::{Got, house, house_with};
use serde_json::Value;
use wardwatch_ident::TenantId;

async fn check(slugs: &[&str], path: &str, status: u16) -> Got {
    let got = house().ask(slugs, path).await;
    assert_eq!(got.status.as_u16(), status, "{path} for {slugs:?}: {}", got.text);
    got
}

#[tokio::test]
async fn a_session_sees_its_hospitals_and_no_other() {
    for (slugs, seen) in
        [(&["qinghe"][..], &["qinghe"][..]), (&["yunqi", "wangshu"][..], &["wangshu", "yunqi"][..]), (&[][..], &[][..])]
    {
        let sources = check(slugs, "/api/v1/sources", 200).await.json();
        let ids: Vec<&str> = sources["hospitals"].as_array().unwrap().iter().filter_map(|h| h["id"].as_str()).collect();
        assert_eq!(ids, seen);
        let alerts = check(slugs, "/api/v1/alerts?limit=500", 200).await.json();
        for alert in alerts["alerts"].as_array().unwrap() {
            assert!(seen.contains(&alert["tenant"].as_str().unwrap()));
        }
        let counts = check(slugs, "/api/v1/counts", 200).await.json();
        for count in counts["counts"].as_array().unwrap() {
            assert!(seen.contains(&count["tenant"].as_str().unwrap()));
        }
    }
}

#[tokio::test]
async fn a_foreign_tenant_answers_like_an_absent_one() {
    let house = house();
    let own = house.sign_in(&["qinghe"]).await;
    let foreign = house.ask(&["wangshu"], "/api/v1/alerts").await.json()["alerts"][0].clone();
    let id = foreign["id"].as_str().unwrap();
    for (foreign, absent) in [
        ("/api/v1/alerts?tenant=wangshu".to_owned(), "/api/v1/alerts?tenant=nobody".to_owned()),
        ("/api/v1/search?tenant=wangshu".to_owned(), "/api/v1/search?tenant=nobody".to_owned()),
        (format!("/api/v1/alerts/{id}"), format!("/api/v1/alerts/{}", "f".repeat(32))),
        (format!("/api/v1/alerts/{id}?tenant=wangshu"), format!("/api/v1/alerts/{id}?tenant=nobody")),
    ] {
        let [a, b] = [house.send(&foreign, &[("cookie", &own)]).await, house.send(&absent, &[("cookie", &own)]).await];
        assert_eq!((a.status.as_u16(), &a.text), (404, &b.text), "{foreign}");
        assert_eq!(b.status.as_u16(), 404, "{absent}");
    }
    assert!(!house.desk.asked.lock().unwrap().iter().any(|a| a.contains("search")), "the desk was never asked");
}

#[tokio::test]
async fn alerts_are_filtered_and_opened() {
    let all = check(&["qinghe", "wangshu", "yunqi"], "/api/v1/alerts?limit=500", 200).await.json();
    assert_eq!((all["alerts"].as_array().unwrap().len(), &all["more"]), (85, &Value::Bool(false)));
    for (path, expect) in [
        ("/api/v1/alerts?severity=critical", 1),
        ("/api/v1/alerts?severity=high&origin=rule", 3),
        ("/api/v1/alerts?tenant=yunqi", 10),
        ("/api/v1/alerts?tenant=qinghe&source=waf", 38),
        ("/api/v1/alerts?limit=7", 7),
    ] {
        let found = check(&["qinghe", "wangshu", "yunqi"], path, 200).await.json();
        assert_eq!(found["alerts"].as_array().unwrap().len(), expect, "{path}");
    }
    let page =
        |more: String| async move { check(&["qinghe"], &format!("/api/v1/alerts?limit=40{more}"), 200).await.json() };
    let (first, mut ids) = (page(String::new()).await, std::collections::HashSet::new());
    let last = first["alerts"][39]["received"].as_str().unwrap().to_owned();
    let second = page(format!("&before={last}")).await;
    assert_eq!(
        second["alerts"][0]["received"], last,
        "what shares the last one's time comes again, so that nothing is lost"
    );
    for alert in first["alerts"].as_array().unwrap().iter().chain(second["alerts"].as_array().unwrap()) {
        ids.insert(alert["id"].as_str().unwrap().to_owned());
    }
    assert_eq!((ids.len(), &second["more"]), (46, &Value::Bool(false)));
    let first = &check(&["qinghe"], "/api/v1/alerts?severity=critical", 200).await.json()["alerts"][0];
    let path = format!("/api/v1/alerts/{}", first["id"].as_str().unwrap());
    let whole = check(&["qinghe"], &path, 200).await.json();
    let matched = &whole["evidence"]["matched"][1];
    let raw = whole["evidence"]["raw"].as_str().unwrap();
    let place = matched["start"].as_u64().unwrap() as usize..matched["end"].as_u64().unwrap() as usize;
    assert_eq!(&raw[place], "vssadmin.exe delete shadows /all /quiet");
    assert_eq!(whole["vendor"], Value::Null);
}

#[tokio::test]
async fn a_page_may_end_among_alerts_that_were_received_at_one_instant() {
    let house = house_with(|desk, _| {
        let at = desk.alerts[0].received;
        desk.alerts.iter_mut().for_each(|alert| std::sync::Arc::make_mut(alert).received = at);
    });
    let cookie = house.sign_in(&["qinghe", "wangshu", "yunqi"]).await;
    let (mut seen, mut path) = (Vec::new(), "/api/v1/alerts?limit=10".to_owned());
    for _ in 0..20 {
        let page = house.send(&path, &[("cookie", &cookie)]).await.json();
        seen.extend(page["alerts"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()));
        let (Some(next), Some(id)) = (page["next"].as_str(), page["next_id"].as_str()) else { break };
        path = format!("/api/v1/alerts?limit=10&before={next}&before_id={id}");
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (85, 85), "each once");
    check(&["qinghe"], "/api/v1/alerts?before=2026-11-25T04:00:00Z&before_id=x", 400).await;
}

#[tokio::test]
async fn a_list_that_met_a_bound_says_how_far_it_has_looked() {
    let all = house().ask(&["qinghe", "wangshu"], "/api/v1/alerts?limit=500").await.json();
    let middle = all["alerts"][30]["received"].as_str().unwrap().to_owned();
    let bound = wardwatch_ident::Timestamp::parse_rfc3339(&middle);
    let house = house_with(|desk, _| desk.looks_back_to = bound);
    let cut = house.ask(&["qinghe", "wangshu"], "/api/v1/alerts?limit=500").await.json();
    assert_eq!(
        (&cut["more"], &cut["next"], &cut["next_id"]),
        (&Value::Bool(true), &all["alerts"][30]["received"], &Value::Null)
    );
    let shown = cut["alerts"].as_array().unwrap();
    assert!(!shown.is_empty() && shown.iter().all(|a| a["received"].as_str().unwrap() >= middle.as_str()));
}

#[tokio::test]
async fn an_alert_is_looked_for_where_it_is_said_to_be() {
    let house = house();
    let cookie = house.sign_in(&["qinghe"]).await;
    let one = house.send("/api/v1/alerts?limit=1", &[("cookie", &cookie)]).await.json()["alerts"][0].clone();
    let (id, received) = (one["id"].as_str().unwrap(), one["received"].as_str().unwrap());
    house.send(&format!("/api/v1/alerts/{id}?tenant=qinghe&received={received}"), &[("cookie", &cookie)]).await;
    let at = wardwatch_ident::Timestamp::parse_rfc3339(received);
    assert!(house.desk.asked.lock().unwrap().contains(&format!("alert {at:?}")));
    check(&["qinghe"], &format!("/api/v1/alerts/{id}?received=yesterday"), 400).await;
}

#[tokio::test]
async fn a_search_over_several_hospitals_has_one_bound_and_names_whom_it_did_not_finish() {
    let all = ["qinghe", "wangshu", "yunqi"];
    let unfinished = |got: &Got| -> Vec<String> { serde_json::from_value(got.json()["unfinished"].clone()).unwrap() };
    let path = "/api/v1/search?query=*";
    assert_eq!(unfinished(&house().ask(&all, path).await), [""; 0]);

    let one_fails = house_with(|desk, _| desk.fails = vec![TenantId::from_slug("wangshu")]);
    let got = one_fails.ask(&all, path).await;
    assert_eq!((got.status.as_u16(), unfinished(&got)), (200, vec!["wangshu".to_owned()]));
    let hospitals: Vec<_> = got.json()["rows"].as_array().unwrap().iter().map(|row| row[0].clone()).collect();
    assert!(hospitals.contains(&"qinghe".into()) && !hospitals.contains(&"wangshu".into()));
    assert!(got.json()["notes"].to_string().contains("wangshu"));
    let csv = one_fails.ask(&all, "/api/v1/search?query=*&format=csv").await;
    assert!(csv.header("content-disposition").contains("-incomplete.csv"));

    let none_left = house_with(|desk, _| desk.fails = all.iter().map(|slug| TenantId::from_slug(slug)).collect());
    assert_eq!(none_left.ask(&all, path).await.status.as_u16(), 422);
    let wide = house_with(|desk, _| desk.wide = Some(wardwatch_limits::ANSWER_BYTES));
    assert_eq!(unfinished(&wide.ask(&all, path).await).len(), 2, "the bytes of one answer for all");
    let slow = house_with(|desk, clock| desk.search_takes = Some((clock.clone(), 40)));
    let got = slow.ask(&all, path).await;
    assert_eq!(unfinished(&got).len(), 1, "the time of one search for all");
}

#[tokio::test]
async fn titles_come_in_both_languages_and_the_guide_with_the_alert() {
    let found = check(&["qinghe"], "/api/v1/alerts?source=his", 200).await.json();
    let titles = &found["alerts"][0]["titles"];
    assert_eq!((titles["zh"].as_str(), titles["en"].as_str()), (Some("疑似统方"), Some("Drug use by prescriber")));
    let path = format!("/api/v1/alerts/{}", found["alerts"][0]["id"].as_str().unwrap());
    let guide = check(&["qinghe"], &path, 200).await.json()["guide"].clone();
    assert_eq!((guide["zh"].as_array().unwrap().len(), guide["en"].as_array().unwrap().len()), (3, 2));
    let device = check(&["qinghe"], "/api/v1/alerts?source=waf", 200).await.json();
    assert_eq!(device["alerts"][0]["titles"]["en"], "SQL 注入", "a title in one language stands for both");
}

#[test]
fn guides_are_read_by_their_heading() {
    for (text, title) in [
        ("# 批量导出 / Bulk export\n\n中文说明\n\nEnglish.", Some(("批量导出", "Bulk export"))),
        ("# Bulk export / 批量导出\n", Some(("批量导出", "Bulk export"))),
        ("# TCP/IP / UDP scans\n", Some(("TCP/IP / UDP scans", "TCP/IP / UDP scans"))),
        ("# \u{7edf}\u{65b9}\n", Some(("\u{7edf}\u{65b9}", "\u{7edf}\u{65b9}"))),
        ("no heading", None),
        ("", None),
    ] {
        let read = wardwatch_api::Guide::read(text);
        assert_eq!(read.as_ref().map(|g| (g.title.zh.as_str(), g.title.en.as_str())), title, "{text}");
    }
}

#[tokio::test]
async fn what_the_device_did_not_send_is_null() {
    let found = check(&["wangshu"], "/api/v1/alerts?source=sip", 200).await.json();
    let path = format!("/api/v1/alerts/{}?tenant=wangshu", found["alerts"][0]["id"].as_str().unwrap());
    let whole = check(&["wangshu"], &path, 200).await.json();
    for name in ["disposition_id", "attack_result", "attack_stage", "excerpt", "count"] {
        assert_eq!(whole["vendor"].get(name), Some(&Value::Null), "{name}");
    }
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let got = check(&["wangshu"], "/api/v1/alerts?source=web", 200).await;
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.json()["alerts"][0]["title"], HOSTILE);
    let got = check(&["wangshu"], "/api/v1/search?query=%3Cscript%3E((", 400).await;
    assert_eq!(
        (got.header("content-type"), got.json()["code"].as_str()),
        ("application/problem+json", Some("WW-0410"))
    );
}

#[tokio::test]
async fn problems_speak_the_readers_language() {
    let house = house();
    let cookie = house.sign_in(&["qinghe"]).await;
    for (language, word) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "请检查"),
        ("en-GB,en;q=0.9", "check the id"),
        ("", "请检查"),
        ("en;q=0.5,zh;q=0.4", "check the id"),
        ("fr", "请检查"),
    ] {
        let got = house.send("/api/v1/nothing", &[("cookie", &cookie), ("accept-language", language)]).await;
        let problem = got.json();
        let next = problem["next"].as_str().unwrap();
        assert!(next.starts_with(word), "{language}: {next}");
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("WW-0404"), Some(404)));
    }
}

#[tokio::test]
async fn parameters_are_checked() {
    for (path, status) in [
        ("/api/v1/search?since=24h", 200),
        ("/api/v1/search?since=24", 400),
        ("/api/v1/search?since=-1h", 400),
        ("/api/v1/search?since=99999999999999999999d", 400),
        ("/api/v1/search?from=2026-11-25T03:00:00Z&to=2026-11-25T02:00:00Z", 400),
        ("/api/v1/search?from=2026-11-25T03:00:00%2B08:00", 200),
        ("/api/v1/search?from=2026-11-25T03:00:00+08:00", 200),
        ("/api/v1/search?limit=100000", 200),
        ("/api/v1/search?limit=100001", 400),
        ("/api/v1/search?limit=x", 400),
        ("/api/v1/search?dataset=quarantine", 200),
        ("/api/v1/search?dataset=ledger", 400),
        ("/api/v1/alerts?severity=worst", 400),
        ("/api/v1/alerts?origin=", 200),
        ("/api/v1/alerts?limit=1&limit=2", 400),
        ("/api/v1/search?query=%00%ff", 200),
    ] {
        let got = check(&["qinghe"], path, status).await;
        let kind = if status == 200 { "application/json" } else { "application/problem+json" };
        assert_eq!(got.header("content-type"), kind, "{path}");
    }
    let long = format!("/api/v1/search?query={}", "a".repeat(wardwatch_limits::QUERY_BYTES + 1));
    check(&["qinghe"], &long, 400).await;
}

#[tokio::test]
async fn search_puts_hospitals_together() {
    let one = check(&["qinghe", "yunqi"], "/api/v1/search?tenant=yunqi&limit=3&bars=10", 200).await.json();
    assert_eq!((one["rows"].as_array().unwrap().len(), &one["more"]), (3, &Value::Bool(false)));
    let both = check(&["qinghe", "yunqi"], "/api/v1/search?limit=60&bars=10", 200).await.json();
    assert_eq!(both["columns"][0], "hospital");
    let rows = both["rows"].as_array().unwrap();
    assert_eq!((rows.len(), both["bars"].as_array().unwrap().len()), (56, 10));
    let times: Vec<&str> = rows.iter().map(|r| r[2].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
    assert!(rows.iter().any(|r| r[0] == "yunqi") && rows.iter().any(|r| r[0] == "qinghe"));
    let counted =
        check(&["qinghe", "yunqi"], "/api/v1/search?query=*%20%7C%20stats%20count%20by%20threat", 200).await.json();
    let hospitals: Vec<&Value> = counted["rows"].as_array().unwrap().iter().map(|r| &r[0]).collect();
    assert_eq!(hospitals, ["qinghe", "qinghe", "yunqi", "yunqi"]);
}

#[tokio::test]
async fn csv_is_quoted_and_defused() {
    let got = check(&["qinghe"], "/api/v1/search?format=csv&limit=2", 200).await;
    assert_eq!(got.header("content-type"), "text/csv; charset=utf-8");
    assert!(got.header("content-disposition").starts_with("attachment; filename=\"wardwatch-2026"));
    assert!(got.text.starts_with('\u{feff}'));
    let mut lines = csv::Reader::from_reader(got.text.trim_start_matches('\u{feff}').as_bytes());
    let header = lines.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = lines.records().map(Result::unwrap).collect();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    assert!(rows.iter().any(|r| &r[column("cmd_line")] == "'=cmd|' /C calc'!A0"), "{rows:?}");
    assert!(rows.iter().all(|r| r[column("raw")].contains('"')), "quotes inside cells survive");
}

#[tokio::test]
async fn the_machine_tells_how_it_is() {
    let house = house();
    let health = house.send("/health", &[]).await.json();
    assert_eq!((&health["state"], &health["parts"]["line"]["lag_seconds"]), (&"degraded".into(), &0.2.into()));
    let metrics = house.send("/metrics", &[]).await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(
        metrics.text,
        "# HELP wardwatch_lines_received_total Lines made durable.\n\
         # TYPE wardwatch_lines_received_total counter\n\
         wardwatch_lines_received_total{tenant=\"qinghe\",source=\"fw\"} 12\n\
         wardwatch_lines_received_total{tenant=\"a\\\"b\\\\c\\nd\"} 0.5\n"
    );
}

#[test]
fn every_code_has_its_page() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let mut seen = std::collections::HashSet::new();
    for code in wardwatch_api::CODES {
        assert!(seen.insert(code.id()), "{} stands for two things", code.id());
        assert!(root.join(format!("{}.md", code.id())).is_file(), "{} has no page", code.id());
    }
}
