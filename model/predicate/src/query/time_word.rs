//! Points in time as analysts write them: `24h`, `now`, `2026-11-25T08:00`. Knows no calendar and no clock.

use super::plan::TimeWord;

impl TimeWord {
    /// Reads `24h`, `-24h`, `now`, `2026-11-25`, `2026-11-25T08:00:00Z`.
    #[must_use]
    pub fn read(text: &str) -> Option<TimeWord> {
        if text.eq_ignore_ascii_case("now") {
            return Some(TimeWord::Ago(0));
        }
        let relative = text.strip_prefix('-').unwrap_or(text);
        if let Some((digits, unit)) =
            relative.char_indices().next_back().and_then(|(at, _)| relative.split_at_checked(at))
        {
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                "w" => 604_800,
                _ => 0,
            };
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if seconds > 0 && plain {
                return digits.parse::<u64>().ok()?.checked_mul(seconds).map(TimeWord::Ago);
            }
        }
        is_iso(text).then(|| TimeWord::At(text.to_owned()))
    }
}

/// The shape of a date, or a date and time: what the digits mean is for whoever has a calendar.
fn is_iso(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00") else { return false };
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else { return rest.is_empty() };
    let Some(rest) = rest.strip_prefix("00:00") else { return false };
    let rest = rest.strip_prefix(":00").unwrap_or(rest);
    let rest = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches('0'));
    matches!(rest, "" | "Z" | "z" | "+00:00" | "-00:00")
}
