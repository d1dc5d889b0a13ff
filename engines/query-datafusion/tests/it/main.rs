//! Search by DataFusion: against the plain reading of a query, across tenants, and at its bounds.

mod bounds;
mod fence;
mod figures;
mod oracle;
mod world;
