//! Choices among alternatives, the same for the same attempt on every machine: attempt 0 always takes the first.

/// The choices of one attempt.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    attempt: u32,
    state: u64,
}

impl Dice {
    pub(super) fn of(attempt: u32) -> Dice {
        Dice { attempt, state: u64::from(attempt) }
    }

    /// A number below `count`; 0 if there is none.
    pub(super) fn pick(&mut self, count: usize) -> usize {
        if self.attempt == 0 || count < 2 {
            return 0;
        }
        // SplitMix64 (Steele, Lea, Flood 2014): short, and good enough to spread choices.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }

    pub(super) fn one_of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        all.get(self.pick(all.len()))
    }
}
