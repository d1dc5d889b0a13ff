//! RELP: each message is answered when it is durable; what was not answered when a connection breaks is sent again.

use crate::carrier::{Batch, Trouble};
use crate::plan::Summary;
use crate::tls::{Talk, Target};
use bytes::{Buf, BytesMut};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A receiver that withholds its answers this long is taken for dead, as librelp does.
const ANSWER: Duration = Duration::from_secs(90);
/// Transaction numbers begin again after this one.
const NUMBER_MAX: u32 = 999_999_999;

pub(crate) struct RelpCarrier {
    target: Target,
    session: Option<Session>,
}

struct Session {
    connection: Box<dyn Talk>,
    heard: BytesMut,
    next: u32,
}

impl RelpCarrier {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, session: None }
    }

    pub(crate) async fn deliver(&mut self, batch: &mut Batch, summary: &mut Summary) -> Result<(), Trouble> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.target).await?,
        };
        summary.resent += batch.tried.saturating_sub(batch.answered) as u64;
        let mut frames = Vec::new();
        let first = session.next;
        for line in batch.lines.iter().skip(batch.answered) {
            session.frame(&mut frames, "syslog", line);
        }
        batch.tried = batch.lines.len();
        session.say(&frames).await?;
        let mut expected = first;
        while batch.answered < batch.lines.len() {
            session.expect(expected).await?;
            expected = following(expected);
            batch.answered += 1;
            summary.acknowledged += 1;
        }
        self.session = Some(session);
        Ok(())
    }

    pub(crate) async fn close(self) {
        let Some(mut session) = self.session else { return };
        let (mut frames, number) = (Vec::new(), session.next);
        session.frame(&mut frames, "close", b"");
        if session.say(&frames).await.is_ok() {
            let _ = session.expect(number).await;
        }
    }
}

impl Session {
    async fn open(target: &Target) -> Result<Self, Trouble> {
        let mut session = Self { connection: target.connect().await?, heard: BytesMut::new(), next: 1 };
        let mut frames = Vec::new();
        session.frame(&mut frames, "open", b"relp_version=0\nrelp_software=wardwatch-send\ncommands=syslog");
        session.say(&frames).await?;
        session.expect(1).await?;
        Ok(session)
    }

    fn frame(&mut self, out: &mut Vec<u8>, command: &str, data: &[u8]) {
        out.extend_from_slice(format!("{} {command} {}", self.next, data.len()).as_bytes());
        if !data.is_empty() {
            out.push(b' ');
            out.extend_from_slice(data);
        }
        out.push(b'\n');
        self.next = following(self.next);
    }

    async fn say(&mut self, frames: &[u8]) -> Result<(), Trouble> {
        let written = async {
            self.connection.write_all(frames).await?;
            self.connection.flush().await
        };
        written.await.map_err(|e| Trouble::again(format!("the RELP connection broke: {e}")))
    }

    /// Waits for `NUMBER rsp … 200 …`.
    async fn expect(&mut self, number: u32) -> Result<(), Trouble> {
        loop {
            if let Some((answered, command, data)) = frame_of(&mut self.heard)? {
                match command.as_str() {
                    "rsp" if answered == number && data.starts_with(b"200") => return Ok(()),
                    "rsp" => {
                        let said = String::from_utf8_lossy(&data).into_owned();
                        return Err(Trouble::again(format!("RELP answer {answered} to message {number}: {said}")));
                    }
                    "serverclose" => return Err(Trouble::again("the receiver is closing")),
                    _ => continue,
                }
            }
            let read = tokio::time::timeout(ANSWER, self.connection.read_buf(&mut self.heard)).await;
            match read {
                Err(_) => return Err(Trouble::again("no RELP answer for 90 s")),
                Ok(Ok(bytes)) if bytes > 0 => {}
                Ok(Ok(_)) => return Err(Trouble::again("the receiver closed the RELP connection")),
                Ok(Err(e)) => return Err(Trouble::again(format!("the RELP connection broke: {e}"))),
            }
        }
    }
}

fn following(number: u32) -> u32 {
    if number >= NUMBER_MAX { 1 } else { number + 1 }
}

/// The first whole frame of what was heard: number, command, data.
fn frame_of(heard: &mut BytesMut) -> Result<Option<(u32, String, Vec<u8>)>, Trouble> {
    let bad = || Trouble::again("the receiver does not speak RELP");
    // Three words and the end of the line, or of the third word.
    let mut words = Vec::new();
    let mut at = 0;
    while words.len() < 3 {
        let rest = heard.get(at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|b| matches!(b, b' ' | b'\n')) else {
            return if rest.len() > 40 { Err(bad()) } else { Ok(None) };
        };
        words.push(String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned());
        at += end + 1;
    }
    let [number, command, len] = words.as_slice() else { return Err(bad()) };
    let (number, len) = (number.parse().map_err(|_| bad())?, len.parse::<usize>().map_err(|_| bad())?);
    let ended = heard.get(at - 1) == Some(&b'\n');
    let whole = if ended { at } else { at + len + 1 };
    if heard.len() < whole {
        return Ok(None);
    }
    let data = if ended { Vec::new() } else { heard.get(at..at + len).unwrap_or_default().to_vec() };
    let command = command.clone();
    heard.advance(whole);
    Ok(Some((number, command, data)))
}
