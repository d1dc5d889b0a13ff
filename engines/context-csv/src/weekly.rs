//! Times of the week: `mon-fri 08:00-18:00; sat 08:00-12:00`, `daily 22:00-06:00`. A span that ends before it begins
//! goes on into the next day.

use wardwatch_ident::{Timestamp, Zone};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_MINUTES: u16 = 24 * 60;

/// Spans of the week in local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weekly(Vec<Span>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// One bit a day, Monday lowest.
    days: u8,
    /// Minutes of the day.
    from: u16,
    until: u16,
}

impl Weekly {
    /// Reads the column; empty is none.
    ///
    /// # Errors
    /// The part that is not understood, and an example.
    pub(crate) fn read(text: &str) -> Result<Option<Weekly>, String> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        let spans = parts.map(span).collect::<Result<Vec<_>, _>>()?;
        Ok((!spans.is_empty()).then_some(Weekly(spans)))
    }

    /// Whether the instant lies in a span.
    pub(crate) fn holds(&self, at: Timestamp, zone: &Zone) -> bool {
        let local = zone.civil(at);
        let days = local.at_offset(0).as_secs().div_euclid(86_400);
        // 1970-01-01 was a Thursday.
        let today = (days + 3).rem_euclid(7) as u32;
        let yesterday = (today + 6) % 7;
        let minute = u16::from(local.hour) * 60 + u16::from(local.minute);
        self.0.iter().any(|span| {
            let on = |day: u32| span.days & (1 << day) != 0;
            if span.from < span.until {
                return on(today) && (span.from..span.until).contains(&minute);
            }
            (on(today) && minute >= span.from) || (on(yesterday) && minute < span.until)
        })
    }
}

fn span(text: &str) -> Result<Span, String> {
    let wrong = || format!("`{text}` is no time of the week: write `mon-fri 08:00-18:00` or `daily 22:00-06:00`");
    let (days, hours) = text.split_once(char::is_whitespace).ok_or_else(wrong)?;
    let (from, until) = hours.trim().split_once('-').ok_or_else(wrong)?;
    let (from, until) = (minutes(from).ok_or_else(wrong)?, minutes(until).ok_or_else(wrong)?);
    let days = days_of(&days.to_lowercase()).ok_or_else(wrong)?;
    if from == until || from == DAY_MINUTES {
        return Err(wrong());
    }
    Ok(Span { days, from, until })
}

fn days_of(text: &str) -> Option<u8> {
    if text == "daily" {
        return Some(0x7f);
    }
    let number = |name: &str| DAYS.iter().position(|day| *day == name);
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        let count = (last + 7 - first) % 7;
        (0..=count).for_each(|step| days |= 1 << ((first + step) % 7));
    }
    Some(days)
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    let all = hour * 60 + minute;
    (hour <= 24 && minute < 60 && all <= DAY_MINUTES).then_some(all)
}
