//! Reads how many tests passed and failed from the closing lines of nextest and of cargo test.

use std::fmt;

/// The sum over all steps.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Tests and checks that held.
    pub passed: u64,
    /// Those that did not.
    pub failed: u64,
}

impl Sum {
    /// Adds a step that counts for itself.
    pub fn add(&mut self, (passed, failed): (u64, u64)) {
        self.passed += passed;
        self.failed += failed;
    }

    /// Adds a step that holds or does not.
    pub fn one(&mut self, holds: bool) {
        self.add(if holds { (1, 0) } else { (0, 1) });
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Whether a line is one of the closing lines.
pub fn counts(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("test result: ") || (line.starts_with("Summary [") && line.contains("run:"))
}

/// Adds up the closing lines: (passed, failed). nextest shows the output of a failed test, which may hold a closing
/// line of its own: where nextest has summed up, only its sum counts.
pub fn tests<'l>(lines: impl Iterator<Item = &'l str>) -> (u64, u64) {
    let (sums, results): (Vec<&str>, Vec<&str>) =
        lines.filter(|l| counts(l)).partition(|l| l.trim().starts_with("Summary ["));
    let counted: Vec<(u64, u64)> = if sums.is_empty() {
        results.into_iter().map(cargo_test).collect()
    } else {
        sums.into_iter().map(nextest).collect()
    };
    counted.into_iter().fold((0, 0), |(passed, failed), (p, f)| (passed + p, failed + f))
}

/// `Summary [   1.2s] 98/100 tests run: 97 passed (1 slow), 1 failed, 2 skipped`: what was meant to run and did not
/// pass has failed, whatever nextest calls it (timed out, could not start, not run).
fn nextest(line: &str) -> (u64, u64) {
    let Some((_, after)) = line.split_once(']') else { return (0, 0) };
    let Some((ran, results)) = after.split_once("run:") else { return (0, 0) };
    let all =
        ran.split_whitespace().next().and_then(|n| n.rsplit('/').next()).and_then(|n| n.parse().ok()).unwrap_or(0);
    let passed = before(results, "passed");
    (passed, u64::saturating_sub(all, passed))
}

/// `test result: FAILED. 3 passed; 1 failed; 0 ignored; …`
fn cargo_test(line: &str) -> (u64, u64) {
    (before(line, "passed"), before(line, "failed"))
}

/// The number that stands before a word.
fn before(line: &str, word: &str) -> u64 {
    let words: Vec<&str> =
        line.split(|c: char| c.is_whitespace() || c == ';' || c == ',').filter(|w| !w.is_empty()).collect();
    let found = words.windows(2).find_map(|pair| match pair {
        [number, w] if *w == word => number.parse().ok(),
        _ => None,
    });
    found.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines() {
        let check = |line: &str, expect: (u64, u64)| assert_eq!(tests([line].into_iter()), expect, "{line}");
        check("     Summary [   0.012s] 3 tests run: 3 passed, 0 skipped", (3, 0));
        check("     Summary [   9.1s] 10 tests run: 8 passed (1 slow), 1 failed, 1 timed out, 2 skipped", (8, 2));
        check("     Summary [   9.1s] 7/10 tests run: 6 passed, 1 failed, 0 skipped", (6, 4));
        check("     Summary [   0.012s] 1 test run: 1 passed, 0 skipped", (1, 0));
        check("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s", (5, 0));
        check("test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured", (5, 2));
        check("it passed, said 5 passed", (0, 0));
    }

    #[test]
    fn what_a_failed_test_printed_is_not_counted_again() {
        let lines = [
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored;",
            "  Summary [ 1s] 3 tests run: 2 passed, 1 failed, 0 skipped",
        ];
        assert_eq!(tests(lines.into_iter()), (2, 1));
    }

    #[test]
    fn lines_add_up_and_print_alone() {
        let mut sum = Sum::default();
        sum.add(tests(
            ["test result: ok. 5 passed; 0 failed;", "noise", "test result: ok. 2 passed; 1 failed;"].into_iter(),
        ));
        sum.one(true);
        sum.one(false);
        assert_eq!(sum.to_string(), "8 passed, 2 failed");
    }
}
