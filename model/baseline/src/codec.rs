//! Bytes of a snapshot: numbers in LEB128, everything with its length. Reading never trusts a length.

/// Writes.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    pub(crate) fn signed(&mut self, n: i64) {
        self.number((n << 1 ^ n >> 63) as u64);
    }

    pub(crate) fn fixed(&mut self, n: u64) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    pub(crate) fn float(&mut self, n: f32) {
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Counters of a sketch or filter: runs of zero are written as their length.
    pub(crate) fn sparse(&mut self, cells: impl Iterator<Item = u64>) {
        let mut zeros = 0u64;
        let mut count = 0u64;
        let mut body = Self::default();
        for cell in cells {
            if cell == 0 {
                zeros += 1;
            } else {
                body.number(zeros);
                body.number(cell);
                (zeros, count) = (0, count + 1);
            }
        }
        self.number(count);
        self.0.append(&mut body.0);
    }
}

/// Reads; none as soon as anything does not fit.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    pub(crate) fn take(&mut self, bytes: usize) -> Option<&'b [u8]> {
        let (head, tail) = self.0.split_at_checked(bytes)?;
        self.0 = tail;
        Some(head)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let n = self.number()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// A count of things that take at least a byte each.
    pub(crate) fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.number()?).ok()?;
        (n <= self.0.len()).then_some(n)
    }

    pub(crate) fn fixed(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(*self.take(8)?.first_chunk()?))
    }

    pub(crate) fn float(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(*self.take(4)?.first_chunk()?)).filter(|n| n.is_finite())
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let length = self.count()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    /// The inverse of [`Writer::sparse`]: calls with each place and its value, places below `cells`.
    pub(crate) fn sparse(&mut self, cells: usize, mut put: impl FnMut(usize, u64)) -> Option<()> {
        let mut at = 0usize;
        for _ in 0..self.count()? {
            at = at.checked_add(usize::try_from(self.number()?).ok()?)?;
            if at >= cells {
                return None;
            }
            put(at, self.number()?);
            at += 1;
        }
        Some(())
    }
}
