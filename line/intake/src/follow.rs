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
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wardwatch_event::{LineNote, Received};
use wardwatch_ident::{BatchKey, Timestamp};
use wardwatch_limits::{BATCH_BYTES, FOLLOWED_FILES, LINE_BYTES_MAX};

/// How often a quiet path is looked at.
const LOOK: Duration = Duration::from_secs(1);
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
}

struct Followed {
    file: File,
    path: PathBuf,
    position: Position,
    whole: Option<(FileReader, u64)>,
    /// Looks since it last grew, and how far it went then.
    quiet: u32,
    seen: u64,
    listed: bool,
    /// The rest of a line over the limit is being skipped.
    skipping: bool,
}

impl Follower {
    /// Nothing is read yet.
    pub fn new(path: PathBuf, origin: Origin, positions: Arc<dyn Positions>, line_bytes: usize) -> Self {
        Self { path, origin, positions, line_bytes, files: BTreeMap::new() }
    }

    /// The next lines of any file; none: nothing new. After it is durable, [`Follower::stored`] must be called before the
    /// next call.
    pub fn next_batch(&mut self, now: Timestamp) -> Option<Pending> {
        if let Err(error) = self.look() {
            tracing::warn!(%error, path = %self.path.display(), "looking for files failed; trying again");
        }
        let names: Vec<String> = self.files.keys().cloned().collect();
        for name in names {
            let Some(followed) = self.files.get_mut(&name) else { continue };
            match followed.next(&name, self.origin, self.line_bytes, &*self.positions, now) {
                Ok(Some(batch)) => return Some(Pending { file: name, batch }),
                Ok(None) if !followed.listed && followed.quiet > LOOKS_GONE => drop(self.files.remove(&name)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, file = %followed.path.display(), "reading failed; trying again"),
            }
        }
        None
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

    /// Opens what is new under the path.
    fn look(&mut self) -> io::Result<()> {
        self.files.values_mut().for_each(|followed| followed.listed = false);
        let found = match files::find(std::slice::from_ref(&self.path)) {
            Ok(found) => found,
            // Between a rotation's rename and its create there is no file.
            Err(fault) if fault.why.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(fault) => return Err(io::Error::other(fault.to_string())),
        };
        for path in found {
            let about = match std::fs::metadata(&path) {
                Ok(about) if about.is_file() => about,
                _ => continue,
            };
            let name = format!("{:x}-{:x}", about.dev(), about.ino());
            if let Some(known) = self.files.get_mut(&name) {
                known.listed = true;
                known.path = path;
                continue;
            }
            if self.files.len() >= FOLLOWED_FILES {
                tracing::warn!(path = %self.path.display(), "more than {FOLLOWED_FILES} files at once: the rest waits");
                break;
            }
            let followed = Followed::open(&path, &name, &*self.positions)?;
            // A whole that was read before needs no open file.
            if !(followed.position.whole && followed.position.done >= about.len()) {
                self.files.insert(name, followed);
            }
        }
        Ok(())
    }
}

impl Followed {
    fn open(path: &Path, name: &str, positions: &dyn Positions) -> io::Result<Self> {
        let file = File::open(path)?;
        let position = positions.load(name)?.unwrap_or_default();
        let mut followed = Self {
            file,
            path: path.to_owned(),
            position,
            whole: None,
            quiet: 0,
            seen: 0,
            listed: true,
            skipping: false,
        };
        followed.check_head(name)?;
        Ok(followed)
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
        self.quiet = if seen == self.seen { self.quiet + 1 } else { 0 };
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
            self.quiet += 1;
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
