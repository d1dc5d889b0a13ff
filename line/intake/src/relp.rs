//! A RELP connection: every message is answered, in order, once it is durable.
//!
//! Back-pressure is to withhold the answer: the sender keeps its window (128 messages with librelp) and sends again what
//! was not answered when a connection breaks. Overload is never answered with an error.

use crate::credential::Origin;
use crate::intake::Intake;
use crate::lines::Lines;
use crate::ports::{Refused, Stored};
use crate::relp_frame::{BadRelp, RelpFrame, RelpReader, open_answer, write_frame};
use crate::stop::Stop;
use crate::stream::{READ_BYTES, READ_BYTES_MAX};
use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wardwatch_event::LineNote;
use wardwatch_limits::{BATCH_LINES, RELP_DATA_BYTES};

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// By `close`.
    Orderly,
    /// The other side went away.
    Broken,
    /// It was not RELP.
    BadFrame,
    /// Nothing came, or was taken, for too long.
    Idle,
    /// The server is draining.
    Stopped,
    /// The server is draining and the last messages could not be made durable: they are not answered.
    Lost,
}

const OK: &[u8] = b"200 OK";

/// Messages that wait for the next commit, and their numbers.
#[derive(Default)]
struct Waiting {
    lines: Lines,
    numbers: Vec<u32>,
}

impl Waiting {
    /// Enough for one batch. Empty messages are no lines but want an answer, too.
    fn is_full(&self) -> bool {
        self.lines.is_full() || self.numbers.len() >= BATCH_LINES
    }
}

/// When draining: a sender has so long to take its last answers.
const DRAIN: Duration = Duration::from_secs(5);

/// Says what is to be said, to a sender that reads.
async fn say(
    output: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    patience: Duration,
    stop: &mut Stop,
) -> Result<(), End> {
    let mut write = std::pin::pin!(async {
        output.write_all(bytes).await?;
        output.flush().await
    });
    tokio::select! {
        biased;
        written = &mut write => return written.map_err(|_| End::Broken),
        () = tokio::time::sleep(patience) => return Err(End::Idle),
        () = stop.stopped() => {}
    }
    match tokio::time::timeout(DRAIN, write).await {
        Ok(written) => written.map_err(|_| End::Broken),
        Err(_) => Err(End::Idle),
    }
}

/// Serves one connection to its end.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    intake: &Intake,
    stream: S,
    origin: Origin,
    peer: IpAddr,
    mut stop: Stop,
) -> End {
    let meter = intake.meter(origin);
    let _connected = intake.meters.connected(Some(&meter));
    let (mut input, mut output) = tokio::io::split(stream);
    let mut session = Session::new(RELP_DATA_BYTES.max(intake.bounds.line_bytes), intake.bounds.connection_idle_ms);
    let mut flight: Fuse<BoxFuture<'_, Result<Stored, Refused>>> = Fuse::terminated();
    let mut flying: Option<Vec<u32>> = None;
    let patience = Duration::from_millis(intake.bounds.body_idle_ms);
    loop {
        if flying.is_none() && !session.waiting.numbers.is_empty() {
            let Waiting { mut lines, numbers } = std::mem::take(&mut session.waiting);
            // Messages may all have been empty: then there is nothing to store and everything to answer.
            flight = match lines.is_empty() {
                true => async { Ok(Stored { known: false }) }.boxed().fuse(),
                false => {
                    let batch = lines.take(origin, intake.clock.now(), Some(peer));
                    intake.append_patiently(batch, &meter, stop.clone()).boxed().fuse()
                }
            };
            flying = Some(numbers);
        }
        if flying.is_none() {
            session.write_close();
        }
        if !session.answers.is_empty() {
            if let Err(end) = say(&mut output, &session.answers, patience, &mut stop).await {
                if end == End::Idle {
                    meter.cut_off();
                }
                return end;
            }
            session.answers.clear();
        }
        let reading = session.end.is_none() && !session.waiting.is_full();
        match session.end {
            Some(end) if flying.is_none() && session.waiting.numbers.is_empty() => {
                let _ = tokio::time::timeout(DRAIN, output.shutdown()).await;
                return end;
            }
            _ => {}
        }
        tokio::select! {
            biased;
            outcome = &mut flight, if flying.is_some() => {
                let numbers = flying.take().unwrap_or_default();
                if outcome.is_err() {
                    return End::Lost;
                }
                numbers.iter().for_each(|number| write_frame(&mut session.answers, *number, "rsp", OK));
            }
            () = stop.stopped(), if session.end.is_none() => {
                session.end = Some(End::Stopped);
                session.hint = true;
            }
            () = session.read(&mut input), if reading => {
                if session.end == Some(End::BadFrame) {
                    meter.invalid();
                }
                if session.end == Some(End::Idle) {
                    meter.cut_off();
                }
            }
        }
    }
}

/// The dialogue: what was read, what is to be said, and how it ends.
struct Session {
    reader: RelpReader,
    size: usize,
    idle: Duration,
    opened: bool,
    waiting: Waiting,
    answers: Vec<u8>,
    end: Option<End>,
    /// The number of the `close` that is to be answered after everything else.
    closing: Option<u32>,
    /// `serverclose` is to be said.
    hint: bool,
}

impl Session {
    fn new(limit: usize, idle_ms: u64) -> Self {
        Self {
            reader: RelpReader::new(limit),
            size: READ_BYTES,
            idle: Duration::from_millis(idle_ms),
            opened: false,
            waiting: Waiting::default(),
            answers: Vec::new(),
            end: None,
            closing: None,
            hint: false,
        }
    }

    /// One read and what it completes. Dropping the future loses nothing.
    async fn read(&mut self, input: &mut (impl AsyncRead + Unpin)) {
        if let Err(BadRelp(why)) = self.frames() {
            tracing::warn!("not a relp frame, {why}: connection closed");
            self.end = Some(End::BadFrame);
        }
        if self.end.is_some() || self.waiting.is_full() {
            return;
        }
        self.reader.buffer().reserve(self.size);
        match tokio::time::timeout(self.idle, input.read_buf(self.reader.buffer())).await {
            Err(_) => self.end = Some(End::Idle),
            Ok(Ok(0) | Err(_)) => self.end = Some(End::Broken),
            Ok(Ok(bytes)) => {
                if bytes >= self.size {
                    self.size = (self.size * 4).min(READ_BYTES_MAX);
                }
                if let Err(BadRelp(why)) = self.frames() {
                    tracing::warn!("not a relp frame, {why}: connection closed");
                    self.end = Some(End::BadFrame);
                }
            }
        }
    }

    /// Takes frames until there are no more or the batch is full.
    fn frames(&mut self) -> Result<(), BadRelp> {
        while self.end.is_none() && !self.waiting.is_full() {
            let Some(frame) = self.reader.next_frame()? else { return Ok(()) };
            self.take(frame)?;
        }
        Ok(())
    }

    fn take(&mut self, frame: RelpFrame) -> Result<(), BadRelp> {
        match frame.command.as_ref() {
            "open" => {
                self.opened = true;
                write_frame(&mut self.answers, frame.txnr, "rsp", &open_answer(&frame.data));
            }
            "syslog" if self.opened => {
                let note = frame.truncated.then_some(LineNote::Truncated);
                let ends = frame.data.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r' | 0)).count();
                let line = frame.data.get(..frame.data.len() - ends).unwrap_or_default();
                if !line.is_empty() {
                    self.waiting.lines.push(line, note);
                }
                self.waiting.numbers.push(frame.txnr);
            }
            "syslog" => return Err(BadRelp("a message came before `open`")),
            "close" => {
                self.closing = Some(frame.txnr);
                self.hint = true;
                self.end = Some(End::Orderly);
            }
            _ if frame.txnr == 0 => {}
            _ => write_frame(&mut self.answers, frame.txnr, "rsp", b"500 command not known"),
        }
        Ok(())
    }

    /// When all messages are answered: the answer to `close`, and that we close.
    fn write_close(&mut self) {
        if self.end.is_none() || !self.waiting.numbers.is_empty() {
            return;
        }
        if let Some(number) = self.closing.take() {
            write_frame(&mut self.answers, number, "rsp", OK);
        }
        if std::mem::take(&mut self.hint) {
            write_frame(&mut self.answers, 0, "serverclose", b"");
        }
    }
}
