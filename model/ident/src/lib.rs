//! Who, where and when: typed identifiers, instants, and the clock as a parameter.
//!
//! Nothing here reads the wall clock or a random source: both are handed in.

mod civil;
mod clock;
mod instant;
mod names;

pub use civil::{Civil, Zone, ZoneFault};
pub use clock::{Clock, FixedClock};
pub use instant::Timestamp;
pub use names::{AlertId, BatchKey, BatchKeyFault, Cursor, EventId, NodeId, SourceId, TenantId};
