//! The ledger in one SQLite file: alerts, the lake's catalogue and the cursors that belong to them.
//!
//! What one call writes is one transaction, synced before it returns. Queries are portable (`$1` in order of first use,
//! ids from the caller, instants as whole microseconds) and stand with the port they serve: `alert_book.rs`,
//! `catalogue.rs`, `pending.rs`. Only the table definitions under `migrations/` are SQLite's own.

mod alert_book;
mod catalogue;
mod memory;
mod migrate;
mod open;
mod packed_alerts;
mod pending;
mod row;

pub use migrate::{MigrateFault, version};
pub use open::{OpenFault, SqliteLedger};
