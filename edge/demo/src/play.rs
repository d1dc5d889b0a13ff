//! The play: starts the senders, feeds them second by second, and ends them in order.
//!
//! A sender that ends by itself is not started again: it is reported, its lines wait for the next run. A sender that
//! does not take its lines is skipped for that second, as a device with a full buffer would; nobody waits for it.

use crate::fault::DemoFault;
use crate::lines::lines;
use crate::rsyslog::terminate;
use crate::stage::{Carrier, Flow, Stage, flow_name};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use wardwatch_ident::Clock;

/// A second is fed in so many parts, so that counts on the page move smoothly.
const PARTS: usize = 4;
/// Parts that may wait for a sender.
const QUEUE: usize = 2 * PARTS;
/// The state is kept every so many seconds, besides at the end.
const KEEP_EVERY: u64 = 5;
/// A sender has so long to deliver what it holds when the demo ends.
const DRAIN: Duration = Duration::from_secs(8);

/// How it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Lines handed to senders.
    pub lines: u64,
    /// Lines that were not handed over because a sender was behind or gone.
    pub held_back: u64,
    /// Seconds that were played.
    pub seconds: u64,
    /// Flows whose sender ended by itself or had to be killed, with its exit.
    pub ended: Vec<(String, String)>,
}

/// Plays until `stop` resolves. `program` is the `wardwatch` binary. Senders run in process groups of their own, so that a
/// Ctrl-C in the terminal reaches the demo alone, which then lets them deliver what they hold.
///
/// # Errors
/// The log of the senders or the demo's state cannot be written; no sender could be started.
pub async fn play(
    stage: &mut Stage,
    program: &Path,
    clock: &dyn Clock,
    stop: impl Future<Output = ()>,
) -> Result<Played, DemoFault> {
    let mut senders = Vec::new();
    for flow in &stage.flows {
        senders.push(Sender::start(flow, program, &stage.folder).await?);
    }
    let mut played = Played::default();
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / PARTS as u64));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tokio::pin!(stop);
    let outcome = 'play: loop {
        let now = clock.now();
        let written: Vec<Vec<Vec<u8>>> = stage
            .flows
            .iter()
            .map(|f| lines(f.hospital, f.source, stage.memory.second, f.rate_milli, stage.memory.seed, now))
            .collect();
        for part in 0..PARTS {
            tokio::select! {
                () = &mut stop => break 'play Ok(()),
                _ = beat.tick() => {}
            }
            for (sender, all) in senders.iter_mut().zip(&written) {
                sender.feed(all, part, &mut played);
            }
        }
        stage.memory.second += 1;
        played.seconds += 1;
        if played.seconds.is_multiple_of(KEEP_EVERY)
            && let Err(fault) = stage.memory.keep(&stage.folder)
        {
            break 'play Err(fault);
        }
    };
    // What was begun of this second is not said again.
    stage.memory.second += 1;
    let ends: Vec<_> = senders.into_iter().map(|sender| tokio::spawn(sender.end())).collect();
    for end in ends {
        if let Ok(Some(ended)) = end.await {
            played.ended.push(ended);
        }
    }
    stage.memory.keep(&stage.folder)?;
    outcome.map(|()| played)
}

/// One sender and the way to it.
struct Sender {
    name: String,
    child: Child,
    is_rsyslog: bool,
    lines: mpsc::Sender<Vec<u8>>,
    feeder: JoinHandle<()>,
    gone: bool,
}

impl Sender {
    async fn start(flow: &Flow, program: &Path, folder: &Path) -> Result<Self, DemoFault> {
        let log_path = folder.join("senders.log");
        let log = || {
            let open = std::fs::OpenOptions::new().create(true).append(true).open(&log_path);
            open.map_err(DemoFault::folder("writing", &log_path))
        };
        // A demo that is killed outright ends no sender: the kernel does, for what was started through the guard.
        let mut command = Command::new(program);
        command.arg("guard").arg(std::process::id().to_string());
        match &flow.carrier {
            Carrier::Send(arguments) => command.arg(program).args(arguments).stdin(Stdio::piped()),
            Carrier::Rsyslog(rsyslog) => {
                rsyslog.end_leftover();
                command.arg(&rsyslog.program).args(rsyslog.arguments()).stdin(Stdio::null())
            }
        };
        command.stdout(log()?).stderr(log()?).process_group(0).kill_on_drop(true);
        let file = match &flow.carrier {
            // The file is there before its follower, and empty: what an earlier run said is not said again.
            Carrier::Rsyslog(rsyslog) => Some(
                tokio::fs::File::create(&rsyslog.follows)
                    .await
                    .map_err(DemoFault::folder("writing", &rsyslog.follows))?,
            ),
            Carrier::Send(_) => None,
        };
        let mut child = command.spawn().map_err(|e| DemoFault::machine("starting a sender", e))?;
        let (lines, taken) = mpsc::channel(QUEUE);
        let feeder = match (file, child.stdin.take()) {
            (Some(file), _) => tokio::spawn(hand_over(file, taken)),
            (None, Some(stdin)) => tokio::spawn(hand_over(stdin, taken)),
            (None, None) => return Err(DemoFault::machine("starting a sender", "it has no standard input")),
        };
        let is_rsyslog = matches!(flow.carrier, Carrier::Rsyslog(_));
        Ok(Self { name: flow_name(flow.hospital, flow.source), child, is_rsyslog, lines, feeder, gone: false })
    }

    /// Hands over one part of a second's lines.
    fn feed(&mut self, all: &[Vec<u8>], part: usize, played: &mut Played) {
        let range = all.len() * part / PARTS..all.len() * (part + 1) / PARTS;
        let mine = all.get(range).unwrap_or_default();
        if mine.is_empty() {
            return;
        }
        let mut bytes = Vec::new();
        for line in mine {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        match self.lines.try_send(bytes) {
            Ok(()) => played.lines += mine.len() as u64,
            Err(refused) => {
                played.held_back += mine.len() as u64;
                if matches!(refused, mpsc::error::TrySendError::Closed(_)) && !std::mem::replace(&mut self.gone, true) {
                    tracing::warn!(flow = %self.name, "a sender of the demo has ended; see senders.log in its folder");
                }
            }
        }
    }

    /// Lets it deliver what it holds, then ends it. Gives name and exit if that was not as it should be.
    async fn end(mut self) -> Option<(String, String)> {
        drop(self.lines);
        // The feeder closes the pipe: the sender sees the end of its input. One that takes nothing is cut off below.
        let _ = tokio::time::timeout(DRAIN, &mut self.feeder).await;
        self.feeder.abort();
        if self.is_rsyslog {
            // It reads its file at once, but does not know that nothing follows.
            tokio::time::sleep(Duration::from_millis(700)).await;
            if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
                terminate(pid);
            }
        }
        match tokio::time::timeout(DRAIN, self.child.wait()).await {
            Ok(Ok(status)) if status.success() && !self.gone => None,
            Ok(Ok(status)) => Some((self.name, status.to_string())),
            Ok(Err(error)) => Some((self.name, error.to_string())),
            Err(_) => {
                let _ = self.child.kill().await;
                Some((self.name, "killed: it did not end in time".to_owned()))
            }
        }
    }
}

/// Writes what is handed over until there is no more, or the sender is gone.
async fn hand_over(mut to: impl AsyncWrite + Unpin + Send, mut taken: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = taken.recv().await {
        let written = match to.write_all(&bytes).await {
            Ok(()) => to.flush().await,
            failed => failed,
        };
        if written.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
