//! Tests of indicators: rows that are taken or refused, look-ups, and an oracle that looks at every row.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod lookups;
mod oracle;
mod rows;

use wardwatch_ident::Timestamp;
use wardwatch_indicator::{Index, Kind, Reason, Row};

/// A row that is always valid.
pub(crate) fn row(kind: Kind, value: &str) -> Row {
    Row {
        number: 2,
        kind,
        value: value.to_owned(),
        source: "feed".to_owned(),
        confidence: 80,
        valid_from: None,
        expires: None,
        allowed: false,
    }
}

/// An index of such rows, none of which may be refused.
pub(crate) fn index_of(rows: &[(Kind, &str)]) -> Index {
    let (index, refused) = Index::build(rows.iter().map(|(kind, value)| row(*kind, value)));
    assert_eq!(refused, [], "{rows:?}");
    index
}

/// Why one row is refused.
pub(crate) fn refusal(kind: Kind, value: &str) -> Option<Reason> {
    Index::build([row(kind, value)]).1.pop().map(|r| r.reason)
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-25T02:00:00Z")
}
