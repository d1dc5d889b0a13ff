//! How much may wait for the disk. Counts only; whoever is refused is told by the caller.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes that wait, within their bound.
pub(crate) struct Room {
    bytes_max: usize,
    queued: AtomicUsize,
    /// A large batch waits.
    large: AtomicBool,
}

impl Room {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, queued: AtomicUsize::new(0), large: AtomicBool::new(false) }
    }

    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// Takes room for a batch, or says how many bytes wait.
    ///
    /// A batch of more than half of the bound would find no room for ever as long as small ones keep coming. So one such
    /// batch at a time may wait behind anything less than the bound; what waits is then at most the bound and that batch.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), usize> {
        let large = self.is_large(bytes);
        if large && self.large.swap(true, Ordering::AcqRel) {
            return Err(self.queued());
        }
        let admit = |queued: usize| {
            let fits =
                queued == 0 || queued.saturating_add(bytes) <= self.bytes_max || large && queued < self.bytes_max;
            fits.then(|| queued.saturating_add(bytes))
        };
        match self.queued.fetch_update(Ordering::AcqRel, Ordering::Relaxed, admit) {
            Ok(_) => Ok(()),
            Err(queued) => {
                if large {
                    self.large.store(false, Ordering::Release);
                }
                Err(queued)
            }
        }
    }

    /// Gives back what [`Room::take`] took for one batch.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Ordering::AcqRel);
        if self.is_large(bytes) {
            self.large.store(false, Ordering::Release);
        }
    }

    fn is_large(&self, bytes: usize) -> bool {
        bytes > self.bytes_max / 2
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    /// Each step takes (or, below zero, gives back) so many bytes of 100; what waits afterwards, `None` if refused.
    fn check(steps: &[(i64, Option<usize>)]) {
        let room = Room::new(100);
        for (step, (bytes, expect)) in steps.iter().enumerate() {
            let size = bytes.unsigned_abs() as usize;
            let refused = if *bytes < 0 {
                room.give_back(size);
                false
            } else {
                room.take(size).is_err()
            };
            assert_eq!((!refused).then(|| room.queued()), *expect, "step {step} of {steps:?}");
        }
    }

    #[test]
    fn a_large_batch_finds_room_behind_small_ones_but_only_one_at_a_time() {
        // Small ones keep within the bound.
        check(&[(50, Some(50)), (50, Some(100)), (1, None), (-50, Some(50)), (1, Some(51))]);
        // A large one waits behind anything less than the bound, and nothing waits behind it.
        check(&[(40, Some(40)), (50, Some(90)), (90, Some(180)), (1, None), (51, None)]);
        check(&[(50, Some(50)), (50, Some(100)), (90, None), (-50, Some(50)), (90, Some(140))]);
        // The next one when it is through; what was refused took nothing.
        check(&[(90, Some(90)), (90, None), (-90, Some(0)), (10, Some(10)), (90, Some(100)), (60, None)]);
        // Larger than the bound.
        check(&[(99, Some(99)), (-99, Some(0)), (1, Some(1)), (1_000, Some(1_001)), (1, None), (-1_000, Some(1))]);
    }
}
