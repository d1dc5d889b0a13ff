//! Where does a syslog message end? RFC 6587 framing over a byte stream, told apart per frame.
//!
//! Takes bytes as they come and cuts them into lines; where the bytes were split on the way never changes the result.
//! It never looks past the first `<`, never checks characters, and loses no byte without counting it.

use crate::joining::{NoteJoiner, into};
use crate::lines::Lines;
use bytes::{Buf, BytesMut};
use serde::Deserialize;
use wardwatch_event::LineNote;
use wardwatch_limits::{COUNTED_LOCK, FRAME_DIGITS};

/// How frames are delimited on a listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// Found out for each frame.
    #[default]
    Auto,
    /// Octet counting only (RFC 6587 3.4.1): needed where counted messages carry no `<PRI>`.
    Counted,
    /// Line ends only (RFC 6587 3.4.2): LF, CR LF or NUL.
    Newline,
}

/// Whether more bytes may follow those in the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// More may come at any moment.
    Open,
    /// Nothing came for a while: a count that only waits for the next frame to be believed is believed now.
    Quiet,
    /// The sender has closed: what is left is a line.
    Ended,
}

/// Why cutting stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// All complete frames are out.
    Hungry,
    /// The batch is full; there may be more frames in the buffer.
    Full,
}

/// The position in a counted stream is lost: the connection has to be closed.
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
#[error("a frame does not begin with an octet count on a connection of counted frames; check the sender's framing")]
pub struct BadFrame;

/// Where every byte that went in has gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// Bytes in lines.
    pub lines: u64,
    /// Counts, line ends and blanks between frames.
    pub framing: u64,
    /// The rest of frames over the limit.
    pub skipped: u64,
}

/// Cuts one connection's bytes into lines.
#[derive(Debug)]
pub struct Framer {
    framing: Framing,
    limit: usize,
    buffer: BytesMut,
    frame: Frame,
    /// Counted frames in a row.
    streak: u32,
    had_counted: bool,
    locked: bool,
    spent: Spent,
    joiner: Option<NoteJoiner>,
}

/// What is at the head of the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Frame {
    /// Nothing is known yet. `clean`: a separator stood before it, or nothing.
    Start { clean: bool },
    /// A line whose first `scanned` bytes hold no end. `resync`: it may also end before `digits SP <`.
    Line { scanned: usize, resync: bool },
    /// The rest of a frame over the limit, by count.
    SkipCount(usize),
    /// The rest of a line over the limit, up to its end.
    SkipLine,
}

/// What the start of a frame says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Head {
    /// Not enough bytes to tell.
    More,
    /// A frame of `len` bytes behind `head` bytes of blanks, digits and a blank.
    Counted { head: usize, len: usize },
    /// Not counted.
    Newline,
}

/// Blanks before a count that are looked past.
const BLANKS: usize = 8;

impl Framer {
    /// For a new connection; `limit` is the longest line in bytes.
    pub fn new(framing: Framing, limit: usize) -> Self {
        Self {
            framing,
            limit,
            buffer: BytesMut::new(),
            frame: Frame::Start { clean: true },
            streak: 0,
            had_counted: false,
            locked: false,
            spent: Spent::default(),
            joiner: None,
        }
    }

    /// Lines go through `joiner`, if there is one; those framed by count are whole already.
    pub(crate) fn joining(self, joiner: Option<NoteJoiner>) -> Self {
        Self { joiner, ..self }
    }

    /// It is `now_ms` on the connection's clock: records that waited long enough go `out`.
    pub(crate) fn tick(&mut self, now_ms: u64, out: &mut Lines) {
        if let Some(joiner) = &mut self.joiner {
            joiner.tick(now_ms, into(out));
        }
    }

    /// When the next record has waited long enough.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        self.joiner.as_ref().and_then(NoteJoiner::due_ms)
    }

    /// No more lines will come: what waits for more goes `out`.
    pub(crate) fn finish(&mut self, out: &mut Lines) {
        if let Some(joiner) = &mut self.joiner {
            joiner.finish(into(out));
        }
    }

    /// Where the next bytes are read into.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Bytes that are not yet part of a line.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// Where the bytes have gone so far.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// Moves all complete frames into `out`, until it is full.
    ///
    /// # Errors
    /// [`BadFrame`] on a connection that is counted, by setting or after [`COUNTED_LOCK`] counted frames in a row.
    pub fn cut(&mut self, out: &mut Lines, stream: Stream) -> Result<Cut, BadFrame> {
        while !out.is_full() {
            if !self.step(out, stream)? {
                return Ok(Cut::Hungry);
            }
        }
        Ok(Cut::Full)
    }

    /// One frame or one part of it. False: nothing can be done without more bytes.
    fn step(&mut self, out: &mut Lines, stream: Stream) -> Result<bool, BadFrame> {
        match self.frame {
            Frame::SkipCount(left) => Ok(self.skip_count(left)),
            Frame::SkipLine => Ok(self.skip_line()),
            Frame::Line { scanned, resync } => Ok(self.line(out, stream, scanned, resync)),
            Frame::Start { clean } => self.start(out, stream, clean),
        }
    }

    fn start(&mut self, out: &mut Lines, stream: Stream, clean: bool) -> Result<bool, BadFrame> {
        let separators = self.buffer.iter().take_while(|b| matches!(b, b'\n' | b'\r' | 0)).count();
        let clean = clean || separators > 0;
        self.spend_framing(separators, separators);
        self.frame = Frame::Start { clean };
        if self.buffer.is_empty() {
            return Ok(false);
        }
        let fixed = self.locked || self.framing == Framing::Counted;
        let head = match self.framing {
            Framing::Newline => Head::Newline,
            _ => head(&self.buffer, fixed, self.had_counted, self.limit, stream),
        };
        match head {
            Head::Counted { head, len } => Ok(self.counted(out, stream, head, len)),
            Head::More if stream != Stream::Ended => Ok(false),
            Head::Newline if fixed => Err(BadFrame),
            Head::More | Head::Newline => {
                let resync = !clean && self.streak > 0 && self.buffer.first() != Some(&b'<');
                self.streak = 0;
                self.frame = Frame::Line { scanned: 0, resync };
                Ok(true)
            }
        }
    }

    fn counted(&mut self, out: &mut Lines, stream: Stream, head: usize, len: usize) -> bool {
        let have = self.buffer.len() - head;
        let wanted = len.min(self.limit);
        if have < wanted && stream != Stream::Ended {
            return false;
        }
        self.spend_framing(head, head);
        let note = match () {
            () if have < wanted => Some(LineNote::Unterminated),
            () if len > self.limit => Some(LineNote::Truncated),
            () => None,
        };
        let body = self.buffer.get(..wanted.min(have)).unwrap_or_default();
        // A line end inside the count is the sender's habit, not part of the message.
        let trailing = if note.is_none() { trailing_ends(body) } else { 0 };
        self.emit(out, wanted.min(have), trailing, note, true);
        self.streak += 1;
        self.had_counted = true;
        self.locked |= self.framing == Framing::Auto && self.streak >= COUNTED_LOCK;
        self.frame = match len - wanted {
            0 => Frame::Start { clean: false },
            rest => Frame::SkipCount(rest),
        };
        true
    }

    fn line(&mut self, out: &mut Lines, stream: Stream, scanned: usize, resync: bool) -> bool {
        let window = self.buffer.get(..self.buffer.len().min(self.limit + 1)).unwrap_or_default();
        let end = memchr::memchr2(b'\n', 0, window.get(scanned..).unwrap_or_default()).map(|at| at + scanned);
        let next = if resync { count_inside(window, scanned) } else { None };
        let note = resync.then_some(LineNote::FramingResync);
        if let Some(next) = next.filter(|next| end.is_none_or(|end| *next < end)) {
            self.emit(out, next, 0, note, false);
            self.frame = Frame::Start { clean: true };
            return true;
        }
        if let Some(end) = end {
            let returns = usize::from(ends_with_return(window.get(..end)));
            self.emit(out, end + 1, 1 + returns, note, false);
            self.frame = Frame::Start { clean: true };
            return true;
        }
        if self.buffer.len() > self.limit {
            self.emit(out, self.limit, 0, Some(LineNote::Truncated), false);
            self.frame = Frame::SkipLine;
            return true;
        }
        if stream == Stream::Ended && !self.buffer.is_empty() {
            let returns = usize::from(ends_with_return(Some(window)));
            self.emit(out, window.len(), returns, Some(LineNote::Unterminated), false);
            self.frame = Frame::Start { clean: true };
            return true;
        }
        self.frame = Frame::Line { scanned: self.buffer.len(), resync };
        false
    }

    /// Takes `size` bytes off the buffer: a line, unless it is all blank, and the last `ends` of them framing.
    fn emit(&mut self, out: &mut Lines, size: usize, ends: usize, note: Option<LineNote>, counted: bool) {
        let line = self.buffer.get(..size - ends).unwrap_or_default();
        let blank = line.iter().all(|b| matches!(b, b' ' | b'\t'));
        let kept = if blank { 0 } else { line.len() };
        match &mut self.joiner {
            _ if blank => {}
            None => out.push(line, note),
            Some(joiner) if counted => joiner.push_whole(line, note, into(out)),
            Some(joiner) => joiner.push(line, note, into(out)),
        }
        self.spent.lines += kept as u64;
        self.spend_framing(size - kept, size);
    }

    fn skip_count(&mut self, left: usize) -> bool {
        let now = left.min(self.buffer.len());
        self.buffer.advance(now);
        self.spent.skipped += now as u64;
        self.frame = if now == left { Frame::Start { clean: false } } else { Frame::SkipCount(left - now) };
        now > 0
    }

    fn skip_line(&mut self) -> bool {
        let end = memchr::memchr2(b'\n', 0, &self.buffer);
        let skipped = end.unwrap_or(self.buffer.len());
        self.buffer.advance(skipped);
        self.spent.skipped += skipped as u64;
        if end.is_some() {
            self.frame = Frame::Start { clean: true };
        }
        end.is_some()
    }

    fn spend_framing(&mut self, framing: usize, size: usize) {
        self.buffer.advance(size);
        self.spent.framing += framing as u64;
    }
}

/// Reads the start of a frame. `fixed`: the connection is counted, any count is believed.
fn head(bytes: &[u8], fixed: bool, had_counted: bool, limit: usize, stream: Stream) -> Head {
    let blanks = bytes.iter().take(BLANKS + 1).take_while(|b| matches!(b, b' ' | b'\t')).count();
    if blanks > BLANKS {
        return Head::Newline;
    }
    let rest = bytes.get(blanks..).unwrap_or_default();
    let (digits, len) = match count(rest) {
        Count::More => return Head::More,
        Count::None => return Head::Newline,
        Count::Of { digits, len } => (digits, len),
    };
    let head = blanks + digits + 1;
    let counted = Head::Counted { head, len };
    match bytes.get(head) {
        _ if fixed => counted,
        None => Head::More,
        Some(b'<') => counted,
        Some(_) if !had_counted || len > limit => Head::Newline,
        Some(_) => match bytes.get(head + len) {
            Some(next) if next.is_ascii_digit() => counted,
            Some(_) => Head::Newline,
            None if stream == Stream::Open => Head::More,
            None if head + len == bytes.len() => counted,
            None => Head::Newline,
        },
    }
}

enum Count {
    More,
    None,
    Of { digits: usize, len: usize },
}

/// `MSG-LEN SP` at the start of `bytes`: one to seven digits, the first not 0.
fn count(bytes: &[u8]) -> Count {
    let digits = bytes.iter().take(FRAME_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    let zero = bytes.first() == Some(&b'0');
    match bytes.get(digits) {
        _ if digits > FRAME_DIGITS || zero => Count::None,
        None => Count::More,
        Some(b' ') if digits > 0 => {
            let number = bytes.iter().take(digits).fold(0, |n, b| n * 10 + usize::from(b - b'0'));
            Count::Of { digits, len: number }
        }
        Some(_) => Count::None,
    }
}

/// Where inside a broken frame the next `digits SP <` begins; bytes before `scanned` were looked at already.
fn count_inside(bytes: &[u8], scanned: usize) -> Option<usize> {
    let from = scanned.saturating_sub(1);
    let found = memchr::memmem::find_iter(bytes.get(from..)?, b" <");
    found.map(|at| at + from).find_map(|blank| {
        let before = bytes.get(..blank)?;
        let digits = before.iter().rev().take(FRAME_DIGITS).take_while(|b| b.is_ascii_digit()).count();
        let start = blank - digits;
        // A count does not begin with 0; what stands before it is the rest of the broken frame.
        let zeros = before.get(start..)?.iter().take_while(|b| **b == b'0').count();
        (digits > zeros && start + zeros > 0).then_some(start + zeros)
    })
}

fn ends_with_return(text: Option<&[u8]>) -> bool {
    text.and_then(<[u8]>::last) == Some(&b'\r')
}

fn trailing_ends(body: &[u8]) -> usize {
    body.iter().rev().take_while(|b| matches!(b, b'\n' | b'\r' | 0)).count()
}
