//! Is there room left on the disk? Asked before each commit, because a full disk must stop intake while the ledger and
//! the lake still have room to drain what is there.

use std::path::Path;
use wardwatch_journal::AppendFault;

/// Refuses if writing `bytes` would leave less than `reserve_bytes`.
pub(crate) fn check(folder: &Path, bytes: u64, reserve_bytes: u64) -> Result<(), AppendFault> {
    let disk = rustix::fs::statvfs(folder)
        .map_err(|e| AppendFault::Io(format!("{} cannot be asked for its free space: {e}", folder.display())))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < reserve_bytes.saturating_add(bytes) {
        return Err(AppendFault::Full(format!(
            "{} has {} MiB left, {} MiB are kept for draining",
            folder.display(),
            free >> 20,
            reserve_bytes >> 20
        )));
    }
    Ok(())
}

/// What a failure of SQLite means for whoever appends.
pub(crate) fn append_fault(folder: &Path, fault: &rusqlite::Error) -> AppendFault {
    match fault.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => AppendFault::Full(folder.display().to_string()),
        _ => AppendFault::Io(format!("{}: {fault}", folder.display())),
    }
}
