//! Who comes in over HTTP: the first page, the data routes behind it, `/metrics` and `/health`, and the control socket.
//!
//! Routes hold no state of their own but sessions, open no file and run no query: everything is asked of a [`Desk`].
//! Nothing here makes reach; sessions and the control socket are lent a `FleetScope`, and each request narrows it.

mod awake;
mod codes;
mod control;
mod data;
mod fault;
mod guide;
mod live;
mod machine;
mod page;
mod ports;
mod question;
mod server;
mod sessions;
mod sheet;
mod wire;

pub use awake::{Awake, AwakeReport, CanariesSent, Lack, Missing, RuleAwake, TenantAwake};
pub use codes::{CODES, Code, Words};
pub use control::{ControlSetup, control_listener, control_router};
pub use fault::{Fault, Tongue};
pub use guide::Guide;
pub use machine::exposition;
pub use ports::{
    Account, AlertAsk, AlertPage, Dataset, Desk, Health, Hospital, Metric, MetricKind, Part, Pulse, SearchAnswer,
    SearchAsk, SourceCount, SourceState, State, VerifyReport,
};
pub use server::{PageSetup, page_router};
pub use sessions::{Session, Sessions};
