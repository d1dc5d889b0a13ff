//! .

mod ports;

pub use ports::{AppendFault, Appended, Journal, JournalAccount, JournalAccounts, ReadFault};
