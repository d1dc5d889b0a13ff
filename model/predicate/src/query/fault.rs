//! Why a query is not understood, and what is odd about one that is.

use crate::place::Place;

/// Where a query is not understood, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("query, column {}: {reason}", place.column)]
pub struct QueryFault {
    /// Where; a query is one line as a rule.
    pub place: Place,
    /// What is wrong and what to do.
    pub reason: String,
}

impl QueryFault {
    pub(crate) fn new(place: Place, reason: impl Into<String>) -> QueryFault {
        QueryFault { place, reason: reason.into() }
    }
}

/// Something the query may not have meant; it runs all the same.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct QueryNote {
    /// Where.
    pub place: Place,
    /// What it was taken for, and how to write the other thing.
    pub note: String,
}
