//! Numbers as rules, queries and events write them. Integers stay integers: a 64-bit keyword loses bits in a float.

use std::cmp::Ordering;

/// A number that was read from text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Decimal, `0x` hexadecimal or `0o` octal.
    Integer(i128),
    /// Anything with a point or an exponent.
    Float(f64),
}

impl Number {
    /// Reads a whole text; none if it is not a number, or not a finite one.
    #[must_use]
    pub fn read(text: &str) -> Option<Number> {
        let first = *text.as_bytes().first()?;
        if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) || text.len() > 400 {
            return None;
        }
        if let Ok(integer) = text.parse::<i128>() {
            return Some(Number::Integer(integer));
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8)] {
            if let Some(digits) = digits.strip_prefix(prefix).filter(|d| d.starts_with(|c: char| c.is_digit(radix))) {
                let integer = i128::from_str_radix(digits, radix).ok()?;
                return Some(Number::Integer(if negative { -integer } else { integer }));
            }
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() && text.bytes().any(|b| b.is_ascii_digit()) => Some(Number::Float(float)),
            _ => None,
        }
    }

    /// The order of two numbers: as integers when both are, else as floats.
    #[must_use]
    pub fn order(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => a.cmp(&b),
            (a, b) => a.float().total_cmp(&b.float()),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a float on the other side has no more bits")]
    pub(crate) fn float(self) -> f64 {
        match self {
            Number::Integer(integer) => integer as f64,
            // Both zeros are one number; `total_cmp` tells them apart.
            Number::Float(float) => float + 0.0,
        }
    }
}
