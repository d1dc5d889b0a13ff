//! What a row holds.

use crate::fakes::{T1, at, parsed};
use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use wardwatch_event::LineNote;
use wardwatch_ident::SourceId;
use wardwatch_lake::{RAW_BYTES, RowsBuilder, Shared, events_shape, shape_of};
use wardwatch_schema::{ALERT_COLUMNS, COLUMNS, LINE_COLUMNS};

fn rows(lines: &[&[u8]]) -> arrow::record_batch::RecordBatch {
    let mut batch = parsed(T1, 7, at(10), 1, lines);
    // The parser writes intake's notes among its own; a row does not say them twice.
    batch.lines.received.notes.push((1, LineNote::Truncated));
    let shared = Shared {
        source: SourceId(7),
        source_name: "fw",
        pack: "test/pack@1",
        peer: Some("192.0.2.9"),
        received: at(10),
    };
    let mut builder = RowsBuilder::default();
    batch.events().for_each(|event| builder.append(&event, &shared));
    builder.cut().unwrap().unwrap().rows
}

fn cell(rows: &arrow::record_batch::RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = rows.column_by_name(column)?;
    column.is_valid(row).then(|| column.as_string::<i32>().value(row).to_owned())
}

#[test]
fn a_row_keeps_the_line_whatever_its_bytes() {
    // "登录失败" in GB18030, and bytes that are no text in either encoding.
    let chinese = [0xB5, 0xC7, 0xC2, 0xBC, 0xCA, 0xA7, 0xB0, 0xDC];
    let broken = [b'a', 0xFF, 0xFF, b'b'];
    // Cut inside the last character.
    let cut = &chinese[..7];
    let rows = rows(&[b"plain", &chinese, &broken, cut]);
    let raw_bytes = rows.column_by_name(RAW_BYTES).unwrap().as_binary::<i32>();
    for (row, raw, exact) in [
        (0, "plain", None),
        (1, "登录失败", Some(&chinese[..])),
        (2, "a\u{FFFD}\u{FFFD}b", Some(&broken[..])),
        (3, "登录失\u{FFFD}", Some(cut)),
    ] {
        assert_eq!(cell(&rows, "raw", row).as_deref(), Some(raw));
        assert_eq!(raw_bytes.is_valid(row).then(|| raw_bytes.value(row)), exact);
    }
}

#[test]
fn a_row_says_where_it_came_from_and_what_was_odd() {
    let rows = rows(&[b"plain", b"odd"]);
    let time = rows.column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>();
    assert_eq!(time.value(0), at(9).as_micros());
    assert!(time.is_null(1), "the line does not say when: null, not the time of reception");
    for (column, first, second) in [
        ("source", Some("fw"), Some("fw")),
        ("pack", Some("test/pack@1"), Some("test/pack@1")),
        ("peer", Some("192.0.2.9"), Some("192.0.2.9")),
        ("parsed", Some("whole"), Some("unparsed")),
        ("notes", None, Some("time:received unparsed:body")),
    ] {
        assert_eq!((cell(&rows, column, 0).as_deref(), cell(&rows, column, 1).as_deref()), (first, second), "{column}");
    }
    assert!(rows.column_by_name("src_ip").is_none(), "a column without a value is not there");
}

#[test]
fn every_column_of_the_schema_has_its_place() {
    let names = |dataset: &str| -> Vec<String> {
        shape_of(dataset).unwrap().fields().iter().map(|field| field.name().clone()).collect()
    };
    let line = LINE_COLUMNS.iter().map(|c| c.name).chain([RAW_BYTES]);
    let events: Vec<&str> = line.chain(COLUMNS.iter().map(|c| c.name)).collect();
    assert_eq!(names("events"), events);
    assert_eq!(names("quarantine"), events);
    assert_eq!(names("alerts"), ALERT_COLUMNS.iter().map(|c| c.name).collect::<Vec<_>>());
    assert_eq!(shape_of("cases"), None);
    assert_eq!(events_shape().field(11).name(), COLUMNS[0].name);
}
