//! RELP client: at most 128 lines without an answer, what was not answered is sent again.

use crate::connect::{Patience, Pipe, connect_patiently};
use crate::{Batch, Job, SendFault, Summary};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Lines without an answer; the window of librelp.
const WINDOW: usize = 128;
/// An answer must come in this time (librelp's default is 90 s).
const ANSWER: Duration = Duration::from_secs(90);
/// Numbers run from 1 to here and begin again.
const NUMBER_MAX: u32 = 999_999_999;
/// Longest answer that is read.
const ANSWER_BYTES: usize = 64 * 1024;

/// A session, opened anew when it breaks.
pub(crate) struct Session {
    job: Job,
    pipe: Option<Box<dyn Pipe>>,
    patience: Patience,
    first: bool,
    number: u32,
    /// Sent and not answered, oldest first.
    open: VecDeque<(u32, Vec<u8>)>,
    read: Vec<u8>,
}

impl Session {
    pub fn new(job: &Job) -> Self {
        let (job, patience) = (job.clone(), Patience::of(job));
        Self { job, pipe: None, patience, first: true, number: 0, open: VecDeque::new(), read: Vec::new() }
    }

    pub async fn deliver(&mut self, batch: Batch, summary: &mut Summary) -> Result<(), SendFault> {
        for line in batch.lines {
            while self.open.len() >= WINDOW {
                self.until_answered(WINDOW / 2, summary).await?;
            }
            self.number = if self.number >= NUMBER_MAX { 1 } else { self.number + 1 };
            self.open.push_back((self.number, line));
            let sent = match (self.pipe.as_mut(), self.open.back()) {
                (Some(pipe), Some((number, line))) => write(pipe, *number, line).await,
                _ => Ok(()),
            };
            if sent.is_err() || self.pipe.is_none() {
                self.reopen(summary, "the connection broke").await?;
            }
        }
        // Whoever paces lines wants to know soon, but a full window need not be waited for.
        self.until_answered(WINDOW / 2, summary).await
    }

    pub async fn finish(&mut self, summary: &mut Summary) -> Result<(), SendFault> {
        self.until_answered(0, summary).await?;
        if let Some(mut pipe) = self.pipe.take() {
            let close = format!("{} close 0\n", self.number + 1);
            let _ = pipe.write_all(close.as_bytes()).await;
            let _ = pipe.shutdown().await;
        }
        Ok(())
    }

    /// Reads answers until at most `most` lines are open.
    async fn until_answered(&mut self, most: usize, summary: &mut Summary) -> Result<(), SendFault> {
        while self.open.len() > most {
            let answer = match self.pipe.as_mut() {
                Some(pipe) => answer(pipe, &mut self.read).await,
                None => Err("the connection broke".to_owned()),
            };
            match answer {
                Ok((number, 200, _)) => {
                    // Answers come in order; one for a later line covers nothing before it.
                    if self.open.front().is_some_and(|(first, _)| *first == number) {
                        self.open.pop_front();
                        *summary.acknowledged.get_or_insert(0) += 1;
                        self.patience.renew();
                    }
                }
                Ok((0, ..)) => self.reopen(summary, "the server closed the session").await?,
                Ok((_, status, why)) => {
                    return Err(SendFault::Refused { to: self.job.to.shown(), status, why });
                }
                Err(why) => self.reopen(summary, &why).await?,
            }
        }
        Ok(())
    }

    /// A new session; everything that was not answered is sent again.
    async fn reopen(&mut self, summary: &mut Summary, why: &str) -> Result<(), SendFault> {
        let mut why = why.to_owned();
        loop {
            if !self.first {
                summary.retries += self.open.len() as u64;
                let fault = SendFault::Unreachable { to: self.job.to.shown(), why };
                self.patience.after(fault, Duration::ZERO).await?;
            }
            self.pipe = None;
            self.read.clear();
            let pipe = connect_patiently(&self.job, &mut self.patience, summary, self.first).await?;
            self.first = false;
            match self.open_session(pipe).await {
                Ok(pipe) => {
                    self.pipe = Some(pipe);
                    return Ok(());
                }
                Err(failed) => why = failed,
            }
        }
    }

    async fn open_session(&mut self, mut pipe: Box<dyn Pipe>) -> Result<Box<dyn Pipe>, String> {
        let offer = "relp_version=0\nrelp_software=wardwatch\ncommands=syslog";
        let open = format!("1 open {} {offer}\n", offer.len());
        pipe.write_all(open.as_bytes()).await.map_err(|e| e.to_string())?;
        let (_, status, text) = answer(&mut pipe, &mut self.read).await?;
        if status != 200 {
            return Err(format!("the session was refused: {text}"));
        }
        // Numbers of a new session begin after that of `open`.
        self.number = 1;
        for (number, line) in &mut self.open {
            self.number += 1;
            *number = self.number;
            write(&mut pipe, *number, line).await.map_err(|e| e.to_string())?;
        }
        Ok(pipe)
    }
}

async fn write(pipe: &mut Box<dyn Pipe>, number: u32, line: &[u8]) -> std::io::Result<()> {
    let mut frame = format!("{number} syslog {} ", line.len()).into_bytes();
    frame.extend_from_slice(line);
    frame.push(b'\n');
    pipe.write_all(&frame).await
}

/// The next answer: number, status and text. `0 serverclose 0` gives number 0.
async fn answer(pipe: &mut Box<dyn Pipe>, read: &mut Vec<u8>) -> Result<(u32, u16, String), String> {
    loop {
        if let Some((answer, used)) = complete(read)? {
            read.drain(..used);
            return Ok(answer);
        }
        if read.len() > ANSWER_BYTES {
            return Err("an answer has no end".into());
        }
        let got = tokio::time::timeout(ANSWER, pipe.read_buf(read)).await;
        match got {
            Err(_) => return Err(format!("no answer for {} s", ANSWER.as_secs())),
            Ok(Err(e)) => return Err(e.to_string()),
            Ok(Ok(0)) => return Err("the server closed the connection".into()),
            Ok(Ok(_)) => {}
        }
    }
}

type Answer = (u32, u16, String);

/// An answer at the start of `read`, if it is all there, and its length.
fn complete(read: &[u8]) -> Result<Option<(Answer, usize)>, String> {
    let wrong = || "the answer is no RELP frame".to_owned();
    let mut parts = read.splitn(4, |b| *b == b' ');
    let (Some(number), Some(_command), Some(length)) = (parts.next(), parts.next(), parts.next()) else { return Ok(None) };
    let data = parts.next();
    let digits: Vec<u8> = length.iter().copied().take_while(u8::is_ascii_digit).collect();
    let whole = data.is_some() || length.len() > digits.len();
    if !whole {
        return Ok(None);
    }
    let parse = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|t| t.parse::<usize>().ok()).ok_or_else(wrong);
    let (number, length_value) = (parse(number)?, parse(&digits)?);
    if length_value > ANSWER_BYTES {
        return Err(wrong());
    }
    let head = read.len() - data.map_or(length.len() - digits.len(), <[u8]>::len);
    let end = head + length_value;
    if read.len() <= end {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(read.get(head..end).unwrap_or_default()).into_owned();
    let status = text.get(..3).and_then(|t| t.parse().ok()).unwrap_or(0);
    Ok(Some(((number as u32, status, text), end + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_wherever_they_are_cut() {
        let stream = b"1 rsp 13 200 OK\na=b\nc\n2 rsp 6 200 OK\n0 serverclose 0\n";
        let mut found = Vec::new();
        let mut read = Vec::new();
        for byte in stream {
            read.push(*byte);
            while let Some((answer, used)) = complete(&read).unwrap() {
                read.drain(..used);
                found.push(answer);
            }
        }
        let expect = [(1, 200, "200 OK\na=b\nc"), (2, 200, "200 OK"), (0, 0, "")];
        assert_eq!(found.iter().map(|(n, s, t)| (*n, *s, t.as_str())).collect::<Vec<_>>(), expect);
        assert!(complete(b"x y z \n").is_err());
    }
}
