//! Bounds of what is derived from an SQL statement.

/// Bytes of a statement that are read: audit devices cut at 2 to 64 KiB; what lies beyond is not looked at and said so.
pub const STATEMENT_BYTES: usize = 256 * 1024;
/// Tables named by one statement; a join of more is generated, and the first say what it is.
pub const STATEMENT_TABLES: usize = 64;
/// Functions of one statement that aggregate: there are about thirty in all dialects.
pub const STATEMENT_AGGREGATES: usize = 64;
/// Bytes of one name that is kept; Oracle allows 128 a part, and names have up to three parts.
pub const STATEMENT_NAME_BYTES: usize = 256;
/// Brackets inside each other that are told apart; deeper ones count as one.
pub const STATEMENT_DEPTH: usize = 64;
/// Names that `WITH` gives to subqueries.
pub const STATEMENT_WITH_NAMES: usize = 64;
