//! Search by DataFusion: against the plain reading of a query, across tenants, and at its bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect fails"
)]

mod alerts;
mod bounds;
mod fence;
mod figures;
mod many_terms;
mod oracle;
mod unreadable;
mod world;
