//! What a hospital tells Wardwatch about itself in tables: sets, tickets, rosters.

/// One table of a tenant's context: a full asset list of a large hospital is 2 MiB.
pub const CONTEXT_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Rows of one table; beyond it the table is refused as a whole, never cut.
pub const CONTEXT_ROWS: usize = 1_000_000;
/// Tables of one tenant: rules ask for some thirty.
pub const CONTEXT_TABLES: usize = 512;
/// Networks in one table: each is looked at for an address that is not listed by itself.
pub const CONTEXT_NETWORKS: usize = 4_096;
/// Problems kept of one table, to be shown: the first say what is wrong with all.
pub const CONTEXT_PROBLEMS: usize = 20;
