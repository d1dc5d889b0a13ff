//! Reading a time from a line's text: formats of a pack, ISO 8601 as devices write it, and the BSD form with its variants.
//!
//! Nothing here guesses: what the text does not say (year, zone) is left open, and the parser fills it from the source's
//! zone and the reception time.

/// What a text says about a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// An instant, microseconds since the epoch.
    Instant(i64),
    /// A reading of a clock.
    Clock(Clock),
}

/// Parts of a clock's reading; every part is in its range, but the day may not exist in the month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
    /// Year, if the text says.
    pub year: Option<i32>,
    /// Month, 1-12.
    pub month: u8,
    /// Day, 1-31.
    pub day: u8,
    /// Hour, 0-23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second, 0-60.
    pub second: u8,
    /// Microseconds.
    pub micros: u32,
    /// Seconds east of UTC, if the text says. Letters such as `CST` say nothing: they mean several zones.
    pub offset: Option<i32>,
}

/// A format of `[time]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TimeFormat {
    /// Seconds, with or without fraction.
    Epoch,
    /// Milliseconds.
    EpochMs,
    /// Microseconds.
    EpochUs,
    /// By the number of digits: 10 seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds.
    EpochAuto,
    /// ISO 8601.
    Iso,
    /// `Mmm d hh:mm:ss` and its variants.
    Bsd,
    /// A strftime pattern.
    Pattern(Vec<TimePart>),
}

/// One piece of a strftime pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TimePart {
    /// This text.
    Text(Box<str>),
    /// Any number of blanks.
    Blank,
    /// `%Y`
    Year,
    /// `%y`: 70-99 are 19xx.
    YearShort,
    /// `%m`
    Month,
    /// `%b`, `%B`, `%h`: English name.
    MonthName,
    /// `%d`, `%e`
    Day,
    /// `%H`, `%k`
    Hour,
    /// `%I`, `%l`
    Hour12,
    /// `%p`: AM, PM, 上午, 下午.
    Half,
    /// `%M`
    Minute,
    /// `%S`
    Second,
    /// `%f`: digits of a fraction of a second; with `%.f`, the point too.
    Fraction,
    /// `%z`: `+08:00`, `+0800`, `+08`, `Z`.
    Offset,
    /// `%Z`: letters, read over.
    ZoneLetters,
    /// `%a`, `%A`: letters, read over.
    Weekday,
}

impl TimeFormat {
    /// Reads a format word or strftime pattern; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "epoch" => Self::Epoch,
            "epoch_ms" => Self::EpochMs,
            "epoch_us" => Self::EpochUs,
            "epoch_auto" => Self::EpochAuto,
            "iso" => Self::Iso,
            "bsd" => Self::Bsd,
            pattern if pattern.contains('%') => Self::Pattern(parts(pattern)?),
            other => {
                return Err(format!(
                    "`{other}` is no time format; use epoch, epoch_ms, epoch_us, epoch_auto, iso, bsd or a pattern such as \
                     '%Y-%m-%d %H:%M:%S'"
                ));
            }
        })
    }

    /// Reads a text; `None` if it does not fit whole.
    pub fn read(&self, text: &str) -> Option<Reading> {
        let text = text.trim();
        match self {
            Self::Epoch => epoch(text, 1_000_000),
            Self::EpochMs => epoch(text, 1_000),
            Self::EpochUs => epoch(text, 1),
            Self::EpochAuto => {
                let digits = text.bytes().take_while(u8::is_ascii_digit).count();
                match digits {
                    0..=11 => epoch(text, 1_000_000),
                    12..=14 => epoch(text, 1_000),
                    15..=17 => epoch(text, 1),
                    _ => text.parse::<i64>().ok().map(|ns| Reading::Instant(ns / 1_000)),
                }
            }
            Self::Iso => whole(read_iso(text.as_bytes())?, text),
            Self::Bsd => whole(read_bsd(text.as_bytes())?, text),
            Self::Pattern(parts) => read_pattern(parts, text.as_bytes()).map(Reading::Clock),
        }
    }
}

fn whole((clock, used): (Clock, usize), text: &str) -> Option<Reading> {
    let rest = text.get(used..)?.trim();
    // `… CST`, `… (UTC)`: letters after a time say nothing certain.
    rest.bytes()
        .all(|b| b.is_ascii_alphabetic() || matches!(b, b'(' | b')' | b'/' | b'_'))
        .then_some(Reading::Clock(clock))
}

/// A decimal number of units of so many microseconds.
fn epoch(text: &str, micros_each: i64) -> Option<Reading> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut micros = whole.parse::<i64>().ok()?.checked_mul(micros_each)?;
    let mut place = micros_each;
    for byte in fraction.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        place /= 10;
        micros = micros.checked_add(i64::from(byte - b'0') * place)?;
    }
    Some(Reading::Instant(micros))
}

fn parts(pattern: &str) -> Result<Vec<TimePart>, String> {
    let mut out = Vec::new();
    let mut chars = pattern.chars().peekable();
    let mut text = String::new();
    while let Some(c) = chars.next() {
        if c != '%' && c != ' ' {
            text.push(c);
            continue;
        }
        let part = match if c == ' ' { ' ' } else { chars.next().unwrap_or('\0') } {
            ' ' => TimePart::Blank,
            '%' => {
                text.push('%');
                continue;
            }
            'Y' => TimePart::Year,
            'y' => TimePart::YearShort,
            'm' => TimePart::Month,
            'b' | 'B' | 'h' => TimePart::MonthName,
            'd' | 'e' => TimePart::Day,
            'H' | 'k' => TimePart::Hour,
            'I' | 'l' => TimePart::Hour12,
            'p' | 'P' => TimePart::Half,
            'M' => TimePart::Minute,
            'S' => TimePart::Second,
            'f' => TimePart::Fraction,
            '.' if chars.peek() == Some(&'f') => {
                chars.next();
                TimePart::Fraction
            }
            'z' => TimePart::Offset,
            'Z' => TimePart::ZoneLetters,
            'a' | 'A' => TimePart::Weekday,
            'T' => {
                flush(&mut text, &mut out);
                let colon = || TimePart::Text(":".into());
                out.extend([TimePart::Hour, colon(), TimePart::Minute, colon(), TimePart::Second]);
                continue;
            }
            'F' => {
                flush(&mut text, &mut out);
                let dash = || TimePart::Text("-".into());
                out.extend([TimePart::Year, dash(), TimePart::Month, dash(), TimePart::Day]);
                continue;
            }
            other => {
                return Err(format!(
                    "`%{other}` is not known in time formats; known: %Y %y %m %b %d %e %H %I %p %M %S %f %z %Z %a %T %F"
                ));
            }
        };
        flush(&mut text, &mut out);
        if part != TimePart::Blank || out.last() != Some(&TimePart::Blank) {
            out.push(part);
        }
    }
    flush(&mut text, &mut out);
    let has = |part: &TimePart| out.contains(part);
    if !(has(&TimePart::Month) || has(&TimePart::MonthName)) || !has(&TimePart::Day) {
        return Err(format!("time format `{pattern}` has no month or no day"));
    }
    Ok(out)
}

fn flush(text: &mut String, out: &mut Vec<TimePart>) {
    if !text.is_empty() {
        out.push(TimePart::Text(std::mem::take(text).into()));
    }
}

fn read_pattern(parts: &[TimePart], text: &[u8]) -> Option<Clock> {
    let mut clock = Clock { year: None, month: 1, day: 1, hour: 0, minute: 0, second: 0, micros: 0, offset: None };
    let (mut rest, mut half, mut hour12) = (text, None, false);
    for part in parts {
        let mut take = |min: usize, max: usize| number(&mut rest, min, max);
        match part {
            TimePart::Text(literal) => rest = rest.strip_prefix(literal.as_bytes())?,
            TimePart::Blank => rest = rest.trim_ascii_start(),
            TimePart::Year => clock.year = Some(take(4, 4)? as i32),
            TimePart::YearShort => {
                let short = take(2, 2)? as i32;
                clock.year = Some(if short < 70 { 2000 + short } else { 1900 + short });
            }
            TimePart::Month => clock.month = take(1, 2)? as u8,
            TimePart::MonthName => clock.month = month_name(&mut rest)?,
            TimePart::Day => {
                rest = rest.trim_ascii_start();
                clock.day = number(&mut rest, 1, 2)? as u8;
            }
            TimePart::Hour => clock.hour = take(1, 2)? as u8,
            TimePart::Hour12 => {
                clock.hour = take(1, 2)? as u8;
                hour12 = true;
            }
            TimePart::Half => half = Some(half_of_day(&mut rest)?),
            TimePart::Minute => clock.minute = take(1, 2)? as u8,
            TimePart::Second => clock.second = take(1, 2)? as u8,
            TimePart::Fraction => {
                rest = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")).unwrap_or(rest);
                clock.micros = fraction(&mut rest);
            }
            TimePart::Offset => clock.offset = Some(offset(&mut rest)?),
            TimePart::ZoneLetters | TimePart::Weekday => {
                let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
                rest = rest.get(letters..)?;
            }
        }
    }
    if hour12 {
        clock.hour = clock.hour % 12 + if half == Some(true) { 12 } else { 0 };
    }
    (rest.is_empty() && in_range(&clock)).then_some(clock)
}

fn in_range(clock: &Clock) -> bool {
    (1..=12).contains(&clock.month)
        && (1..=31).contains(&clock.day)
        && clock.hour < 24
        && clock.minute < 60
        && clock.second <= 60
}

/// Between `min` and `max` digits.
#[inline]
fn number(rest: &mut &[u8], min: usize, max: usize) -> Option<u32> {
    let (mut value, mut used) = (0u32, 0);
    for byte in rest.iter().take(max) {
        if !byte.is_ascii_digit() {
            break;
        }
        value = value * 10 + u32::from(byte - b'0');
        used += 1;
    }
    if used < min {
        return None;
    }
    *rest = rest.get(used..)?;
    Some(value)
}

/// Digits of a fraction as microseconds; further digits are cut.
fn fraction(rest: &mut &[u8]) -> u32 {
    let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut micros = 0;
    for place in 0..6 {
        micros = micros * 10 + rest.get(place).filter(|_| place < count).map_or(0, |b| u32::from(b - b'0'));
    }
    *rest = rest.get(count..).unwrap_or_default();
    micros
}

fn month_name(rest: &mut &[u8]) -> Option<u8> {
    let month = month_of(rest)?;
    let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    *rest = rest.get(letters..)?;
    Some(month)
}

/// The month whose English name begins with the first three letters.
#[inline]
pub fn month_of(text: &[u8]) -> Option<u8> {
    let three = [text.first()? | 0x20, text.get(1)? | 0x20, text.get(2)? | 0x20];
    const NAMES: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    NAMES.iter().position(|name| **name == three).map(|at| at as u8 + 1)
}

/// Whether it is the afternoon.
fn half_of_day(rest: &mut &[u8]) -> Option<bool> {
    for (word, afternoon) in [
        ("am", false),
        ("pm", true),
        ("AM", false),
        ("PM", true),
        ("上午", false),
        ("下午", true),
        ("Am", false),
        ("Pm", true),
    ] {
        if let Some(after) = rest.strip_prefix(word.as_bytes()) {
            *rest = after;
            return Some(afternoon);
        }
    }
    None
}

/// `Z`, `+08:00`, `+0800`, `+08`, `+8`.
fn offset(rest: &mut &[u8]) -> Option<i32> {
    if let Some(after) = rest.strip_prefix(b"Z").or_else(|| rest.strip_prefix(b"z")) {
        *rest = after;
        return Some(0);
    }
    let (sign, mut after) = match rest.split_first()? {
        (b'+', after) => (1, after),
        (b'-', after) => (-1, after),
        _ => return None,
    };
    let hours = number(&mut after, 1, 2)?;
    let with_colon = after.strip_prefix(b":").unwrap_or(after);
    let mut tail = with_colon;
    let minutes = match number(&mut tail, 2, 2) {
        Some(minutes) => {
            after = tail;
            minutes
        }
        None => 0,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    *rest = after;
    Some(sign * (hours as i32 * 3_600 + minutes as i32 * 60))
}

/// The offset that a whole text is (`+0800`, `+08:00`, `Z`, also in quotes).
pub fn offset_of(text: &str) -> Option<i32> {
    let mut rest = text.trim().trim_matches('"').as_bytes();
    rest = rest.strip_prefix(b"UTC").or_else(|| rest.strip_prefix(b"GMT")).unwrap_or(rest);
    if rest.is_empty() && !text.trim().is_empty() {
        return Some(0);
    }
    let value = offset(&mut rest)?;
    rest.is_empty().then_some(value)
}

/// Reads `yyyy-mm-dd`, `yyyy/mm/dd` or `yyyy.mm.dd`, then `T`, `t`, blanks or `_`, `hh:mm[:ss[.fraction]]`, and an
/// offset with or without a blank before it. Gives the clock and how many bytes it took.
pub fn read_iso(text: &[u8]) -> Option<(Clock, usize)> {
    let mut rest = text;
    let year = number(&mut rest, 4, 4)?;
    let mark = *rest.first().filter(|b| matches!(b, b'-' | b'/' | b'.'))?;
    rest = rest.strip_prefix(&[mark])?;
    let month = number(&mut rest, 1, 2)?;
    rest = rest.strip_prefix(&[mark])?;
    let day = number(&mut rest, 1, 2)?;
    let before = rest.len();
    rest = match rest.first()? {
        b'T' | b't' | b'_' | b'-' | b':' => rest.get(1..)?,
        _ => rest.trim_ascii_start(),
    };
    if rest.len() == before {
        return None;
    }
    let (hour, minute, second, micros) = time_of_day(&mut rest)?;
    let mut clock = Clock {
        year: Some(year as i32),
        month: month as u8,
        day: day as u8,
        hour,
        minute,
        second,
        micros,
        offset: None,
    };
    let spaced = rest.strip_prefix(b" ").unwrap_or(rest);
    let mut tail = spaced;
    if (spaced.len() == rest.len() || matches!(spaced.first(), Some(b'+' | b'-')))
        && let Some(found) = offset(&mut tail)
        && tail.first().is_none_or(|b| !b.is_ascii_alphanumeric())
    {
        clock.offset = Some(found);
        rest = tail;
    } else {
        clock.offset = skip_zone_letters(&mut rest);
    }
    in_range(&clock).then_some((clock, text.len() - rest.len()))
}

/// `hh:mm[:ss[.fraction]]`
#[inline]
fn time_of_day(rest: &mut &[u8]) -> Option<(u8, u8, u8, u32)> {
    let hour = number(rest, 1, 2)? as u8;
    *rest = rest.strip_prefix(b":")?;
    let minute = number(rest, 2, 2)? as u8;
    let Some(after) = rest.strip_prefix(b":") else { return Some((hour, minute, 0, 0)) };
    *rest = after;
    let second = number(rest, 2, 2)? as u8;
    let mut micros = 0;
    if let Some(mut after) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b","))
        && after.first().is_some_and(u8::is_ascii_digit)
    {
        micros = fraction(&mut after);
        *rest = after;
    }
    Some((hour, minute, second, micros))
}

/// Reads `[Www ][yyyy ]Mmm [d]d [yyyy ]hh:mm:ss[.fraction][ yyyy][ zone]`: RFC 3164 4.1.2 and what devices make of it.
/// Gives the clock and how many bytes it took; letters of a zone are taken and say nothing.
pub fn read_bsd(text: &[u8]) -> Option<(Clock, usize)> {
    let mut rest = text;
    if month_of(rest).is_none() {
        let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        if (2..=9).contains(&letters) {
            rest = rest.get(letters..)?;
            rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        }
    }
    let mut year = year_ahead(&mut rest);
    let month = month_name(&mut rest)?;
    rest = blanks(rest)?;
    let day = number(&mut rest, 1, 2)? as u8;
    rest = rest.strip_prefix(b",").unwrap_or(rest);
    rest = blanks(rest)?;
    year = year.or_else(|| year_ahead(&mut rest));
    let (hour, minute, second, micros) = time_of_day(&mut rest)?;
    let mut clock = Clock { year, month, day, hour, minute, second, micros, offset: None };
    let mut tail = rest.trim_ascii_start();
    if let Some(found) = offset(&mut tail)
        && tail.first().is_none_or(|b| matches!(b, b' ' | b':' | b']'))
    {
        clock.offset = Some(found);
        rest = tail;
    } else {
        clock.offset = skip_zone_letters(&mut rest);
    }
    if clock.year.is_none()
        && let Some(mut tail) = rest.strip_prefix(b" ")
        && let Some(found) = year_ahead_of_end(&mut tail)
    {
        clock.year = Some(found);
        rest = tail;
    }
    in_range(&clock).then_some((clock, text.len() - rest.len()))
}

fn blanks(text: &[u8]) -> Option<&[u8]> {
    let rest = text.trim_ascii_start();
    (rest.len() < text.len()).then_some(rest)
}

fn year_ahead(rest: &mut &[u8]) -> Option<i32> {
    let mut tail = *rest;
    let year = number(&mut tail, 4, 4).filter(|y| (1970..=2099).contains(y))?;
    *rest = blanks(tail)?;
    Some(year as i32)
}

/// Four digits that are a year and stand alone: `… 10:00:00 2026 host`.
fn year_ahead_of_end(rest: &mut &[u8]) -> Option<i32> {
    let mut tail = *rest;
    let year = number(&mut tail, 4, 4).filter(|y| (1970..=2099).contains(y))?;
    matches!(tail, [] | [b' ', ..] | [b':', b' ', ..] | [b':']).then(|| {
        *rest = tail;
        year as i32
    })
}

/// ` CST`, ` EST`: zone letters that devices put after a time. Only `UTC` and `GMT` say which zone it is.
fn skip_zone_letters(rest: &mut &[u8]) -> Option<i32> {
    const ZONES: [&[u8]; 12] =
        [b"CST", b"UTC", b"GMT", b"BJT", b"HKT", b"EST", b"EDT", b"PST", b"PDT", b"CET", b"CEST", b"JST"];
    let tail = rest.strip_prefix(b" ")?;
    let letters = tail.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let (word, after) = tail.split_at_checked(letters)?;
    if ZONES.contains(&word) && after.first().is_none_or(|b| matches!(b, b' ' | b':' | b']')) {
        *rest = after;
    }
    matches!(word, b"UTC" | b"GMT").then_some(0)
}
