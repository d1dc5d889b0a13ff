//! Bounds of the canaries that show whether a rule can fire.

/// Choices among a rule's alternatives that are tried before its canary counts as one that cannot be made.
pub const CANARY_TRIES: u32 = 200;
/// Bytes of one value of a canary: the longest text a public rule needs has a few hundred.
pub const CANARY_VALUE_BYTES: usize = 4_096;
/// Routes of one rule that get a canary each; the widest public log source has eleven.
pub const CANARY_ROUTES: usize = 16;
/// Hits that a correlation's canary repeats: one that counts further is listed without a canary.
pub const CANARY_HITS: usize = 10_000;
/// Rules in one answer about which are awake: the largest rule set of a few hospitals; the figures are of all of them.
pub const COVERAGE_RULES: usize = 20_000;
