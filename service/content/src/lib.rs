//! Content: packs and detections as data, read, tested, checked and drafted.
//!
//! Takes texts and lines, gives reports that can be serialised or shown in Chinese or English. The only files it
//! writes are expectations of samples, when asked (`content test --write`), keys, and the record of content versions
//! ([`Record`]). It parses with the real parser and evaluates with the real Sigma; which program looks at whose lines
//! is decided here ([`Standing`], [`Choice`]) and carried out by the line.

mod check;
mod draft;
mod examples;
mod examples_file;
mod explain;
mod kinds;
mod lint;
mod lint_words;
mod list;
mod load;
mod outcome;
mod pack_text;
mod propose;
mod recognise;
mod record;
mod rules;
mod sample;
mod show;
mod signature;
mod stage;
mod stand_in;
mod swap;
mod test;
mod trial;
mod version;

pub use check::{Checked, Load, check};
pub use draft::{Coverage, Draft, draft};
pub use examples::{ExampleReport, Examples};
pub use explain::{FALLBACK_PACK, explain, find};
pub use lint::{Finding, LintReport, Weight, lint};
pub use list::{DetectionEntry, Listing, PackEntry, list};
pub use load::{ContentFault, Library};
pub use outcome::{Difference, Outcome};
pub use propose::{SeenField, TimeGuess, synonym_count};
pub use record::{Record, RecordFault, read_bounded};
pub use sample::{Sample, SampleFault};
pub use show::{Tongue, show_explanation};
pub use signature::{KeyFault, SigningKey, TrustedKey, TrustedKeys, Untrusted};
pub use stage::{Candidate, Decision, Least, Place, Proposal, Refusal, Standing, Step, Terms, Transition};
pub use swap::{Choice, Eyes, Shelf};
pub use test::{SampleReport, TestReport, test};
pub use trial::{Expected, Tally, Trial};
pub use version::{About, FileEntry, Manifest, Version, VersionFault, VersionId, pack};
