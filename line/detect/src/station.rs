//! The loop's body of this stage: a window of batches to alerts, committed with the cursor they complete, and what is
//! remembered kept now and then as a checkpoint.
//!
//! After a restart memory stands at the checkpoint's line, which is behind the book's: the lines between are looked at
//! once more for what they leave in memory. Their alerts are in the book already and are not kept again.

use crate::detector::{Detector, Findings};
use crate::memory::{LostPiece, Memory, Piece};
use crate::ports::{AlertBook, BookFault, Checkpoints};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wardwatch_event::EventBatch;
use wardwatch_ident::{Cursor, Timestamp};
use wardwatch_limits::{CHECKPOINT_MICROS, CHECKPOINT_SAID_MICROS};
use wardwatch_sequence::Settings;

/// Detection with its detector, its memory and its books. One worker pulls; others may replace the detector and look at
/// what is remembered.
pub struct Station {
    book: Arc<dyn AlertBook>,
    checkpoints: Arc<dyn Checkpoints>,
    settings: Settings,
    secret: [u8; 16],
    at_work: Mutex<AtWork>,
    hasher: RandomState,
}

struct AtWork {
    detector: Arc<Detector>,
    memory: Memory,
    /// The last line that was looked at.
    position: Cursor,
    /// Where the book stands.
    committed: Cursor,
    /// The checkpoint's line, when it was kept, and hashes of its pieces.
    checkpoint: Cursor,
    kept_at: Timestamp,
    pieces: HashMap<String, u64>,
    lost: Vec<LostPiece>,
}

impl Station {
    /// Starts where the checkpoint stands. `secret` belongs to the installation.
    ///
    /// # Errors
    /// What the books say.
    pub fn open(
        detector: Arc<Detector>,
        book: Arc<dyn AlertBook>,
        checkpoints: Arc<dyn Checkpoints>,
        settings: Settings,
        secret: [u8; 16],
    ) -> Result<Station, BookFault> {
        let memory = Memory::new(settings.clone(), secret);
        let at_work = AtWork {
            detector,
            memory,
            position: Cursor(0),
            committed: Cursor(0),
            checkpoint: Cursor(0),
            kept_at: Timestamp::default(),
            pieces: HashMap::new(),
            lost: Vec::new(),
        };
        let (at_work, hasher) = (Mutex::new(at_work), RandomState::new());
        let station = Station { book, checkpoints, settings, secret, at_work, hasher };
        station.reopen()?;
        Ok(station)
    }

    /// Takes memory back from the checkpoint: at the start, and when a window could not be committed, because memory
    /// has seen its lines and the book has not.
    ///
    /// # Errors
    /// What the books say.
    pub fn reopen(&self) -> Result<(), BookFault> {
        let (at, pieces) = self.checkpoints.load()?;
        let committed = self.book.cursor()?;
        let mut work = self.at_work();
        let (memory, lost) = Memory::restore(self.settings.clone(), self.secret, &work.detector, &pieces);
        work.memory = memory;
        work.pieces = pieces.iter().map(|piece| (piece.name.clone(), self.hasher.hash_one(&piece.bytes))).collect();
        work.lost.extend(lost);
        // A ledger from before checkpoints, or one whose lines the journal has let go: memory begins where the book is.
        work.position = at.min(committed);
        (work.checkpoint, work.committed) = (work.position, committed);
        Ok(())
    }

    fn at_work(&self) -> MutexGuard<'_, AtWork> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last line that was looked at: read on from here.
    #[must_use]
    pub fn position(&self) -> Cursor {
        self.at_work().position
    }

    /// Where the book stood when it was written last.
    #[must_use]
    pub fn committed(&self) -> Cursor {
        self.at_work().committed
    }

    /// The detector in use.
    #[must_use]
    pub fn detector(&self) -> Arc<Detector> {
        Arc::clone(&self.at_work().detector)
    }

    /// Takes a new detector between two windows, and memory with it as far as it means the same.
    pub fn replace(&self, detector: Arc<Detector>) {
        let mut work = self.at_work();
        let empty = Memory::new(self.settings.clone(), self.secret);
        let (memory, lost) = std::mem::replace(&mut work.memory, empty).under(&work.detector, &detector);
        (work.memory, work.detector) = (memory, detector);
        work.lost.extend(lost);
    }

    /// Parts of memory that could not be taken over since this was asked last.
    pub fn take_lost(&self) -> Vec<LostPiece> {
        std::mem::take(&mut self.at_work().lost)
    }

    /// Reads what is remembered.
    pub fn remembered<T>(&self, read: impl FnOnce(&Detector, &Memory) -> T) -> T {
        let work = self.at_work();
        read(&work.detector, &work.memory)
    }

    /// Looks at the lines up to `through`; the findings wait for [`Station::commit`]. One detector for the whole window.
    #[must_use]
    pub fn look(&self, through: Cursor, batches: &[EventBatch]) -> Findings {
        let mut work = self.at_work();
        let detector = Arc::clone(&work.detector);
        let mut findings = Findings::default();
        for batch in batches {
            findings.alerts.extend(detector.look(&mut work.memory, batch));
        }
        let committed = work.committed;
        findings.alerts.retain(|alert| alert.event.seq() > committed.0);
        findings.once = detector.settle(&mut work.memory);
        work.position = work.position.max(through);
        findings
    }

    /// Time went on without lines: what became certain, and silences.
    #[must_use]
    pub fn idle(&self, now: Timestamp) -> Findings {
        let mut work = self.at_work();
        let detector = Arc::clone(&work.detector);
        detector.idle(&mut work.memory, now);
        Findings { alerts: Vec::new(), once: detector.settle(&mut work.memory) }
    }

    /// Keeps what was found, with the cursor it completes.
    ///
    /// # Errors
    /// [`BookFault`]: nothing was kept; memory is taken back from the checkpoint, read on from [`Station::position`].
    pub async fn commit(&self, findings: &Findings) -> Result<(), BookFault> {
        let (after, through) = {
            let work = self.at_work();
            (work.committed, work.position.max(work.committed))
        };
        if after == through && findings.alerts.is_empty() && findings.once.is_empty() {
            return Ok(());
        }
        let kept = self.book.commit(after, through, &findings.alerts, &findings.once).await;
        match kept {
            Ok(()) => self.at_work().committed = through,
            // The caller takes memory back, too, before it goes on: here it may fail for the same reason.
            Err(_) => drop(self.reopen()),
        }
        kept
    }

    /// Keeps a checkpoint if one is due, or at once if `now_or_never`. Call it behind a commit.
    ///
    /// # Errors
    /// What the books say; the last checkpoint stays.
    pub async fn checkpoint(&self, now: Timestamp, now_or_never: bool) -> Result<(), BookFault> {
        let (at, changed, gone, pieces) = {
            let mut work = self.at_work();
            let due = now_or_never || now.micros_since(work.kept_at) >= CHECKPOINT_MICROS;
            if !due || work.position == work.checkpoint || work.position < work.committed {
                return Ok(());
            }
            work.kept_at = now;
            let all = work.memory.pieces(&work.detector);
            let pieces: HashMap<String, u64> =
                all.iter().map(|piece| (piece.name.clone(), self.hasher.hash_one(&piece.bytes))).collect();
            let is_new = |piece: &Piece| work.pieces.get(&piece.name) != pieces.get(&piece.name);
            let changed: Vec<Piece> = all.into_iter().filter(is_new).collect();
            let gone: Vec<String> = work.pieces.keys().filter(|name| !pieces.contains_key(*name)).cloned().collect();
            (work.position, changed, gone, pieces)
        };
        let forget = now.plus_micros(-CHECKPOINT_SAID_MICROS);
        self.checkpoints.save(at, &changed, &gone, forget).await?;
        let mut work = self.at_work();
        (work.checkpoint, work.pieces) = (at, pieces);
        Ok(())
    }
}
