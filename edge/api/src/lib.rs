//! Who comes in over HTTP: the first page, the data routes behind it, `/metrics` and `/health`, and the control socket.
//!
//! Routes hold no state of their own but sessions, open no file and run no query: everything is asked of a [`Desk`].
//! Nothing here makes reach; sessions and the control socket are lent a `FleetScope`, and each request narrows it.

mod codes;
mod fault;
mod ports;

pub use codes::{CODES, Code, Words};
pub use fault::{Fault, Tongue};
pub use ports::{
    Account, AlertAsk, Dataset, Desk, Health, Hospital, Metric, MetricKind, Part, Pulse, SearchAnswer, SearchAsk,
    SourceCount, SourceState, State, VerifyReport,
};
