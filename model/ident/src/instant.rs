//! An instant: microseconds since 1970-01-01T00:00:00Z.

use crate::Civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Microseconds since the Unix epoch, UTC. Written as RFC 3339 with six fraction digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since the epoch; saturates.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds since the epoch; saturates.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by so many microseconds; saturates.
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant, negative if `earlier` is later; saturates.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The UTC day as `YYYY-MM-DD`.
    pub fn day(self) -> String {
        let civil = Civil::from_utc(self);
        format!("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day)
    }

    /// Reads RFC 3339 (`T` or blank between date and time, any number of fraction digits, `,` or `.`, zone required).
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (civil, rest) = Civil::parse_iso(text.as_bytes())?;
        let offset_secs = crate::civil::parse_offset(rest)?;
        Some(civil.at_offset(offset_secs))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = Civil::from_utc(*self);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.micros
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_in_and_out() {
        for (text, out) in [
            ("2026-11-25T02:00:00Z", Some("2026-11-25T02:00:00.000000Z")),
            ("2026-11-25 10:00:00.5+08:00", Some("2026-11-25T02:00:00.500000Z")),
            ("2026-11-25T10:00:00,123456789+0800", Some("2026-11-25T02:00:00.123456Z")),
            ("1969-12-31T23:59:59.999999Z", Some("1969-12-31T23:59:59.999999Z")),
            ("2024-02-29T00:00:00Z", Some("2024-02-29T00:00:00.000000Z")),
            ("2023-02-29T00:00:00Z", None),
            ("2026-11-25T02:00:00", None),
            ("2026-13-25T02:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text).map(|t| t.to_string()).as_deref(), out, "{text}");
        }
    }
}
