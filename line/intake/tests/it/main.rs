//! Tests of the intake, in one binary.

mod bulk;
mod cores;
mod files;
mod framing;
mod http;
mod relp;
mod syslog;
mod world;
