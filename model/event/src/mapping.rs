//! Native values become typed columns, by the pack's map. Nothing is stored here: columns are built when somebody asks.

use crate::{ColumnValue, Event};
use wardwatch_schema::ColumnId;

impl<'b> Event<'b> {
    /// Every typed column the pack fills for this event, each at most once, in no particular order.
    pub fn columns(&self, _each: &mut dyn FnMut(ColumnId, ColumnValue<'b>)) {}

    /// One typed column.
    pub fn column(&self, wanted: ColumnId) -> Option<ColumnValue<'b>> {
        let mut found = None;
        self.columns(&mut |column, value| {
            if column == wanted {
                found = Some(value);
            }
        });
        found
    }

    /// Writes the native fields that no column holds without loss as one JSON object (sorted by nothing, in the order of the
    /// line; bounded by `wardwatch_limits::UNMAPPED_BYTES`). Leaves `out` empty if there are none.
    pub fn unmapped(&self, _out: &mut String) {}
}
