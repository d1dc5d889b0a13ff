//! Lines that belong together, a stack trace or the records of one audited call: the rule `join` of `[input]`, and the
//! hand that gathers them.
//!
//! Whoever frames lines uses it, before anything is durable: the journal counts records, so that a replay needs to know
//! nothing of joining. It looks at bytes, never at characters, and loses none: what does not fit into a record begins
//! the next one. It asks no clock; whoever holds it says how late it is.

use crate::document::Value;
use crate::fault::PackFault;
use crate::input::regex_fault;
use regex::bytes::{Regex, RegexBuilder};
use std::collections::VecDeque;
use std::sync::Arc;
use wardwatch_limits::{JOIN_LINES, JOIN_OPEN, JOIN_WAIT_MS, REGEX_BYTES};

/// How lines that belong together are told.
#[derive(Debug, Clone)]
pub struct Join {
    /// Where a record starts, what goes on with the last one, or what its lines have in common.
    pub mark: JoinMark,
    /// At most so many lines.
    pub lines_max: u32,
    /// A record is complete so long after its first line, milliseconds.
    pub wait_ms: u32,
}

/// The mark of [`Join`]. All look at a line's bytes as it came, its syslog header included.
#[derive(Debug, Clone)]
pub enum JoinMark {
    /// A line that matches starts a record.
    Start(Regex),
    /// A line that matches goes on with the record before.
    Continue(Regex),
    /// Lines whose groups hold the same bytes are one record, also with others in between.
    Same(Regex),
}

impl Join {
    /// Whether a line goes on with the record before it. One with a syslog priority never does: its sender took it for
    /// a message of its own.
    fn goes_on(&self, line: &[u8]) -> bool {
        !begins_with_priority(line)
            && match &self.mark {
                JoinMark::Start(start) => !start.is_match(line),
                JoinMark::Continue(next) => next.is_match(line),
                JoinMark::Same(_) => false,
            }
    }
}

/// `<`, one to four digits, `>`.
fn begins_with_priority(line: &[u8]) -> bool {
    let digits = line.iter().skip(1).take(5).take_while(|b| b.is_ascii_digit()).count();
    line.first() == Some(&b'<') && (1..=4).contains(&digits) && line.get(digits + 1) == Some(&b'>')
}

/// Gathers the lines of one stream: a connection, a sender of datagrams, a file. `T` is what is known about a line, such
/// as its number; holds at most as many bytes as one line may have.
#[derive(Debug)]
pub struct Joiner<T> {
    rule: Arc<Join>,
    bytes_max: usize,
    open_max: usize,
    merge: fn(T, T) -> T,
    now_ms: u64,
    /// By age. With `start` and `continue` there is one at most.
    open: VecDeque<Open<T>>,
    held: usize,
}

#[derive(Debug)]
struct Open<T> {
    key: Vec<u8>,
    bytes: Vec<u8>,
    lines: u32,
    tag: T,
    since_ms: u64,
}

impl<T: Copy> Joiner<T> {
    /// For a new stream. `bytes_max`: the longest record. `merge` makes one of what is known about a record and its
    /// next line.
    pub fn new(rule: Arc<Join>, bytes_max: usize, merge: fn(T, T) -> T) -> Self {
        Self { rule, bytes_max, open_max: JOIN_OPEN, merge, now_ms: 0, open: VecDeque::new(), held: 0 }
    }

    /// The same for a file, of which a part may have to be read again from the beginning of its last open record: only
    /// neighbours are joined.
    pub fn of_file(rule: Arc<Join>, bytes_max: usize, merge: fn(T, T) -> T) -> Self {
        Self { open_max: 1, ..Self::new(rule, bytes_max, merge) }
    }

    /// One like it that holds nothing.
    pub fn anew(&self) -> Self {
        let (now_ms, open) = (self.now_ms, VecDeque::new());
        Self { rule: self.rule.clone(), now_ms, open, held: 0, ..*self }
    }

    /// Takes the next line; complete records go `out`, in the order in which they are complete.
    pub fn push(&mut self, line: &[u8], tag: T, mut out: impl FnMut(&[u8], T)) {
        if let JoinMark::Same(mark) = &self.rule.mark {
            let Some(groups) = mark.captures(line) else {
                if self.open_max == 1 {
                    self.finish(&mut out);
                }
                return out(line, tag);
            };
            let mut key = Vec::new();
            for group in groups.iter().skip(1) {
                key.extend_from_slice(group.map_or(&[][..], |group| group.as_bytes()));
                key.push(0);
            }
            let at = self.open.iter().position(|open| open.key == key);
            return self.add(at, key, line, tag, out);
        }
        let at = (self.rule.goes_on(line) && !self.open.is_empty()).then_some(0);
        if at.is_none() {
            self.finish(&mut out);
        }
        self.add(at, Vec::new(), line, tag, out);
    }

    /// A line that its sender framed by count: complete as it is, unless lines are joined by what they have in common.
    pub fn push_whole(&mut self, line: &[u8], tag: T, mut out: impl FnMut(&[u8], T)) {
        if matches!(self.rule.mark, JoinMark::Same(_)) {
            return self.push(line, tag, out);
        }
        self.finish(&mut out);
        out(line, tag);
    }

    /// It is `now_ms`, on the caller's own scale: gives out what has waited long enough.
    pub fn tick(&mut self, now_ms: u64, mut out: impl FnMut(&[u8], T)) {
        self.now_ms = self.now_ms.max(now_ms);
        while self.due_ms().is_some_and(|due| due <= self.now_ms) {
            self.close(0, &mut out);
        }
    }

    /// When [`Joiner::tick`] will have something to give out; none if nothing waits.
    pub fn due_ms(&self) -> Option<u64> {
        self.open.front().map(|oldest| oldest.since_ms + u64::from(self.rule.wait_ms))
    }

    /// No more lines will come, or none that belong to what waits.
    pub fn finish(&mut self, mut out: impl FnMut(&[u8], T)) {
        while !self.open.is_empty() {
            self.close(0, &mut out);
        }
    }

    /// Bytes that wait.
    pub fn held(&self) -> usize {
        self.held
    }

    /// What is known about the oldest record that waits.
    pub fn oldest(&self) -> Option<T> {
        self.open.front().map(|oldest| oldest.tag)
    }

    /// Whether nothing waits.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// The rule.
    pub fn rule(&self) -> &Join {
        &self.rule
    }

    /// Adds a line to the open record `at`, or opens one.
    fn add(&mut self, at: Option<usize>, key: Vec<u8>, line: &[u8], tag: T, mut out: impl FnMut(&[u8], T)) {
        if let Some(at) = at {
            let lines_max = self.rule.lines_max;
            match self.open.get_mut(at) {
                Some(open) if open.lines < lines_max && open.bytes.len() + 1 + line.len() <= self.bytes_max => {
                    open.bytes.push(b'\n');
                    open.bytes.extend_from_slice(line);
                    open.lines += 1;
                    open.tag = (self.merge)(open.tag, tag);
                    self.held += 1 + line.len();
                }
                _ => {
                    self.close(at, &mut out);
                    self.begin(key, line, tag);
                }
            }
        } else {
            self.begin(key, line, tag);
        }
        while self.open.len() > self.open_max || (self.open.len() > 1 && self.held > self.bytes_max) {
            self.close(0, &mut out);
        }
    }

    fn begin(&mut self, key: Vec<u8>, line: &[u8], tag: T) {
        self.held += line.len();
        self.open.push_back(Open { key, bytes: line.to_vec(), lines: 1, tag, since_ms: self.now_ms });
    }

    fn close(&mut self, at: usize, out: &mut impl FnMut(&[u8], T)) {
        if let Some(open) = self.open.remove(at) {
            self.held -= open.bytes.len();
            out(&open.bytes, open.tag);
        }
    }
}

pub(crate) fn read_join(value: Value<'_>) -> Result<Join, PackFault> {
    let mut table = value.table()?;
    let mark = match (table.take("start"), table.take("continue"), table.take("same")) {
        (Some(start), None, None) => JoinMark::Start(read_mark(start)?),
        (None, Some(next), None) => JoinMark::Continue(read_mark(next)?),
        (None, None, Some(same)) => {
            let mark = read_mark(same)?;
            if mark.captures_len() < 2 {
                return Err(same.place().fault("`same` needs a group: what lines of one record have in common"));
            }
            JoinMark::Same(mark)
        }
        _ => return Err(value.place().fault("`join` needs exactly one of `start`, `continue` and `same`")),
    };
    let number = |v: Option<Value<'_>>, default: u32, max: u32| match v {
        None => Ok(default),
        Some(v) => v.int().and_then(|n| {
            u32::try_from(n)
                .ok()
                .filter(|n| (1..=max).contains(n))
                .ok_or_else(|| v.place().fault(format!("expected a number from 1 to {max}")))
        }),
    };
    let join = Join {
        mark,
        lines_max: number(table.take("max_lines"), 500, JOIN_LINES)?,
        wait_ms: number(table.take("max_ms"), 1_000, JOIN_WAIT_MS)?,
    };
    table.finish(&["start", "continue", "same", "max_lines", "max_ms"])?;
    Ok(join)
}

fn read_mark(value: Value<'_>) -> Result<Regex, PackFault> {
    let built = RegexBuilder::new(value.text()?).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build();
    built.map_err(|fault| regex_fault(value, &fault))
}
