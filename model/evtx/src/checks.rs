//! Are a chunk's checksums right? (CRC-32 of IEEE 802.3, as zlib's.)

use crate::cursor::u32_at;

/// Behind these bytes of a chunk come the string and template tables.
const HEAD_END: usize = 120;
/// The tables.
const TABLES: std::ops::Range<usize> = 128..512;
/// This flag says that no checksums were written.
const UNCHECKED: u32 = 4;

/// What a chunk's checksums say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checks {
    /// Head, string table and template table are as they were written.
    pub head: bool,
    /// The records are as they were written.
    pub records: bool,
}

impl Checks {
    /// Computes both over a whole chunk; `free` is where its records end.
    pub(crate) fn of(bytes: &[u8], free: usize) -> Self {
        if u32_at(bytes, 120).is_some_and(|flags| flags & UNCHECKED != 0) {
            return Self { head: true, records: true };
        }
        let mut head = crc32fast::Hasher::new();
        head.update(bytes.get(..HEAD_END).unwrap_or_default());
        head.update(bytes.get(TABLES).unwrap_or_default());
        let records = bytes.get(TABLES.end..free).unwrap_or_default();
        Self {
            head: u32_at(bytes, 124) == Some(head.finalize()),
            records: u32_at(bytes, 52) == Some(crc32fast::hash(records)),
        }
    }

    /// Nothing is damaged.
    pub fn intact(self) -> bool {
        self.head && self.records
    }
}
