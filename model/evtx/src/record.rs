//! Which records lie in a chunk, and which remain in places that nobody declared?

use crate::chunk::{CHUNK_HEAD_BYTES, Chunk};
use crate::cursor::{u32_at, u64_at};

/// How a record begins.
const MAGIC: [u8; 4] = [0x2A, 0x2A, 0, 0];
/// Magic, size, id and time.
pub(crate) const RECORD_HEAD_BYTES: usize = 24;
/// A head and the copy of the size at the end.
const RECORD_BYTES_MIN: usize = RECORD_HEAD_BYTES + 4;

/// Why a record is taken for one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It stands where the chunk says that its records are.
    Declared,
    /// It follows the last one, with the next id: Windows wrote it, and the chunk's head was not yet written anew (the file
    /// was copied while it was open).
    Unflushed,
    /// It was found by its shape behind a damaged place, where the chunk declares records.
    Recovered,
    /// It was found by its shape in space that is free: left from an earlier use of the chunk.
    Leftover,
}

/// A record in a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// `EventRecordID`.
    pub id: u64,
    /// When it was written, FILETIME (100 ns since 1601).
    pub written: u64,
    /// Where in the chunk it begins.
    pub at: usize,
    /// Bytes, head and the copy of the size included.
    pub size: usize,
    /// Why it is taken for a record.
    pub standing: Standing,
}

impl Place {
    /// At `at`, if a record's head is there and its size fits. `strict`: the copy of its size at its end must be right.
    fn read(bytes: &[u8], at: usize, strict: bool, standing: Standing) -> Option<Self> {
        if !bytes.get(at..)?.starts_with(&MAGIC) {
            return None;
        }
        let size = u32_at(bytes, at + 4)? as usize;
        let end = at.checked_add(size).filter(|end| size >= RECORD_BYTES_MIN && *end <= bytes.len())?;
        if strict && u32_at(bytes, end - 4)? as usize != size {
            return None;
        }
        Some(Self { id: u64_at(bytes, at + 8)?, written: u64_at(bytes, at + 16)?, at, size, standing })
    }
}

/// The records of a chunk, in order of place: those that it declares or should.
pub struct Records<'c> {
    bytes: &'c [u8],
    free: usize,
    at: usize,
    last_id: Option<u64>,
    state: State,
    /// Where the first damaged place is.
    broken: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Declared,
    /// Behind a damaged place, before the end that the chunk declares.
    Broken,
    Unflushed,
    Slack,
}

impl<'c> Records<'c> {
    pub(crate) fn new(chunk: Chunk<'c>) -> Self {
        let free = chunk.free();
        Self { bytes: chunk.bytes, free, at: CHUNK_HEAD_BYTES, last_id: None, state: State::Declared, broken: None }
    }

    /// Where the first record should have been that is none.
    pub fn broken(&self) -> Option<usize> {
        self.broken
    }

    /// The next one by its shape, up to `end`.
    fn carve(&mut self, end: usize, standing: Standing) -> Option<Place> {
        while let Some(rest) = self.bytes.get(self.at..end) {
            let found = self.at + memchr::memmem::find(rest, &MAGIC)?;
            if let Some(place) = Place::read(self.bytes, found, true, standing) {
                self.at = found + place.size;
                return Some(place);
            }
            self.at = found + 1;
        }
        None
    }

    fn declared(&mut self) -> Option<Place> {
        // Zeroes where a record should begin: the space was set aside and not used.
        if self.at >= self.free || self.bytes.get(self.at..)?.starts_with(&[0; 4]) {
            self.state = State::Unflushed;
            return None;
        }
        let place = Place::read(self.bytes, self.at, false, Standing::Declared);
        match place {
            Some(place) => self.at += place.size,
            None => {
                self.broken = Some(self.at);
                self.state = State::Broken;
            }
        }
        place
    }

    fn unflushed(&mut self) -> Option<Place> {
        let next = Place::read(self.bytes, self.at, true, Standing::Unflushed);
        let next = next.filter(|place| self.last_id.is_some_and(|last| place.id == last.wrapping_add(1)));
        match next {
            Some(place) => self.at += place.size,
            None => self.state = State::Slack,
        }
        next
    }
}

/// Records in the free space of a chunk: those of its earlier use. Their templates are often overwritten, and most were read
/// when they were new.
pub struct Leftovers<'c>(Records<'c>);

impl<'c> Leftovers<'c> {
    pub(crate) fn new(chunk: Chunk<'c>) -> Self {
        let mut records = Records::new(chunk);
        records.by_ref().for_each(drop);
        Self(records)
    }
}

impl Iterator for Leftovers<'_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        self.0.carve(self.0.bytes.len(), Standing::Leftover)
    }
}

impl Iterator for Records<'_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        loop {
            let found = match self.state {
                State::Declared => self.declared(),
                State::Broken => {
                    let found = self.carve(self.free, Standing::Recovered);
                    if found.is_none() {
                        self.at = self.at.max(self.free);
                        self.state = State::Slack;
                    }
                    found
                }
                State::Unflushed => self.unflushed(),
                State::Slack => return None,
            };
            if let Some(place) = found {
                self.last_id = Some(place.id);
                return found;
            }
        }
    }
}
