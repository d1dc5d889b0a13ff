//! One suite for every engine of a port: what one of them does, all of them do.

mod alert_book;
mod catalogue;
mod golden;
mod journal;
mod journal_damage;
mod journal_disk;
mod journal_faults;
mod ledgers;
mod memory;
mod samples;
