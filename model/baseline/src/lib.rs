//! What is usual for a host, an account or a source, and what is not: six kinds of profiles, in bounded memory.
//!
//! The law of this crate: **a baseline never raises an alert.** What it gives is a [`Fact`] with its numbers, and a fact
//! can do two things only: stand beside somebody else's [`Claim`] ([`Supported`]), or raise an entity's risk together
//! with a second, independent fact ([`RiskRaise`]). Nothing here converts to an alert, and facts cannot be made outside.
//! Nothing is said of an entity or a source in its first fourteen days, of values its peers know well, and of each
//! single value when twenty are new within an hour.
//!
//! Profiles go by the time of the events and by nothing else: the same events in the same order give the same facts, and
//! so does a [`Baselines::snapshot`] restored in between. The crate reads no clock, no file, and keeps no names but
//! those of entities whose silence it would have to report.
//!
//! ```
//! use std::sync::Arc;
//! use wardwatch_baseline::{Baselines, Definitions, Observation, Site};
//! use wardwatch_ident::Timestamp;
//!
//! let definitions = Definitions::read(
//!     r#"
//!     [[baseline]]
//!     id = "host-image"
//!     kind = "first_seen"
//!     title = { zh = "主机上首次运行的程序", en = "program new on this host" }
//!     entity = "host"
//!     value = "proc_path"
//!     where = { class_uid = ["1007"] }
//!     "#,
//! )
//! .unwrap();
//! let mut tenant = Baselines::new(Arc::new(definitions), Site::china(), [7; 16]);
//!
//! let mut run = |day: i64, image: &'static str| {
//!     let at = Timestamp::from_secs(1_780_000_000 + day * 86_400);
//!     let about = Observation {
//!         definition: 0, source: "win", entity: "", value: None, role: Some("ward"), on_shift: false, at, received: at,
//!     };
//!     tenant.event(about, &|field| match field {
//!         "host" => Some("ws-014"),
//!         "proc_path" => Some(image),
//!         "class_uid" => Some("1007"),
//!         _ => None,
//!     })
//! };
//! assert!(run(0, "his.exe").facts.is_empty());
//! assert!(run(3, "new.exe").facts.is_empty(), "still learning");
//! let facts = run(20, "odd.exe").facts;
//! assert_eq!(
//!     facts[0].english(),
//!     "program new on this host: first time `odd.exe` on `ws-014` in 20 days, seen on 0 of 0 others, 0 of 0 with the role `ward`",
//! );
//! ```

mod codec;
mod definition;
mod distinct;
mod entity;
mod fact;
mod hash;
mod peers;
mod raise;
mod seen;
mod site;
mod sketch;
mod snapshot;
mod tenant;
mod usual;

pub use definition::{Definition, DefinitionFault, Definitions, ProfileKind, Title, Window};
pub use fact::{Fact, Numbers};
pub use raise::{Claim, RiskRaise, Supported};
pub use site::{Shift, Site};
pub use snapshot::SnapshotFault;
pub use tenant::{Baselines, Counters, Look, Observation};
