//! Count-min sketches (Cormode and Muthukrishnan, 2005) with four rows and conservative update: counts of values in
//! fixed memory, never too low.

use crate::codec::{Reader, Writer};
use crate::hash::again;
use wardwatch_limits::BASELINE_SKETCH_ROWS;

/// Counts; they stop at `u16::MAX` for spreads and far below it after halving for shares.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Sketch {
    width: usize,
    cells: Box<[u32]>,
}

impl Sketch {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, cells: vec![0; width * BASELINE_SKETCH_ROWS].into_boxed_slice() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.cells.len() * 4
    }

    fn places(&self, hash: u64) -> [usize; BASELINE_SKETCH_ROWS] {
        let mut row = 0;
        [(); BASELINE_SKETCH_ROWS].map(|()| {
            let at = ((u128::from(again(hash, row as u64 + 1)) * self.width as u128) >> 64) as usize + row * self.width;
            row += 1;
            at
        })
    }

    /// How often, at most.
    pub(crate) fn count(&self, hash: u64) -> u32 {
        self.places(hash).iter().map(|at| self.cells.get(*at).copied().unwrap_or(0)).min().unwrap_or(0)
    }

    /// Counts once more; gives the count before.
    pub(crate) fn add(&mut self, hash: u64) -> u32 {
        let before = self.count(hash);
        for at in self.places(hash) {
            if let Some(cell) = self.cells.get_mut(at) {
                *cell = (*cell).max(before.saturating_add(1));
            }
        }
        before
    }

    /// Everything counts half.
    pub(crate) fn halve(&mut self) {
        self.cells.iter_mut().for_each(|cell| *cell /= 2);
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.sparse(self.cells.iter().map(|c| u64::from(*c)));
    }

    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let cells = &mut self.cells;
        from.sparse(cells.len(), |at, value| {
            if let Some(cell) = cells.get_mut(at) {
                *cell = u32::try_from(value).unwrap_or(u32::MAX);
            }
        })
    }
}
