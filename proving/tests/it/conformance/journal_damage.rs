//! What becomes of a segment that is damaged, or only seems to be.

use super::journal::{all_after, bounds, hard, sqlite};
use super::journal_disk::segments;
use super::samples::batch;
use futures::executor::block_on;
use std::path::{Path, PathBuf};
use wardwatch_ident::Cursor;
use wardwatch_journal::{Journal, ReadFault};
use wardwatch_journal_sqlite::{Bounds, SqliteJournal};

/// Twelve lines in several segments, closed.
fn filled(folder: &Path) {
    let journal = sqlite(folder);
    for i in 0..12 {
        block_on(journal.append(batch(&[&hard(i)]))).expect("stored");
    }
}

/// Changes a byte in the first packed batch of a segment; a second time changes it back.
fn flip(file: &Path) {
    let mut bytes = std::fs::read(file).expect("readable");
    let magic = [0x28, 0xB5, 0x2F, 0xFD];
    let at = (0..bytes.len() - 4).find(|at| bytes[*at..*at + 4] == magic).expect("a packed batch");
    bytes[at + 60] ^= 1;
    std::fs::write(file, bytes).expect("writable");
}

/// Reads all there is, stepping over damage; how often there was some.
fn damage_met(journal: &SqliteJournal) -> usize {
    let (mut at, mut met) = (Cursor(0), 0);
    loop {
        match journal.read(at, usize::MAX) {
            Ok(batches) => match batches.last() {
                Some(last) => at = last.through(),
                None => return met,
            },
            Err(ReadFault::Corrupt { cursor, .. }) => (at, met) = (cursor, met + 1),
            Err(fault) => panic!("{fault}"),
        }
    }
}

fn open(folder: &Path) -> SqliteJournal {
    SqliteJournal::open(&folder.join("journal"), bounds()).expect("opens").0
}

#[test]
fn a_segment_with_damage_stays_until_it_is_repaired_or_moved_away() {
    type Look = fn(&SqliteJournal) -> usize;
    let looks: [Look; 2] = [damage_met, |journal| journal.check().damage.len()];
    for look in looks {
        let folder = tempfile::tempdir().expect("a folder");
        filled(folder.path());
        let torn: Vec<PathBuf> = segments(folder.path()).drain(1..=2).collect();
        torn.iter().for_each(|file| flip(file));
        let journal = open(folder.path());
        assert_eq!(look(&journal), 2);
        journal.covered(Cursor(12)).expect("covered");
        assert_eq!(segments(folder.path()), torn, "what is whole has gone");
        // All consumers have passed, so that nobody sees the damage again.
        drop(journal);
        let journal = open(folder.path());
        journal.covered(Cursor(12)).expect("covered");
        assert_eq!(segments(folder.path()), torn, "a restart does not forget it");
        flip(&torn[0]);
        std::fs::rename(&torn[1], folder.path().join("aside")).expect("moved away");
        assert_eq!(journal.check().damage.len(), 1, "the one that is away");
        journal.covered(Cursor(12)).expect("covered");
        assert!(segments(folder.path()).is_empty());
        let sums: u64 = journal.accounts().expect("accounts").iter().map(|(_, _, a)| a.lines).sum();
        assert_eq!((journal.segments(), sums), (0, 12), "and the account is what it was");
    }
}

#[test]
fn damage_found_at_the_start_is_kept_for_repair() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path());
    let file = segments(folder.path()).remove(0);
    flip(&file);
    let index = rusqlite::Connection::open(folder.path().join("journal/index.db")).expect("an index");
    index.execute("UPDATE segment SET state = 'open', last = NULL WHERE number = 1", []).expect("as a crash leaves it");
    drop(index);
    let (journal, recovery) = SqliteJournal::open(&folder.path().join("journal"), bounds()).expect("opens");
    assert_eq!(recovery.damage.len(), 1);
    journal.covered(Cursor(12)).expect("covered");
    assert_eq!(segments(folder.path()), [file]);
}

#[test]
fn a_segment_that_cannot_be_opened_just_now_is_not_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds { segment_bytes: 1 << 20, ..bounds() };
    let path = folder.path().join("journal");
    drop(SqliteJournal::open(&path, bounds).map(|(journal, _)| block_on(journal.append(batch(&["a", "b"])))));
    let (journal, _) = SqliteJournal::open(&path, bounds).expect("opens");
    let file = segments(folder.path()).remove(0);
    let aside = folder.path().join("aside");
    std::fs::rename(&file, &aside).expect("moved");
    // SQLite says of this what it says when there is no file handle left: it is there and cannot be opened.
    std::fs::create_dir(&file).expect("a folder of this name");
    let read = journal.read(Cursor(0), usize::MAX);
    assert!(matches!(read, Err(ReadFault::Io(_))), "{read:?}");
    assert_eq!(journal.check().damage.len(), 1, "a thorough look says so all the same");
    std::fs::remove_dir(&file).expect("removed");
    let read = journal.read(Cursor(0), usize::MAX);
    assert!(matches!(read, Err(ReadFault::Corrupt { cursor: Cursor(2), .. })), "it is really gone now: {read:?}");
    std::fs::rename(&aside, &file).expect("back");
    assert_eq!(all_after(&journal, 0).len(), 2, "and nothing was lost");
    assert_eq!(journal.check().damage, []);
    journal.covered(Cursor(2)).expect("covered");
    assert!(segments(folder.path()).is_empty());
}

#[test]
fn a_large_batch_is_not_unpacked_again_for_each_window() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines: Vec<String> = (0..10_000).map(hard).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    block_on(sqlite(folder.path()).append(batch(&lines))).expect("stored");
    let journal = open(folder.path());
    let read = |after| journal.read(Cursor(after), 1 << 20);
    let first = read(0).expect("readable").remove(0).through();
    assert!(first < Cursor(2_000));
    // More than what a connection remembers of a file, so that reading it again would meet the zeros.
    let file = segments(folder.path()).remove(0);
    let bytes = std::fs::read(&file).expect("readable");
    let mut torn = bytes.clone();
    torn[bytes.len() / 2..].fill(0);
    std::fs::write(&file, torn).expect("writable");
    let second = read(first.0).expect("from memory").remove(0);
    assert_eq!(second.received.line(0), lines[first.0 as usize].as_bytes());
    // When its last line was read it does not stay in memory.
    let mut at = second.through();
    while at < Cursor(10_000) {
        at = read(at.0).expect("from memory").remove(0).through();
    }
    assert!(matches!(read(first.0), Err(ReadFault::Corrupt { .. })));
}
