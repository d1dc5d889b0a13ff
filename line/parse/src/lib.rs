//! Lines become events: header, character set, body, time and case, by the source's pack.
//!
//! Parsing never fails: what is not understood is kept raw and says so. It reads no clock and no file, and keeps
//! nothing between calls but what the caller hands back ([`SourceMemory`]). The raw bytes are never changed.

mod cef;
mod charset;
mod columns;
mod cut;
mod delimited;
mod dissect;
mod evtx;
mod evtx_names;
mod explain;
mod header;
mod header_5424;
mod json;
mod json_names;
mod kv;
mod line;
mod route;
mod settings;
mod text;
mod time;
mod xml;

pub use charset::CharsetMemory;
pub use explain::{Explanation, ExplainedColumn, ExplainedField, ExplainedValue, explain, explain_event, explain_remembering};
pub use header::{Header, Part, read_header};
pub use line::{parse, parse_remembering};
pub use route::{Router, RouterFault, line_by_line_if_it_panics, parse_auto};
pub use settings::{SourceMemory, SourceSettings};
