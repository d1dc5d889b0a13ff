//! Which character set a line is in, and its text. Lines are decoded before they are cut: the second byte of a GBK
//! pair can be a separator.

use wardwatch_event::{Looks, gb18030_chars, judge};
use wardwatch_pack::Charset;

/// What the lines of a source were, so that a line too short to tell is read as its neighbours are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CharsetMemory {
    gb18030: u32,
    other: u32,
}

impl CharsetMemory {
    /// Counts a line that told its character set by itself; halves the past now and then, so that a source may change.
    fn count(&mut self, gb18030: bool) {
        if self.gb18030 + self.other >= 100 {
            (self.gb18030, self.other) = (self.gb18030 / 2, self.other / 2);
        }
        if gb18030 { self.gb18030 += 1 } else { self.other += 1 }
    }

    fn leans_to_gb18030(self) -> bool {
        self.gb18030 > self.other
    }
}

/// A line decoded into `text`, with the raw offset of each decoded byte.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub text: String,
    pub raw_of: Vec<u32>,
}

impl Decoded {
    fn push(&mut self, c: char, raw: usize) {
        self.text.push(c);
        self.raw_of.extend(std::iter::repeat_n(raw as u32, c.len_utf8()));
    }

    /// Where a value that came from raw offset `raw` lies in the decoded line, if it was not changed since.
    pub fn find(&self, value: &str, raw: u32) -> Option<usize> {
        let at = self.raw_of.partition_point(|of| *of < raw);
        self.text.get(at..at + value.len()).filter(|text| *text == value).map(|_| at)
    }

    fn close(&mut self, raw: usize) {
        self.raw_of.push(raw as u32);
    }
}

/// Decodes a line that cannot be taken as it is. Gives the note to write, if any.
pub(crate) fn decode(
    line: &[u8],
    charset: Charset,
    memory: &mut CharsetMemory,
    out: &mut Decoded,
) -> Option<&'static str> {
    out.text.clear();
    out.raw_of.clear();
    match charset {
        Charset::Utf8 => {
            utf8_lossy(line, out);
            Some(Looks::DamagedUtf8.note())
        }
        Charset::Gb18030 => gb18030(line, out),
        Charset::Utf16le => {
            utf16(line, out);
            Some("charset_utf16")
        }
        Charset::Auto => detect(line, memory, out),
    }
}

/// The line is not UTF-8 as a whole: decided as everywhere else ([`judge`]), with the source's other lines as a help.
fn detect(line: &[u8], memory: &mut CharsetMemory, out: &mut Decoded) -> Option<&'static str> {
    let judged = judge(line, memory.leans_to_gb18030());
    match judged.looks {
        Looks::DamagedUtf8 => {
            memory.count(false);
            utf8_lossy(line, out);
        }
        Looks::Gb18030 => {
            if judged.pairs >= 4 {
                memory.count(judged.likely);
            }
            gb18030(line, out);
        }
        Looks::DamagedGb18030 => {
            gb18030(line, out);
        }
        Looks::Other => {
            memory.count(false);
            line.iter().enumerate().for_each(|(at, byte)| out.push(char::from(*byte), at));
            out.close(line.len());
        }
    }
    Some(judged.looks.note())
}

fn gb18030(line: &[u8], out: &mut Decoded) -> Option<&'static str> {
    let clean = gb18030_chars(line, |c, at| out.push(c, at));
    out.close(line.len());
    Some(if clean { Looks::Gb18030 } else { Looks::DamagedGb18030 }.note())
}

fn utf8_lossy(line: &[u8], out: &mut Decoded) {
    let mut at = 0;
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            out.push(c, at);
            at += c.len_utf8();
        }
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER, at);
            at += chunk.invalid().len();
        }
    }
    out.close(line.len());
}

/// Framing by line feeds cuts UTF-16 behind the low byte of the feed: the high byte then starts the next line.
fn utf16(line: &[u8], out: &mut Decoded) {
    let skip = usize::from(line.len() % 2 == 1 && line.first() == Some(&0));
    let units = line.get(skip..).unwrap_or_default().chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let mut at = skip;
    for c in char::decode_utf16(units) {
        let (c, len) = match c {
            Ok(c) => (c, c.len_utf16() * 2),
            Err(_) => (char::REPLACEMENT_CHARACTER, 2),
        };
        if c != '\u{feff}' {
            out.push(c, at);
        }
        at += len;
    }
    out.close(line.len());
}
