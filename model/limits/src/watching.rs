//! Bounds of what detection makes of an event beyond its rules.

/// Indicators that one event is reported for: an event that names more is a list, not an act.
pub const INDICATOR_ALERTS_PER_EVENT: usize = 8;
/// Facts of baselines that stand beside one alert: a reader looks at the first few.
pub const FACTS_PER_ALERT: usize = 8;
/// Risks raised by baselines that are kept until somebody takes them; the oldest go, counted.
pub const RAISES_KEPT: usize = 1_000;
/// A checkpoint of what detection remembers is kept this often, microseconds: the lines behind it are read again after a
/// restart, half a minute of them at most.
pub const CHECKPOINT_MICROS: i64 = 30_000_000;
/// Ids of alerts that are kept once are remembered this long behind their reception, microseconds: longer than any
/// window of a correlation and its lateness.
pub const CHECKPOINT_SAID_MICROS: i64 = 40 * 86_400 * 1_000_000;
/// One piece of memory, unpacked: a tenant's baselines at their bound, or one correlation at its own.
pub const MEMORY_PIECE_BYTES: u64 = 512 * 1024 * 1024;
/// One window in so many gives its batches to the sample by which gates of rules are chosen.
pub const SAMPLE_EVERY: u64 = 16;
/// Batches of the sample: some hundred events of each kind are enough.
pub const SAMPLE_BATCHES: usize = 256;
/// Events from which on the sample says something; a batch of more is left out, it would be the whole sample.
pub const SAMPLE_EVENTS: usize = 2_000;
