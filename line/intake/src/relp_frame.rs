//! RELP frames: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`.
//!
//! Pure: bytes to frames and answers to bytes; the dialogue is in `relp.rs`.

use bytes::{Buf, BytesMut};
use std::borrow::Cow;
use std::io::Write;

/// Digits of a transaction number or a length.
const DIGITS: usize = 9;
/// Letters of a command.
const LETTERS: usize = 32;
/// The longest head: two numbers, a command, blanks and the line end.
const HEAD_BYTES: usize = 2 * DIGITS + LETTERS + 4;

/// A whole frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelpFrame {
    /// Transaction number; 0 is a hint that wants no answer.
    pub txnr: u32,
    /// What is asked.
    pub command: Cow<'static, str>,
    /// Its data, at most as long as the reader's limit.
    pub data: BytesMut,
    /// There was more data than that; the rest was skipped.
    pub truncated: bool,
}

/// The stream is not RELP any more.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
#[error("not a RELP frame: {0}")]
pub struct BadRelp(pub &'static str);

/// Cuts one connection's bytes into frames.
#[derive(Debug)]
pub struct RelpReader {
    limit: usize,
    buffer: BytesMut,
    skipping: Option<Skipping>,
}

/// A frame whose head of data is here and whose rest is being skipped.
#[derive(Debug)]
struct Skipping {
    frame: RelpFrame,
    left: usize,
}

impl RelpReader {
    /// `limit`: the longest data that is kept, bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: BytesMut::new(), skipping: None }
    }

    /// Where the next bytes are read into.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole frame, if it is there.
    pub fn next_frame(&mut self) -> Result<Option<RelpFrame>, BadRelp> {
        if self.skipping.is_some() {
            return self.skip();
        }
        let Some((txnr, command, len, head)) = head(&self.buffer)? else { return Ok(None) };
        let kept = len.min(self.limit);
        if self.buffer.len() < head + kept + usize::from(kept == len) {
            return Ok(None);
        }
        self.buffer.advance(head);
        let data = self.buffer.split_to(kept);
        let frame = RelpFrame { txnr, command, data, truncated: kept < len };
        if kept < len {
            self.skipping = Some(Skipping { frame, left: len - kept });
            return self.skip();
        }
        self.line_end().map(|()| Some(frame))
    }

    fn skip(&mut self) -> Result<Option<RelpFrame>, BadRelp> {
        let Some(mut skipping) = self.skipping.take() else { return Ok(None) };
        let now = skipping.left.min(self.buffer.len());
        self.buffer.advance(now);
        skipping.left -= now;
        if skipping.left > 0 || self.buffer.is_empty() {
            self.skipping = Some(skipping);
            return Ok(None);
        }
        self.line_end().map(|()| Some(skipping.frame))
    }

    fn line_end(&mut self) -> Result<(), BadRelp> {
        if self.buffer.first() != Some(&b'\n') {
            return Err(BadRelp("the data is longer than announced"));
        }
        self.buffer.advance(1);
        Ok(())
    }
}

/// Number, command, length of data and length of the head.
type Head = (u32, Cow<'static, str>, usize, usize);

/// The head, if all of it is there.
fn head(bytes: &[u8]) -> Result<Option<Head>, BadRelp> {
    let Some((txnr, at)) = number(bytes, 0, b" ")? else { return Ok(None) };
    let rest = bytes.get(at..).unwrap_or_default();
    let letters = rest.iter().take(LETTERS + 1).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    match rest.get(letters) {
        None if letters <= LETTERS => return Ok(None),
        Some(b' ') if (1..=LETTERS).contains(&letters) => {}
        _ => return Err(BadRelp("the command is not a word of up to 32 letters")),
    }
    // The one that comes with every message costs no allocation.
    let command = match rest.get(..letters).unwrap_or_default() {
        b"syslog" => Cow::Borrowed("syslog"),
        other => Cow::Owned(String::from_utf8_lossy(other).into_owned()),
    };
    let Some((len, end)) = number(bytes, at + letters + 1, b" \n")? else { return Ok(None) };
    let head = match (bytes.get(end - 1), bytes.get(end), len) {
        // The line end belongs to the frame's end, not to its head.
        (Some(b'\n'), _, 0) => end - 1,
        (Some(b'\n'), _, _) => return Err(BadRelp("data is announced but there is none")),
        // `0 LF`: a blank although no data follows.
        (_, None, 0) => return Ok(None),
        _ => end,
    };
    debug_assert!(head <= HEAD_BYTES, "a head is bounded by its digits and letters");
    Ok(Some((txnr as u32, command, len, head)))
}

/// Up to nine digits from `at` and one of `ends`: the number and where the next part begins.
fn number(bytes: &[u8], at: usize, ends: &[u8]) -> Result<Option<(usize, usize)>, BadRelp> {
    let rest = bytes.get(at..).unwrap_or_default();
    let digits = rest.iter().take(DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    match rest.get(digits) {
        None if digits <= DIGITS => Ok(None),
        Some(end) if (1..=DIGITS).contains(&digits) && ends.contains(end) => {
            let number = rest.iter().take(digits).fold(0, |n, b| n * 10 + usize::from(b - b'0'));
            Ok(Some((number, at + digits + 1)))
        }
        _ => Err(BadRelp("a number of one to nine digits is missing")),
    }
}

/// Appends an answer or a hint.
pub fn write_frame(out: &mut Vec<u8>, txnr: u32, command: &str, data: &[u8]) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{txnr} {command} {}", data.len());
    if !data.is_empty() {
        out.push(b' ');
        out.extend_from_slice(data);
    }
    out.push(b'\n');
}

/// The answer to `open`: echoes the version that was offered (librelp offers 0) and takes `syslog` only.
pub fn open_answer(offers: &[u8]) -> Vec<u8> {
    let version = offers
        .split(|b| *b == b'\n')
        .find_map(|offer| offer.strip_prefix(b"relp_version="))
        .map(|v| String::from_utf8_lossy(v).trim().chars().filter(char::is_ascii_digit).take(3).collect::<String>())
        .filter(|v| !v.is_empty())
        .unwrap_or_else(|| "0".into());
    format!("200 OK\nrelp_version={version}\nrelp_software=wardwatch\ncommands=syslog").into_bytes()
}
