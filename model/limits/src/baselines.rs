//! Bounds of baselines.

/// Definitions of a tenant: each that counts values has a sketch of [`BASELINE_SPREAD_WIDTH`] or [`BASELINE_SKETCH_WIDTH`].
pub const BASELINE_DEFINITIONS: usize = 64;
/// Definitions of the kind `rare` among them: a quarter of a megabyte each.
pub const BASELINE_RARE_DEFINITIONS: usize = 16;
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
/// Width of a row of the count-min sketch (256 KiB): a hospital runs some thousands of programs, and three hundred hospitals
/// share one machine.
pub const BASELINE_SKETCH_WIDTH: usize = 16 * 1024;
/// Rows of the count-min sketch.
pub const BASELINE_SKETCH_ROWS: usize = 4;
/// Width of a row of the sketch that counts on how many entities a value was seen (four rows of four bytes: 64 KiB).
pub const BASELINE_SPREAD_WIDTH: usize = 4 * 1024;
/// Roles (groups of peers) of one tenant; entities of further roles have no peers.
pub const BASELINE_ROLES: usize = 1_024;
/// Sources of one tenant that are told apart; further ones are only learned from.
pub const BASELINE_SOURCES: usize = 16_384;
/// Distinct values of an entity and window that are kept one by one before a HyperLogLog of 4 KiB.
pub const BASELINE_SPARSE_VALUES: usize = 512;
/// Entities whose first-seen facts of the current hour are counted.
pub const BASELINE_STORM_ENTITIES: usize = 65_536;
/// Facts of the last hour that a new one may coincide with.
pub const BASELINE_RECENT_FACTS: usize = 4_096;
/// Facts of one look for entities that are silent; further ones come with the next.
pub const BASELINE_ABSENT_FACTS: usize = 256;
/// Points that baselines may add to the risk of one match, out of a hundred: they never decide alone.
pub const BASELINE_RISK_MAX: u8 = 30;
/// An event's time may lie so far before the newest one seen and is still learned from.
pub const BASELINE_LATE_DAYS: i64 = 7;
/// An event's time may lie so far after its reception.
pub const BASELINE_AHEAD_MS: i64 = 10 * 60 * 1000;
/// Bytes of a snapshot: the budget of a tenant and what its framing adds.
pub const BASELINE_SNAPSHOT_BYTES: usize = 2 * BASELINE_TENANT_BYTES;
