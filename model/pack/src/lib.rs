//! What a source is: the manifest of a pack, its checks, and the program it compiles to.
//!
//! A pack is data (`content/sources/<vendor>/<product>/pack.toml` with maps and samples). It holds no code, no loops
//! and no back-references; every step is linear in the line. This crate reads no files: the caller hands in texts.

mod fields;

pub use fields::{FieldId, Fields};

/// A compiled pack.
#[derive(Debug)]
pub struct Pack {
    /// `<vendor>/<product>`.
    pub id: String,
    /// Hash of the manifest and its maps, 16 hexadecimal digits: stands in each row.
    pub version: String,
    /// The native names the pack knows.
    pub fields: Fields,
}

impl Pack {
    /// A pack that knows no field and maps nothing: for lines of a source nobody has described, and for tests.
    pub fn bare(id: &str) -> Self {
        Self { id: id.to_owned(), version: "0".repeat(16), fields: Fields::default() }
    }
}
