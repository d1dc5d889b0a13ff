//! Bytes looked at many at a time: text that was checked once, marks of JSON's strings, and escapes undone.
//!
//! The only crate that may be `unsafe`. Each fast path has a safe twin that says the same ([`Marks::mark_plainly`],
//! [`unescape_plainly`], [`Checked::as_str_checked_again`]); tests and the fuzz target `scan` compare both. Which
//! instructions there are is asked at run time. It knows no format beyond JSON's strings, and no event.

mod checked;
mod marks;
mod unescape;

pub use checked::{Checked, NotText};
pub use marks::Marks;
pub use unescape::{unescape, unescape_plainly};
