//! One syslog connection, over TCP or TLS: read, cut, hand over what queued during the last commit.
//!
//! At most one batch is in flight and at most one more is collected; then nothing is read and TCP makes the sender wait.
//! Nothing is ever answered: plain syslog has no acknowledgement.

use crate::credential::Origin;
use crate::framing::{BadFrame, Cut, Framer, Framing, Stream};
use crate::intake::Intake;
use crate::lines::Lines;
use crate::ports::{Refused, Stored};
use crate::stop::Stop;
use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use wardwatch_event::RejectReason;

/// Read buffer of a connection that has brought little; grows fourfold up to [`READ_BYTES_MAX`].
pub(crate) const READ_BYTES: usize = 4 * 1024;
/// What one read may bring at most.
pub(crate) const READ_BYTES_MAX: usize = 256 * 1024;
/// Silence after which a count without `<PRI>` is believed.
const QUIET: Duration = Duration::from_millis(500);
/// When draining: silence that means the kernel holds no more.
const DRAIN_QUIET: Duration = Duration::from_millis(50);
/// When draining: the end, even if the sender never pauses.
const DRAIN: Duration = Duration::from_secs(2);

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The sender closed it or it broke.
    Closed,
    /// A frame was wrong.
    BadFrame,
    /// Nothing came for too long.
    Idle,
    /// The server is draining.
    Stopped,
    /// The server is draining and the last batch could not be made durable.
    Lost,
}

/// Reads one connection to its end. Everything read is durable when this returns, unless it is [`End::Lost`].
pub(crate) async fn serve<S: AsyncRead + Unpin>(
    intake: &Intake,
    mut stream: S,
    framing: Framing,
    origin: Origin,
    peer: IpAddr,
    mut stop: Stop,
) -> End {
    let meter = intake.meter(origin);
    let _connected = intake.meters.connected(Some(&meter));
    let mut framer = Framer::new(framing, intake.bounds.frame_bytes).joining(intake.joiner(origin));
    let began = tokio::time::Instant::now();
    let mut collected = Lines::default();
    let mut flight: Fuse<BoxFuture<'_, Result<Stored, Refused>>> = Fuse::terminated();
    let mut flying = false;
    let mut reader = Reader { size: READ_BYTES, end: None, more: false, drain: None };
    loop {
        framer.tick(began.elapsed().as_millis() as u64, &mut collected);
        if reader.end.is_some() && !reader.more {
            framer.finish(&mut collected);
        }
        if !flying && !collected.is_empty() {
            let batch = collected.take(origin, intake.clock.now(), Some(peer));
            flight = intake.append_patiently(batch, &meter, stop.clone()).boxed().fuse();
            flying = true;
        }
        if reader.more && !collected.is_full() {
            reader.cut(&mut framer, &mut collected, Stream::Open);
            continue;
        }
        let reading = reader.end.is_none() && !collected.is_full();
        if !flying && !reading && !reader.more {
            if reader.end == Some(End::Idle) {
                meter.cut_off();
            }
            return reader.end.unwrap_or(End::Closed);
        }
        tokio::select! {
            biased;
            outcome = &mut flight, if flying => {
                flying = false;
                if outcome.is_err() {
                    return End::Lost;
                }
            }
            () = stop.stopped(), if reader.drain.is_none() => reader.drain = Some(tokio::time::Instant::now() + DRAIN),
            () = waited(began, framer.due_ms()), if framer.due_ms().is_some() && !collected.is_full() => {}
            () = reader.read(&mut stream, &mut framer, &mut collected, intake.bounds.connection_idle_ms), if reading => {}
        }
    }
}

/// Until a record that waits for its next line has waited long enough.
async fn waited(began: tokio::time::Instant, due_ms: Option<u64>) {
    tokio::time::sleep_until(began + Duration::from_millis(due_ms.unwrap_or_default())).await;
}

/// The reading half: how much is asked for, and why there will be no more.
struct Reader {
    size: usize,
    end: Option<End>,
    /// The batch was full before the buffer was empty.
    more: bool,
    /// The server stops: read only what the kernel holds, at most until then.
    drain: Option<tokio::time::Instant>,
}

impl Reader {
    /// One read. Dropping the future loses nothing: bytes are in the framer or still in the socket.
    async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S, framer: &mut Framer, out: &mut Lines, idle_ms: u64) {
        if framer.pending() == 0 && framer.buffer().capacity() > self.size {
            // An idle connection keeps no large buffer: there may be thousands.
            *framer.buffer() = bytes::BytesMut::new();
        }
        framer.buffer().reserve(self.size);
        let pending = framer.pending() > 0;
        let patience = match self.drain {
            Some(_) => DRAIN_QUIET,
            None if pending => QUIET,
            None => Duration::from_millis(idle_ms),
        };
        let mut outcome = tokio::time::timeout(patience, stream.read_buf(framer.buffer())).await;
        if outcome.is_err() && pending && self.drain.is_none() {
            self.cut(framer, out, Stream::Quiet);
            if !out.is_empty() || self.end.is_some() {
                return;
            }
            outcome = tokio::time::timeout(Duration::from_millis(idle_ms), stream.read_buf(framer.buffer())).await;
        }
        match outcome {
            Ok(Ok(bytes)) if bytes > 0 => {
                self.size = match bytes {
                    b if b >= self.size => (self.size * 4).min(READ_BYTES_MAX),
                    b if b < self.size / 8 => (self.size / 2).max(READ_BYTES),
                    _ => self.size,
                };
                self.cut(framer, out, Stream::Open);
                if self.drain.is_some_and(|until| tokio::time::Instant::now() >= until) {
                    self.finish(framer, out, End::Stopped);
                }
            }
            Ok(_) => self.finish(framer, out, End::Closed),
            Err(_) if self.drain.is_some() => self.finish(framer, out, End::Stopped),
            Err(_) => self.finish(framer, out, End::Idle),
        }
    }

    fn cut(&mut self, framer: &mut Framer, out: &mut Lines, stream: Stream) {
        let stream = if self.end.is_some() { Stream::Ended } else { stream };
        match framer.cut(out, stream) {
            Ok(cut) => self.more = cut == Cut::Full,
            Err(BadFrame) => {
                out.reject(RejectReason::BadFrame, 1);
                self.more = false;
                self.end = Some(End::BadFrame);
            }
        }
    }

    fn finish(&mut self, framer: &mut Framer, out: &mut Lines, end: End) {
        self.end.get_or_insert(end);
        self.cut(framer, out, Stream::Ended);
    }
}
