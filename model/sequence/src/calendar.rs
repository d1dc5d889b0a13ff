//! When a window over declared groups begins and ends: a part of every day by a zone's calendar, or all the time.

use wardwatch_ident::{Civil, Timestamp, Zone};
use wardwatch_predicate::sigma::Daily;

const DAY_SECS: i64 = 86_400;
const MINUTE_MICROS: i64 = 60_000_000;

/// A sequence of windows. Times are microseconds; a window holds `start <= t < end`.
#[derive(Debug)]
pub(crate) enum Calendar {
    /// The last `span`, looked at four times in each, on a grid that begins at the epoch.
    Rolling { span_micros: i64 },
    /// Once a day.
    Daily { zone: Zone, from_minute: u16, to_minute: u16, days: [bool; 7] },
}

impl Calendar {
    pub(crate) fn new(daily: Option<&Daily>, timespan_secs: u64) -> Calendar {
        match daily {
            None => {
                let span = i64::try_from(timespan_secs).unwrap_or(i64::MAX).saturating_mul(1_000_000);
                Calendar::Rolling { span_micros: span.max(4) }
            }
            Some(daily) => Calendar::Daily {
                // The compiler refuses a zone that is none.
                zone: Zone::parse(&daily.zone.name).unwrap_or(Zone::Fixed(0)),
                from_minute: daily.from_minute,
                to_minute: daily.to_minute,
                days: daily.days,
            },
        }
    }

    /// Times within one cell need not be told apart: windows, and halves of rolling ones, begin and end between cells.
    pub(crate) fn cell_micros(&self) -> i64 {
        match self {
            Calendar::Rolling { span_micros } => (span_micros / 4).max(1),
            Calendar::Daily { .. } => MINUTE_MICROS,
        }
    }

    /// Windows follow each other without end, so that a silence is said once and not by each of them.
    pub(crate) fn is_rolling(&self) -> bool {
        matches!(self, Calendar::Rolling { .. })
    }

    /// The first window that ends after `t`.
    pub(crate) fn next_after(&self, t: i64) -> (i64, i64) {
        match self {
            Calendar::Rolling { span_micros } => {
                let step = self.cell_micros();
                let end = t.div_euclid(step).saturating_add(1).saturating_mul(step);
                (end.saturating_sub(*span_micros), end)
            }
            Calendar::Daily { zone, from_minute, to_minute, days } => {
                let today = zone.civil(Timestamp(t)).at_offset(0).as_secs().div_euclid(DAY_SECS);
                let windows = (today.saturating_sub(2)..today.saturating_add(9))
                    .filter(|day| days.get((day + 3).rem_euclid(7) as usize).copied().unwrap_or(false))
                    .map(|day| {
                        let next = i64::from(to_minute <= from_minute);
                        (instant(zone, day, *from_minute), instant(zone, day + next, *to_minute))
                    });
                windows.filter(|(_, end)| *end > t).min_by_key(|(_, end)| *end).unwrap_or((i64::MAX, i64::MAX))
            }
        }
    }
}

/// The instant of a minute of a local day, days since 1970-01-01.
fn instant(zone: &Zone, day: i64, minute: u16) -> i64 {
    let midnight = Civil::from_utc(Timestamp::from_secs(day.saturating_mul(DAY_SECS)));
    let civil = Civil { hour: (minute / 60) as u8, minute: (minute % 60) as u8, ..midnight };
    zone.instant(civil).as_micros()
}
