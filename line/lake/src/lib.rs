//! .

mod ports;

pub use ports::{Catalogue, CatalogueFault, LakeAccount, Layout, Publish, SegmentRow, SegmentStore, StoreFault, Written};
