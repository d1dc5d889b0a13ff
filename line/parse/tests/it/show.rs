//! An event as short text, so that a case is one line of input and a few of expectation.

use std::sync::Arc;
use wardwatch_ident::Timestamp;
use wardwatch_pack::Pack;
use wardwatch_parse::{Explanation, ExplainedValue, SourceSettings, explain};

pub fn received() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-25T02:00:00Z").unwrap()
}

pub fn look(pack: &Arc<Pack>, line: impl AsRef<[u8]>) -> Explanation {
    explain(pack, line.as_ref(), received(), &SourceSettings::default())
}

/// `name=value` of each native field, but those of the header.
pub fn fields(seen: &Explanation) -> String {
    let body = seen.fields.iter().filter(|f| !f.name.starts_with("@header."));
    body.map(|f| format!("{}={}", f.name, f.value)).collect::<Vec<_>>().join(" ¦ ")
}

pub fn columns(seen: &Explanation) -> String {
    let one = |value: &ExplainedValue| match value {
        ExplainedValue::Text(text) => text.clone(),
        ExplainedValue::Int(n) => n.to_string(),
    };
    seen.columns.iter().map(|c| format!("{}={}", c.column, one(&c.value))).collect::<Vec<_>>().join(" ¦ ")
}

pub fn header(seen: &Explanation) -> String {
    let part = |f: &wardwatch_parse::ExplainedField| f.name.strip_prefix("@header.").map(|n| format!("{n}={}", f.value));
    seen.fields.iter().filter_map(part).collect::<Vec<_>>().join(" ¦ ")
}
