//! A data folder as version 0.1 wrote it, kept so that every later version proves that it can still open it.

use super::catalogue::file;
use super::journal::{all_after, bounds};
use super::ledgers::sqlite;
use super::samples::{alert, at, context, decorated, keyed, source, tenants};
use futures::executor::block_on;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_detect::AlertBook;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, FixedClock, TenantId, Timestamp};
use wardwatch_journal::{Appended, Journal};
use wardwatch_journal_sqlite::SqliteJournal;
use wardwatch_lake::{Catalogue, Publish};
use wardwatch_ledger_sqlite::SqliteLedger;

const FILES: [&str; 3] = ["ledger.db", "journal/index.db", "journal/1.db"];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v0.1")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("journal")).expect("a folder");
    for name in FILES {
        std::fs::copy(from.join(name), to.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// An alert as that version had it: nothing was known of what is unusual.
fn as_then(tenant: TenantId, seq: u64) -> Alert {
    let mut alert = alert(tenant, seq);
    alert.evidence.facts.clear();
    alert
}

/// What the golden folder was told, told to an empty one.
fn write(folder: &Path) {
    std::fs::create_dir_all(folder.join("journal")).expect("a folder");
    let [own, other] = tenants();
    let clock = Arc::new(FixedClock::new(at(0)));
    let ledger = sqlite(folder, &clock);
    block_on(ledger.commit(Cursor(0), Cursor(4), &[as_then(own, 2), as_then(other, 3)], &[])).expect("kept");
    let of = |id, start| file(id, own, "events", (start, start + 9), &[(source(own), 2)]);
    let first = Publish { add: vec![of(1, 0), of(2, 10)], cursor: Some((Cursor(0), Cursor(4))), ..Publish::default() };
    block_on(ledger.publish(first)).expect("published");
    let change = Publish { add: vec![of(3, 0)], replace: vec![1], ..Publish::default() };
    block_on(ledger.publish(change)).expect("replaced");
    drop(ledger);
    let (journal, _) = SqliteJournal::open(&folder.join("journal"), bounds()).expect("opens");
    block_on(journal.append(keyed("golden/1", &["one", "two"]))).expect("stored");
    block_on(journal.append(decorated())).expect("stored");
}

fn check(folder: &Path) {
    let [own, other] = tenants();
    let clock = Arc::new(FixedClock::new(at(100)));
    let ledger = sqlite(folder, &clock);
    assert_eq!(ledger.damage().expect("readable"), [""; 0]);
    assert_eq!(AlertBook::cursor(&ledger).ok(), Some(Cursor(4)));
    assert_eq!(Catalogue::cursor(&ledger).ok(), Some(Cursor(4)));
    assert_eq!(ledger.recent(&context(own), 9).expect("recent"), [as_then(own, 2)]);
    assert_eq!(ledger.recent(&context(other), 9).expect("recent"), [as_then(other, 3)]);
    let live: Vec<u128> = ledger.all_live().expect("live").iter().map(|f| f.id).collect();
    assert_eq!(live, [3, 2]);
    assert_eq!(ledger.retired(Timestamp(i64::MAX)).expect("retired").len(), 1);
    assert_eq!(ledger.accounts().expect("accounts")[0].stored, 4);

    let (journal, recovery) = SqliteJournal::open(&folder.join("journal"), bounds()).expect("opens");
    assert_eq!((recovery.end, recovery.damage), (Cursor(5), Vec::new()));
    let lines: Vec<String> = all_after(&journal, 0).into_iter().map(|(_, text)| text).collect();
    assert_eq!(lines, ["one", "two", "", "second \u{4e2d}\u{6587}", "third"]);
    let again = block_on(journal.append(keyed("golden/1", &["one", "two"])));
    assert_eq!(again.ok(), Some(Appended::Known(Cursor(2))), "its batch keys are still known");
    assert_eq!(block_on(journal.append(keyed("golden/2", &["x"]))).ok(), Some(Appended::Stored(Cursor(6))));
}

#[test]
fn the_data_folder_of_version_0_1_opens_and_says_what_was_put_in() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&golden(), folder.path());
    check(folder.path());
}

/// Keeps the story and the golden folder together. With `WARDWATCH_WRITE_GOLDEN` set it also writes the golden folder
/// anew: only while its version is not released, for a released version's folder never changes.
#[test]
fn a_data_folder_of_today_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    if std::env::var_os("WARDWATCH_WRITE_GOLDEN").is_some() {
        copy(folder.path(), &golden());
    }
    check(folder.path());
}

#[test]
fn a_ledger_of_a_newer_version_or_of_somebody_else_is_refused() {
    for (sql, expect) in [
        ("PRAGMA user_version = 99", "start the newer wardwatch again"),
        ("CREATE TABLE patients (id INTEGER)", "not a ledger of wardwatch"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        rusqlite::Connection::open(&path).and_then(|conn| conn.execute_batch(sql)).expect("prepared");
        let opened = SqliteLedger::open(&path, Arc::new(FixedClock::new(at(0))));
        let text = opened.err().expect("refused").to_string();
        assert!(text.contains(expect) && text.contains("ledger.db"), "{text}");
    }
}
