//! One file a command.

pub mod ask;
pub mod config;
pub mod content;
pub mod coverage;
pub mod demo;
pub mod detect;
pub mod doctor;
pub mod guard;
pub mod parse;
pub mod search;
pub mod send;
pub mod serve;
pub mod token;
pub mod verify;
pub mod versions;
