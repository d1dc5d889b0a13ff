//! An answer as CSV or as JSON lines.

use crate::answer::{Answer, Cell};
use std::fmt::Write;

/// Characters with which a spreadsheet takes a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

impl Answer {
    /// RFC 4180 with a header line, lines ended by CR LF. Texts that a spreadsheet would run as a formula get a `'` before
    /// them; numbers do not.
    pub fn csv(&self) -> String {
        let mut out = String::new();
        let header = self.columns.iter().map(|column| Cell::Text(column.name.as_str().into()));
        csv_line(&mut out, header);
        self.each_row().for_each(|row| csv_line(&mut out, row.into_iter()));
        out
    }

    /// One JSON object a line. Whole rows leave out what is null, but always have `time`; `unmapped` is an object.
    pub fn json_lines(&self) -> String {
        let mut out = String::new();
        let names: Vec<String> = self.columns.iter().map(|column| json_text(&column.name)).collect();
        for row in self.each_row() {
            out.push('{');
            let mut first = true;
            for ((column, name), cell) in self.columns.iter().zip(&names).zip(&row) {
                if self.whole_rows && *cell == Cell::Null && column.name != "time" {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                out.push_str(name);
                out.push(':');
                json_cell(&mut out, &column.name, cell);
            }
            out.push_str("}\n");
        }
        out
    }
}

fn json_cell(out: &mut String, column: &str, cell: &Cell<'_>) {
    match cell {
        Cell::Null => out.push_str("null"),
        Cell::Int(number) => _ = write!(out, "{number}"),
        // JSON has no NaN and no infinity.
        Cell::Float(number) if number.is_finite() => _ = write!(out, "{number}"),
        Cell::Float(_) => out.push_str("null"),
        Cell::Time(at) => _ = write!(out, "\"{at}\""),
        Cell::Text(text) if column == "unmapped" && is_object(text) => out.push_str(text),
        Cell::Text(text) => out.push_str(&json_text(text)),
    }
}

fn is_object(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn json_text(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

fn csv_line<'a>(out: &mut String, cells: impl Iterator<Item = Cell<'a>>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        match cell {
            Cell::Null => {}
            Cell::Int(number) => _ = write!(out, "{number}"),
            Cell::Float(number) => _ = write!(out, "{number}"),
            Cell::Time(at) => _ = write!(out, "{at}"),
            Cell::Text(text) => csv_text(out, &text),
        }
    }
    out.push_str("\r\n");
}

fn csv_text(out: &mut String, text: &str) {
    let formula = text.starts_with(FORMULA);
    if !formula && !text.contains([',', '"', '\r', '\n']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}
