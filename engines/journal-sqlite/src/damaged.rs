//! Segments in which damage was seen. They stay on disk when they are covered: what is left of them is all that a repair
//! can start from. The index remembers them over a restart.

use crate::engine::{SqliteJournal, hold};
use crate::segment;

impl SqliteJournal {
    /// Damage was seen in a segment.
    pub(crate) fn damage_seen(&self, number: u64) {
        if !hold(&self.damaged).insert(number) {
            return;
        }
        let path = segment::path(&self.shared.folder, number);
        tracing::error!(
            segment = %path.display(),
            "a journal segment is damaged; it is kept for repair until it is whole again or moved away"
        );
        if let Err(e) = hold(&self.index).mark_damaged(number) {
            tracing::warn!(segment = number, error = %e, "the next start will not know that this segment is damaged");
        }
    }

    /// A segment was read from end to end and is whole, as after a repair.
    pub(crate) fn damage_gone(&self, number: u64) {
        if !hold(&self.damaged).remove(&number) {
            return;
        }
        if let Err(e) = hold(&self.index).unmark_damaged(number) {
            tracing::warn!(segment = number, error = %e, "the next start will still keep this segment for repair");
        }
    }

    /// Whether a covered segment stays: it is damaged, and nobody has moved it away.
    pub(crate) fn stays_for_repair(&self, number: u64) -> bool {
        hold(&self.damaged).contains(&number) && segment::path(&self.shared.folder, number).exists()
    }
}
