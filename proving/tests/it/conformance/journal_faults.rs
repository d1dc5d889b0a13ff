//! The journal of another process: killed, on a full disk, on a disk that cannot sync.
//!
//! The other process is this test binary again: [`child_appends`] does nothing unless a folder is named to it.

use super::journal::{all_after, bounds};
use super::journal_disk::segments;
use super::samples::{batch, keyed};
use futures::executor::block_on;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use wardwatch_journal::{AppendFault, Journal};
use wardwatch_journal_sqlite::{Bounds, SqliteJournal};

const FOLDER: &str = "WARDWATCH_TEST_FOLDER";
const FROM: &str = "WARDWATCH_TEST_FROM";
const COUNT: &str = "WARDWATCH_TEST_COUNT";
const SEGMENT: &str = "WARDWATCH_TEST_SEGMENT_BYTES";
/// Appends at the same time in the child: what may be durable without having been acknowledged.
const AT_ONCE: u64 = 4;

fn given(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok())
}

/// Lines of batch `n`; the last one makes segments fill quickly.
fn lines(n: u64) -> [String; 3] {
    [format!("{n}:0"), format!("{n}:1"), format!("{n}:2 {}", super::journal::hard(n))]
}

/// Appends batches and says `acked N`, `refused N` or `cannot open` on standard output, each on a line of its own.
#[test]
fn child_appends() {
    let Some(folder) = given(FOLDER) else { return };
    let number = |name| given(name).and_then(|text| text.parse::<u64>().ok()).expect("a number");
    let (from, count) = (number(FROM), number(COUNT));
    let bounds = Bounds { segment_bytes: number(SEGMENT), ..bounds() };
    let opened = SqliteJournal::open(&Path::new(&folder).join("journal"), bounds);
    let journal = match opened {
        Ok((journal, _)) => journal,
        Err(fault) => return println!("\ncannot open: {fault}"),
    };
    let next = AtomicU64::new(from);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= from + count {
                        break;
                    }
                    let lines = lines(n);
                    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                    let mut tries = 0;
                    while let Err(fault) = block_on(journal.append(keyed(&format!("run/{n}"), &lines))) {
                        println!("\nrefused {n}: {fault}");
                        tries += 1;
                        assert!(tries < 1_000, "refused for ever");
                    }
                    println!("\nacked {n}");
                }
            });
        }
    });
    println!("\ndone");
}

fn start(folder: &Path, from: u64, count: u64) -> Child {
    start_under(&[], bounds().segment_bytes, folder, from, count)
}

fn start_under(program: &[&str], segment_bytes: u64, folder: &Path, from: u64, count: u64) -> Child {
    let own = std::env::current_exe().expect("a test has a path");
    let own = own.to_str().expect("a plain path");
    let words: Vec<&str> = program.iter().copied().chain([own]).collect();
    Command::new(words[0])
        .args(&words[1..])
        .args(["--exact", "conformance::journal_faults::child_appends", "--nocapture"])
        .env(FOLDER, folder)
        .env(FROM, from.to_string())
        .env(COUNT, count.to_string())
        .env(SEGMENT, segment_bytes.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

/// What the child says until `enough`.
fn listen(child: &mut Child, mut enough: impl FnMut(&str) -> bool) -> Vec<String> {
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.as_mut().expect("piped")).lines() {
        let line = line.expect("text");
        let stop = enough(&line);
        said.push(line);
        if stop {
            break;
        }
    }
    said
}

fn acked(said: &[String]) -> impl Iterator<Item = u64> + '_ {
    said.iter().filter_map(|line| line.strip_prefix("acked ")?.parse().ok())
}

/// How often each batch stands in the journal; every one must be whole.
fn standing(journal: &SqliteJournal) -> BTreeMap<u64, u64> {
    let mut found: BTreeMap<u64, u64> = BTreeMap::new();
    for (_, text) in all_after(journal, 0) {
        *found.entry(text.split(':').next().and_then(|n| n.parse().ok()).expect("our line")).or_default() += 1;
    }
    assert!(found.values().all(|lines| lines % 3 == 0), "a batch is there whole or not at all: {found:?}");
    found.values_mut().for_each(|lines| *lines /= 3);
    found
}

fn open(folder: &Path) -> SqliteJournal {
    SqliteJournal::open(&folder.join("journal"), bounds()).expect("opens").0
}

#[test]
fn killed_ten_times_nothing_acknowledged_is_lost_or_doubled() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut told: Vec<u64> = Vec::new();
    for round in 0..10 {
        let from = told.iter().max().map_or(1, |n| n + 1).saturating_sub(AT_ONCE).max(1);
        let mut child = start(folder.path(), from, 1_000_000);
        let mut left = 15 + round;
        let said = listen(&mut child, |line| {
            left -= u64::from(line.starts_with("acked"));
            left == 0
        });
        child.kill().expect("killed with -9");
        // What it said before it died counts, too.
        let rest = listen(&mut child, |_| false);
        child.wait().expect("gone");
        told.extend(acked(&said).chain(acked(&rest)));
    }
    told.sort_unstable();
    told.dedup();
    let journal = open(folder.path());
    let found = standing(&journal);
    for n in &told {
        assert_eq!(found.get(n), Some(&1), "batch {n} was acknowledged");
    }
    assert!(found.values().all(|times| *times == 1), "with keys nothing is doubled: {found:?}");
    // Each life may leave durable what it had no time to acknowledge.
    assert!(found.len() <= told.len() + 10 * AT_ONCE as usize);
    let account: u64 = journal.accounts().expect("accounts").iter().map(|(_, _, a)| a.lines).sum();
    assert_eq!(account, 3 * found.len() as u64, "the account is exact");
    assert_eq!(journal.check().damage, []);
}

#[test]
fn a_second_process_is_told_who_has_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let _journal = open(folder.path());
    let mut child = start(folder.path(), 1, 1);
    let said = listen(&mut child, |_| false);
    child.wait().expect("gone");
    let text = said.iter().find(|line| line.starts_with("cannot open")).expect("refused");
    assert!(text.contains(&format!("in use by process {}", std::process::id())), "{text}");
}

#[test]
fn a_sync_that_fails_closes_the_segment_and_the_next_append_opens_a_new_one() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: `strace` is not installed (cargo xtask test installs it when run as root)");
        return;
    }
    // Counted per thread: in one large segment the writer's syncs are its commits; with small ones they are also
    // rotations, and the sealer's fail, too, which refuses nobody.
    for (when, segment_bytes, refuses) in [
        ("12", 1 << 20, true),
        ("15", 1 << 20, true),
        ("13..16", 1 << 20, true),
        ("9", 2_000, false),
        ("14+60", 2_000, false),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let inject = format!("inject=fdatasync,fsync:error=EIO:when={when}");
        let strace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", &inject];
        let mut child = start_under(&strace, segment_bytes, folder.path(), 1, 40);
        let said = listen(&mut child, |_| false);
        if !child.wait().expect("gone").success() && acked(&said).count() == 0 {
            eprintln!("skipped: strace may not trace here");
            return;
        }
        let refused = said.iter().filter(|line| line.starts_with("refused")).count();
        assert!(refused > 0 || !refuses, "sync {when} failed without a refusal: {said:?}");
        assert_eq!(acked(&said).count(), 40, "all were acknowledged in the end");
        let journal = open(folder.path());
        let found = standing(&journal);
        assert_eq!(found.len(), 40);
        assert!(found.values().all(|times| *times == 1), "{when}: {found:?}");
        let account: u64 = journal.accounts().expect("accounts").iter().map(|(_, _, a)| a.lines).sum();
        assert_eq!(account, 120);
        assert_eq!(journal.check().damage, []);
        assert!(segments(folder.path()).len() > 1, "the segment that failed was not written again");
    }
}

/// A file system of its own, unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(done) if done.status.success() => Some(Self(folder)),
            _ => {
                eprintln!("skipped: a small file system cannot be mounted here (needs root)");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_refuses_until_there_is_room_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let folder = disk.0.path();
    let ballast = folder.join("ballast");
    std::fs::write(&ballast, vec![1u8; 3 << 20]).expect("ballast");
    let bounds = Bounds { reserve_bytes: 0, segment_bytes: 300_000, ..bounds() };
    let (journal, _) = SqliteJournal::open(&folder.join("journal"), bounds).expect("opens");
    let body: Vec<String> = (0..20).map(super::journal::hard).collect();
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    let mut stored = 0u64;
    let fault = loop {
        match block_on(journal.append(batch(&body))) {
            Ok(_) => stored += 1,
            Err(fault) => break fault,
        }
        assert!(stored < 1_000, "the disk never filled");
    };
    assert!(matches!(fault, AppendFault::Full(_)), "{fault:?}");
    assert!(block_on(journal.append(batch(&body))).is_err(), "still full");
    assert_eq!(all_after(&journal, 0).len() as u64, 20 * stored, "what was stored before can be read on a full disk");
    std::fs::remove_file(&ballast).expect("room again");
    block_on(journal.append(batch(&body))).expect("stored again");
    drop(journal);
    let (journal, _) = SqliteJournal::open(&folder.join("journal"), bounds).expect("opens");
    assert_eq!(all_after(&journal, 0).len() as u64, 20 * (stored + 1));
    assert_eq!(journal.check().damage, []);
    let account: u64 = journal.accounts().expect("accounts").iter().map(|(_, _, a)| a.lines).sum();
    assert_eq!(account, 20 * (stored + 1));
}
