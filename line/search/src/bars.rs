//! How many rows lie in each stretch of time, counted row by row in bounded memory.
//!
//! Neither the number of rows nor their times are known before, so instants are counted in narrow buckets that become
//! twice as wide whenever there are too many of them. Knows no row and no column.

use std::collections::BTreeMap;
use wardwatch_ident::Timestamp;

/// Buckets in memory: dozens for each bar that is drawn, so that a bar's edge is off by a few hundredths of its width.
const BUCKETS: usize = 4_096;

/// A count over time in the making.
#[derive(Clone, Debug)]
pub struct Bars {
    width: i64,
    buckets: BTreeMap<i64, u64>,
    ends: Option<(i64, i64)>,
}

impl Default for Bars {
    fn default() -> Self {
        Self { width: 1, buckets: BTreeMap::new(), ends: None }
    }
}

impl Bars {
    /// Counts one row.
    pub fn add(&mut self, at: Timestamp) {
        let at = at.as_micros();
        self.ends = Some(self.ends.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        *self.buckets.entry(at.div_euclid(self.width)).or_default() += 1;
        while self.buckets.len() > BUCKETS {
            self.width *= 2;
            let narrow = std::mem::take(&mut self.buckets);
            for (bucket, count) in narrow {
                *self.buckets.entry(bucket.div_euclid(2)).or_default() += count;
            }
        }
    }

    /// So many stretches of one length from the first row to the last, each with its start; none without a row.
    pub fn drawn(&self, bars: u32) -> Vec<(Timestamp, u64)> {
        let (Some((first, last)), true) = (self.ends, bars > 0) else { return Vec::new() };
        let (first, last, width) = (i128::from(first), i128::from(last), i128::from(self.width));
        let stretch = (last - first) / i128::from(bars) + 1;
        let start = |n: u32| i64::try_from(first + i128::from(n) * stretch).unwrap_or(i64::MAX);
        let mut drawn: Vec<(Timestamp, u64)> = (0..bars).map(|n| (Timestamp::from_micros(start(n)), 0)).collect();
        for (bucket, count) in &self.buckets {
            let at = (i128::from(*bucket) * width).clamp(first, last);
            if let Some(bar) = usize::try_from((at - first) / stretch).ok().and_then(|n| drawn.get_mut(n)) {
                bar.1 += count;
            }
        }
        drawn
    }
}
