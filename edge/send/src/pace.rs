//! Not more lines a second than asked for.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Counts lines against the clock.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: u32,
    began: Instant,
    lines: u64,
}

impl Pace {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, began: Instant::now(), lines: 0 }
    }

    /// Lines to take at once, so that a slow rate is even and not a burst a second.
    pub(crate) fn batch(&self, most: usize) -> usize {
        let most = most.max(1);
        if self.rate == 0 { most } else { most.min((self.rate as usize / 10).max(1)) }
    }

    /// Waits until so many more lines are due. Time lost to a refusing receiver is not made up for by a burst.
    pub(crate) async fn due(&mut self, lines: usize) {
        if self.rate == 0 {
            return;
        }
        let at = self.began + Duration::from_secs_f64(self.lines as f64 / f64::from(self.rate));
        let now = Instant::now();
        if at + Duration::from_secs(1) < now {
            self.began = now;
            self.lines = 0;
        }
        self.lines += lines as u64;
        sleep_until(at).await;
    }
}
