//! Streams that name their columns in a line of their own: W3C extended logs and Zeek.

use wardwatch_pack::FieldId;

/// The fields of the columns in force, for one batch.
#[derive(Debug, Default)]
pub(crate) struct ColumnFields {
    pub generation: Option<u64>,
    pub fields: Vec<Option<FieldId>>,
}
