//! A keyed hash of names: SipHash-2-4 (Aumasson and Bernstein, 2012), so that nobody outside can choose values that
//! are taken for known ones.

/// The key of one tenant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(u64, u64);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    pub(crate) fn new(bytes: [u8; 16]) -> Self {
        let all = u128::from_le_bytes(bytes);
        Self(all as u64, (all >> 64) as u64)
    }

    /// Hash of several texts, each with its length so that borders count.
    pub(crate) fn of(self, parts: &[&str]) -> u64 {
        let mut state = State([
            self.0 ^ 0x736f_6d65_7073_6575,
            self.1 ^ 0x646f_7261_6e64_6f6d,
            self.0 ^ 0x6c79_6765_6e65_7261,
            self.1 ^ 0x7465_6462_7974_6573,
        ]);
        for part in parts {
            let (words, rest) = part.as_bytes().as_chunks::<8>();
            words.iter().for_each(|w| state.word(u64::from_le_bytes(*w)));
            let mut last = [0u8; 8];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            state.word(u64::from_le_bytes(last));
            state.word(part.len() as u64);
        }
        state.end()
    }

    /// Says whether a snapshot was made under this key without giving the key away.
    pub(crate) fn mark(self) -> u64 {
        self.of(&["wardwatch baselines"])
    }
}

struct State([u64; 4]);

impl State {
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.0 = [a, b, c, d];
    }

    fn word(&mut self, word: u64) {
        let [_, _, _, d] = &mut self.0;
        *d ^= word;
        self.round();
        self.round();
        let [a, ..] = &mut self.0;
        *a ^= word;
    }

    fn end(mut self) -> u64 {
        let [_, _, c, _] = &mut self.0;
        *c ^= 0xff;
        (0..4).for_each(|_| self.round());
        self.0.iter().fold(0, |all, one| all ^ one)
    }
}

/// A second hash of a hash, for the rows of sketches and filters.
pub(crate) fn again(hash: u64, row: u64) -> u64 {
    let product = u128::from(hash ^ row.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * 0xd6e8_feb8_6659_fd93_u128;
    (product >> 64) as u64 ^ product as u64
}
