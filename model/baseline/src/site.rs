//! The hospital's own time: its zone and its shifts.

use wardwatch_ident::{Timestamp, Zone};

/// Hours in which work is expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// For this role; none: for everybody.
    pub role: Option<String>,
    /// Monday first: the days on which it begins.
    pub days: [bool; 7],
    /// First hour, 0-23.
    pub from_hour: u8,
    /// Hour at which it ends, 0-24; not after `from_hour`: on the next day.
    pub to_hour: u8,
}

impl Shift {
    fn holds(&self, hour_of_week: usize, role: Option<&str>) -> bool {
        if self.role.is_some() && self.role.as_deref() != role {
            return false;
        }
        let length = match i32::from(self.to_hour) - i32::from(self.from_hour) {
            hours if hours > 0 => hours as usize,
            hours => (hours + 24).max(0) as usize,
        };
        self.days.iter().enumerate().filter(|(_, on)| **on).any(|(day, _)| {
            let since = (hour_of_week + 168 - (day * 24 + usize::from(self.from_hour)) % 168) % 168;
            since < length
        })
    }
}

/// Zone and shifts of a tenant.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where its clocks are.
    pub zone: Zone,
    /// Its shifts.
    pub shifts: Vec<Shift>,
}

impl Site {
    /// China Standard Time, no shifts known.
    pub fn china() -> Self {
        Self { zone: Zone::china(), shifts: Vec::new() }
    }

    /// Hours since 1970 on the site's clocks.
    pub(crate) fn local_hour(&self, at: Timestamp) -> i64 {
        self.zone.civil(at).at_offset(0).as_secs().div_euclid(3_600)
    }

    pub(crate) fn in_shift(&self, hour_of_week: usize, role: Option<&str>) -> bool {
        self.shifts.iter().any(|shift| shift.holds(hour_of_week, role))
    }
}

/// Place in the week, Monday 00:00 is 0. 1970-01-01 was a Thursday.
pub(crate) fn hour_of_week(local_hour: i64) -> usize {
    local_hour.saturating_add(72).rem_euclid(168) as usize
}
