//! Bounds of what is unpacked, read and gathered to answer one request or to write one file.

/// JSON of alerts that one flush unpacks and moves into files; the rest is moved right after it. Eight blobs.
pub const PENDING_FLUSH_BYTES: usize = 64 * 1024 * 1024;
/// JSON of alerts in no file yet that one request unpacks, the newest first. A minute's alerts are far less; it takes a
/// lake that cannot write to reach it, and then the page must not take the memory that is left.
pub const PENDING_VIEW_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of alert files that one answer of the alert list reads; older alerts are asked for with `before`.
pub const ALERT_LIST_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Searches of all readers that wait for their turn; each holds a plan and a connection. Beyond it: 429.
pub const SEARCHES_WAITING: usize = 64;
/// Of those, of one reader in one hospital: a few tabs; beyond it: 429, so that one script cannot fill the queue.
pub const SEARCHES_WAITING_EACH: usize = 8;
/// Batches remembered because making their rows panicked, until they are published; the oldest goes and is found again.
pub const POISONED_BATCHES: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blob_fits_into_what_is_unpacked() {
        const { assert!(crate::LEDGER_BLOB_BYTES <= PENDING_VIEW_BYTES && PENDING_VIEW_BYTES <= PENDING_FLUSH_BYTES) };
        const { assert!(crate::COMPACT_FILE_BYTES <= ALERT_LIST_FILE_BYTES, "at least one compacted file a page") };
        const { assert!(SEARCHES_WAITING_EACH < SEARCHES_WAITING) };
    }
}
