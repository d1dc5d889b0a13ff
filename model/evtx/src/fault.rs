//! What can be wrong with a chunk or a record.

/// Why something cannot be read. Offsets count from the start of the chunk (or of the file, for its header).
#[derive(thiserror::Error, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is no chunk or no file.
    #[error("{what} does not begin as such")]
    Magic {
        /// Of what.
        what: &'static str,
    },
    /// It ends too early, or an offset leads out of the chunk.
    #[error("{what} at byte {at} lies outside")]
    Outside {
        /// What was read.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// BinXML has no such token, or not here.
    #[error("token {token:#04x} at byte {at} cannot stand there")]
    Token {
        /// Which.
        token: u8,
        /// Where.
        at: usize,
    },
    /// A value type that cannot stand in a stream without a size.
    #[error("a value of type {kind:#04x} at byte {at} cannot stand there")]
    Kind {
        /// Which.
        kind: u8,
        /// Where.
        at: usize,
    },
    /// Elements end that have not begun, or the other way round.
    #[error("elements do not match at byte {at}")]
    Unbalanced {
        /// Where.
        at: usize,
    },
    /// Streams or elements inside each other.
    #[error("more levels at byte {at} than are read")]
    Deep {
        /// Where.
        at: usize,
    },
    /// The record would become too long, or the chunk has used up its work.
    #[error("it would become larger than any record is")]
    Large,
}
