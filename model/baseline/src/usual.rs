//! A mean and a variance that forget: exponentially weighted, so that a new habit becomes usual in some weeks.

use crate::codec::{Reader, Writer};

/// Weight of the newest observation.
const WEIGHT: f32 = 0.2;

/// What is usual.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Usual {
    pub(crate) mean: f32,
    variance: f32,
    pub(crate) count: u16,
}

impl Usual {
    pub(crate) fn learn(&mut self, amount: f32) {
        self.count = self.count.saturating_add(1);
        // The first few weigh alike, so that the first one does not stand for all.
        let weight = WEIGHT.max(1.0 / f32::from(self.count));
        let step = amount - self.mean;
        self.mean += weight * step;
        self.variance = (1.0 - weight) * (self.variance + weight * step * step);
    }

    pub(crate) fn deviation(&self) -> f32 {
        self.variance.max(0.0).sqrt()
    }

    /// True for amounts that are far outside: four deviations and three times the mean.
    pub(crate) fn is_exceeded(&self, amount: f32) -> bool {
        amount > self.mean + 4.0 * self.deviation() && amount > 3.0 * self.mean
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.number(u64::from(self.count));
        if self.count > 0 {
            to.float(self.mean);
            to.float(self.variance);
        }
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let count = u16::try_from(from.number()?).ok()?;
        if count == 0 {
            return Some(Self::default());
        }
        Some(Self { count, mean: from.float()?, variance: from.float()? })
    }
}
