//! What an event consists of: the typed columns of a lake row, and the datasets rows live in.
//!
//! Names and meaning follow OCSF 1.8, pinned; a column keeps one name whatever the class. Columns are added, never
//! retyped. This crate holds no rows: see `wardwatch-event` for those.

mod alerts;
mod columns;
mod classes;

pub use alerts::ALERT_COLUMNS;
pub use classes::{CLASSES, class_name};
pub use columns::{COLUMNS, Column, ColumnId, Kind, LINE_COLUMNS, find_column};

/// Where rows of one kind live in the lake.
pub mod dataset {
    /// Parsed lines.
    pub const EVENTS: &str = "events";
    /// Lines whose parse panicked or broke a limit: searchable, not counted as stored.
    pub const QUARANTINE: &str = "quarantine";
    /// Alerts.
    pub const ALERTS: &str = "alerts";
}
