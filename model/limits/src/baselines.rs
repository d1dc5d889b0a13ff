//! Bounds of baselines.

/// Definitions of one text.
pub const BASELINE_DEFINITIONS: usize = 256;
/// Bytes of a text of definitions.
pub const BASELINE_TEXT_BYTES: usize = 1024 * 1024;
/// Bytes of an entity or a value that are compared; longer ones are hashed whole and shown cut.
pub const BASELINE_NAME_BYTES: usize = 256;
/// Bytes of all profiles of one tenant, by default; entities that were not seen for longest go first.
pub const BASELINE_TENANT_BYTES: usize = 64 * 1024 * 1024;
/// Values of one entity that are remembered one by one; beyond it a pair of Bloom filters.
pub const BASELINE_EXACT_VALUES: usize = 4_096;
/// Days of one half of the pair: a value is forgotten after 30 to 60 days without it.
pub const BASELINE_BLOOM_DAYS: i64 = 30;
/// Bits of one Bloom filter: 16 for each of 16,384 values, 5 hashes: about 1 in 1,500 new values is taken for known.
pub const BASELINE_BLOOM_BITS: usize = 256 * 1024;
/// Days an entity or a source is only learned.
pub const BASELINE_LEARNING_DAYS: u32 = 14;
/// First-seen facts of one entity in an hour; beyond it one summary: a roll-out of software, not 300 findings.
pub const BASELINE_STORM_FACTS: u32 = 20;
/// Facts of one look at one event.
pub const BASELINE_FACTS_PER_EVENT: usize = 16;
/// Width of a row of the count-min sketch.
pub const BASELINE_SKETCH_WIDTH: usize = 64 * 1024;
/// Rows of the count-min sketch.
pub const BASELINE_SKETCH_ROWS: usize = 4;
/// Roles (peer groups) of one definition.
pub const BASELINE_ROLES: usize = 1_024;
/// An event's time may lie so far before the newest one seen and is still learned from.
pub const BASELINE_LATE_DAYS: i64 = 7;
/// An event's time may lie so far after its reception.
pub const BASELINE_AHEAD_MS: i64 = 10 * 60 * 1000;
/// Bytes of a snapshot: the budget of a tenant and what its framing adds.
pub const BASELINE_SNAPSHOT_BYTES: usize = 2 * BASELINE_TENANT_BYTES;
