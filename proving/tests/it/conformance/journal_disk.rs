//! What only a journal on disk can show: bounds, segments, recovery, damage.

use super::journal::{all_after, bounds, hard, sqlite};
use super::samples::{batch, keyed};
use futures::executor::block_on;
use std::path::{Path, PathBuf};
use wardwatch_ident::Cursor;
use wardwatch_journal::{AppendFault, Appended, Journal, ReadFault};
use wardwatch_journal_sqlite::{Bounds, DataLock, LockFault, OpenFault, SqliteJournal};

fn fill(journal: &SqliteJournal, from: u64, count: u64) {
    for i in from..from + count {
        block_on(journal.append(batch(&[&hard(i)]))).expect("stored");
    }
}

/// The numbered segment files.
pub fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder.join("journal"))
        .expect("a journal")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "db") && !path.ends_with("index.db"))
        .collect();
    found.sort_by_key(|path| path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<u64>().ok()));
    found
}

#[test]
fn covered_segments_leave_the_disk_and_the_rest_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = sqlite(folder.path());
    fill(&journal, 0, 12);
    drop(journal);
    let journal = sqlite(folder.path());
    let before = segments(folder.path()).len();
    assert!(before >= 3, "{before} segments");
    journal.covered(Cursor(7)).expect("covered");
    let kept = segments(folder.path()).len();
    assert!(kept < before && kept >= 1);
    assert_eq!(all_after(&journal, 7).iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [8, 9, 10, 11, 12]);
    journal.covered(Cursor(12)).expect("covered");
    assert!(segments(folder.path()).is_empty());
    let beside = std::fs::read_dir(folder.path().join("journal")).expect("a journal").count();
    assert!(beside <= 4, "LOCK and index.db with its two files, no leftovers");
}

#[test]
fn too_much_waiting_is_refused_at_once_but_a_large_batch_alone_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds { queue_bytes: 1_000, ..bounds() };
    let (journal, _) = SqliteJournal::open(&folder.path().join("journal"), bounds).expect("opens");
    let large: Vec<String> = (0..100).map(hard).collect();
    let large: Vec<&str> = large.iter().map(String::as_str).collect();
    assert!(matches!(block_on(journal.append(batch(&large))), Ok(Appended::Stored(_))));
    let outcomes: Vec<_> = block_on(futures::future::join_all((0..64).map(|_| journal.append(batch(&large)))));
    let busy = outcomes.iter().filter(|o| matches!(o, Err(AppendFault::Busy(_)))).count();
    let stored = outcomes.iter().filter(|o| matches!(o, Ok(Appended::Stored(_)))).count();
    assert!(busy > 0 && stored > 0 && busy + stored == 64, "{busy} refused, {stored} stored");
    assert_eq!(journal.end(), Cursor(100 * (stored as u64 + 1)), "what was refused is not there");
    assert_eq!(journal.queued_bytes(), 0);
}

#[test]
fn a_disk_that_is_nearly_full_is_refused_before_it_is_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds { reserve_bytes: u64::MAX / 2, ..bounds() };
    let (journal, _) = SqliteJournal::open(&folder.path().join("journal"), bounds).expect("opens");
    assert!(matches!(block_on(journal.append(batch(&["a"]))), Err(AppendFault::Full(_))));
    assert_eq!(journal.end(), Cursor(0));
}

#[test]
fn a_flipped_byte_is_named_with_its_place_and_can_be_stepped_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds { segment_bytes: 1 << 20, ..bounds() };
    let path = folder.path().join("journal");
    let (journal, _) = SqliteJournal::open(&path, bounds).expect("opens");
    fill(&journal, 0, 3);
    drop(journal);
    let file = segments(folder.path()).remove(0);
    let mut bytes = std::fs::read(&file).expect("readable");
    let magic = [0x28, 0xB5, 0x2F, 0xFD];
    let blobs: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == magic).collect();
    assert_eq!(blobs.len(), 3, "three packed batches");
    // Rows of a SQLite page grow downwards, so that the middle one is the second batch in any case.
    bytes[blobs[1] + 60] ^= 1;
    std::fs::write(&file, bytes).expect("writable");
    let (journal, recovery) = SqliteJournal::open(&path, bounds).expect("opens all the same");
    assert_eq!(recovery.end, Cursor(3));
    assert_eq!(journal.read(Cursor(0), usize::MAX).expect("the whole ones first").len(), 1);
    match journal.read(Cursor(1), usize::MAX) {
        Err(ReadFault::Corrupt { segment, cursor: Cursor(2), why }) => {
            assert!(segment.ends_with("1.db") && why.contains("checksum"), "{segment}: {why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(all_after(&journal, 2).len(), 1, "the rest can be read");
    let checked = journal.check();
    assert_eq!((checked.batches, checked.lines, checked.damage.len()), (3, 2, 1));
    assert_eq!(checked.damage[0].cursor, Cursor(2));
}

#[test]
fn a_lost_segment_is_named_and_its_numbers_do_not_come_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = sqlite(folder.path());
    fill(&journal, 0, 12);
    drop(journal);
    let lost = segments(folder.path()).remove(1);
    std::fs::remove_file(&lost).expect("removed");
    let journal = sqlite(folder.path());
    let batches = journal.read(Cursor(0), usize::MAX).expect("what is before it");
    let at = batches.last().expect("some").through();
    let Err(ReadFault::Corrupt { segment, cursor, .. }) = journal.read(at, usize::MAX) else { panic!("not named") };
    assert_eq!(segment, lost.display().to_string());
    assert_eq!(all_after(&journal, cursor.0).first().map(|(seq, _)| *seq), Some(cursor.0 + 1));
    assert_eq!(block_on(journal.append(batch(&["next"]))).ok(), Some(Appended::Stored(Cursor(13))));
}

#[test]
fn segments_without_their_index_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = sqlite(folder.path());
    fill(&journal, 0, 1);
    drop(journal);
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join("journal").join(file));
    }
    let opened = SqliteJournal::open(&folder.path().join("journal"), bounds());
    let Err(OpenFault::Index { why, .. }) = opened else { panic!("{opened:?}") };
    assert!(why.contains("1.db") && why.contains("backup"), "{why}");
}

/// Changes the index as a crash between two of its steps leaves it.
fn change_index(folder: &Path, sql: &str) {
    let index = rusqlite::Connection::open(folder.join("journal/index.db")).expect("an index");
    index.execute_batch(sql).expect("changed");
}

#[test]
fn what_a_crash_between_two_steps_leaves_is_put_right_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = sqlite(folder.path());
    fill(&journal, 0, 12);
    let accounts = journal.accounts().expect("accounts");
    drop(journal);
    // Covered and noted, but the files were not removed yet.
    change_index(folder.path(), "UPDATE segment SET state = 'removed' WHERE number = 1");
    // A segment was made, but not entered yet.
    std::fs::write(folder.path().join("journal/77.db"), b"").expect("written");
    let journal = sqlite(folder.path());
    assert!(segments(folder.path()).iter().all(|path| !path.ends_with("1.db") && !path.ends_with("77.db")));
    assert_eq!(journal.accounts().expect("accounts"), accounts);
    assert_eq!(journal.end(), Cursor(12));
    drop(journal);
    // Closed, but accounts and keys were not taken over yet: as if nothing had been, and then all of it is again.
    change_index(folder.path(), "UPDATE segment SET state = 'closed'; DELETE FROM account; DELETE FROM batch_key");
    let journal = sqlite(folder.path());
    let again: u64 = journal.accounts().expect("accounts").iter().map(|(_, _, a)| a.lines).sum();
    assert_eq!(again, all_after(&journal, 0).len() as u64);
    drop(journal);
    // An index from an older backup.
    change_index(folder.path(), "DELETE FROM segment WHERE number = (SELECT MAX(number) FROM segment)");
    let opened = SqliteJournal::open(&folder.path().join("journal"), bounds());
    let Err(OpenFault::Index { why, .. }) = opened else { panic!("{opened:?}") };
    assert!(why.contains("does not know") && why.contains("line 12"), "{why}");
}

#[test]
fn numbers_start_behind_what_consumers_have_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal");
    let at = |floor| SqliteJournal::open(&path, Bounds { floor: Cursor(floor), ..bounds() }).expect("opens").0;
    let journal = at(1_000);
    assert_eq!(block_on(journal.append(keyed("a/1", &["x"]))).ok(), Some(Appended::Stored(Cursor(1_001))));
    drop(journal);
    let journal = at(500);
    assert_eq!(block_on(journal.append(keyed("a/2", &["y"]))).ok(), Some(Appended::Stored(Cursor(1_002))));
    assert_eq!(all_after(&journal, 0).len(), 2);
    assert_eq!(journal.check().damage, []);
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = DataLock::take(folder.path()).expect("free");
    match DataLock::take(folder.path()) {
        Err(fault @ LockFault::Held { .. }) => {
            let text = fault.to_string();
            assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        }
        other => panic!("{other:?}"),
    }
    drop(first);
    DataLock::take(folder.path()).expect("free again");
}
