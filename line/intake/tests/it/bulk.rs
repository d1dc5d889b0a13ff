//! `_bulk`: what is kept, and the exact text of the answer.

use proptest::prelude::*;
use wardwatch_event::LineNote;
use wardwatch_intake::bulk::{self, BulkFault, Filter, Request};
use wardwatch_intake::lines::Lines;

fn cut(body: &str, filter: &Filter) -> (Lines, Result<String, BulkFault>) {
    let mut lines = Lines::default();
    let request = Request { index: "logs", nonce: 0xA1, filter, line_bytes: 1_000, lines_max: 100 };
    let items = bulk::cut(body.as_bytes(), request, &mut lines, &mut |_| true);
    (lines, items)
}

fn check(filter_path: Option<&str>, body: &str, expect: &str) {
    let filter = Filter::new(filter_path).unwrap();
    let (_, items) = cut(body, &filter);
    assert_eq!(bulk::answer(3, &items.unwrap(), &filter), expect);
}

const BODY: &str = "{\"create\":{\"_index\":\"a\"}}\n{\"n\":1}\n{\"index\":{\"_id\":\"x\\\"y\",\"pipeline\":\"p\"}}\n{\"n\":2}\n\
    {\"delete\":{\"_index\":\"a\",\"_id\":\"7\"}}\n{\"update\":{\"_id\":\"8\"}}\n{\"doc\":{}}\n";

#[test]
fn answers_are_compact_in_order_and_complete() {
    check(
        None,
        BODY,
        "{\"took\":3,\"errors\":false,\"items\":[{\"create\":{\"_index\":\"a\",\"_id\":\"a1-0\",\"status\":201}},\
         {\"index\":{\"_index\":\"logs\",\"_id\":\"x\\\"y\",\"status\":201}},\
         {\"delete\":{\"_index\":\"a\",\"_id\":\"7\",\"status\":200}},\
         {\"update\":{\"_index\":\"logs\",\"_id\":\"8\",\"status\":200}}]}",
    );
    // Beats and Logstash.
    check(
        Some("errors,items.*.error,items.*.status"),
        "{\"create\":{}}\n{}\n{\"index\":{}}\n{}\n",
        "{\"errors\":false,\"items\":[{\"create\":{\"status\":201}},{\"index\":{\"status\":201}}]}",
    );
    check(Some("took"), "{\"create\":{}}\n{}\n", "{\"took\":3}");
    check(
        Some("-took,-items.**._id"),
        "{\"create\":{}}\n{}\n",
        "{\"errors\":false,\"items\":[{\"create\":{\"_index\":\"logs\",\"status\":201}}]}",
    );
    check(
        Some("items"),
        "{\"create\":{}}\n{}",
        "{\"items\":[{\"create\":{\"_index\":\"logs\",\"_id\":\"a1-0\",\"status\":201}}]}",
    );
    check(Some("err*"), "{\"create\":{}}\n{}", "{\"errors\":false}");
}

#[test]
fn documents_are_kept_as_they_are_and_the_rest_as_lines() {
    let (lines, _) = cut(BODY, &Filter::new(None).unwrap());
    let kept: Vec<_> = lines.iter().map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    assert_eq!(
        kept,
        [
            "{\"n\":1}",
            "{\"n\":2}",
            "{\"delete\":{\"_index\":\"a\",\"_id\":\"7\"}}",
            "{\"update\":{\"_id\":\"8\"}}\n{\"doc\":{}}"
        ]
    );
    assert_eq!(lines.notes(), [(2, LineNote::BulkNotIndex), (3, LineNote::BulkNotIndex)]);
    let (lines, _) = cut("{\"index\":{}}\n\u{ff}not json\n", &Filter::new(None).unwrap());
    assert_eq!(lines.iter().next(), Some("\u{ff}not json".as_bytes()));
}

#[test]
fn what_does_not_pair_is_refused_with_its_line() {
    for (body, expect) in [
        ("", "the body is empty; send actions and documents, one a line"),
        ("{\"index\":{}}\n", "the body ends after the action in line 1: its document is missing"),
        ("{\"index\":{}}\n{}\n{\"n\":1}\n{}\n", "line 3 is not a bulk action"),
        ("nonsense\n{}\n", "line 1 is not a bulk action"),
    ] {
        let (_, items) = cut(body, &Filter::new(None).unwrap());
        let why = items.unwrap_err().to_string();
        assert!(why.starts_with(expect), "{body:?}: {why}");
    }
}

proptest! {
    #[test]
    fn any_body_is_answered_or_refused(body in "(\\{\"(index|create|delete|x)\":\\{(\"_id\":(null|\"a\"|1))?\\}\\}|.{0,9}|\n){0,12}") {
        let filter = Filter::new(None).unwrap();
        if let (lines, Ok(items)) = cut(&body, &filter) {
            let answer: serde_json::Value = serde_json::from_str(&bulk::answer(0, &items, &filter)).unwrap();
            prop_assert_eq!(answer["items"].as_array().unwrap().len(), lines.len());
        }
    }
}

#[test]
fn a_filter_that_asks_too_much_is_refused() {
    let many = ["errors"; 33].join(",");
    let deep = ["**"; 9].join(".");
    for (filter, ok) in [
        ("*".repeat(5_000), false),
        (many, false),
        (deep, false),
        (["errors"; 32].join(","), true),
        (["**"; 8].join("."), true),
        (format!("{}x", "*a".repeat(500)), true),
    ] {
        assert_eq!(Filter::new(Some(&filter)).is_ok(), ok, "{filter}");
    }
    check(Some("**.**.**.**.status"), "{\"create\":{}}\n{}", "{\"items\":[{\"create\":{\"status\":201}}]}");
    check(Some("*r*r*r*s*"), "{\"create\":{}}\n{}", "{\"errors\":false}");
    check(Some("*r*r*r*r*,e*x"), "{\"create\":{}}\n{}", "{}");
}

#[test]
fn an_answer_does_not_outgrow_its_request() {
    let filter = Filter::new(None).unwrap();
    let body = "{\"index\":{}}\n{}\n".repeat(200_000);
    let run = |index: &str, room: usize| {
        let request = Request { index, nonce: 1, filter: &filter, line_bytes: 1_000, lines_max: 1_000_000 };
        let mut left = room;
        let mut grow = |bytes| left.checked_sub(bytes).map(|rest| left = rest).is_some();
        bulk::cut(body.as_bytes(), request, &mut Lines::default(), &mut grow)
    };
    assert_eq!(run(&"i".repeat(256), usize::MAX), Err(BulkFault::Index));
    assert_eq!(run("a\u{1}", usize::MAX), Err(BulkFault::Index));
    assert_eq!(run(&"\"".repeat(255), usize::MAX), Err(BulkFault::AnswerTooLarge));
    assert_eq!(run("logs", 1_000_000), Err(BulkFault::NoRoom));
    assert!(run("logs", 100_000_000).is_ok());
}

#[test]
fn names_that_are_long_or_no_names_are_not_given_back() {
    let long = "i".repeat(511);
    for name in [format!("\"{long}\""), "{\"a\":1}".into(), "[1]".into(), "true".into(), "null".into()] {
        check(
            None,
            &format!("{{\"index\":{{\"_id\":{name},\"_index\":{name}}}}}\n{{}}\n"),
            "{\"took\":3,\"errors\":false,\"items\":[{\"index\":{\"_index\":\"logs\",\"_id\":\"a1-0\",\"status\":201}}]}",
        );
    }
    check(Some("items.*._id"), "{\"index\":{\"_id\":-7}}\n{}\n", "{\"items\":[{\"index\":{\"_id\":-7}}]}");
}
