//! Hashes of files in hexadecimal, any case.

use crate::Kind;

/// A hash as bytes.
pub(crate) struct Digest {
    pub(crate) kind: Kind,
    bytes: [u8; 32],
    length: usize,
}

impl Digest {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// The value of a hexadecimal digit; 16 is none.
#[inline]
fn digit(byte: u8) -> u8 {
    let (number, letter) = (byte.wrapping_sub(b'0'), (byte | 0x20).wrapping_sub(b'a'));
    match (number < 10, letter < 6) {
        (true, _) => number,
        (_, true) => letter + 10,
        _ => 0x10,
    }
}

/// 32, 40 or 64 hexadecimal digits; nothing else.
#[inline]
pub(crate) fn parse(text: &[u8]) -> Option<Digest> {
    let kind = match text.len() {
        32 => Kind::Md5,
        40 => Kind::Sha1,
        64 => Kind::Sha256,
        _ => return None,
    };
    let mut bytes = [0u8; 32];
    let mut wrong = 0;
    let (pairs, _) = text.as_chunks::<2>();
    for (to, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (digit(*high), digit(*low));
        wrong |= high | low;
        *to = high << 4 | (low & 15);
    }
    (wrong < 0x10).then_some(Digest { kind, bytes, length: text.len() / 2 })
}
