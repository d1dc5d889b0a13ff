//! What a source is: the manifest of a pack, its checks, and the program it compiles to.
//!
//! A pack is data (`content/sources/<vendor>/<product>/pack.toml` with maps and samples). It holds no code, no loops
//! and no back-references; every step is linear in the line. This crate reads no files: the caller hands in texts.
//! It cuts no lines either: that is `wardwatch-parse`, and the columns are built by `wardwatch-event`.

mod body;
mod cases;
#[cfg(test)]
mod checks;
mod compile;
mod convert;
mod document;
mod fault;
mod fields;
mod input;
mod join;
mod pack;
mod read_body;
mod rule;
mod template;
mod timing;
mod value;

pub use body::{BodyKind, BodySpec, ColumnsBy, Delimited, Expression, Folded, KeyValue, SubSpec};
pub use cases::{Activity, Case, Logsource};
pub use compile::PackFiles;
pub use convert::{Converted, Step, convert, finish, run_steps, says_nothing};
pub use fault::{PackFault, Place};
pub use fields::{FieldId, Fields, hash};
pub use input::{Charset, Clue, Clues, HeaderKind, InputSpec, TimeSpec, TimeZoneSpec};
pub use join::{Join, JoinMark, Joiner};
pub use pack::{About, NamesUsed, Pack, Program, Told, header_names};
pub use rule::{ColumnRule, Condition, Pick, Rule, Source, Test, When};
pub use template::{Piece, Template};
pub use timing::{Clock, Reading, TimeFormat, TimePart, month_of, offset_of, read_bsd, read_iso};
pub use value::{Constant, OTHER, ValueMap};
