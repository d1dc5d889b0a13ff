//! Bounds of correlations: of what a rule may ask for, and of what is remembered for it.

/// A timespan at most, seconds: a month. What is rarer is a question for the lake.
pub const CORRELATION_TIMESPAN_SECS: u64 = 31 * 24 * 60 * 60;
/// Rules that one correlation names, and entries of its lists: each is a place in every group's state.
pub const CORRELATION_RULES: usize = 64;
/// Fields of a `group-by` or of a counted value.
pub const CORRELATION_FIELDS: usize = 16;
/// Correlations that stand on each other.
pub const CORRELATION_DEPTH: usize = 5;
/// The highest number of events that a condition may ask for: each is an entry in a group's ring.
pub const CORRELATION_COUNT: u64 = 100_000;
/// Groups that are declared in a rule or in a set for an absence: jobs and hosts, not a table of patients.
pub const ABSENCE_GROUPS: usize = 10_000;
/// Windows of an absence that are made up for after a jump of the clock: a month of missed backups is said, years are not.
pub const ABSENCE_CATCH_UP: usize = 31;

/// Groups per correlation and tenant; beyond it the one whose last event is oldest is forgotten, counted and told.
pub const CORRELATION_GROUPS: usize = 100_000;
/// Bytes of state per tenant, estimated; beyond it groups are forgotten as above.
pub const CORRELATION_TENANT_BYTES: usize = 128 * 1024 * 1024;
/// Tenants in one state: a group of hospitals has tens.
pub const CORRELATION_TENANTS: usize = 4_096;
/// Elements of an array that become memberships or counted values; the rest is counted and left out.
pub const CORRELATION_ELEMENTS: usize = 16;
/// Bytes of a group's value that are kept; of a longer one the beginning and a hash.
pub const CORRELATION_VALUE_BYTES: usize = 256;
/// Distinct values that are counted exactly per group; beyond it they are estimated.
pub const CORRELATION_DISTINCT: usize = 1_024;
/// Numbers in one window of a group; beyond it the oldest is left out and the result is marked.
pub const CORRELATION_NUMBERS: usize = 10_000;
/// Hits of one group that wait until their order is certain; beyond it the oldest half is taken as it came.
pub const CORRELATION_WAITING: usize = 65_536;
/// Waiting hits of a group up to which a hit out of order is looked at at once; beyond it when the order is certain.
pub const CORRELATION_LOOKED_AT_AGAIN: usize = 1_024;
/// Event ids in the evidence of a correlation.
pub const CORRELATION_EVIDENCE_EVENTS: usize = 100;
/// How late an event may come and still be put in order, microseconds, where a source says nothing else.
pub const CORRELATION_LATENESS_MICROS: i64 = 5 * 60 * 1_000_000;
/// How far a stamp may lie ahead of its reception, microseconds; what lies further ahead is taken at its reception.
pub const CORRELATION_AHEAD_MICROS: i64 = 10 * 60 * 1_000_000;
/// Bytes of a snapshot of one tenant and correlation that are read back: a damaged one ends here.
pub const CORRELATION_SNAPSHOT_BYTES: usize = 256 * 1024 * 1024;
