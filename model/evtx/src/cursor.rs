//! Reads numbers and runs of bytes, each with its bounds checked.

use crate::fault::Fault;

/// Little endian.
#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Little endian.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Little endian.
#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A place in a chunk that moves on, up to an end.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'c> {
    pub bytes: &'c [u8],
    pub at: usize,
    pub end: usize,
}

impl<'c> Cursor<'c> {
    /// From `at` up to `end`, which is no further than the chunk.
    pub fn new(bytes: &'c [u8], at: usize, end: usize) -> Self {
        Self { bytes, at, end: end.min(bytes.len()) }
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.end
    }

    #[inline]
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<&'c [u8], Fault> {
        let outside = Fault::Outside { what, at: self.at };
        let end = self.at.checked_add(len).filter(|end| *end <= self.end).ok_or(outside)?;
        let taken = self.bytes.get(self.at..end).ok_or(outside)?;
        self.at = end;
        Ok(taken)
    }

    #[inline]
    pub fn u8(&mut self, what: &'static str) -> Result<u8, Fault> {
        let outside = Fault::Outside { what, at: self.at };
        let byte = *self.bytes.get(self.at).filter(|_| self.at < self.end).ok_or(outside)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub fn u16(&mut self, what: &'static str) -> Result<u16, Fault> {
        self.take(2, what).map(|b| b.first_chunk().map_or(0, |b| u16::from_le_bytes(*b)))
    }

    #[inline]
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Fault> {
        self.take(4, what).map(|b| b.first_chunk().map_or(0, |b| u32::from_le_bytes(*b)))
    }
}
