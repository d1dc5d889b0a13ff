//! Bounds of Windows event logs (EVTX). The format has 64 KiB chunks; what a chunk may become is bounded here.

/// JSON of one record: as long as any line may be ([`crate::LINE_BYTES_MAX`]); a record holds less than 64 KiB, of which
/// one byte becomes at most three (a control character of two bytes is written in six), so only a template that repeats
/// itself, or lists multiplied with each other, get here.
pub const EVENT_LOG_RECORD_BYTES: usize = 1024 * 1024;
/// Work on one chunk of 64 KiB, in bytes looked at or written and nodes visited: ordinary full chunks need a tenth. A template
/// that a thousand records use, a name of 60 KiB that a thousand elements bear, lists multiplied with each other end here,
/// and so does the JSON of a chunk: at most 64 bytes for each of its own.
pub const EVENT_LOG_CHUNK_WORK: u32 = 4 * 1024 * 1024;
/// Streams inside each other (templates in values of templates): ordinary records have two.
pub const EVENT_LOG_NESTING: usize = 16;
/// Elements inside each other, in a stream and in a record: those of Windows have seven. Readers of JSON accept so many.
pub const EVENT_LOG_ELEMENT_DEPTH: usize = 64;
/// Lists of one element that are multiplied with each other; further ones are written as one text.
pub const EVENT_LOG_LISTS: usize = 4;
