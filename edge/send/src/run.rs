//! Reads, paces, delivers, tries again, counts.

use crate::carrier::{Batch, Carrier, Trouble};
use crate::pace::Pace;
use crate::plan::{Plan, SendFault, Summary};
use crate::source;
use indicatif::{ProgressBar, ProgressStyle};
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

/// First pause after trouble; doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Trouble that lasts so long is told.
const QUIET: Duration = Duration::from_secs(2);
/// A batch that is not full is sent when no line has come for so long.
const LINGER: Duration = Duration::from_millis(50);
/// Bytes of a batch.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Sends everything, or until `stop`. When this returns `Ok`, all that was sent and can be acknowledged is.
pub async fn run(plan: &Plan, stop: impl Future<Output = ()>) -> Result<Summary, SendFault> {
    let epoch = plan.epoch.clone().unwrap_or_else(|| format!("{:016x}", rand::random::<u64>()));
    let mut carrier = Carrier::new(plan).map_err(SendFault::Plan)?;
    let mut lines = source::lines(plan, &epoch)?;
    let mut sending = Sending {
        plan,
        pace: Pace::new(plan.rate),
        summary: Summary { epoch, ..Summary::default() },
        bar: bar(plan.progress),
        batches: 0,
    };
    let mut stop = std::pin::pin!(stop);
    let stopped = loop {
        let size = sending.pace.batch(plan.batch);
        let taken = tokio::select! {
            biased;
            () = stop.as_mut() => break true,
            taken = take(&mut lines, size) => taken,
        };
        let taken = taken.map_err(|why| SendFault::File { file: plan.file.clone(), why })?;
        if taken.is_empty() {
            break false;
        }
        // A batch that was begun is brought to its end, also when told to stop.
        sending.deliver(&mut carrier, taken).await?;
    };
    tracing::debug!(stopped, "sending ended");
    carrier.close().await;
    sending.bar.finish_and_clear();
    Ok(sending.summary)
}

/// Up to `size` lines; fewer when there are no more, or none for a moment. Empty only at the end.
async fn take(lines: &mut Receiver<io::Result<Vec<u8>>>, size: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut taken = Vec::new();
    let mut bytes = 0;
    while taken.len() < size && bytes < BATCH_BYTES {
        let line = match taken.is_empty() {
            true => lines.recv().await,
            false => match tokio::time::timeout(LINGER, lines.recv()).await {
                Ok(line) => line,
                Err(_) => break,
            },
        };
        match line {
            None => break,
            Some(line) => {
                let line = line?;
                bytes += line.len();
                taken.push(line);
            }
        }
    }
    Ok(taken)
}

struct Sending<'p> {
    plan: &'p Plan,
    pace: Pace,
    summary: Summary,
    bar: ProgressBar,
    batches: u64,
}

impl Sending<'_> {
    async fn deliver(&mut self, carrier: &mut Carrier, lines: Vec<Vec<u8>>) -> Result<(), SendFault> {
        self.pace.due(lines.len()).await;
        let key = format!("{}/{}", self.summary.epoch, self.batches);
        self.batches += 1;
        self.summary.sent += lines.len() as u64;
        self.summary.bytes += lines.iter().map(|line| line.len() as u64).sum::<u64>();
        let mut batch = Batch { key, lines, answered: 0, tried: 0 };
        let mut pause = PAUSE;
        let mut since = Instant::now();
        let mut told = false;
        loop {
            let answered = batch.answered;
            let (why, after) = match carrier.deliver(&mut batch, &mut self.summary).await {
                Ok(()) => break,
                Err(Trouble::Final(why)) => {
                    return Err(SendFault::Refused { why, summary: self.summary.clone() });
                }
                Err(Trouble::Again { why, after, refused }) => {
                    self.summary.refused += u64::from(refused);
                    (why, after)
                }
            };
            self.summary.retries += 1;
            if batch.answered > answered {
                (since, pause) = (Instant::now(), PAUSE);
            }
            if since.elapsed() > self.plan.patience {
                return Err(SendFault::GaveUp { why, summary: self.summary.clone() });
            }
            tracing::debug!(%why, "sending again");
            if !told && since.elapsed() > QUIET {
                told = true;
                eprintln!("{}: {why}; trying again for {} s", self.plan.to, self.plan.patience.as_secs());
            }
            self.bar.set_message(why);
            // Half of the pause is chance, so that many senders do not come back at once.
            let chance = pause.mul_f64(0.5 + rand::random::<f64>() / 2.0);
            tokio::time::sleep(after.unwrap_or(chance).max(chance.min(PAUSE))).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        self.bar.set_position(self.summary.sent);
        self.bar.set_message("");
        Ok(())
    }
}

/// A line on standard error, if that is a terminal.
fn bar(wanted: bool) -> ProgressBar {
    if !wanted || !io::IsTerminal::is_terminal(&io::stderr()) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    // A template that does not parse costs the looks only.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} lines  {per_sec}  {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
