//! Events kept: hot rows that are searchable at once, files that stay, and the catalogue that says which.
//!
//! Takes parsed batches, never lines; writes files through a port and knows no file format, no SQL and no HTTP. A row is
//! published in the same transaction as the cursor that covers it, so that a replay neither loses nor doubles one.

pub mod alert_rows;
mod compact;
mod counts;
mod fault;
mod hot;
mod naming;
mod ports;
mod queue;
mod retention;
mod row_shape;
mod rows;
mod station;
mod view;
mod writer;

pub use compact::{Compacted, Job, choose};
pub use counts::LakeCounts;
pub use fault::LakeFault;
pub use ports::{
    Catalogue, CatalogueFault, LakeAccount, Layout, Pending, Publish, Replay, ReplayFault, SegmentRow, SegmentStore,
    SourceNames, StoreFault, StoredFile, Written,
};
pub use queue::{Offer, Window};
pub use retention::{Swept, first_day_kept};
pub use row_shape::{
    LONG_COLUMNS, NEEDLE_COLUMNS, RAW_BYTES, SCHEMA_VERSION, UTC, alerts_shape, events_shape, shape_of,
};
pub use rows::{Chunk, RowsBuilder, Shared};
pub use station::{Lake, Parts, Step};
pub use view::LakeView;
pub use writer::Flushed;
