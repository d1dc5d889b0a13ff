//! What the fuzz targets share. The entries are a module of their own, because the ordinary tests in `proving` compile it
//! too and replay the seeds through it.

pub mod entries;
