//! What an engine's columns are as cells.

use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeBinaryArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;
use wardwatch_ident::Timestamp;
use wardwatch_search::{Answer, Cell};

fn check(column: ArrayRef, expect: &[Cell<'_>]) {
    let rows = RecordBatch::try_from_iter_with_nullable([("it", column, true)]).unwrap();
    // In two batches: an answer is one table however it was cut.
    let cut = vec![rows.slice(0, 1), rows.slice(1, rows.num_rows() - 1)];
    let answer = Answer::new(&rows.schema(), cut, true);
    let found: Vec<Cell<'_>> = answer.each_row().flatten().collect();
    assert_eq!(found, expect);
    assert_eq!((answer.rows(), answer.place("it"), answer.place("else")), (expect.len(), Some(0), None));
}

#[test]
fn each_physical_type_is_a_cell() {
    let text = |text: &'static str| Cell::Text(text.into());
    check(Arc::new(StringArray::from(vec![Some("你好"), None, Some("")])), &[text("你好"), Cell::Null, text("")]);
    check(Arc::new(Int64Array::from(vec![Some(-5), Some(i64::MAX)])), &[Cell::Int(-5), Cell::Int(i64::MAX)]);
    check(Arc::new(UInt64Array::from(vec![7, u64::MAX])), &[Cell::Int(7), Cell::Int(i64::MAX)]);
    check(Arc::new(Float64Array::from(vec![Some(1.5), None])), &[Cell::Float(1.5), Cell::Null]);
    let times = TimestampMicrosecondArray::from(vec![Some(1_500_000), None]).with_timezone("+00:00");
    check(Arc::new(times), &[Cell::Time(Timestamp::from_micros(1_500_000)), Cell::Null]);
    let ids = [1u128.to_be_bytes(), 255u128.to_be_bytes()];
    check(
        Arc::new(FixedSizeBinaryArray::try_from_iter(ids.into_iter()).unwrap()),
        &[text("00000000000000000000000000000001"), text("000000000000000000000000000000ff")],
    );
    check(Arc::new(BooleanArray::from(vec![true, false])), &[Cell::Null, Cell::Null]);
}
