//! Windows event logs (EVTX): the bytes of a chunk in, records as JSON out, in the shape of the `evtx` crate
//! (`Event.System`, `#attributes`, `#text`, `Data` by name).
//!
//! Sources: [MS-EVEN6] section 2.2 (BinXML) and the public descriptions of the file format. It reads no file, follows no
//! chain of offsets, and does no more than [`wardwatch_limits::EVENT_LOG_CHUNK_WORK`] for a chunk, whatever its bytes say.
//! A damaged chunk is named, and what can be read of it is read.

mod checks;
mod chunk;
mod cursor;
mod fault;
mod file_header;
mod instance;
mod json;
mod program;
mod record;
mod run;
mod text;
mod tree;
mod value;

pub use checks::Checks;
pub use chunk::{CHUNK_BYTES, Chunk, ChunkHead};
pub use fault::Fault;
pub use file_header::{FILE_HEADER_BYTES, FileHeader, MAGIC};
pub use json::JsonWriter;
pub use record::{Leftovers, Place, Records, Standing};
