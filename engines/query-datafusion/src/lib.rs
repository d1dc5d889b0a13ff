//! Search plans run by DataFusion over a tenant's files and hot rows.
//!
//! Each run has a session of its own whose only table is made of what the lake's view gives for the context's tenant: there
//! is no catalogue of tables, no SQL, and no store but the lake's folder. Reads only.

mod compute;
mod engine;
mod functions;
mod gather;
mod holds;
mod line_text;
mod many_terms;
mod native;
mod over_time;
mod rows;
mod steps;
mod tests_as_expr;
mod turns;
mod unreadable;

pub use engine::{DataFusionQueries, EngineParts};
