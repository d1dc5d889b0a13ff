//! Is everything that was acknowledged there, once? Answered by searching for the marks.

use crate::mark::{DIGITS, MARK, number_of};
use futures::future::BoxFuture;
use serde::Serialize;
use std::time::Duration;

/// Numbers that share a prefix of their marks: one search brings so many lines at most, if none is doubled.
const PAGE_DIGITS: usize = 4;
/// A line is searchable ten seconds after its acknowledgement; asked again once a second up to this often.
const TRIES: u32 = 30;
/// Numbers that are named; more are only counted.
const NAMED: usize = 20;

/// Searches the server. Wired by assemble.
pub trait Checker: Send + Sync {
    /// All stored lines that contain `prefix`, whatever follows it.
    fn lines<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, String>>;
}

/// What the search found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CheckReport {
    /// Marks that should be there: numbers 0 to this, exclusive.
    pub expected: u64,
    /// Of those found at least once.
    pub found: u64,
    /// Of those not found.
    pub missing: u64,
    /// Lines too many: found twice counts one.
    pub doubled: u64,
    /// The first missing numbers.
    pub missing_first: Vec<u64>,
    /// The first doubled numbers.
    pub doubled_first: Vec<u64>,
}

impl CheckReport {
    /// Nothing is missing and nothing is doubled.
    pub fn is_clean(&self) -> bool {
        self.missing == 0 && self.doubled == 0
    }
}

/// Looks for the first `expected` marks of a run, and waits for those that are not searchable yet.
pub async fn check(checker: &dyn Checker, epoch: &str, expected: u64) -> Result<CheckReport, String> {
    let mut report = CheckReport { expected, ..CheckReport::default() };
    let page = 10u64.pow(PAGE_DIGITS as u32);
    for first in (0..expected).step_by(page as usize) {
        let numbers = page.min(expected - first);
        let prefix = format!("{MARK}{epoch}-{:0width$}", first / page, width = DIGITS - PAGE_DIGITS);
        let mut counts = vec![0u64; numbers as usize];
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            counts.fill(0);
            for line in checker.lines(&prefix).await? {
                let at = number_of(&line, epoch).and_then(|n| n.checked_sub(first));
                if let Some(count) = at.and_then(|at| counts.get_mut(at as usize)) {
                    *count += 1;
                }
            }
            if counts.iter().all(|count| *count > 0) {
                break;
            }
        }
        for (number, count) in (first..).zip(counts) {
            report.add(number, count);
        }
    }
    Ok(report)
}

impl CheckReport {
    fn add(&mut self, number: u64, count: u64) {
        match count {
            0 => {
                self.missing += 1;
                if self.missing_first.len() < NAMED {
                    self.missing_first.push(number);
                }
            }
            1 => self.found += 1,
            many => {
                self.found += 1;
                self.doubled += many - 1;
                if self.doubled_first.len() < NAMED {
                    self.doubled_first.push(number);
                }
            }
        }
    }
}
