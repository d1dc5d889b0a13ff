//! The test binary of the crate: tables of cases per question, properties on generated input, and the public corpus.

mod corpus;
mod properties;
mod sigma_reading;
mod sigma_readings_of_values;
mod sigma_refusals;
mod sigma_spec_points;
