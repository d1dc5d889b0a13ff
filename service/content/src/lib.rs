//! Content: packs and detections as data, read, tested, checked and drafted.
//!
//! Takes texts and lines, gives reports that can be serialised or shown in Chinese or English. The only files it
//! writes are expectations of samples, when asked (`content test --write`). It parses with the real parser and
//! evaluates with the real Sigma, and knows no tenant.

mod examples;
mod load;
mod outcome;
mod sample;
mod test;

pub use examples::{ExampleReport, Examples};
pub use load::{ContentFault, Library};
pub use outcome::{Difference, Outcome};
pub use sample::{Sample, SampleFault};
pub use test::{SampleReport, TestReport, test};
