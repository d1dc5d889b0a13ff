//! The analysts' query language: text to a checked plan that prints as it reads.
//!
//! `host:PACS-01 AND dst_ip:10.0.0.0/8 AND "vssadmin" | stats count by user | sort -count | head 20`
//!
//! | written | means |
//! |---|---|
//! | `word`, `"some words"` | the line contains it, in any case |
//! | `field:value`, `field:"a value"` | the whole value, in any case |
//! | `field:ab*`, `field:a?c` | wildcards, not inside quotes |
//! | `field:*` | the field is there and not null |
//! | `field:10.0.0.0/8` | an address in the network |
//! | `field:>5`, `field:[5 TO 9}`, `field:[5 TO *]` | ranges of numbers, addresses or texts such as times |
//! | `field:(a OR b)` | either |
//! | `AND` (or nothing), `OR`, `NOT`, brackets | in any case; `NOT` before `AND` before `OR` |
//! | `since:24h`, `earliest:2026-11-25`, `latest:-1h` | the time range; outside brackets, `OR` and `NOT` only |
//!
//! A backslash before `\ * ? " ( ) [ ] { } < > : = |` or a blank makes it an ordinary character; before anything else
//! it is a backslash. Full-width `：（）｜＂“”` are read as their half-width kin. Knows no schema and runs nothing.

mod display;
mod fault;
mod matches;
mod pipes;
mod plan;
mod range;
mod read;
mod scan;
mod time_word;

pub use fault::{QueryFault, QueryNote};
pub use plan::{
    Bound, Field, Filter, Function, Is, Limit, Measure, Pipe, Query, RangeValue, SortKey, Term, TimeRange, TimeWord,
};
pub use read::{Read, read_query};
