//! Lines per second, without bursts.

use tokio::time::{Duration, Instant, sleep_until};

/// Batches are cut so that at least so many go out each second.
const BATCHES_A_SECOND: u32 = 20;

/// Keeps a rate. Time is tokio's, so tests can hold it still.
#[derive(Debug)]
pub struct Pace {
    rate: u32,
    due: Option<Instant>,
}

impl Pace {
    /// So many lines per second; 0 never waits.
    pub fn new(rate: u32) -> Self {
        Self { rate, due: None }
    }

    /// How many lines the next batch may have, at most `batch`.
    pub fn allowance(&self, batch: usize) -> usize {
        if self.rate == 0 { batch.max(1) } else { batch.min((self.rate / BATCHES_A_SECOND).max(1) as usize) }
    }

    /// Waits until `lines` more may go.
    pub async fn wait(&mut self, lines: usize) {
        if self.rate == 0 {
            return;
        }
        let now = Instant::now();
        let due = self.due.unwrap_or(now).max(now.checked_sub(Duration::from_secs(1)).unwrap_or(now));
        sleep_until(due).await;
        self.due = Some(due + Duration::from_secs_f64(lines as f64 / f64::from(self.rate)));
    }
}
