//! A file or folder that grows: read what is there, then look every second for more.
//!
//! A file is known by device, inode and its first bytes, not by its name: renaming it changes nothing, truncating it begins
//! it anew. What a batch covers is written down before it is handed over, so that after a crash exactly the same bytes come
//! again under the same key and the journal recognises them. Packed files and EVTX are read once, as wholes.

use crate::credential::Origin;
use crate::files::{self, FileReader};
use crate::intake::Intake;
use crate::lines::Lines;
use crate::ports::{Position, Positions};
use crate::stop::Stop;
use crate::unpack::Packing;
use crate::{evtx_file::EvtxRecords, ndjson};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wardwatch_event::{LineNote, Received};
use wardwatch_ident::{BatchKey, Timestamp};
use wardwatch_limits::{BATCH_BYTES, FOLLOWED_FILES, LINE_BYTES_MAX};

/// How often a quiet path is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A quiet file's look is counted when so much time has passed since the last one, microseconds.
const LOOK_MICROS: u64 = 900_000;
/// What is odd about a folder is told once in this time, microseconds.
const TOLD_MICROS: u64 = 60_000_000;
/// Looks without growth after which a last line without line end is taken as it is.
const LOOKS_UNTERMINATED: u32 = 10;
/// Looks without growth after which a file that is no longer there is let go.
const LOOKS_GONE: u32 = 60;
/// How many first bytes tell two files with one inode apart.
const HEAD_BYTES: u64 = 1_024;

/// Follows `path` until `stop`. Faults of single files are logged; the others go on.
pub async fn follow(intake: Arc<Intake>, path: PathBuf, origin: Origin, positions: Arc<dyn Positions>, mut stop: Stop) {
    let meter = intake.meter(origin);
    let mut follower = Follower::new(path, origin, positions, intake.bounds.line_bytes);
    while !stop.is_stopped() {
        let now = intake.clock.now();
        let step = tokio::task::spawn_blocking(move || {
            let next = follower.next_batch(now);
            (follower, next)
        });
        let Ok((back, next)) = step.await else {
            tracing::error!("following files ended: the reader broke");
            return;
        };
        follower = back;
        let Some(pending) = next else {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => continue,
                () = stop.stopped() => return,
            }
        };
        // A key that stands for another body: the same file under the same position held other bytes before. They are
        // stored as what they are, without a key.
        let mut outcome = intake.append_patiently(pending.batch.clone(), &meter, stop.clone()).await;
        if outcome == Err(crate::ports::Refused::KeyTaken) {
            let mut unkeyed = pending.batch;
            unkeyed.key = None;
            outcome = intake.append_patiently(unkeyed, &meter, stop.clone()).await;
        }
        if outcome.is_err() {
            return;
        }
        let step = tokio::task::spawn_blocking(move || {
            follower.stored(&pending.file);
            follower
        });
        let Ok(back) = step.await else { return };
        follower = back;
    }
}

/// A batch whose answer is awaited.
pub struct Pending {
    /// The file's key.
    pub file: String,
    /// What to make durable.
    pub batch: Received,
}

/// One path and what is known about its files. Blocking; `follow` runs it where that is allowed.
pub struct Follower {
    path: PathBuf,
    origin: Origin,
    positions: Arc<dyn Positions>,
    line_bytes: usize,
    files: BTreeMap<String, Followed>,
    /// Whose turn was last: the search for the next batch begins behind it, so that one busy file starves no other.
    turn: Option<String>,
    /// Files that were read to their end and closed, as they were then: opened again only when they have changed.
    settled: HashMap<String, (u64, i64, i64)>,
    /// Files that wait until others are closed, and what is no regular file, at the last look.
    waiting: usize,
    skipped: usize,
    told: Option<Timestamp>,
}

struct Followed {
    file: File,
    path: PathBuf,
    position: Position,
    whole: Option<(FileReader, u64)>,
    /// Looks since it last grew, and how far it went then.
    quiet: u32,
    seen: u64,
    looked: Option<Timestamp>,
    listed: bool,
    /// The rest of a line over the limit is being skipped.
    skipping: bool,
}

impl Follower {
    /// Nothing is read yet.
    pub fn new(path: PathBuf, origin: Origin, positions: Arc<dyn Positions>, line_bytes: usize) -> Self {
        Self {
            path,
            origin,
            positions,
            line_bytes,
            files: BTreeMap::new(),
            turn: None,
            settled: HashMap::new(),
            waiting: 0,
            skipped: 0,
            told: None,
        }
    }

    /// Files that are not read yet because too many are open, as of the last look.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Links, pipes and other things below the path that are not read, as of the last look.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The next lines of any file, the files in turn; none: nothing new. After it is durable, [`Follower::stored`] must be
    /// called before the next call.
    pub fn next_batch(&mut self, now: Timestamp) -> Option<Pending> {
        if let Err(error) = self.look() {
            tracing::warn!(%error, path = %self.path.display(), "looking for files failed; trying again");
        }
        self.tell(now);
        let mut names: Vec<String> = self.files.keys().cloned().collect();
        if let Some(turn) = &self.turn {
            let behind = names.partition_point(|name| name <= turn);
            names.rotate_left(behind);
        }
        for name in names {
            let Some(followed) = self.files.get_mut(&name) else { continue };
            match followed.next(&name, self.origin, self.line_bytes, &*self.positions, now) {
                Ok(Some(batch)) => {
                    self.turn = Some(name.clone());
                    return Some(Pending { file: name, batch });
                }
                Ok(None) if !followed.listed && followed.quiet > LOOKS_GONE => drop(self.files.remove(&name)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, file = %followed.path.display(), "reading failed; trying again"),
            }
        }
        None
    }

    /// Says once a minute what is not read.
    fn tell(&mut self, now: Timestamp) {
        let lately = self.told.is_some_and(|told| now.micros_since(told).unsigned_abs() < TOLD_MICROS);
        if lately || (self.waiting == 0 && self.skipped == 0) {
            return;
        }
        self.told = Some(now);
        tracing::warn!(
            path = %self.path.display(), waiting = self.waiting, skipped = self.skipped,
            "files wait because {FOLLOWED_FILES} are open, or are links, pipes or devices and not read"
        );
    }

    /// The last batch of this file is durable.
    pub fn stored(&mut self, file: &str) {
        let Some(followed) = self.files.get_mut(file) else { return };
        if followed.whole.is_none() {
            followed.position.done = followed.position.sent;
            if let Err(error) = self.positions.save(file, &followed.position) {
                // After a restart the batch is sent again and recognised by its key.
                tracing::warn!(%error, "writing down a file position failed");
            }
        }
    }

    /// Opens what is new under the path, the newest first.
    fn look(&mut self) -> io::Result<()> {
        self.files.values_mut().for_each(|followed| followed.listed = false);
        let found = match files::look(std::slice::from_ref(&self.path)) {
            Ok(found) => found,
            // Between a rotation's rename and its create there is no file.
            Err(fault) if fault.why.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(fault) => return Err(io::Error::other(fault.to_string())),
        };
        self.skipped = found.skipped;
        let mut listed = HashSet::new();
        let mut fresh = Vec::new();
        for path in found.files {
            let below = path != self.path;
            let about = if below { std::fs::symlink_metadata(&path) } else { std::fs::metadata(&path) };
            let Ok(about) = about else { continue };
            if !about.is_file() {
                self.skipped += 1;
                continue;
            }
            let name = format!("{:x}-{:x}", about.dev(), about.ino());
            match self.files.get_mut(&name) {
                Some(known) => {
                    known.listed = true;
                    known.path = path;
                }
                None if self.settled.get(&name) != Some(&state(&about)) => fresh.push((path, name.clone(), about)),
                None => {}
            }
            listed.insert(name);
        }
        self.settled.retain(|name, _| listed.contains(name));
        fresh.sort_by_key(|(_, _, about)| std::cmp::Reverse((about.mtime(), about.mtime_nsec())));
        self.waiting = 0;
        for (path, name, about) in fresh {
            if self.files.len() >= FOLLOWED_FILES && !self.settle_one() {
                self.waiting += 1;
                continue;
            }
            if let Err(error) = self.open(&path, name, &about) {
                tracing::warn!(%error, file = %path.display(), "opening failed; trying again");
            }
        }
        Ok(())
    }

    fn open(&mut self, path: &Path, name: String, about: &Metadata) -> io::Result<()> {
        // Another name of a file that has just been opened.
        if self.files.contains_key(&name) {
            return Ok(());
        }
        let followed = Followed::open(path, path != self.path, &name, &*self.positions)?;
        // A whole that was read before needs no open file.
        if followed.position.whole && followed.position.done >= about.len() {
            self.settled.insert(name, state(about));
        } else {
            self.settled.remove(&name);
            self.files.insert(name, followed);
        }
        Ok(())
    }

    /// Closes the file that has been quiet for longest of those that were read to their end. Its position is written down.
    fn settle_one(&mut self) -> bool {
        let mut quiet: Vec<(u32, String)> =
            self.files.iter().filter(|(_, f)| f.quiet > 0 && f.is_idle()).map(|(n, f)| (f.quiet, n.clone())).collect();
        quiet.sort_by_key(|(looks, _)| std::cmp::Reverse(*looks));
        for (_, name) in quiet {
            let Some(about) = self.files.get(&name).and_then(|followed| followed.read_to_end()) else { continue };
            self.files.remove(&name);
            self.settled.insert(name, state(&about));
            return true;
        }
        false
    }
}

/// What changes when a file does: size and time.
fn state(about: &Metadata) -> (u64, i64, i64) {
    (about.len(), about.mtime(), about.mtime_nsec())
}

impl Followed {
    /// `below` a followed folder a link is not followed and a pipe not waited for, even one that took the place of a file
    /// a moment ago.
    fn open(path: &Path, below: bool, name: &str, positions: &dyn Positions) -> io::Result<Self> {
        let mut flags = rustix::fs::OFlags::NONBLOCK;
        flags.set(rustix::fs::OFlags::NOFOLLOW, below);
        let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let about = file.metadata()?;
        if !about.is_file() || format!("{:x}-{:x}", about.dev(), about.ino()) != name {
            return Err(io::Error::other("another file has taken its place"));
        }
        let position = positions.load(name)?.unwrap_or_default();
        let mut followed = Self {
            file,
            path: path.to_owned(),
            position,
            whole: None,
            quiet: 0,
            seen: 0,
            looked: None,
            listed: true,
            skipping: false,
        };
        followed.check_head(name)?;
        Ok(followed)
    }

    /// Nothing of it is under way.
    fn is_idle(&self) -> bool {
        let read = self.position.whole || self.position.sent == self.position.done;
        self.whole.is_none() && !self.skipping && read
    }

    /// What the file is now, if all of it has been read.
    fn read_to_end(&self) -> Option<Metadata> {
        self.file.metadata().ok().filter(|about| about.len() == self.position.done)
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
            && hash(&self.read_at(0, known as usize)?) == self.position.head;
        if !same {
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

    fn next(
        &mut self,
        name: &str,
        origin: Origin,
        line_bytes: usize,
        positions: &dyn Positions,
        now: Timestamp,
    ) -> io::Result<Option<Received>> {
        self.check_head(name)?;
        let size = self.file.metadata()?.len();
        if self.position.whole {
            return self.next_of_whole(name, size, origin, line_bytes, positions, now);
        }
        let from = self.position.done;
        // Sent but not answered before a restart: the same bytes again.
        let again = self.position.sent > from;
        let until = if again { self.position.sent } else { size.min(from + (BATCH_BYTES + LINE_BYTES_MAX) as u64) };
        let bytes = self.read_at(from, until.saturating_sub(from) as usize)?;
        let seen = from + bytes.len() as u64;
        self.count_quiet(seen != self.seen, now);
        self.seen = seen;
        let mut lines = Lines::default();
        let last = again || self.quiet > LOOKS_UNTERMINATED;
        let used = self.cut(&bytes, line_bytes, last, &mut lines);
        if used == 0 {
            return Ok(None);
        }
        self.position.sent = from + used as u64;
        positions.save(name, &self.position)?;
        if lines.is_empty() {
            self.position.done = self.position.sent;
            return Ok(None);
        }
        let mut batch = lines.take(origin, now, None);
        batch.key = Some(BatchKey { epoch: self.position.epoch.clone(), n: from });
        Ok(Some(batch))
    }

    /// Lines of `bytes` and how many bytes they took. `last`: the rest without line end is a line too.
    fn cut(&mut self, bytes: &[u8], limit: usize, last: bool, out: &mut Lines) -> usize {
        let mut used = 0;
        while !out.is_full() {
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
            if !skipped && !text.is_empty() {
                ndjson::push(text, limit, end.is_none().then_some(LineNote::Unterminated), out);
            }
        }
        used
    }

    fn next_of_whole(
        &mut self,
        name: &str,
        size: u64,
        origin: Origin,
        line_bytes: usize,
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
            return Ok(None);
        }
        let (reader, n) = match &mut self.whole {
            Some(whole) => whole,
            none => {
                let mut file = self.file.try_clone()?;
                file.rewind()?;
                none.insert((FileReader::new(Box::new(file), origin, line_bytes)?, 0))
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

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
