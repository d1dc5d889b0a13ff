//! Which character set a line is in, and its text. Lines are decoded before they are cut: the second byte of a GBK
//! pair can be a separator.

use encoding_rs::GB18030;
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
pub(crate) fn decode(line: &[u8], charset: Charset, memory: &mut CharsetMemory, out: &mut Decoded) -> Option<&'static str> {
    out.text.clear();
    out.raw_of.clear();
    match charset {
        Charset::Utf8 => {
            utf8_lossy(line, out);
            Some("bad_utf8")
        }
        Charset::Gb18030 => gb18030(line, out),
        Charset::Utf16le => {
            utf16(line, out);
            Some("charset_utf16")
        }
        Charset::Auto => detect(line, memory, out),
    }
}

/// The line is not UTF-8 as a whole. A few broken bytes among good ones are damage (a datagram cut inside a character);
/// else GB18030, if most pairs are everyday characters or the source's other lines were; else Latin-1.
fn detect(line: &[u8], memory: &mut CharsetMemory, out: &mut Decoded) -> Option<&'static str> {
    let (mut good, mut broken) = (0usize, 0usize);
    for chunk in line.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if good >= 3 * broken && good > 0 {
        memory.count(false);
        utf8_lossy(line, out);
        return Some("bad_utf8");
    }
    let (pairs, everyday) = pairs(line);
    if let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(line) {
        let likely = everyday * 10 >= pairs * 6 && pairs > 0;
        if likely || memory.leans_to_gb18030() {
            if pairs >= 4 {
                memory.count(likely);
            }
            align(line, &text, out);
            return Some("charset_gb18030");
        }
    } else if memory.leans_to_gb18030() || (pairs >= 8 && everyday * 10 >= pairs * 6) {
        gb18030(line, out);
        return Some("bad_gb18030");
    }
    memory.count(false);
    for (at, byte) in line.iter().enumerate() {
        out.push(char::from(*byte), at);
    }
    out.close(line.len());
    Some("charset_latin1")
}

/// Two-byte pairs of GBK, and how many of them lie in the first level of GB 2312, the everyday characters.
fn pairs(line: &[u8]) -> (usize, usize) {
    let (mut pairs, mut everyday) = (0, 0);
    let mut rest = line;
    while let Some((lead, tail)) = rest.split_first() {
        rest = tail;
        if *lead < 0x81 {
            continue;
        }
        if let Some((trail, after)) = tail.split_first()
            && *trail >= 0x40
        {
            pairs += 1;
            everyday += usize::from(matches!(*lead, 0xB0..=0xD7 | 0xA3) && *trail >= 0xA1);
            rest = after;
        }
    }
    (pairs, everyday)
}

fn gb18030(line: &[u8], out: &mut Decoded) -> Option<&'static str> {
    if let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(line) {
        align(line, &text, out);
        return Some("charset_gb18030");
    }
    // Unit by unit, so that one broken byte costs one character.
    let mut at = 0;
    while at < line.len() {
        let len = unit(line.get(at..).unwrap_or_default());
        let bytes = line.get(at..at + len).unwrap_or_default();
        match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) if !text.is_empty() => {
                text.chars().for_each(|c| out.push(c, at));
                at += len;
            }
            _ => {
                out.push(char::REPLACEMENT_CHARACTER, at);
                at += 1;
            }
        }
    }
    out.close(line.len());
    Some("bad_gb18030")
}

/// Bytes of the character that starts here.
fn unit(line: &[u8]) -> usize {
    match line {
        [0x81..=0xFE, 0x30..=0x39, _, _, ..] => 4,
        [0x81..=0xFE, 0x40..=0xFE, ..] => 2,
        _ => 1,
    }
}

/// Each decoded character beside its raw bytes.
fn align(line: &[u8], text: &str, out: &mut Decoded) {
    let mut at = 0;
    for c in text.chars() {
        let len = unit(line.get(at..).unwrap_or_default());
        out.push(c, at);
        at += len;
    }
    out.close(line.len());
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
