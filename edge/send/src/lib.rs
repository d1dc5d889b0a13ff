//! `wardwatch send`: replays a file or standard input to any intake.
//!
//! Batches carry a key where the protocol has room for one, so that what is sent again is stored once. Everything that was
//! refused or lost with a connection is sent again until it is acknowledged or patience ends; nothing is dropped.

mod carrier;
mod check;
mod http;
mod mark;
mod pace;
mod plan;
mod relp;
mod run;
mod source;
mod syslog;
mod tls;

pub use check::{CheckReport, Checker, check};
pub use mark::{MARK, marked, number_of};
pub use plan::{Compression, Plan, SendFault, Summary, Via};
pub use run::run;
