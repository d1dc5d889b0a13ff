//! Lines made durable, in one order, before anybody is told that they arrived.
//!
//! Takes batches as intake framed them and gives them back with ids. Never looks inside a line, never decides who may
//! send, and knows neither SQL nor file names: engines implement [`Journal`], and share the codec of a batch
//! ([`pack`], [`unpack`]), the account of what came ([`Accounts`]) and the comparison with the lake ([`verify`]).

mod accounting;
mod packed;
mod ports;
mod tail;
mod verify;

pub use accounting::Accounts;
pub use packed::{PackFault, UnpackFault, body_hash, pack, unpack};
pub use ports::{AppendFault, Appended, Journal, JournalAccount, JournalAccounts, ReadFault};
pub use tail::{after, part};
pub use verify::{Balance, LakeCount, Pending, SourceVerdict, pending_after, steady_accounts, verify};
