//! The lines to send: from a file, as often as asked, or from standard input.
//!
//! Read on a thread of its own, ahead of the sender by a bounded number of lines.

use crate::mark::marked;
use crate::plan::{Plan, SendFault};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use tokio::sync::mpsc;
use wardwatch_limits::LINE_BYTES_MAX;

/// Lines read ahead.
const AHEAD: usize = 4_096;
/// A line to send is not longer than this; the rest of a longer one is left out.
const LINE_MAX: u64 = LINE_BYTES_MAX as u64;

/// Starts reading. The channel ends at the end of the source; an error is the last thing in it.
pub(crate) fn lines(plan: &Plan, epoch: &str) -> Result<mpsc::Receiver<io::Result<Vec<u8>>>, SendFault> {
    let stdin = plan.file.as_os_str() == "-";
    if !stdin {
        // So that a wrong name is said at once.
        File::open(&plan.file).map_err(|why| SendFault::File { file: plan.file.clone(), why })?;
    }
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (plan, epoch) = (plan.clone(), epoch.to_owned());
    let rounds = if stdin { 1 } else { plan.repeat };
    std::thread::spawn(move || {
        let mut number = 0;
        let mut round = 0;
        while rounds == 0 || round < rounds {
            let skip = if round == 0 { plan.skip } else { 0 };
            let before = number;
            match pour(&plan, stdin, skip, &epoch, &mut number, &sender) {
                // Nobody listens any more, or the file is empty and would be for ever.
                Ok(false) => return,
                Ok(true) if number == before => return,
                Ok(true) => round += 1,
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            }
        }
    });
    Ok(receiver)
}

fn pour(
    plan: &Plan,
    stdin: bool,
    skip: u64,
    epoch: &str,
    number: &mut u64,
    sender: &mpsc::Sender<io::Result<Vec<u8>>>,
) -> io::Result<bool> {
    let raw: Box<dyn Read> = if stdin { Box::new(io::stdin()) } else { Box::new(File::open(&plan.file)?) };
    let mut input = unpacked(BufReader::with_capacity(256 * 1024, raw))?;
    let mut at = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut input).take(LINE_MAX).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(true);
        }
        if read as u64 == LINE_MAX && !line.ends_with(b"\n") {
            skip_to_end(&mut input)?;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        at += 1;
        if text.is_empty() || at <= skip {
            continue;
        }
        let text = if plan.tag { marked(text, epoch, *number) } else { text.to_vec() };
        *number += 1;
        if sender.blocking_send(Ok(text)).is_err() {
            return Ok(false);
        }
    }
}

fn unpacked(mut input: BufReader<Box<dyn Read>>) -> io::Result<Box<dyn BufRead>> {
    Ok(match input.fill_buf()? {
        [0x1F, 0x8B, ..] => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(input))),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(input)?)),
        _ => Box::new(input),
    })
}

fn skip_to_end(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = memchr::memchr(b'\n', buffer);
        let used = end.map_or(buffer.len(), |end| end + 1);
        let done = end.is_some() || used == 0;
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}
