//! Answers as CSV, JSON lines and tables.

use arrow::array::{ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;
use wardwatch_search::Answer;

fn answer(whole_rows: bool) -> Answer {
    let ids = vec![1u128.to_be_bytes(), 255u128.to_be_bytes()];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("event_id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.into_iter()).unwrap())),
        ("time", Arc::new(TimestampMicrosecondArray::from(vec![Some(1_500_000), None]).with_timezone("+00:00"))),
        ("host", Arc::new(StringArray::from(vec![Some("=cmd|' /C calc'!A0"), None]))),
        ("unmapped", Arc::new(StringArray::from(vec![Some(r#"{"a":[1]}"#), Some("{broken")]))),
        ("count", Arc::new(Int64Array::from(vec![Some(-5), Some(i64::MAX)]))),
        ("mean", Arc::new(Float64Array::from(vec![Some(1.5), Some(f64::NAN)]))),
        ("raw", Arc::new(StringArray::from(vec![Some("say \"hi\", 你好\u{1b}[31m\n"), Some("@x")]))),
    ];
    let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, c)| (name, c, true))).unwrap();
    Answer::new(&rows.schema(), vec![rows.slice(0, 1), rows.slice(1, 1)], whole_rows)
}

#[test]
fn csv_is_quoted_and_never_a_formula() {
    let expect = [
        "event_id,time,host,unmapped,count,mean,raw",
        "00000000000000000000000000000001,1970-01-01T00:00:01.500000Z,\"'=cmd|' /C calc'!A0\",\"{\"\"a\"\":[1]}\",-5,1.5,\"say \"\"hi\"\", 你好\u{1b}[31m\n\"",
        "000000000000000000000000000000ff,,,{broken,9223372036854775807,NaN,\"'@x\"",
        "",
    ];
    assert_eq!(answer(true).csv(), expect.join("\r\n"));
}

#[test]
fn json_lines_leave_out_what_a_row_does_not_have() {
    let expect = [
        r#"{"event_id":"00000000000000000000000000000001","time":"1970-01-01T00:00:01.500000Z","host":"=cmd|' /C calc'!A0","unmapped":{"a":[1]},"count":-5,"mean":1.5,"raw":"say \"hi\", 你好\u001b[31m\n"}"#,
        r#"{"event_id":"000000000000000000000000000000ff","time":null,"unmapped":"{broken","count":9223372036854775807,"mean":null,"raw":"@x"}"#,
        "",
    ];
    assert_eq!(answer(true).json_lines(), expect.join("\n"));
    for line in answer(false).json_lines().lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row.as_object().unwrap().len(), 7, "a made table has every column in every row");
    }
}

#[test]
fn tables_are_aligned_and_harmless() {
    let expect = [
        "time                         host                raw",
        "1970-01-01T00:00:01.500000Z  =cmd|' /C calc'!A0  say \"hi\", 你好\\u{1b}[31m\\n",
        "                                                 @x",
        "",
    ];
    assert_eq!(answer(true).table(), expect.join("\n"));
    assert!(answer(false).table().starts_with("event_id"));
}
