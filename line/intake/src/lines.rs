//! Lines while they are being collected for one batch.
//!
//! Never looks into a line: bytes are bytes until the journal has them.

use crate::credential::Origin;
use std::net::IpAddr;
use wardwatch_event::{LineNote, Received, RejectReason, Rejection};
use wardwatch_ident::Timestamp;
use wardwatch_limits::{BATCH_BYTES, BATCH_LINES};

/// Lines back to back, where each ends, and what was odd about them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    notes: Vec<(u32, LineNote)>,
    rejected: Vec<Rejection>,
}

impl Lines {
    /// Adds a line.
    pub fn push(&mut self, line: &[u8], note: Option<LineNote>) {
        if let Some(note) = note {
            self.notes.push((self.ends.len() as u32, note));
        }
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Adds a line that is given in two parts.
    pub fn push_parts(&mut self, first: &[u8], second: &[u8], note: Option<LineNote>) {
        self.bytes.extend_from_slice(first);
        self.push(second, note);
    }

    /// Counts records that are no lines because they had to be refused.
    pub fn reject(&mut self, reason: RejectReason, count: u64) {
        match self.rejected.iter_mut().find(|r| r.reason == reason) {
            Some(known) => known.count += count,
            None => self.rejected.push(Rejection { reason, count }),
        }
    }

    /// A batch should be handed on before more is added.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.ends.len() >= BATCH_LINES
    }

    /// Neither lines nor rejections.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.rejected.is_empty()
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of the lines.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The lines, for tests and for looking.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, end)| self.bytes.get(start as usize..*end as usize))
    }

    /// Each line with its first note.
    pub(crate) fn noted(&self) -> impl Iterator<Item = (&[u8], Option<LineNote>)> {
        let mut notes = self.notes.iter().peekable();
        self.iter().zip(0u32..).map(move |(line, number)| {
            let note = notes.next_if(|(at, _)| *at == number).map(|(_, note)| *note);
            while notes.next_if(|(at, _)| *at <= number).is_some() {}
            (line, note)
        })
    }

    /// The notes, by index of the line.
    pub fn notes(&self) -> &[(u32, LineNote)] {
        &self.notes
    }

    /// The rejections.
    pub fn rejected(&self) -> &[Rejection] {
        &self.rejected
    }

    /// Takes what was collected and leaves nothing behind.
    pub fn take(&mut self, origin: Origin, at: Timestamp, peer: Option<IpAddr>) -> Received {
        let taken = std::mem::take(self);
        let mut batch = Received::new(origin.tenant, origin.source, at, peer);
        batch.bytes = taken.bytes.into();
        batch.ends = taken.ends;
        batch.notes = taken.notes;
        batch.rejected = taken.rejected;
        batch
    }
}
