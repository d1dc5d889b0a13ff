//! Compares versions and requirement ranges as advisories write them (`>= 1.2, < 2.0`, `^0.3.1`, `= 1.0.0`).

use std::cmp::Ordering;

/// `major.minor.patch` and a pre-release, build metadata cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    pre: String,
}

impl Version {
    /// Missing parts are zero: `1.2` reads as `1.2.0`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().split('+').next()?;
        let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
        let mut read = [0; 3];
        let mut parts = numbers.split('.');
        for slot in &mut read {
            match parts.next() {
                Some(part) => *slot = part.trim().parse().ok()?,
                None => break,
            }
        }
        parts.next().is_none().then(|| Self { numbers: read, pre: pre.to_owned() })
    }

    /// The first version that a caret range on this one leaves out (SemVer as Cargo reads it).
    fn caret_end(&self) -> Self {
        let numbers = match self.numbers {
            [0, 0, patch] => [0, 0, patch + 1],
            [0, minor, _] => [0, minor + 1, 0],
            [major, _, _] => [major + 1, 0, 0],
        };
        Self { numbers, pre: String::new() }
    }

    fn tilde_end(&self) -> Self {
        let [major, minor, _] = self.numbers;
        Self { numbers: [major, minor + 1, 0], pre: String::new() }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Dot by dot; numbers before words (SemVer 2.0.0, item 11).
fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Whether `version` lies in `range`: comma-joined comparisons, all of which must hold. None: unreadable.
pub fn within(version: &Version, range: &str) -> Option<bool> {
    let mut all = true;
    for part in range.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        if part == "*" {
            continue;
        }
        let split = part.find(|c: char| c.is_ascii_digit())?;
        let (sign, rest) = part.split_at(split);
        let bound = Version::read(rest)?;
        all &= match sign.trim() {
            ">=" => *version >= bound,
            ">" => *version > bound,
            "<" => *version < bound,
            "<=" => *version <= bound,
            "=" => *version == bound,
            "^" | "" => *version >= bound && *version < bound.caret_end(),
            "~" => *version >= bound && *version < bound.tilde_end(),
            _ => return None,
        };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |version: &str, range: &str, expect: Option<bool>| {
            let version = Version::read(version).unwrap();
            assert_eq!(within(&version, range), expect, "{version:?} in {range}");
        };
        check("1.2.3", ">= 1.2.3", Some(true));
        check("1.2.2", ">= 1.2.3", Some(false));
        check("1.2.10", ">1.2.9", Some(true));
        check("0.3.9", "^0.3.1", Some(true));
        check("0.4.0", "^0.3.1", Some(false));
        check("0.0.4", "^0.0.3", Some(false));
        check("2.0.0", ">= 1.5, < 2.0", Some(false));
        check("1.9.0", ">= 1.5, < 2.0", Some(true));
        check("1.4.9", "~1.4.2", Some(true));
        check("1.5.0", "~1.4.2", Some(false));
        check("1.0.0", "= 1.0.0", Some(true));
        check("1.0.0-rc.1", "< 1.0.0", Some(true));
        check("1.0.0-rc.2", ">= 1.0.0-rc.10", Some(false));
        check("1.0.0-beta", "> 1.0.0-2", Some(true));
        check("7.0.0+zstd.1.5", ">= 7", Some(true));
        check("1.0.0", "newer than yesterday", None);
    }
}
