//! What a rule may ask about the hospital, beyond the event: is this in a set, is there an open ticket, is this person
//! on shift?
//!
//! | method | who calls | durable when |
//! |---|---|---|
//! | [`Context::ask`] | evaluation, for rules that ask | – |
//! | [`Context::members`] | compilation of placeholders, lists of declared absences | – |
//! | [`Context::generation`] | the line, to know when to compile again | – |
//!
//! Time goes in, and an answer comes out with where it is from, or [`Answer::Unknown`]: never "no" for want of data. A
//! rule whose answer is unknown does not fire and is shown as blind for that tenant.

use std::sync::Arc;
use wardwatch_ident::{TenantId, Timestamp};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ask {
    /// Is the value a member of the set? `field|x-in-set: name`.
    InSet,
    /// Is there a ticket of this kind for the value? `field|x-has-open-ticket: kind`.
    HasOpenTicket,
    /// Is the person on duty by this roster? `field|x-on-shift: roster`.
    OnShift,
}

/// One question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question<'q> {
    /// What is asked.
    pub ask: Ask,
    /// The set, kind of ticket or roster.
    pub table: &'q str,
    /// The value of the event. Compared without case; an address is also looked for in networks.
    pub value: &'q str,
}

/// Where an answer comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The table, as a person finds it.
    pub table: Arc<str>,
    /// Hash of the table's content, 16 hexadecimal digits.
    pub version: Arc<str>,
    /// The row that says so, from 1 for the first below the header; none for a "no".
    pub row: Option<u32>,
}

/// What the hospital's data says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A row says so at that time.
    Yes(Provenance),
    /// The table is there, and no row says so at that time.
    No(Provenance),
    /// Nobody has told us: why, and what to do.
    Unknown(Arc<str>),
}

impl Answer {
    /// Nobody has told us.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Answer::Unknown(_))
    }
}

/// A hospital's own data, as of a time.
pub trait Context: Send + Sync {
    /// Answers one question for one tenant as of `at`.
    fn ask(&self, tenant: TenantId, question: Question<'_>, at: Timestamp) -> Answer;

    /// The members of a set as of `at`, folded to lower case, sorted.
    ///
    /// # Errors
    /// Why it is unknown.
    fn members(&self, tenant: TenantId, set: &str, at: Timestamp) -> Result<Vec<String>, Arc<str>>;

    /// A number that changes whenever an answer may have changed.
    fn generation(&self) -> u64;
}

/// No data about anybody: every answer is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoContext;

impl Context for NoContext {
    fn ask(&self, _: TenantId, question: Question<'_>, _: Timestamp) -> Answer {
        Answer::Unknown(format!("no table `{}`: this installation has no context", question.table).into())
    }

    fn members(&self, _: TenantId, set: &str, _: Timestamp) -> Result<Vec<String>, Arc<str>> {
        Err(format!("no set `{set}`: this installation has no context").into())
    }

    fn generation(&self) -> u64 {
        0
    }
}
