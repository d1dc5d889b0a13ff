//! Rows as CSV for spreadsheets and as one JSON object a line.

use crate::fault::Fault;
use crate::ports::SearchAnswer;
use serde_json::{Map, Value};

/// CSV (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front.
pub(crate) fn csv(answer: &SearchAnswer) -> Result<Vec<u8>, Fault> {
    let failed = |e: &dyn std::fmt::Display| Fault::failed("writing CSV", e);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(&answer.columns).map_err(|e| failed(&e))?;
    for row in &answer.rows {
        writer.write_record(row.iter().map(cell)).map_err(|e| failed(&e))?;
    }
    writer.into_inner().map_err(|e| failed(&e))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if is_formula(text) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What Excel, WPS and LibreOffice take for a formula, also in full-width letters.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// One object a line.
pub(crate) fn lines(answer: &SearchAnswer) -> Vec<u8> {
    let mut out = Vec::new();
    for row in &answer.rows {
        let object: Map<String, Value> = answer.columns.iter().cloned().zip(row.iter().cloned()).collect();
        out.extend_from_slice(Value::Object(object).to_string().as_bytes());
        out.push(b'\n');
    }
    out
}
