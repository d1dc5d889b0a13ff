//! A running mark in each line, so that a search can count every line again.

/// Digits of the number, with leading zeros: a prefix of them selects a range.
const DIGITS: usize = 12;
/// Marks per question: below the rows a search may give.
const RANGE_DIGITS: usize = 4;

/// Puts `<epoch>-<number>` into a line: into JSON objects as a member, else at the end.
pub(crate) fn put(line: &mut Vec<u8>, epoch: &str, number: u64) {
    let mark = format!("{epoch}-{number:0DIGITS$}");
    let end = line.iter().rposition(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    if line.first() == Some(&b'{') && line.get(end) == Some(&b'}') {
        line.truncate(end);
        let empty = line.iter().skip(1).all(u8::is_ascii_whitespace);
        let comma = if empty { "" } else { "," };
        line.extend_from_slice(format!("{comma}\"wardwatch_send\":\"{mark}\"}}").as_bytes());
    } else {
        line.extend_from_slice(format!(" wardwatch-send={mark}").as_bytes());
    }
}

/// The queries whose rows together hold every mark below `sent`, each at most 10,000 lines if none is doubled.
pub fn check_queries(epoch: &str, sent: u64) -> Vec<String> {
    let step = 10u64.pow(RANGE_DIGITS as u32);
    let keep = DIGITS - RANGE_DIGITS;
    (0..sent.div_ceil(step)).map(|range| format!("\"{epoch}-{range:0keep$}\" | fields raw")).collect()
}

/// Which marks were found, how often.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    seen: Vec<u32>,
}

impl Marks {
    /// For marks below `sent`.
    pub fn new(sent: u64) -> Self {
        Self { seen: vec![0; usize::try_from(sent).unwrap_or(0)] }
    }

    /// Counts the mark of a stored line.
    pub fn see(&mut self, raw: &str, epoch: &str) {
        let number = raw.rsplit_once(&format!("{epoch}-")).and_then(|(_, rest)| rest.get(..DIGITS)?.parse::<usize>().ok());
        if let Some(count) = number.and_then(|n| self.seen.get_mut(n)) {
            *count += 1;
        }
    }

    /// Lines that were found nowhere, and copies beyond the first.
    pub fn missing_and_doubled(&self) -> (u64, u64) {
        let missing = self.seen.iter().filter(|n| **n == 0).count() as u64;
        let doubled = self.seen.iter().map(|n| u64::from(n.saturating_sub(1))).sum();
        (missing, doubled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_in_and_are_counted_again() {
        for (line, expect) in [
            ("<1>a", "<1>a wardwatch-send=e-000000000007"),
            ("{\"a\":1}", "{\"a\":1,\"wardwatch_send\":\"e-000000000007\"}"),
            ("{}", "{\"wardwatch_send\":\"e-000000000007\"}"),
            ("{broken", "{broken wardwatch-send=e-000000000007"),
        ] {
            let mut bytes = line.as_bytes().to_vec();
            put(&mut bytes, "e", 7);
            assert_eq!(String::from_utf8_lossy(&bytes), expect);
            let mut marks = Marks::new(8);
            marks.see(expect, "e");
            marks.see(expect, "e");
            assert_eq!(marks.missing_and_doubled(), (7, 1));
        }
    }

    #[test]
    fn a_range_of_marks_is_asked_for_by_its_prefix() {
        assert_eq!(check_queries("e", 1), ["\"e-00000000\" | fields raw"]);
        assert_eq!(check_queries("e", 10_001).len(), 2);
        assert!(check_queries("e", 0).is_empty());
    }
}
