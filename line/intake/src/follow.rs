//! A file or folder that grows: read what is there, then look every second for more.
//!
//! A file is known by device, inode and its first bytes, not by its name: renaming it changes nothing, truncating it begins
//! it anew. What a batch covers is written down before it is handed over, so that after a crash exactly the same bytes come
//! again under the same key and the journal recognises them. Packed files and EVTX are read once, as wholes.

use crate::credential::Origin;
use crate::files;
use crate::followed_file::{Followed, Known, LOOK_MICROS, Reading, state};
use crate::intake::Intake;
use crate::meters::Unread;
use crate::ports::Positions;
use crate::stop::Stop;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wardwatch_event::Received;
use wardwatch_ident::Timestamp;
use wardwatch_limits::FOLLOWED_FILES;
use wardwatch_pack::Join;

/// How often a quiet path is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What is odd about a folder is told once in this time, microseconds.
const TOLD_MICROS: u64 = 60_000_000;
/// Files that began anew and whose copies are still known: a night's rotation of a large folder.
const FORMERS: usize = 256;
/// Looks without growth after which a file that is no longer there is let go.
const LOOKS_GONE: u32 = 60;

/// Follows `path` until `stop`. Faults of single files are logged; the others go on.
pub async fn follow(intake: Arc<Intake>, path: PathBuf, origin: Origin, positions: Arc<dyn Positions>, mut stop: Stop) {
    let meter = intake.meter(origin);
    let make = || {
        Follower::new(path.clone(), origin, positions.clone(), intake.bounds.line_bytes).joining(intake.join_of(origin))
    };
    let (mut follower, mut unread) = (make(), Unread::default());
    while !stop.is_stopped() {
        let now = intake.clock.now();
        let step = tokio::task::spawn_blocking(move || {
            let next = follower.next_batch(now);
            (follower, next)
        });
        let Ok((mut back, next)) = step.await else {
            // What was read so far is written down.
            tracing::error!(path = %path.display(), "the reader of followed files broke and begins anew");
            meter.file_faults(1);
            follower = make();
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let before = std::mem::replace(&mut unread, back.unread());
        meter.unread(before, unread);
        meter.file_faults(std::mem::take(&mut back.faults));
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
        let Ok(back) = step.await else {
            // The position may be the old one: the same bytes come again under the same key.
            tracing::error!(path = %path.display(), "the reader of followed files broke and begins anew");
            meter.file_faults(1);
            follower = make();
            continue;
        };
        follower = back;
    }
    meter.unread(unread, Unread::default());
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
    positions: Arc<dyn Positions>,
    reading: Reading,
    files: BTreeMap<String, Followed>,
    /// What was read of files before they were emptied, the latest last.
    formers: VecDeque<Known>,
    /// Whose turn was last: the search for the next batch begins behind it, so that one busy file starves no other.
    turn: Option<String>,
    /// Files that were read to their end and closed, as they were then: opened again only when they have changed.
    settled: HashMap<String, (u64, i64, i64)>,
    /// Files that wait until others are closed, and what is no regular file, at the last look.
    waiting: usize,
    skipped: usize,
    /// What failed since somebody took it.
    faults: u64,
    told: Option<Timestamp>,
    looked: Option<Timestamp>,
}

impl Follower {
    /// Nothing is read yet.
    pub fn new(path: PathBuf, origin: Origin, positions: Arc<dyn Positions>, line_bytes: usize) -> Self {
        Self {
            path,
            positions,
            reading: Reading { origin, line_bytes, join: None },
            files: BTreeMap::new(),
            formers: VecDeque::new(),
            turn: None,
            settled: HashMap::new(),
            waiting: 0,
            skipped: 0,
            faults: 0,
            told: None,
            looked: None,
        }
    }

    /// Lines become records of several lines, as a pack says.
    pub fn joining(mut self, join: Option<Arc<Join>>) -> Self {
        self.reading.join = join;
        self
    }

    /// Files that are not read yet because too many are open, as of the last look.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Links, pipes and other things below the path that are not read, as of the last look.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    fn unread(&self) -> Unread {
        Unread { waiting: self.waiting as u64, skipped: self.skipped as u64 }
    }

    /// The next lines of any file, the files in turn; none: nothing new. After it is durable, [`Follower::stored`] must be
    /// called before the next call.
    pub fn next_batch(&mut self, now: Timestamp) -> Option<Pending> {
        // While there is something to read, a folder of thousands is walked once a second, not for every batch.
        if self.looked.is_some_and(|looked| now.micros_since(looked).unsigned_abs() < LOOK_MICROS)
            && let Some(pending) = self.next_of_open(now)
        {
            return Some(pending);
        }
        self.looked = Some(now);
        if let Err(error) = self.look() {
            self.faults += 1;
            tracing::warn!(%error, path = %self.path.display(), "looking for files failed; trying again");
        }
        self.tell(now);
        self.next_of_open(now)
    }

    fn next_of_open(&mut self, now: Timestamp) -> Option<Pending> {
        let mut names: Vec<String> = self.files.keys().cloned().collect();
        if let Some(turn) = &self.turn {
            let behind = names.partition_point(|name| name <= turn);
            names.rotate_left(behind);
        }
        for name in names {
            let others = self.others(&name);
            let Some(followed) = self.files.get_mut(&name) else { continue };
            let outcome = followed.next(&name, &self.reading, &others, &*self.positions, now);
            if let Some(former) = followed.former.take() {
                self.formers.push_back(former);
            }
            while self.formers.len() > FORMERS {
                self.formers.pop_front();
            }
            match outcome {
                Ok(Some(batch)) => {
                    self.turn = Some(name.clone());
                    return Some(Pending { file: name, batch });
                }
                Ok(None) if !followed.listed && followed.quiet > LOOKS_GONE => drop(self.files.remove(&name)),
                Ok(None) => {}
                Err(error) => {
                    self.faults += 1;
                    tracing::warn!(%error, file = %followed.path.display(), "reading failed; trying again");
                }
            }
        }
        None
    }

    /// What a file that was never read may be a copy of.
    fn others(&self, name: &str) -> Vec<Known> {
        if !self.files.get(name).is_some_and(|followed| followed.fresh) {
            return Vec::new();
        }
        let open = self.files.iter().filter(|(other, _)| *other != name).filter_map(|(_, followed)| followed.known());
        open.chain(self.formers.iter().cloned()).collect()
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
        if followed.whole.is_none()
            && let Err(error) = followed.stored().and_then(|()| self.positions.save(file, &followed.position))
        {
            self.faults += 1;
            // After a restart the batch is sent again and recognised by its key.
            tracing::warn!(%error, "writing down a file position failed");
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
                self.faults += 1;
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
        let mut followed = Followed::open(&self.path, path, &name, &*self.positions)?;
        self.formers.extend(followed.former.take());
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
