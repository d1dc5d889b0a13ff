//! Where the strings of a JSON text begin and end, one bit for each byte, found 64 bytes at a time.

/// Bytes of a block: one bit of a word for each.
pub(crate) const BLOCK: usize = 64;
/// Every second bit, from the second on.
const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;

/// The quotes that no backslash takes away, and the backslashes that take something away, of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    quotes: Vec<u64>,
    pub(crate) escapes: Vec<u64>,
}

/// What the last block leaves to the next: its first byte belongs to an escape.
#[derive(Clone, Copy, Default)]
struct Carry(u64);

impl Marks {
    /// Marks a text; what was marked before is forgotten.
    pub fn mark(&mut self, bytes: &[u8]) {
        self.begin(bytes);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            #[allow(unsafe_code, reason = "calls a function for processors that have AVX2")]
            // SAFETY: the processor has just been asked.
            unsafe {
                self.mark_avx2(bytes);
            }
            return;
        }
        self.mark_rest(bytes, Carry::default());
    }

    /// The twin of [`Marks::mark`]: byte by byte.
    pub fn mark_plainly(&mut self, bytes: &[u8]) {
        self.begin(bytes);
        let mut taken = false;
        for block in bytes.chunks(BLOCK) {
            let (mut quotes, mut escapes) = (0, 0);
            for (at, byte) in block.iter().enumerate() {
                match byte {
                    _ if taken => taken = false,
                    b'"' => quotes |= 1 << at,
                    b'\\' => {
                        escapes |= 1 << at;
                        taken = true;
                    }
                    _ => {}
                }
            }
            self.quotes.push(quotes);
            self.escapes.push(escapes);
        }
    }

    /// The first quote at or behind `from`.
    #[inline]
    #[must_use]
    pub fn quote(&self, from: usize) -> Option<usize> {
        first(&self.quotes, from)
    }

    /// Whether an escape begins in `start..end`.
    #[inline]
    #[must_use]
    pub fn has_escape(&self, start: usize, end: usize) -> bool {
        if start >= end {
            return false;
        }
        let (word, last) = (start / BLOCK, (end - 1) / BLOCK);
        let head = self.escapes.get(word).map_or(0, |bits| bits & (u64::MAX << (start % BLOCK)));
        let tail = u64::MAX >> (BLOCK - 1 - (end - 1) % BLOCK);
        if word == last {
            return head & tail != 0;
        }
        head != 0
            || self.escapes.get(word + 1..last).is_some_and(|words| words.iter().any(|bits| *bits != 0))
            || self.escapes.get(last).is_some_and(|bits| bits & tail != 0)
    }

    fn begin(&mut self, bytes: &[u8]) {
        let blocks = bytes.len().div_ceil(BLOCK);
        for words in [&mut self.quotes, &mut self.escapes] {
            words.clear();
            words.reserve(blocks);
        }
    }

    #[inline(always)]
    fn push(&mut self, quotes: u64, backslashes: u64, carry: &mut Carry) {
        if backslashes == 0 {
            self.quotes.push(quotes & !carry.0);
            self.escapes.push(0);
            carry.0 = 0;
            return;
        }
        // In a run of backslashes every second one escapes: subtraction carries through each run at once, and what
        // comes out differs between runs that begin on even and on odd places.
        let open = backslashes & !carry.0;
        let code = ((open << 1) | ODD).wrapping_sub(open) ^ ODD;
        let escaped = code ^ (backslashes | carry.0);
        let escapes = code & backslashes;
        carry.0 = escapes >> (BLOCK - 1);
        self.quotes.push(quotes & !escaped);
        self.escapes.push(escapes);
    }

    /// Blocks from the start of `bytes` on, where there is no instruction for them; also the last, short one.
    fn mark_rest(&mut self, bytes: &[u8], mut carry: Carry) {
        for block in bytes.chunks(BLOCK) {
            let (mut quotes, mut backslashes) = (0, 0);
            for (at, byte) in block.iter().enumerate() {
                quotes |= u64::from(*byte == b'"') << at;
                backslashes |= u64::from(*byte == b'\\') << at;
            }
            self.push(quotes, backslashes, &mut carry);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    #[allow(unsafe_code, reason = "loads of 32 bytes at a place")]
    fn mark_avx2(&mut self, bytes: &[u8]) {
        use std::arch::x86_64::{_mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8};
        let (quote, backslash) = (_mm256_set1_epi8(b'"' as i8), _mm256_set1_epi8(b'\\' as i8));
        let mut carry = Carry::default();
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            let at = block.as_ptr();
            // SAFETY: the block has 64 bytes; the load asks for no alignment.
            let (low, high) = unsafe { (_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(32).cast())) };
            let bits = |sign| {
                let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, sign)) as u32;
                let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, sign)) as u32;
                u64::from(low) | (u64::from(high) << 32)
            };
            self.push(bits(quote), bits(backslash), &mut carry);
        }
        self.mark_rest(rest, carry);
    }
}

/// The first bit at or behind `from`.
#[inline]
fn first(words: &[u64], from: usize) -> Option<usize> {
    let mut word = from / BLOCK;
    let mut bits = words.get(word)? & (u64::MAX << (from % BLOCK));
    while bits == 0 {
        word += 1;
        bits = *words.get(word)?;
    }
    Some(word * BLOCK + bits.trailing_zeros() as usize)
}
