//! Calendar time without a zone, and the zones that turn it into an instant.
//!
//! Lines mostly carry local time without a zone; a source says which zone that is. Conversions are
//! the proleptic Gregorian calendar; zone rules come from the bundled IANA database, never from the machine.

use crate::Timestamp;

/// A calendar date and time of day, zone unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year, 0-9999.
    pub year: i32,
    /// Month, 1-12.
    pub month: u8,
    /// Day of month, 1-31.
    pub day: u8,
    /// Hour, 0-23.
    pub hour: u8,
    /// Minute, 0-59.
    pub minute: u8,
    /// Second, 0-59; a leap second 60 is read as 59.
    pub second: u8,
    /// Microseconds of the second.
    pub micros: u32,
}

const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Civil {
    /// Checks every part; `None` for dates that do not exist.
    pub fn new(year: i32, month: u8, day: u8, hour: u8, minute: u8, second: u8, micros: u32) -> Option<Self> {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let longest = *DAYS.get(usize::from(month.checked_sub(1)?))? + u8::from(month == 2 && leap);
        let fits = (0..=9999).contains(&year)
            && (1..=longest).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60
            && micros < 1_000_000;
        fits.then_some(Self { year, month, day, hour, minute, second: second.min(59), micros })
    }

    /// The calendar reading of an instant in UTC.
    pub fn from_utc(at: Timestamp) -> Self {
        let secs = at.as_secs();
        let (days, rest) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        Self {
            year,
            month,
            day,
            hour: (rest / 3_600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
            micros: at.as_micros().rem_euclid(1_000_000) as u32,
        }
    }

    /// The instant, if this is local time at so many seconds east of UTC.
    pub fn at_offset(self, offset_secs: i32) -> Timestamp {
        let days = days_of(self.year, self.month, self.day);
        let secs = days * 86_400 + i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Timestamp::from_secs(secs - i64::from(offset_secs)).plus_micros(i64::from(self.micros))
    }

    /// Reads `YYYY-MM-DD[T ]hh:mm:ss[.,fraction]` (also `/` between the date's parts); gives what follows.
    pub fn parse_iso(text: &[u8]) -> Option<(Self, &[u8])> {
        let (year, rest) = digits(text, 4)?;
        let mark = *rest.first().filter(|b| matches!(b, b'-' | b'/'))?;
        let (month, rest) = digits(rest.get(1..)?, 2)?;
        let (day, rest) = digits(rest.strip_prefix(&[mark])?, 2)?;
        let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b"t")).or_else(|| rest.strip_prefix(b" "))?;
        let (hour, rest) = digits(rest, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(b":")?, 2)?;
        let (second, rest) = digits(rest.strip_prefix(b":")?, 2)?;
        let (micros, rest) = fraction(rest);
        let civil =
            Self::new(year as i32, month as u8, day as u8, hour as u8, minute as u8, second as u8, micros)?;
        Some((civil, rest))
    }
}

/// Exactly `n` ASCII digits and the rest.
fn digits(text: &[u8], n: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(n)?;
    let mut value = 0u32;
    for byte in head {
        value = value * 10 + u32::from(byte.checked_sub(b'0').filter(|d| *d < 10)?);
    }
    Some((value, rest))
}

/// An optional fraction of a second after `.` or `,`: microseconds (further digits are cut) and the rest.
pub(crate) fn fraction(text: &[u8]) -> (u32, &[u8]) {
    let Some(tail) = text.strip_prefix(b".").or_else(|| text.strip_prefix(b",")) else { return (0, text) };
    let count = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return (0, text);
    }
    let mut micros = 0u32;
    for place in 0..6 {
        let digit = tail.get(place).filter(|_| place < count).map_or(0, |b| u32::from(b - b'0'));
        micros = micros * 10 + digit;
    }
    (micros, tail.get(count..).unwrap_or_default())
}

/// `Z`, `+08:00`, `+0800` or `+08`, and nothing after it: seconds east of UTC.
pub(crate) fn parse_offset(text: &[u8]) -> Option<i32> {
    if text == b"Z" || text == b"z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() { (0, rest) } else { digits(rest, 2)? };
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours as i32 * 3_600 + minutes as i32 * 60))
}

/// Days from 1970-01-01 to a date (Howard Hinnant's days_from_civil).
fn days_of(year: i32, month: u8, day: u8) -> i64 {
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date so many days after 1970-01-01 (the inverse).
fn date_of(days: i64) -> (i32, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, (day_of_year - (153 * shifted + 2) / 5 + 1) as u8)
}

/// A time zone: a fixed offset, or an IANA zone with its history.
#[derive(Clone, Debug)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// From the bundled IANA database.
    Named(jiff::tz::TimeZone),
}

/// A zone name that is neither an offset nor in the IANA database.
#[derive(thiserror::Error, Debug, PartialEq, Eq)]
#[error("`{0}` is no time zone: write an IANA name such as `Asia/Shanghai`, or an offset such as `+08:00`")]
pub struct ZoneFault(pub String);

impl Zone {
    /// Reads an IANA name or an offset. Zones without change since 1992 (China) become fixed, which is quicker.
    pub fn parse(text: &str) -> Result<Self, ZoneFault> {
        match text {
            "Asia/Shanghai" | "Asia/Chongqing" | "PRC" => return Ok(Self::china()),
            "UTC" | "Etc/UTC" => return Ok(Self::Fixed(0)),
            _ => {}
        }
        if let Some(offset_secs) = parse_offset(text.as_bytes()) {
            return Ok(Self::Fixed(offset_secs));
        }
        jiff::tz::TimeZone::get(text).map(Self::Named).map_err(|_| ZoneFault(text.to_owned()))
    }

    /// China Standard Time, UTC+8: the default for sources that do not say.
    pub const fn china() -> Self {
        Self::Fixed(8 * 3_600)
    }

    /// The instant of a local reading. In a gap or fold the earlier offset is taken, as jiff's "compatible".
    pub fn instant(&self, civil: Civil) -> Timestamp {
        match self {
            Self::Fixed(offset_secs) => civil.at_offset(*offset_secs),
            Self::Named(zone) => named_instant(zone, civil).unwrap_or_else(|| civil.at_offset(0)),
        }
    }

    /// The local reading of an instant.
    pub fn civil(&self, at: Timestamp) -> Civil {
        let offset_secs = match self {
            Self::Fixed(offset_secs) => *offset_secs,
            Self::Named(zone) => {
                jiff::Timestamp::from_microsecond(at.as_micros()).map_or(0, |t| zone.to_offset(t).seconds())
            }
        };
        Civil::from_utc(at.plus_micros(i64::from(offset_secs) * 1_000_000))
    }
}

fn named_instant(zone: &jiff::tz::TimeZone, c: Civil) -> Option<Timestamp> {
    let local = jiff::civil::DateTime::new(
        c.year as i16,
        c.month as i8,
        c.day as i8,
        c.hour as i8,
        c.minute as i8,
        c.second as i8,
        (c.micros * 1_000) as i32,
    )
    .ok()?;
    zone.to_timestamp(local).ok().map(|t| Timestamp::from_micros(t.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-719_468..2_932_896).step_by(97) {
            let (year, month, day) = date_of(days);
            assert_eq!(days_of(year, month, day), days);
            assert!(Civil::new(year, month, day, 0, 0, 0, 0).is_some());
        }
    }

    #[test]
    fn zones_turn_local_time_into_instants() {
        let civil = Civil::new(2026, 7, 1, 10, 0, 0, 0).unwrap();
        for (zone, expect) in [
            ("Asia/Shanghai", "2026-07-01T02:00:00.000000Z"),
            ("+08:00", "2026-07-01T02:00:00.000000Z"),
            ("Europe/Berlin", "2026-07-01T08:00:00.000000Z"),
            ("UTC", "2026-07-01T10:00:00.000000Z"),
        ] {
            let zone = Zone::parse(zone).unwrap();
            assert_eq!(zone.instant(civil).to_string(), expect);
            assert_eq!(zone.civil(zone.instant(civil)), civil);
        }
        assert_eq!(Zone::parse("CST6XYZ").unwrap_err(), ZoneFault("CST6XYZ".into()));
    }
}
