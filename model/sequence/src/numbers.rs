//! Sums, means, medians and percentiles over a sliding window. Whole numbers are added exactly.

use crate::window::{Stamp, Wide};
use std::collections::VecDeque;
use wardwatch_limits::CORRELATION_NUMBERS;
use wardwatch_predicate::sigma::CorrelationKind;

/// A number of an event.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) enum Number {
    /// The bits of an `i128`.
    Integer(Wide),
    Float(f64),
}

impl Number {
    /// Reads a text; none if it is no number. Integers beyond a hundred bits become floats, so that sums never overflow.
    pub(crate) fn read(text: &str) -> Option<Number> {
        match wardwatch_predicate::Number::read(text.trim())? {
            wardwatch_predicate::Number::Integer(integer) => {
                Some(Number::whole(integer).unwrap_or(Number::Float(integer as f64)))
            }
            wardwatch_predicate::Number::Float(float) => Some(Number::Float(float)),
        }
    }

    /// None beyond a hundred bits.
    pub(crate) fn whole(integer: i128) -> Option<Number> {
        (integer.unsigned_abs() < 1 << 100).then(|| Number::Integer(Wide::new(integer as u128)))
    }

    fn get(self) -> f64 {
        match self {
            Number::Integer(integer) => (integer.get() as i128) as f64,
            Number::Float(float) => float,
        }
    }
}

/// The numbers of a window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) items: VecDeque<(Stamp, Number)>,
    /// Until when the window lacks numbers that were left out.
    pub(crate) cut_until: i64,
    integers: i128,
    floats: f64,
    /// All of them in order of size, for medians and percentiles only.
    sorted: Vec<f64>,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers { items: VecDeque::new(), cut_until: i64::MIN, integers: 0, floats: 0.0, sorted: Vec::new() }
    }
}

impl Numbers {
    /// The same numbers, with sums and order made anew.
    pub(crate) fn of(items: Vec<(Stamp, Number)>, cut_until: i64, kind: CorrelationKind) -> Numbers {
        let mut numbers = Numbers { cut_until, ..Numbers::default() };
        items.into_iter().for_each(|(stamp, number)| numbers.push(stamp, number, kind));
        numbers
    }

    pub(crate) fn push(&mut self, stamp: Stamp, number: Number, kind: CorrelationKind) {
        if self.items.len() >= CORRELATION_NUMBERS
            && let Some((oldest, _)) = self.items.front().copied()
        {
            self.drop_front();
            self.cut_until = self.cut_until.max(oldest.time);
        }
        self.items.push_back((stamp, number));
        match number {
            Number::Integer(integer) => self.integers += integer.get() as i128,
            Number::Float(float) => self.floats += float,
        }
        if matches!(kind, CorrelationKind::ValueMedian | CorrelationKind::ValuePercentile) {
            let number = number.get();
            let at = self.sorted.partition_point(|other| other.total_cmp(&number).is_lt());
            self.sorted.insert(at, number);
        }
    }

    pub(crate) fn evict(&mut self, until: i64) {
        let mut floats_left = false;
        while self.items.front().is_some_and(|(stamp, _)| stamp.time <= until) {
            floats_left |= self.drop_front();
        }
        if floats_left {
            self.add_floats();
        }
    }

    /// True if a float went: their sum must be made anew, or it drifts.
    fn drop_front(&mut self) -> bool {
        let Some((_, number)) = self.items.pop_front() else { return false };
        if !self.sorted.is_empty() {
            let number = number.get();
            let at = self.sorted.partition_point(|other| other.total_cmp(&number).is_lt());
            if at < self.sorted.len() {
                self.sorted.remove(at);
            }
        }
        match number {
            Number::Integer(integer) => {
                self.integers -= integer.get() as i128;
                false
            }
            Number::Float(_) => true,
        }
    }

    fn add_floats(&mut self) {
        let float = |(_, number): &(Stamp, Number)| match number {
            Number::Float(float) => Some(*float),
            Number::Integer(_) => None,
        };
        self.floats = self.items.iter().filter_map(float).fold(0.0, |sum, float| sum + float);
    }

    /// None without numbers: a mean of nothing is nothing.
    pub(crate) fn figure(&self, kind: CorrelationKind, percentile: f64) -> Option<f64> {
        if self.items.is_empty() {
            return None;
        }
        let sum = self.integers as f64 + self.floats;
        match kind {
            CorrelationKind::ValueSum => Some(sum),
            CorrelationKind::ValueAvg => Some(sum / self.items.len() as f64),
            CorrelationKind::ValueMedian => percentile_of(&self.sorted, 50.0),
            _ => percentile_of(&self.sorted, percentile),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn stamps(&self) -> impl DoubleEndedIterator<Item = Stamp> + Clone {
        self.items.iter().map(|(stamp, _)| *stamp)
    }

    /// Numbers that were left out would still be in the window.
    pub(crate) fn is_estimated(&self, window_start: i64) -> bool {
        self.cut_until > window_start
    }

    pub(crate) fn weight(&self) -> usize {
        160 + self.items.capacity() * 64 + self.sorted.capacity() * 8
    }
}

/// Linear between the two nearest ranks, as most libraries have it: 0 is the least, 100 the greatest.
fn percentile_of(sorted: &[f64], percentile: f64) -> Option<f64> {
    let rank = (percentile / 100.0).clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted.get(rank.floor() as usize)?, sorted.get(rank.ceil() as usize)?);
    Some(below + (above - below) * rank.fract())
}
