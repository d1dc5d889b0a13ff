//! Lines and events in memory: what intake receives, what the journal gives back, what the parser makes of it.
//!
//! One batch belongs to one tenant, one source and one pack version. An [`Event`] is a view into its batch; nothing
//! here allocates per event, touches a socket or a file, or knows a rule.

mod batch;
mod building;
mod leftover;
mod lines;
mod mapping;
mod readable;
mod value;

pub use batch::{Event, EventBatch, Head, Lying, ParseNote, Parsed, TimeNote, Written};
pub use building::BatchBuilder;
pub use lines::{LineBatch, LineNote, Received, RejectReason, Rejection};
pub use readable::{Judged, Looks, gb18030_chars, judge, readable};
pub use value::{ColumnValue, Native, NativeKind};
pub use wardwatch_pack::{FieldId, Pack};
