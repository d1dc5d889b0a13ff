//! .

mod ports;

pub use ports::{AlertBook, BookFault};
