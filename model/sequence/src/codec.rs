//! The bytes of a snapshot: numbers by seven bits, times as differences, everything else by its length.

use crate::window::Stamp;

/// What is wrong with bytes that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("kept state cannot be used: {0}")]
pub(crate) struct Broken(pub &'static str);

/// Writes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub bytes: Vec<u8>,
    time: i64,
}

impl Writer {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn unsigned(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        self.unsigned(((number << 1) ^ (number >> 63)) as u64);
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.unsigned(count as u64);
    }

    pub(crate) fn wide(&mut self, number: u128) {
        self.raw(&number.to_le_bytes());
    }

    pub(crate) fn blob(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.blob(text.as_bytes());
    }

    pub(crate) fn maybe(&mut self, number: Option<i64>) {
        self.byte(u8::from(number.is_some()));
        number.into_iter().for_each(|number| self.signed(number));
    }

    /// Times lie close to each other: the difference is short.
    pub(crate) fn stamp(&mut self, stamp: Stamp) {
        self.signed(stamp.time.wrapping_sub(self.time));
        self.time = stamp.time;
        self.wide(stamp.id());
    }

    pub(crate) fn stamps(&mut self, stamps: impl ExactSizeIterator<Item = Stamp>) {
        self.count(stamps.len());
        stamps.for_each(|stamp| self.stamp(stamp));
    }
}

/// Reads what a [`Writer`] wrote, and refuses the rest.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    time: i64,
}

const SHORT: Broken = Broken("it ends too early");

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { rest: bytes, time: 0 }
    }

    pub(crate) fn format(&mut self, known: u8) -> Result<(), Broken> {
        if self.byte()? == known { Ok(()) } else { Err(Broken("its format is another version's")) }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Broken> {
        let (byte, rest) = self.rest.split_first().ok_or(SHORT)?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(crate) fn raw<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(SHORT)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Broken> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken("a number is too long"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Broken> {
        let number = self.unsigned()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number of things that take a byte each at least.
    pub(crate) fn count(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.unsigned()?).unwrap_or(usize::MAX);
        if count <= self.rest.len() { Ok(count) } else { Err(SHORT) }
    }

    pub(crate) fn wide(&mut self) -> Result<u128, Broken> {
        Ok(u128::from_le_bytes(self.raw()?))
    }

    pub(crate) fn blob(&mut self) -> Result<&'b [u8], Broken> {
        let count = self.count()?;
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, Broken> {
        std::str::from_utf8(self.blob()?).map_err(|_| Broken("a text is not UTF-8"))
    }

    pub(crate) fn maybe(&mut self) -> Result<Option<i64>, Broken> {
        if self.byte()? == 0 { Ok(None) } else { self.signed().map(Some) }
    }

    pub(crate) fn stamp(&mut self) -> Result<Stamp, Broken> {
        self.time = self.time.wrapping_add(self.signed()?);
        Ok(Stamp::new(self.time, self.wide()?))
    }

    pub(crate) fn stamps(&mut self) -> Result<Vec<Stamp>, Broken> {
        (0..self.count()?).map(|_| self.stamp()).collect()
    }
}
