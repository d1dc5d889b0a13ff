//! Bounds of what detection makes of an event beyond its rules.

/// Indicators that one event is reported for: an event that names more is a list, not an act.
pub const INDICATOR_ALERTS_PER_EVENT: usize = 8;
/// Facts of baselines that stand beside one alert: a reader looks at the first few.
pub const FACTS_PER_ALERT: usize = 8;
/// Risks raised by baselines that are kept until somebody takes them; the oldest go, counted.
pub const RAISES_KEPT: usize = 1_000;
/// A checkpoint of what detection remembers, as it is written: more is refused and the last one stays.
pub const CHECKPOINT_BYTES: usize = 512 * 1024 * 1024;
