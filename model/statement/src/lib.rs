//! What an SQL statement does, read in one pass.
