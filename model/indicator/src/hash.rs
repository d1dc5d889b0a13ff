//! Hashes of keys: a folded multiplication over words of eight bytes, with a seed per table.
//!
//! Not a cryptographic hash: whatever it finds is compared byte for byte afterwards, so a forged collision costs a
//! comparison and is never a hit.

const STEP: u64 = 0xa076_1d64_78bd_642f;
const END: u64 = 0xe703_7ed1_a0b4_28db;

/// The two halves of the product, folded.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Hash of a key.
#[inline]
pub(crate) fn of_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = seed ^ STEP;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word), STEP);
    }
    let mut last = [0u8; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    end(mix(hash ^ u64::from_le_bytes(last), STEP), bytes.len())
}

/// Hash of an IPv4 address, the same as [`of_bytes`] over its four octets.
#[inline]
pub(crate) fn of_v4(seed: u64, address: u32) -> u64 {
    let word = u64::from(address.swap_bytes());
    end(mix(seed ^ STEP ^ word, STEP), 4)
}

#[inline]
fn end(hash: u64, length: usize) -> u64 {
    mix(hash ^ length as u64, END)
}

/// The hash of a name grows from its right end, label by label, so that one pass gives the hash of every suffix.
#[derive(Clone, Copy)]
pub(crate) struct NameHash(u64);

impl NameHash {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ END)
    }

    /// Adds the label that stands before what was added so far. `from` and `to` are places in `name`; the eight bytes
    /// after any place can be read.
    #[inline]
    pub(crate) fn add(&mut self, name: &NameBuffer, from: usize, to: usize) {
        let mut hash = self.0;
        let mut at = from;
        while at < to {
            let left = (to - at).min(8);
            let word = name.word(at) & (u64::MAX >> (64 - 8 * left));
            hash = mix(hash ^ word, STEP);
            at += 8;
        }
        self.0 = mix(hash ^ (to - from) as u64, END);
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

/// A name in lower case with room behind it, so that words can be read without looking for the end.
pub(crate) struct NameBuffer {
    bytes: [u8; NameBuffer::ROOM],
    length: usize,
}

impl NameBuffer {
    const ROOM: usize = 272;

    /// A copy in lower case without one dot at the end; none for texts that are no name: empty, too long, not ASCII.
    #[inline]
    pub(crate) fn lowered(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        if text.is_empty() || text.len() > wardwatch_limits::INDICATOR_NAME_BYTES {
            return None;
        }
        let mut bytes = [0u8; Self::ROOM];
        let mut all = 0u8;
        for (to, from) in bytes.iter_mut().zip(text) {
            all |= from;
            *to = from.to_ascii_lowercase();
        }
        (all < 0x80).then_some(Self { bytes, length: text.len() })
    }

    #[inline]
    fn word(&self, at: usize) -> u64 {
        self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).map_or(0, |w| u64::from_le_bytes(*w))
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Hash of a whole name in normal form: the same as adding all its labels from the right.
pub(crate) fn of_name(seed: u64, name: &[u8]) -> Option<u64> {
    let buffer = NameBuffer::lowered(name)?;
    let mut hash = NameHash::new(seed);
    let mut to = buffer.bytes().len();
    for (at, byte) in buffer.bytes().iter().enumerate().rev() {
        if *byte == b'.' {
            hash.add(&buffer, at + 1, to);
            to = at;
        }
    }
    hash.add(&buffer, 0, to);
    Some(hash.value())
}
