//! A part of a date and time that an event gives as text: `2026-11-25 08:30:00`, `2026-11-25T08:30:00.123Z`.
//!
//! No zone is converted (specification 2.1, time modifiers): 08 in the text is hour 8. Anything else is no time.

use super::modifier::TimePart;

/// The asked part, or none if the text has no such part.
#[must_use]
pub fn time_part(text: &str, part: TimePart) -> Option<i128> {
    let mut cut = Cut { rest: text };
    let year = cut.digits(4)?;
    let dash = cut.one_of(&['-', '/'])?;
    let month = cut.digits(2).filter(|month| (1..=12).contains(month))?;
    cut.one_of(&[dash])?;
    let day = cut.digits(2).filter(|day| (1..=days_of(year, month)).contains(day))?;
    let asked = match part {
        TimePart::Year => year,
        TimePart::Month => month,
        TimePart::Day => day,
        TimePart::Week => week(year, month, day),
        TimePart::Hour | TimePart::Minute => {
            cut.one_of(&['T', 't', ' '])?;
            let hour = cut.digits(2).filter(|hour| (0..24).contains(hour))?;
            if part == TimePart::Hour {
                hour
            } else {
                cut.one_of(&[':'])?;
                cut.digits(2).filter(|minute| (0..60).contains(minute))?
            }
        }
    };
    Some(i128::from(asked))
}

struct Cut<'t> {
    rest: &'t str,
}

impl Cut<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.rest = rest;
        digits.parse().ok()
    }

    fn one_of(&mut self, wanted: &[char]) -> Option<char> {
        let found = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.rest = self.rest.get(found.len_utf8()..)?;
        Some(found)
    }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// ISO 8601: the week that holds the year's first Thursday is week 1, weeks begin on Monday.
fn week(year: i64, month: i64, day: i64) -> i64 {
    let day_of_year: i64 = (1..month).map(|m| days_of(year, m)).sum::<i64>() + day;
    let before = year - 1;
    // Monday is 1; day 1 of year 1 was a Monday in the proleptic calendar.
    let january_first = (before * 365 + before / 4 - before / 100 + before / 400).rem_euclid(7) + 1;
    let weekday = (january_first - 1 + day_of_year - 1).rem_euclid(7) + 1;
    let week = (day_of_year - weekday + 10) / 7;
    match week {
        0 => weeks_of(before),
        53 if weeks_of(year) == 52 => 1,
        week => week,
    }
}

fn weeks_of(year: i64) -> i64 {
    let dominical = |y: i64| (y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400)).rem_euclid(7);
    52 + i64::from(dominical(year) == 4 || dominical(year - 1) == 3)
}
