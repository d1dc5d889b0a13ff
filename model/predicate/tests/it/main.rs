//! The test binary of the crate: tables of cases per question, properties on generated input, and the public corpus.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod corpus;
mod engine;
mod properties;
mod query_language;
mod sigma_canaries;
mod sigma_correlations;
mod sigma_reading;
mod sigma_readings_of_values;
mod sigma_refusals;
mod sigma_spec_points;
mod taxonomy;
