//! What the parser is told about a source, and what it remembers from batch to batch.

use crate::charset::CharsetMemory;
use wardwatch_ident::Zone;
use wardwatch_pack::Charset;

/// A source, as configured.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// The zone of times without one.
    pub zone: Zone,
    /// How far, in milliseconds, a line's time may lie from its reception; beyond it the reception time stands in and
    /// the claimed one is kept as `@claimed_time`. None for files of old lines, whose time is believed.
    pub skew_ms_max: Option<i64>,
    /// Overrides the pack's character set.
    pub charset: Option<Charset>,
    /// The kind of sender, for packs that ask (`peer_kind`).
    pub peer_kind: Option<String>,
}

impl Default for SourceSettings {
    /// China Standard Time, a day of skew, the pack's character set.
    fn default() -> Self {
        Self { zone: Zone::china(), skew_ms_max: Some(24 * 3_600 * 1_000), charset: None, peer_kind: None }
    }
}

/// What lines of a source tell about the lines that follow. A line that says all it needs is parsed the same whatever
/// is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMemory {
    pub(crate) charset: CharsetMemory,
    /// The columns that the last `#Fields:` line named.
    pub(crate) columns: Option<Columns>,
    /// How many columns that were, over all lines, so that a change is seen.
    pub(crate) generation: u64,
}

/// Columns of a stream that describes itself (W3C, Zeek).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub names: Vec<String>,
    /// Zeek: the column's type holds several values.
    pub several: Vec<bool>,
    pub separator: String,
    pub set_separator: String,
    pub unset: String,
    pub empty: String,
    pub path: String,
}
