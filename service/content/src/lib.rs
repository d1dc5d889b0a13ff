//! Content: packs and detections as data, read, tested, checked and drafted.
//!
//! Takes texts and lines, gives reports that can be serialised or shown in Chinese or English. The only files it
//! writes are expectations of samples, when asked (`content test --write`). It parses with the real parser and
//! evaluates with the real Sigma, and knows no tenant.

mod draft;
mod examples;
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
mod sample;
mod show;
mod test;

pub use draft::{Coverage, Draft, draft};
pub use examples::{ExampleReport, Examples};
pub use explain::{FALLBACK_PACK, explain, find};
pub use lint::{Finding, LintReport, Weight, lint};
pub use list::{DetectionEntry, Listing, PackEntry, list};
pub use load::{ContentFault, Library};
pub use outcome::{Difference, Outcome};
pub use propose::{SeenField, TimeGuess, synonym_count};
pub use sample::{Sample, SampleFault};
pub use show::{Tongue, show_explanation};
pub use test::{SampleReport, TestReport, test};
