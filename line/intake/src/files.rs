//! Files as they lie on disk, read once from beginning to end: text and NDJSON, EVTX, each also packed (gzip, zstd).
//!
//! In bounded memory, whatever the file's size. A damaged place is counted and named, and reading goes on behind it where
//! that is possible. Files that grow are followed by `follow.rs`.

use crate::credential::Origin;
use crate::evtx_file::EvtxRecords;
use crate::joining::first_note;
use crate::lines::Lines;
use crate::ndjson;
use crate::unpack::{Packing, unpacking};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wardwatch_event::{LineNote, Received, RejectReason};
use wardwatch_ident::Timestamp;
use wardwatch_limits::FILE_UNPACKED_BYTES;
use wardwatch_pack::{Join, Joiner};

/// Damaged places that are named; more are only counted.
const PLACES: usize = 100;
/// Read buffer, on disk and unpacked.
const BUFFER_BYTES: usize = 256 * 1024;
/// Folders inside each other.
const DEPTH: usize = 64;

/// A file or folder that cannot be read.
#[derive(thiserror::Error, Debug)]
#[error("reading {} failed: {why}", path.display())]
pub struct FileFault {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub why: std::io::Error,
}

/// What is in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Lines: text or NDJSON.
    Lines,
    /// Windows event log records.
    Evtx,
}

/// Some lines of a file.
#[derive(Clone, Debug)]
pub struct FileBatch {
    /// The lines, and what was refused since the last batch.
    pub received: Received,
    /// Where each stands: its line number, counted from 1, or its record id.
    pub places: Vec<u64>,
}

/// What a file held, as far as it was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FileSummary {
    /// Lines or records read.
    pub read: u64,
    /// Records the file says it holds: the sum over its chunks of last - first + 1. Only EVTX says it.
    pub declared: Option<u64>,
    /// Records refused, with reasons.
    pub rejected: u64,
    /// The first hundred damaged places, in words.
    pub damage: Vec<String>,
}

/// What is under some paths.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Files, in order of name.
    pub files: Vec<PathBuf>,
    /// Links, pipes, sockets and devices inside folders: they are left alone, for who may write into a folder would
    /// otherwise choose which files of this machine are read.
    pub skipped: usize,
}

/// All files under the paths, folders walked, in order of name. A path that is given may be a link; inside folders only
/// regular files count.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileFault> {
    Ok(look(paths)?.files)
}

/// As [`find`], and what was left alone.
pub fn look(paths: &[PathBuf]) -> Result<Found, FileFault> {
    let mut found = Found::default();
    for path in paths {
        walk(path, true, 0, &mut found)?;
    }
    Ok(found)
}

/// Opens a file that was found under `root`. `root` itself may be a link, nothing below it: each folder on the way is
/// opened from the one before without following links, so that a folder which a link has replaced since it was walked
/// leads nowhere. A pipe is not waited for.
///
/// # Errors
/// What opening says; `ENOTDIR` or `ELOOP` where a link stands in the way; a path that is not under `root`.
pub fn open_beneath(root: &Path, path: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};
    let file = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let below = path.strip_prefix(root).map_err(std::io::Error::other)?;
    let mut names: Vec<_> = below.components().collect();
    let Some(Component::Normal(name)) = names.pop() else {
        return Ok(File::from(open(root, file, Mode::empty())?));
    };
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = open(root, folder, Mode::empty())?;
    for part in names {
        let Component::Normal(part) = part else {
            return Err(std::io::Error::other("the path leaves the folder"));
        };
        at = openat(&at, part, folder | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(File::from(openat(&at, name, file | OFlags::NOFOLLOW, Mode::empty())?))
}

fn walk(path: &Path, named: bool, depth: usize, found: &mut Found) -> Result<(), FileFault> {
    let fault = |why| FileFault { path: path.to_owned(), why };
    let about = match if named { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) } {
        // It was there when its folder was read.
        Err(why) if !named && why.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        about => about.map_err(fault)?,
    };
    if about.is_dir() && depth < DEPTH {
        let entries: Result<Vec<_>, _> = std::fs::read_dir(path).map_err(fault)?.collect();
        let mut inside: Vec<PathBuf> = entries.map_err(fault)?.into_iter().map(|e| e.path()).collect();
        inside.sort();
        for path in inside {
            walk(&path, false, depth + 1, found)?;
        }
    } else if about.is_file() || (named && !about.is_dir()) {
        found.files.push(path.to_owned());
    } else {
        found.skipped += 1;
    }
    Ok(())
}

/// Reads one file batch by batch.
pub struct FileReader {
    origin: Origin,
    line_bytes: usize,
    body: Body,
    content: Content,
    size: Option<u64>,
    at: Arc<AtomicU64>,
    summary: FileSummary,
}

enum Body {
    Lines(NumberedLines),
    Evtx(EvtxRecords<Box<dyn Read + Send>>),
    Ended,
}

impl FileReader {
    /// Opens a file. `line_bytes`: a longer line is kept up to there.
    pub fn open(path: &Path, origin: Origin, line_bytes: usize) -> Result<Self, FileFault> {
        let fault = |why| FileFault { path: path.to_owned(), why };
        let file = File::open(path).map_err(fault)?;
        let size = file.metadata().map_err(fault)?.len();
        let mut reader = Self::new(Box::new(file), origin, line_bytes).map_err(fault)?;
        reader.size = Some(size);
        Ok(reader)
    }

    /// Reads from anything that can be read to its end, such as standard input.
    pub fn new(input: Box<dyn Read + Send>, origin: Origin, line_bytes: usize) -> std::io::Result<Self> {
        let at = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: input, at: at.clone() };
        let (head, packed) = peek(Box::new(counted))?;
        let packing = Packing::from_magic(&head);
        let opened = unpacking(packing, BufReader::with_capacity(BUFFER_BYTES, packed), FILE_UNPACKED_BYTES)?;
        // What does not unpack from the first byte on is told by the first batch, not here.
        let (head, body): (Vec<u8>, Box<dyn Read + Send>) = match peek(opened) {
            Ok(peeked) => peeked,
            Err(error) => (Vec::new(), Box::new(Broken(Some(error)))),
        };
        let (content, body) = match head.starts_with(EvtxRecords::<File>::MAGIC) {
            true => (Content::Evtx, Body::Evtx(EvtxRecords::new(body))),
            false => (Content::Lines, Body::Lines(NumberedLines::new(body))),
        };
        let summary = FileSummary { declared: (content == Content::Evtx).then_some(0), ..FileSummary::default() };
        Ok(Self { origin, line_bytes, body, content, size: None, at, summary })
    }

    /// Lines become records of several lines, as a pack says; a record's place is that of its first line.
    pub fn joining(mut self, join: Option<Arc<Join>>) -> Self {
        if let (Body::Lines(lines), Some(join)) = (&mut self.body, join) {
            lines.joiner = Some(Joiner::of_file(join, self.line_bytes, |(note, place), (next, _)| {
                (first_note(note, next), place)
            }));
        }
        self
    }

    /// What is in it.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Bytes of the file as it lies on disk: read so far, and in all if that is known.
    pub fn progress(&self) -> (u64, Option<u64>) {
        (self.at.load(Relaxed), self.size)
    }

    /// What was read so far.
    pub fn summary(&self) -> &FileSummary {
        &self.summary
    }

    /// The next lines, stamped `now`. None at the end. How a file is cut into batches depends on its bytes only.
    pub fn next_batch(&mut self, now: Timestamp) -> Option<FileBatch> {
        let mut lines = Lines::default();
        let mut places = Vec::new();
        match &mut self.body {
            Body::Ended => return None,
            Body::Lines(input) => match input.fill(self.line_bytes, &mut lines, &mut places) {
                Ok(true) => {}
                Ok(false) => self.body = Body::Ended,
                Err(error) => {
                    lines.reject(RejectReason::BadCompression, 1);
                    damage(&mut self.summary, format!("behind line {}: {error}", input.number));
                    self.body = Body::Ended;
                }
            },
            Body::Evtx(records) => {
                let mut more = true;
                while more && !lines.is_full() {
                    more = records.next_chunk(&mut lines, &mut places, &mut |place| damage(&mut self.summary, place));
                }
                self.summary.declared = Some(records.declared());
                if !more {
                    self.body = Body::Ended;
                }
            }
        }
        if lines.is_empty() {
            return None;
        }
        self.summary.read += lines.len() as u64;
        self.summary.rejected += lines.rejected().iter().map(|r| r.count).sum::<u64>();
        Some(FileBatch { received: lines.take(self.origin, now, None), places })
    }
}

fn damage(summary: &mut FileSummary, place: String) {
    if summary.damage.len() < PLACES {
        summary.damage.push(place);
    }
}

/// The lines of a text, with their numbers.
struct NumberedLines {
    input: BufReader<Box<dyn Read + Send>>,
    /// Of the last line that was finished.
    number: u64,
    joiner: Option<Joiner<(Option<LineNote>, u64)>>,
}

impl NumberedLines {
    fn new(body: Box<dyn Read + Send>) -> Self {
        Self { input: BufReader::with_capacity(BUFFER_BYTES, body), number: 0, joiner: None }
    }

    /// Moves lines until the batch is full; empty ones are counted but left out. False at the end of the file.
    fn fill(&mut self, limit: usize, out: &mut Lines, places: &mut Vec<u64>) -> std::io::Result<bool> {
        let mut head = Vec::new();
        while !out.is_full() {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) if !buffer.is_empty() => buffer,
                ended => {
                    let more = ended.map(|_| false);
                    if !head.is_empty() {
                        self.number += 1;
                        keep(&head, limit, self.number, &mut self.joiner, out, places);
                    }
                    if let Some(joiner) = &mut self.joiner {
                        joiner.finish(numbered(out, places));
                    }
                    return more;
                }
            };
            let end = memchr::memchr(b'\n', buffer);
            let piece = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let used = piece.len() + usize::from(end.is_some());
            self.number += u64::from(end.is_some());
            if head.is_empty() && end.is_some() {
                keep(piece, limit, self.number, &mut self.joiner, out, places);
            } else {
                // One byte more than the limit and a CR show that the line is too long; the rest is not kept.
                let room = (limit + 2).saturating_sub(head.len());
                head.extend_from_slice(piece.get(..room).unwrap_or(piece));
                if end.is_some() {
                    keep(&head, limit, self.number, &mut self.joiner, out, places);
                    head.clear();
                }
            }
            self.input.consume(used);
        }
        Ok(true)
    }
}

fn keep(
    line: &[u8],
    limit: usize,
    number: u64,
    joiner: &mut Option<Joiner<(Option<LineNote>, u64)>>,
    out: &mut Lines,
    places: &mut Vec<u64>,
) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return;
    }
    let (line, note) = ndjson::bounded(line, limit, None);
    match joiner {
        None => numbered(out, places)(line, (note, number)),
        Some(joiner) => joiner.push(line, (note, number), numbered(out, places)),
    }
}

/// Where lines with their numbers go.
fn numbered<'o>(out: &'o mut Lines, places: &'o mut Vec<u64>) -> impl FnMut(&[u8], (Option<LineNote>, u64)) + 'o {
    |line, (note, number)| {
        out.push(line, note);
        places.push(number);
    }
}

/// The first bytes, and everything including them.
fn peek(mut input: Box<dyn Read + Send>) -> std::io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut head = Vec::new();
    (&mut input).take(8).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(std::io::Cursor::new(head).chain(input))))
}

/// Counts what was read from the disk.
struct Counted {
    inner: Box<dyn Read + Send>,
    at: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(out)?;
        self.at.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}

/// Says once why nothing can be read.
struct Broken(Option<std::io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
