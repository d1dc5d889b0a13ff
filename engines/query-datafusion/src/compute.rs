//! The text of a value, whatever physical type its column has: the same text as everywhere else in search.

use datafusion::arrow::array::{Array, AsArray, StringViewBuilder};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Result, exec_err};
use std::fmt::Write;
use std::sync::Arc;
use wardwatch_ident::Timestamp;

/// Calls `see` with each row's text, none for null.
pub(crate) fn each_text(column: &Arc<dyn Array>, mut see: impl FnMut(Option<&str>)) -> Result<()> {
    let mut made = String::new();
    let mut write = |row: usize, text: &dyn Fn(&mut String), see: &mut dyn FnMut(Option<&str>)| {
        if column.is_null(row) {
            return see(None);
        }
        made.clear();
        text(&mut made);
        see(Some(&made));
    };
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().iter().for_each(see),
        DataType::Utf8 => column.as_string::<i32>().iter().for_each(see),
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>();
            (0..values.len()).for_each(|row| write(row, &|out| _ = write!(out, "{}", values.value(row)), &mut see));
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            (0..values.len()).for_each(|row| write(row, &|out| _ = write!(out, "{}", values.value(row)), &mut see));
        }
        DataType::Timestamp(..) => {
            let Some(values) = column.as_primitive_opt::<TimestampMicrosecondType>() else {
                return exec_err!("instants are kept in microseconds");
            };
            let text = |row| Timestamp::from_micros(values.value(row));
            (0..values.len()).for_each(|row| write(row, &|out| _ = write!(out, "{}", text(row)), &mut see));
        }
        DataType::FixedSizeBinary(_) => {
            let values = column.as_fixed_size_binary();
            let hex = |row: usize, out: &mut String| {
                values.value(row).iter().for_each(|byte| _ = write!(out, "{byte:02x}"));
            };
            (0..values.len()).for_each(|row| write(row, &|out| hex(row, out), &mut see));
        }
        DataType::Null => (0..column.len()).for_each(|_| see(None)),
        other => return exec_err!("a column of type {other} cannot be searched"),
    }
    Ok(())
}

/// The column as text.
pub(crate) fn text_of(column: &Arc<dyn Array>) -> Result<Arc<dyn Array>> {
    if column.data_type() == &DataType::Utf8View {
        return Ok(column.clone());
    }
    let mut out = StringViewBuilder::with_capacity(column.len());
    each_text(column, |text| out.append_option(text))?;
    Ok(Arc::new(out.finish()))
}
