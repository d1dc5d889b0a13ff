//! Bounds of the evaluation of rules.

/// Values that a worker remembers with the rules they opened: more brings three hits in a hundred. A power of two.
pub const CACHED_VALUES: usize = 4_096;
/// The longest value that is remembered: call traces, which repeat, are shorter, and scripts, which do not, longer.
pub const CACHED_VALUE_BYTES: usize = 4_096;
/// Rules that remembered values opened, all values of a worker together; beyond it all values are forgotten.
pub const CACHED_OPENED: usize = 64 * 1024;
/// Sets of rule groups for which a program keeps what it combined: a taxonomy has some hundred kinds of events.
pub const ROUTES_KEPT: usize = 4_096;
