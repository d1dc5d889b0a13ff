//! One followed file: how far was it read, is it still the same, which bytes make the next batch?
//!
//! It never decides which file is read next, nor waits for an answer: that is `follow.rs`.

use crate::credential::Origin;
use crate::evtx_file::EvtxRecords;
use crate::files::{FileReader, open_beneath};
use crate::joining::first_note;
use crate::lines::Lines;
use crate::ndjson;
use crate::ports::{Position, Positions};
use crate::unpack::Packing;
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{self, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_event::{LineNote, Received};
use wardwatch_ident::{BatchKey, Timestamp};
use wardwatch_limits::{BATCH_BYTES, LINE_BYTES_MAX};
use wardwatch_pack::{Join, Joiner};

/// A quiet file's look is counted when so much time has passed since the last one, microseconds.
pub(crate) const LOOK_MICROS: u64 = 900_000;
/// Looks without growth after which a last line without line end is taken as it is.
const LOOKS_UNTERMINATED: u32 = 10;
/// How many first bytes tell two files with one inode apart.
const HEAD_BYTES: u64 = 1_024;

/// What was read of a file, by which its copy is known: `copytruncate` of logrotate copies a log and empties it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    head: String,
    tail: String,
    done: u64,
}

/// Looks without growth after which a file that could become a copy of another is none.
const LOOKS_COPYING: u32 = 3;

/// A file that is followed, and how far it was read.
pub(crate) struct Followed {
    file: File,
    pub(crate) path: PathBuf,
    pub(crate) position: Position,
    pub(crate) whole: Option<(FileReader, u64)>,
    /// Looks since it last grew, and how far it went then.
    pub(crate) quiet: u32,
    seen: u64,
    looked: Option<Timestamp>,
    pub(crate) listed: bool,
    /// The rest of a line over the limit is being skipped.
    skipping: bool,
    /// It was never read before: it may be a copy of a file that was.
    pub(crate) fresh: bool,
    /// What was read of it before it began anew.
    pub(crate) former: Option<Known>,
}

/// What is looked at for one batch: enough for a batch and the longest line behind it.
const WINDOW_BYTES: usize = BATCH_BYTES + LINE_BYTES_MAX;

/// How the files of one source are read.
pub(crate) struct Reading {
    pub(crate) origin: Origin,
    /// A longer line is kept up to there.
    pub(crate) line_bytes: usize,
    /// How lines become records.
    pub(crate) join: Option<Arc<Join>>,
}

/// What changes when a file does: size and time.
pub(crate) fn state(about: &Metadata) -> (u64, i64, i64) {
    (about.len(), about.mtime(), about.mtime_nsec())
}

impl Followed {
    /// Below the followed path no link is followed and no pipe waited for, even one that took the place of a file or a
    /// folder a moment ago.
    pub(crate) fn open(root: &Path, path: &Path, name: &str, positions: &dyn Positions) -> io::Result<Self> {
        let file = open_beneath(root, path)?;
        let about = file.metadata()?;
        if !about.is_file() || format!("{:x}-{:x}", about.dev(), about.ino()) != name {
            return Err(io::Error::other("another file has taken its place"));
        }
        let position = positions.load(name)?;
        let fresh = position.is_none();
        let mut followed = Self {
            file,
            path: path.to_owned(),
            position: position.unwrap_or_default(),
            whole: None,
            quiet: 0,
            seen: 0,
            looked: None,
            listed: true,
            skipping: false,
            fresh,
            former: None,
        };
        followed.check_head(name)?;
        Ok(followed)
    }

    /// Nothing of it is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let read = self.position.whole || self.position.sent == self.position.done;
        self.whole.is_none() && !self.skipping && read
    }

    /// What the file is now, if all of it has been read.
    pub(crate) fn read_to_end(&self) -> Option<Metadata> {
        self.file.metadata().ok().filter(|about| about.len() == self.position.done)
    }

    /// What its copy would be known by, if enough was read to tell.
    pub(crate) fn known(&self) -> Option<Known> {
        let Position { done, head, head_len, tail, whole, .. } = &self.position;
        let enough = *head_len == HEAD_BYTES && *done >= HEAD_BYTES && !tail.is_empty() && !whole;
        enough.then(|| Known { head: head.clone(), tail: tail.clone(), done: *done })
    }

    /// What was handed over is durable.
    pub(crate) fn stored(&mut self) -> io::Result<()> {
        self.position.done = self.position.sent;
        self.position.tail = self.tail(self.position.done)?;
        Ok(())
    }

    /// The hash of the last bytes before an offset.
    fn tail(&self, done: u64) -> io::Result<String> {
        let len = done.min(HEAD_BYTES);
        Ok(hash(&self.read_at(done - len, len as usize)?))
    }

    /// Passes over what was read of the file that this one is a copy of. True: it may still become such a copy, and is
    /// not read yet.
    fn passes_over_a_copy(
        &mut self,
        name: &str,
        others: &[Known],
        positions: &dyn Positions,
        now: Timestamp,
    ) -> io::Result<bool> {
        let size = self.file.metadata()?.len();
        let alike = || others.iter().filter(|other| other.head == self.position.head);
        for other in alike().filter(|other| other.done <= size) {
            if self.tail(other.done)? == other.tail {
                (self.position.done, self.position.sent) = (other.done, other.done);
                self.position.tail.clone_from(&other.tail);
                positions.save(name, &self.position)?;
                tracing::info!(file = %self.path.display(), bytes = other.done, "a copy of what was read already: read on behind it");
                return Ok(false);
            }
        }
        if alike().all(|other| other.done <= size) {
            return Ok(false);
        }
        self.count_quiet(size != self.seen, now);
        self.seen = size;
        Ok(self.quiet < LOOKS_COPYING)
    }

    /// Counts looks without growth, however often it is looked at in a second.
    fn count_quiet(&mut self, grown: bool, now: Timestamp) {
        if grown {
            (self.quiet, self.looked) = (0, Some(now));
        } else if self.looked.is_none_or(|looked| now.micros_since(looked).unsigned_abs() >= LOOK_MICROS) {
            (self.quiet, self.looked) = (self.quiet + 1, Some(now));
        }
    }

    /// Begins anew if the file is not the one whose position is known; lets the known head grow with it.
    fn check_head(&mut self, name: &str) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        let known = self.position.head_len;
        let same = size >= self.position.done
            && size >= known
            && !self.position.epoch.is_empty()
            && hash(&self.read_at(0, known as usize)?) == self.position.head
            && (self.position.tail.is_empty() || self.tail(self.position.done)? == self.position.tail);
        if !same {
            self.former = self.known();
            let generation = self.position.generation + u32::from(!self.position.epoch.is_empty());
            self.position = Position { generation, ..Position::default() };
        }
        if !same || (known < HEAD_BYTES && size > known) {
            let head = self.read_at(0, size.min(HEAD_BYTES) as usize)?;
            self.position.head = hash(&head);
            self.position.head_len = head.len() as u64;
            self.position.whole =
                Packing::from_magic(&head) != Packing::None || head.starts_with(EvtxRecords::<File>::MAGIC);
        }
        if !same {
            let short = self.position.head.get(..12).unwrap_or_default();
            self.position.epoch = format!("f-{name}-{}-{short}", self.position.generation);
        }
        Ok(())
    }

    pub(crate) fn next(
        &mut self,
        name: &str,
        reading: &Reading,
        others: &[Known],
        positions: &dyn Positions,
        now: Timestamp,
    ) -> io::Result<Option<Received>> {
        self.check_head(name)?;
        if self.fresh {
            if !self.position.whole && self.passes_over_a_copy(name, others, positions, now)? {
                return Ok(None);
            }
            self.fresh = false;
        }
        let size = self.file.metadata()?.len();
        if self.position.whole {
            return self.next_of_whole(name, size, reading, positions, now);
        }
        let from = self.position.done;
        // Sent but not answered before a restart: the same bytes again.
        let again = self.position.sent > from;
        let until = if again { self.position.sent } else { size.min(from + WINDOW_BYTES as u64) };
        let bytes = self.read_at(from, until.saturating_sub(from) as usize)?;
        let seen = from + bytes.len() as u64;
        self.count_quiet(seen != self.seen, now);
        self.seen = seen;
        let mut lines = Lines::default();
        let last = again || self.quiet > LOOKS_UNTERMINATED;
        let used = match &reading.join {
            None => self.cut(&bytes, reading.line_bytes, last, None, &mut lines),
            Some(join) => {
                let waited = u64::from(self.quiet) * LOOK_MICROS >= u64::from(join.wait_ms) * 1_000;
                let mut joiner = Joiner::of_file(Arc::clone(join), reading.line_bytes, first_of);
                let used = self.cut(&bytes, reading.line_bytes, last, Some(&mut joiner), &mut lines);
                // A record is complete when the next one begins, or nothing came for its time. A window that shows no
                // beginning (blank lines without end) does not wait for ever.
                let held = joiner.oldest().map(|(_, at)| at);
                match held.filter(|at| !last && !waited && (*at > 0 || bytes.len() < WINDOW_BYTES)) {
                    Some(at) => at,
                    None => {
                        joiner.finish(|record, (note, _)| lines.push(record, note));
                        used
                    }
                }
            }
        };
        if used == 0 {
            return Ok(None);
        }
        self.position.sent = from + used as u64;
        positions.save(name, &self.position)?;
        if lines.is_empty() {
            self.position.done = self.position.sent;
            return Ok(None);
        }
        let mut batch = lines.take(reading.origin, now, None);
        batch.key = Some(BatchKey { epoch: self.position.epoch.clone(), n: from });
        Ok(Some(batch))
    }

    /// Lines of `bytes` and how many bytes they took. `last`: the rest without line end is a line too.
    fn cut(
        &mut self,
        bytes: &[u8],
        limit: usize,
        last: bool,
        mut joiner: Option<&mut FileJoiner>,
        out: &mut Lines,
    ) -> usize {
        let mut used = 0;
        while !out.is_full() {
            let begin = used;
            let rest = bytes.get(used..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            match end {
                Some(end) => used += end + 1,
                None if line.is_empty() => break,
                None if last || line.len() > LINE_BYTES_MAX => used += line.len(),
                None => break,
            }
            let skipped = std::mem::replace(&mut self.skipping, end.is_none() && line.len() > LINE_BYTES_MAX);
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            if skipped || text.is_empty() {
                continue;
            }
            let (text, note) = ndjson::bounded(text, limit, end.is_none().then_some(LineNote::Unterminated));
            let Some(joiner) = &mut joiner else {
                out.push(text, note);
                continue;
            };
            joiner.push(text, (note, begin), |record, (note, _)| out.push(record, note));
            if end.is_none() {
                // Its rest is skipped: it will not be read again, so it may not wait.
                joiner.finish(|record, (note, _)| out.push(record, note));
            }
        }
        used
    }

    fn next_of_whole(
        &mut self,
        name: &str,
        size: u64,
        reading: &Reading,
        positions: &dyn Positions,
        now: Timestamp,
    ) -> io::Result<Option<Received>> {
        if self.position.done > 0 {
            self.count_quiet(false, now);
            return Ok(None);
        }
        // It may still be being copied: wait until it has not grown for one look.
        if self.whole.is_none() && self.position.sent != size {
            self.position.sent = size;
            self.count_quiet(true, now);
            return Ok(None);
        }
        if self.whole.is_none() && self.looked.is_some_and(|at| now.micros_since(at).unsigned_abs() < LOOK_MICROS) {
            return Ok(None);
        }
        let (reader, n) = match &mut self.whole {
            Some(whole) => whole,
            none => {
                let mut file = self.file.try_clone()?;
                file.rewind()?;
                none.insert((
                    FileReader::new(Box::new(file), reading.origin, reading.line_bytes)?.joining(reading.join.clone()),
                    0,
                ))
            }
        };
        let Some(batch) = reader.next_batch(now) else {
            reader.summary().damage.iter().for_each(|place| {
                tracing::warn!(file = %self.path.display(), "damaged: {place}");
            });
            self.whole = None;
            self.position.done = size.max(1);
            positions.save(name, &self.position)?;
            return Ok(None);
        };
        let mut batch = batch.received;
        batch.key = Some(BatchKey { epoch: self.position.epoch.clone(), n: *n });
        *n += 1;
        Ok(Some(batch))
    }

    fn read_at(&self, from: u64, size: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; size];
        let mut have = 0;
        while let Some(rest) = bytes.get_mut(have..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, from + have as u64) {
                Ok(0) => break,
                Ok(read) => have += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(have);
        Ok(bytes)
    }
}

/// A record's note and where it begins.
type FileTag = (Option<LineNote>, usize);
type FileJoiner = Joiner<FileTag>;

fn first_of(record: FileTag, line: FileTag) -> FileTag {
    (first_note(record.0, line.0), record.1)
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
