//! How a command ends: one code, and a complaint in three parts.

use crate::Language;
use std::fmt;

/// Exit codes. They are part of the interface and never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage (clap's own).
    Usage = 2,
    /// What was asked for is not there.
    NotFound = 3,
    /// Not allowed.
    NotAllowed = 4,
    /// Conflict or wrong state: another process holds the folder, an account does not add up.
    Conflict = 5,
    /// The server does not answer.
    Unreachable = 6,
    /// Done in part.
    Partly = 7,
    /// Interrupted.
    Interrupted = 130,
}

/// What went wrong, why, and what to do next.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// The code to end with.
    pub exit: Exit,
    /// What was being done, on what, and why it failed.
    pub what: String,
    /// What to do next; may be empty.
    pub next: String,
}

impl Complaint {
    /// A failure with advice.
    pub fn new(exit: Exit, what: impl fmt::Display, next: impl Into<String>) -> Self {
        Self { exit, what: what.to_string(), next: next.into() }
    }

    /// A plain failure; the message says all there is.
    pub fn failed(what: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, what, "")
    }

    /// As it is printed to standard error.
    pub fn text(&self, language: Language) -> String {
        let (error, next) = language.pick(("错误", "下一步"), ("error", "next"));
        let said = |english: &str| match language {
            Language::Zh => crate::in_chinese(english).unwrap_or_else(|| english.to_owned()),
            Language::En => english.to_owned(),
        };
        let mut text =
            format!("{error}: {}", said(&self.what).lines().map(crate::visible).collect::<Vec<_>>().join("\n"));
        if !self.next.is_empty() {
            text.push_str(&format!("\n{next}: {}", said(&self.next)));
        }
        text
    }
}
