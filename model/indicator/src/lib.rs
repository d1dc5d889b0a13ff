//! Indicators: an address, a network, a name, a URL, a hash or a mail address that somebody vouches to be bad, looked
//! up in a million of them in less time than reading the line took.
//!
//! The crate judges rows (what is inside every hospital or used by everybody is never taken without an override),
//! builds an immutable [`Index`], and answers look-ups by the time a line was received. It reads no file, asks no
//! network, and raises no alert: a hit is a record with its source and confidence, for others to weigh.
//!
//! ```
//! use wardwatch_indicator::{Index, Kind, probe_of};
//! use wardwatch_ident::Timestamp;
//!
//! let file = "type,value,source,confidence,expires,override\n\
//!             domain,evil[.]example,feed-a,90,2027-01-01,\n\
//!             cidr,203.0.113.0/24,feed-b,60,,\n\
//!             ip,192.168.1.1,feed-b,60,,\n";
//! let (index, refused) = Index::read_csv(&[file.as_bytes()]).unwrap();
//! assert_eq!(refused[0].row, 4); // a private address, no override
//!
//! let received = Timestamp::parse_rfc3339("2026-11-25T02:00:00Z").unwrap();
//! let hit = index.lookup(Kind::Domain, "WWW.Evil.Example.", received).unwrap();
//! assert_eq!((hit.value().as_str(), hit.source(), hit.confidence()), ("evil.example", "feed-a", 90));
//!
//! // A field of an event, by its column:
//! let mut hits = Vec::new();
//! if let Some(probe) = probe_of("dst_ip") {
//!     index.probe(probe, "203.0.113.7", received, &mut |record, text| hits.push((record.value(), text)));
//! }
//! assert_eq!(hits, [("203.0.113.0/24".to_owned(), "203.0.113.7")]);
//! ```
//!
//! To exchange an index under load, keep it in an `Arc` and replace the `Arc`: [`Index`] is `Send + Sync` and a look-up
//! borrows it only for its own duration. Expired records stay in memory, unseen, until the next build.

mod address;
mod build;
mod digest;
mod fields;
mod fuse;
mod hash;
mod index;
mod kind;
mod mail;
mod name;
mod networks;
mod never;
mod never_names;
mod plain;
mod record;
mod refusal;
mod row;
mod table;
mod url;

pub use index::{Figures, Index};
pub use kind::{Kind, PROBES, Probe, probe_of};
pub use record::Record;
pub use refusal::{Reason, Refused};
pub use row::{FileFault, Row, Rows};
