//! Lines that a pack joins to one record before they are stored.

/// Records open at once on one stream when lines are joined by what they have in common: a busy audit system mixes the
/// records of a few events, a relay those of a few dozen hosts.
pub const JOIN_OPEN: usize = 64;
/// Bytes of open records over all peers of one UDP listener; beyond it all of them are closed.
pub const JOIN_PEERS_BYTES: usize = 8 * 1024 * 1024;
/// Lines that a pack may let become one record at most; what comes then begins the next one.
pub const JOIN_LINES: u32 = 10_000;
/// Milliseconds that a pack may let a record wait for its next line at most: what waits is not durable, and a line has
/// to be searchable within ten seconds.
pub const JOIN_WAIT_MS: u32 = 5_000;
