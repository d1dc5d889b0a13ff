//! Where lines come from: a file, repeated or not, or standard input as it arrives.

use crate::SendFault;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};

/// A batch that is not full goes out when nothing more came for so long.
const QUIET: Duration = Duration::from_millis(200);

/// Lines, one after the other.
pub struct Input {
    path: Option<PathBuf>,
    reader: Box<dyn AsyncBufRead + Unpin + Send>,
    repeats_left: u64,
    skip: u64,
    /// A line of which only the beginning has arrived.
    partial: Vec<u8>,
    any_line: bool,
    ended: bool,
}

fn buffered(reader: impl AsyncRead + Unpin + Send + 'static) -> Box<dyn AsyncBufRead + Unpin + Send> {
    Box::new(BufReader::with_capacity(1 << 16, reader))
}

impl Input {
    /// A file, sent `repeat` times (0: for ever), the first `skip` lines left out the first time.
    pub async fn file(path: &Path, repeat: u64, skip: u64) -> Result<Self, SendFault> {
        let repeats_left = if repeat == 0 { u64::MAX } else { repeat - 1 };
        let reader = buffered(open(path).await?);
        Ok(Self { path: Some(path.to_owned()), reader, repeats_left, skip, partial: Vec::new(), any_line: false, ended: false })
    }

    /// Standard input, once.
    pub fn standard(skip: u64) -> Self {
        let reader = buffered(tokio::io::stdin());
        Self { path: None, reader, repeats_left: 0, skip, partial: Vec::new(), any_line: false, ended: false }
    }

    /// Up to `most` lines (without their ends, empty ones left out); fewer when nothing more arrives for a moment.
    /// `None` at the end.
    pub async fn batch(&mut self, most: usize) -> Result<Option<Vec<Vec<u8>>>, SendFault> {
        let mut lines = Vec::new();
        while lines.len() < most && !self.ended {
            let next = if lines.is_empty() {
                self.line().await?
            } else {
                match tokio::time::timeout(QUIET, self.line()).await {
                    Ok(next) => next?,
                    Err(_) => break,
                }
            };
            match next {
                Some(line) => lines.push(line),
                None if self.again().await? => {}
                None => self.ended = true,
            }
        }
        Ok(if lines.is_empty() { None } else { Some(lines) })
    }

    /// The next line that is not empty. Safe to drop half-way: what arrived stays in `partial`.
    async fn line(&mut self) -> Result<Option<Vec<u8>>, SendFault> {
        loop {
            let read = self.reader.read_until(b'\n', &mut self.partial).await.map_err(|e| self.fault(&e))?;
            let whole = self.partial.last() == Some(&b'\n');
            if read == 0 && self.partial.is_empty() {
                return Ok(None);
            }
            if !whole && read > 0 {
                continue;
            }
            let mut line = std::mem::take(&mut self.partial);
            while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                line.pop();
            }
            if line.is_empty() {
                continue;
            }
            self.any_line = true;
            if self.skip == 0 {
                return Ok(Some(line));
            }
            self.skip -= 1;
        }
    }

    /// Starts the file anew if it is to be sent again; a file without lines never is.
    async fn again(&mut self) -> Result<bool, SendFault> {
        let Some(path) = self.path.clone().filter(|_| self.repeats_left > 0 && self.any_line) else { return Ok(false) };
        if self.repeats_left != u64::MAX {
            self.repeats_left -= 1;
        }
        self.reader = buffered(open(&path).await?);
        Ok(true)
    }

    fn fault(&self, why: &std::io::Error) -> SendFault {
        let what = self.path.as_ref().map_or_else(|| "standard input".to_owned(), |p| p.display().to_string());
        SendFault::Input { what, why: why.to_string() }
    }
}

async fn open(path: &Path) -> Result<File, SendFault> {
    File::open(path).await.map_err(|e| SendFault::Input { what: path.display().to_string(), why: e.to_string() })
}
