//! `send` against the real intake, with a journal in memory that refuses and connections that break.

mod pieces;
mod sending;
