//! How many different values: exactly while few, then HyperLogLog with 4,096 registers (standard error 1.6 %).

use crate::codec::{Reader, Writer};
use crate::entity::room;
use crate::hash::again;
use wardwatch_limits::BASELINE_SPARSE_VALUES;

const REGISTERS: usize = 4_096;

/// A count of distinct values.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Distinct {
    /// Hashes in order.
    Sparse(Vec<u64>),
    /// Longest runs of zeros.
    Dense(Registers),
}

/// Registers, with what the estimate needs of them kept up to date.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Registers {
    runs: Box<[u8]>,
    /// Sum of two to the power of minus each run, in units of 2^-40: whole numbers, so that no order of values matters.
    sum: u64,
    empty: u32,
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl Distinct {
    pub(crate) fn add(&mut self, hash: u64) {
        match self {
            Self::Sparse(values) => {
                let Err(at) = values.binary_search(&hash) else { return };
                if values.len() < BASELINE_SPARSE_VALUES {
                    values.insert(at, hash);
                    return;
                }
                let mut registers = Registers::of(vec![0u8; REGISTERS].into_boxed_slice());
                values.iter().chain([&hash]).for_each(|value| registers.raise(*value));
                *self = Self::Dense(registers);
            }
            Self::Dense(registers) => registers.raise(hash),
        }
    }

    /// The count, and whether it is an estimate.
    pub(crate) fn count(&self) -> (u32, bool) {
        match self {
            Self::Sparse(values) => (values.len() as u32, false),
            Self::Dense(registers) => (registers.estimate(), true),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Sparse(values) => room(values.len()),
            Self::Dense(_) => REGISTERS,
        }
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        match self {
            Self::Sparse(values) => {
                to.number(0);
                to.number(values.len() as u64);
                values.iter().for_each(|v| to.fixed(*v));
            }
            Self::Dense(registers) => {
                to.number(1);
                to.0.extend_from_slice(&registers.runs);
            }
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        if from.number()? == 0 {
            let count = from.count().filter(|n| *n <= BASELINE_SPARSE_VALUES)?;
            let values: Vec<u64> = (0..count).map(|_| from.fixed()).collect::<Option<_>>()?;
            return values.is_sorted().then_some(Self::Sparse(values));
        }
        Some(Self::Dense(Registers::of(from.take(REGISTERS)?.into())))
    }
}

impl Registers {
    fn of(runs: Box<[u8]>) -> Self {
        let sum = runs.iter().map(|run| unit(*run)).sum();
        let empty = runs.iter().filter(|run| **run == 0).count() as u32;
        Self { runs, sum, empty }
    }

    fn raise(&mut self, hash: u64) {
        let hash = again(hash, 7);
        let run = ((hash << 12) | 1 << 11).leading_zeros() as u8 + 1;
        if let Some(register) = self.runs.get_mut((hash >> 52) as usize).filter(|r| **r < run) {
            self.empty -= u32::from(*register == 0);
            self.sum = self.sum - unit(*register) + unit(run);
            *register = run;
        }
    }

    /// Flajolet, Fusy, Gandouet and Meunier (2007), with linear counting for small counts.
    fn estimate(&self) -> u32 {
        let m = REGISTERS as f64;
        let sum = self.sum.max(1) as f64 / (1u64 << 40) as f64;
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let best = if raw <= 2.5 * m && self.empty > 0 { m * (m / f64::from(self.empty)).ln() } else { raw };
        best.round() as u32
    }
}

fn unit(run: u8) -> u64 {
    (1u64 << 40) >> run.min(63)
}
