//! Files: whole ones, damaged ones, growing ones.

use crate::world::{Memory, intake, known, origin};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_event::{LineNote, RejectReason};
use wardwatch_ident::Timestamp;
use wardwatch_intake::files::{Content, FileReader, find, open_beneath};
use wardwatch_intake::follow::{Follower, follow};
use wardwatch_intake::{Bounds, Durable, Position, Positions, PositionsFolder, Stopper};

fn now() -> Timestamp {
    Timestamp::from_secs(1_800_000_000)
}

fn read(path: &Path) -> (Vec<String>, Vec<u64>, FileReader) {
    let mut reader = FileReader::open(path, origin(), 100).unwrap();
    let (mut lines, mut places) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch(now()) {
        let texts = (0..batch.received.len()).map(|i| String::from_utf8_lossy(batch.received.line(i)).into_owned());
        lines.extend(texts);
        places.extend(batch.places);
    }
    (lines, places, reader)
}

#[test]
fn text_plain_and_packed() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("one\r\n\ntwo\n{}\nlast", "x".repeat(300_000));
    let gzip = {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        e.write_all(text.as_bytes()).unwrap();
        e.finish().unwrap()
    };
    let zstd = zstd::stream::encode_all(text.as_bytes(), 1).unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    for (name, bytes) in [("a.log", text.as_bytes()), ("b/a.gz", &gzip), ("c.zst", &zstd)] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let found = find(&[folder.path().to_owned()]).unwrap();
    assert_eq!(found.len(), 3);
    for path in &found {
        let (lines, places, reader) = read(path);
        assert_eq!(lines, ["one", "two", &"x".repeat(100), "last"], "{}", path.display());
        assert_eq!(places, [1, 3, 4, 5]);
        assert_eq!(reader.content(), Content::Lines);
        assert_eq!((reader.summary().read, reader.summary().rejected), (4, 0));
        assert_eq!(reader.progress().0, std::fs::metadata(path).unwrap().len());
    }
    // A packed file that breaks off: its whole lines, and one refused record.
    std::fs::write(folder.path().join("b/a.gz"), &gzip[..gzip.len() - 12]).unwrap();
    let (lines, _, reader) = read(&found[1]);
    assert_eq!(lines[..2], ["one", "two"]);
    assert_eq!(reader.summary().rejected, 1);
    assert_eq!(reader.summary().damage.len(), 1);
    assert!(find(&[PathBuf::from("/nowhere/at/all")]).is_err());
}

#[test]
fn a_long_line_is_marked() {
    let mut reader = FileReader::new(Box::new(std::io::Cursor::new(vec![b'y'; 5_000])), origin(), 100).unwrap();
    let batch = reader.next_batch(now()).unwrap();
    assert_eq!(batch.received.notes, [(0, LineNote::Truncated)]);
    assert!(reader.next_batch(now()).is_none());
}

#[test]
fn what_only_claims_to_be_an_event_log_is_refused() {
    for (size, rejected) in [(100usize, 1u64), (4_096, 0), (5_000, 1), (4_096 + 65_536 * 2, 2)] {
        let mut bytes = vec![b'x'; size];
        bytes[..8].copy_from_slice(b"ElfFile\0");
        let mut reader = FileReader::new(Box::new(std::io::Cursor::new(bytes)), origin(), 100).unwrap();
        let mut refused = 0;
        while let Some(batch) = reader.next_batch(now()) {
            assert!(batch.received.rejected.iter().all(|r| r.reason == RejectReason::BadRecord));
            refused += batch.received.rejected_total();
        }
        assert_eq!((refused, reader.summary().read, reader.summary().declared), (rejected, 0, Some(0)), "{size}");
    }
}

/// A file header and chunks that have nothing but lists of names: (where it stands, the next one), the first one first.
fn event_log(chunks: &[&[(u32, u32)]]) -> Vec<u8> {
    let mut bytes = vec![0; 4_096];
    bytes[..8].copy_from_slice(b"ElfFile\0");
    for names in chunks {
        let mut chunk = vec![0; 65_536];
        chunk[..8].copy_from_slice(b"ElfChnk\0");
        chunk[40] = 128;
        // No records: the last number is the one before the first.
        chunk[8] = 1;
        if let Some((first, _)) = names.first() {
            chunk[128..132].copy_from_slice(&first.to_le_bytes());
        }
        for (at, next) in *names {
            let at = *at as usize;
            if let Some(name) = chunk.get_mut(at..at + 10) {
                name[..4].copy_from_slice(&next.to_le_bytes());
                name[6] = 1;
                name[8] = b'a';
            }
        }
        bytes.extend(chunk);
    }
    bytes
}

/// Names are found by their place, never by following a list.
#[test]
fn names_that_lead_in_circles_cost_nothing() {
    for names in [
        &[(512, 0)][..],
        &[(512, 512)],
        &[(512, 600), (600, 512)],
        &[(512, 600), (600, 700), (700, 600)],
        &[(65_530, 0)],
        &[(512, u32::MAX)],
    ] {
        let log = event_log(&[names, &[(66_000, 0)]]);
        let mut reader = FileReader::new(Box::new(std::io::Cursor::new(log)), origin(), 100).unwrap();
        assert!(reader.next_batch(now()).is_none());
        let summary = reader.summary();
        assert_eq!((summary.read, summary.rejected, summary.declared), (0, 0, Some(0)));
        // Made by hand, they have no checksums; that of no records is zero.
        let expect =
            [0, 1].map(|n| format!("chunk {n}: the checksum of its head is wrong; what could be read of it was"));
        assert_eq!(summary.damage, expect, "{names:?}");
    }
}

/// The public recordings, where they are: every record that the files declare is read.
#[test]
fn recorded_event_logs_give_every_record_they_declare() {
    let Some(folder) = evtx_folder() else {
        println!("skipped: no unpacked event logs in WARDWATCH_EVTX");
        return;
    };
    let files = find(&[folder]).unwrap();
    let (mut declared, mut read_, mut logs) = (0, 0, 0);
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "evtx")) {
        let (lines, _, reader) = read(path);
        assert!(lines.iter().all(|l| l.starts_with('{')), "{}", path.display());
        declared += reader.summary().declared.unwrap();
        read_ += reader.summary().read;
        logs += 1;
        assert_eq!(reader.summary().damage, Vec::<String>::new(), "{}", path.display());
    }
    assert_eq!(read_, declared, "in {logs} files");
    println!("{read_} records in {logs} files");
}

fn evtx_folder() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "where test data lies")]
    std::env::var("WARDWATCH_EVTX").ok().map(PathBuf::from).filter(|p| p.is_dir())
}

struct Growing {
    folder: tempfile::TempDir,
    log: PathBuf,
    positions: Arc<PositionsFolder>,
}

impl Growing {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        std::fs::create_dir(&logs).unwrap();
        let positions = Arc::new(PositionsFolder::open(folder.path().join("positions")).unwrap());
        Self { log: logs.join("a.log"), positions, folder }
    }

    fn follower(&self) -> Follower {
        Follower::new(self.folder.path().join("logs"), origin(), self.positions.clone(), 100)
    }

    fn append(&self, text: &str) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// Everything there is now, made durable; `crash`: the follower dies before it hears so.
async fn drain(follower: &mut Follower, memory: &Memory, crash: bool) {
    while let Some(pending) = follower.next_batch(now()) {
        memory.append(pending.batch).await.unwrap();
        if crash {
            return;
        }
        follower.stored(&pending.file);
    }
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + seconds)
}

async fn drain_at(follower: &mut Follower, memory: &Memory, at: Timestamp) {
    while let Some(pending) = follower.next_batch(at) {
        memory.append(pending.batch).await.unwrap();
        follower.stored(&pending.file);
    }
}

/// Positions in memory: thousands are written in no time.
#[derive(Default)]
struct Noted(std::sync::Mutex<std::collections::HashMap<String, Position>>);

impl Positions for Noted {
    fn load(&self, file: &str) -> std::io::Result<Option<Position>> {
        Ok(self.0.lock().unwrap().get(file).cloned())
    }

    fn save(&self, file: &str, position: &Position) -> std::io::Result<()> {
        self.0.lock().unwrap().insert(file.to_owned(), position.clone());
        Ok(())
    }
}

#[tokio::test]
async fn a_folder_of_more_files_than_may_be_open_is_read_whole() {
    let (folder, memory) = (tempfile::tempdir().unwrap(), Memory::default());
    let path = |n: usize| folder.path().join(format!("{n:04}.log"));
    let write = |n: usize, text: &str| {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path(n)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 + n as u64);
        file.set_modified(at).unwrap();
    };
    (0..600).for_each(|n| write(n, &format!("file {n}\n")));
    let mut follower = Follower::new(folder.path().to_owned(), origin(), Arc::new(Noted::default()), 100);
    drain_at(&mut follower, &memory, later(0)).await;
    let lines = memory.lines();
    assert!(lines.len() == 512 && lines.contains(&"file 599".into()) && !lines.contains(&"file 0".into()));
    assert_eq!(follower.waiting(), 88);
    for second in 1..4 {
        drain_at(&mut follower, &memory, later(second)).await;
    }
    let mut lines = memory.lines();
    lines.sort();
    lines.dedup();
    assert_eq!((lines.len(), memory.lines().len(), follower.waiting()), (600, 600, 0));
    // Each still grows, the closed ones too, and nothing comes twice.
    (0..600).for_each(|n| write(n, &format!("more {n}\n")));
    for second in 4..9 {
        drain_at(&mut follower, &memory, later(second)).await;
    }
    assert_eq!(memory.lines().len(), 1_200);
    assert_eq!(memory.lines().iter().filter(|line| line.starts_with("more")).count(), 600);
}

#[tokio::test]
async fn a_busy_file_starves_no_other() {
    let (folder, memory) = (tempfile::tempdir().unwrap(), Memory::default());
    for name in ["a", "b", "c"] {
        std::fs::write(folder.path().join(name), format!("{name}{}\n", "x".repeat(50)).repeat(60_000)).unwrap();
    }
    let mut follower = Follower::new(folder.path().to_owned(), origin(), Arc::new(Noted::default()), 100);
    for _ in 0..3 {
        let pending = follower.next_batch(now()).unwrap();
        memory.append(pending.batch).await.unwrap();
        follower.stored(&pending.file);
    }
    let mut first: Vec<_> = memory.batches.lock().unwrap().iter().map(|batch| batch.line(0)[0]).collect();
    first.sort_unstable();
    assert_eq!(first, b"abc");
}

#[tokio::test]
async fn links_and_pipes_inside_a_folder_are_not_read() {
    let (folder, memory) = (tempfile::tempdir().unwrap(), Memory::default());
    let (logs, secret) = (folder.path().join("logs"), folder.path().join("secret"));
    std::fs::create_dir(&logs).unwrap();
    std::fs::write(&secret, "secret\n").unwrap();
    std::fs::write(logs.join("a.log"), "one\n").unwrap();
    std::os::unix::fs::symlink(&secret, logs.join("b.log")).unwrap();
    std::os::unix::fs::symlink(folder.path(), logs.join("up")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(logs.join("c.log")).unwrap();
    assert_eq!(find(std::slice::from_ref(&logs)).unwrap(), [logs.join("a.log")]);
    let mut follower = Follower::new(logs.clone(), origin(), Arc::new(Noted::default()), 100);
    drain_at(&mut follower, &memory, now()).await;
    assert_eq!((memory.lines(), follower.skipped()), (vec!["one".to_owned()], 3));
    // A path that is given may be a link, to a folder and to a file.
    std::os::unix::fs::symlink(&logs, folder.path().join("named")).unwrap();
    assert_eq!(find(&[folder.path().join("named")]).unwrap().len(), 1);
    assert_eq!(find(&[logs.join("b.log")]).unwrap(), [logs.join("b.log")]);
    let mut follower = Follower::new(logs.join("b.log"), origin(), Arc::new(Noted::default()), 100);
    drain_at(&mut follower, &memory, now()).await;
    assert_eq!(memory.lines(), ["one", "secret"]);
}

/// A folder becomes a link between the walk and the opening.
#[test]
fn a_folder_that_became_a_link_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (logs, secret) = (folder.path().join("logs"), folder.path().join("secret"));
    std::fs::create_dir_all(logs.join("a/b")).unwrap();
    std::fs::create_dir_all(secret.join("b")).unwrap();
    for place in [logs.join("a/b/x.log"), secret.join("b/x.log"), logs.join("y.log")] {
        std::fs::write(place, "text\n").unwrap();
    }
    let found = find(std::slice::from_ref(&logs)).unwrap();
    assert!(found.iter().all(|path| open_beneath(&logs, path).is_ok()), "{found:?}");
    std::fs::rename(logs.join("a"), folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(&secret, logs.join("a")).unwrap();
    assert!(std::fs::read(&found[0]).is_ok(), "the plain path leads out");
    assert!(open_beneath(&logs, &found[0]).is_err());
    // Out by dots, and what was never below.
    assert!(open_beneath(&logs, &logs.join("../secret/b/x.log")).is_err());
    assert!(open_beneath(&logs, &secret.join("b/x.log")).is_err());
    // The path that is given may be a link, to a folder and to a file.
    std::os::unix::fs::symlink(&logs, folder.path().join("named")).unwrap();
    assert!(open_beneath(&folder.path().join("named"), &folder.path().join("named/y.log")).is_ok());
    std::os::unix::fs::symlink(logs.join("y.log"), folder.path().join("file")).unwrap();
    assert!(open_beneath(&folder.path().join("file"), &folder.path().join("file")).is_ok());
    let pipe = logs.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    // Opened without waiting for a writer; that it is no regular file is seen next.
    assert!(!open_beneath(&logs, &pipe).unwrap().metadata().unwrap().is_file());
}

#[tokio::test]
async fn a_growing_file_is_followed_over_restart_rename_and_truncation() {
    let (world, memory) = (Growing::new(), Memory::default());
    let mut follower = world.follower();
    world.append("one\ntwo\nhal");
    drain(&mut follower, &memory, false).await;
    assert_eq!(memory.lines(), ["one", "two"]);
    world.append("f\nthree\n");
    drain(&mut follower, &memory, false).await;
    assert_eq!(memory.lines()[2..], ["half", "three"]);

    // Handed over and durable, but the process dies before it is written down; more has come by the next start.
    world.append("four\n");
    drain(&mut follower, &memory, true).await;
    world.append("five\n");
    let mut follower = world.follower();
    drain(&mut follower, &memory, false).await;
    assert_eq!(memory.lines()[4..], ["four", "five"], "exactly once");

    // Renamed, and a new file under the old name.
    std::fs::rename(&world.log, world.log.with_extension("1")).unwrap();
    world.append("six\n");
    drain(&mut follower, &memory, false).await;
    assert_eq!(memory.lines()[6..], ["six"]);

    // Truncated and written anew.
    std::fs::write(&world.log, "7\n").unwrap();
    drain(&mut follower, &memory, false).await;
    assert_eq!(memory.lines()[7..], ["7"]);

    // A rest without line end is taken when it has stood for a while.
    world.append("rest");
    // However often it is looked at in one second.
    for _ in 0..20 {
        drain(&mut follower, &memory, false).await;
    }
    assert_eq!(memory.lines().len(), 8);
    for second in 1..20 {
        drain_at(&mut follower, &memory, later(second)).await;
    }
    assert_eq!(memory.lines()[8..], ["rest"]);
}

/// logrotate's `copytruncate`: the copy holds what was read already, and perhaps a little more.
#[tokio::test]
async fn a_copy_of_a_truncated_file_is_not_read_again() {
    let text = |from: usize, to: usize| (from..to).map(|n| format!("line number {n:04}\n")).collect::<String>();
    let expect: Vec<String> = (0..230).map(|n| format!("line number {n:04}")).collect();
    // Whether the follower sees the copy before or after the truncation, half-made, and whether it was running.
    for (looks_between, restarts) in [(true, false), (false, false), (false, true), (true, true)] {
        let (world, memory) = (Growing::new(), Memory::default());
        let copy = world.log.with_extension("1");
        let mut follower = world.follower();
        world.append(&text(0, 200));
        drain(&mut follower, &memory, false).await;
        // Written after the last look, copied, and gone from the log.
        world.append(&text(200, 210));
        let whole = std::fs::read(&world.log).unwrap();
        if looks_between {
            std::fs::write(&copy, &whole[..2_000]).unwrap();
            // It has read on in the log itself by then: the copy holds nothing new.
            drain(&mut follower, &memory, false).await;
            assert_eq!(memory.lines().len(), 210);
        }
        std::fs::write(&copy, &whole).unwrap();
        if restarts {
            follower = world.follower();
        }
        std::fs::write(&world.log, text(210, 220)).unwrap();
        drain_at(&mut follower, &memory, later(1)).await;
        world.append(&text(220, 230));
        for second in 2..8 {
            drain_at(&mut follower, &memory, later(second)).await;
        }
        let mut lines = memory.lines();
        lines.sort();
        assert_eq!(lines, expect, "looks {looks_between} restarts {restarts}");
    }
}

/// Another log that begins with the same kilobyte is no copy; nor is the same file written anew with the same beginning.
#[tokio::test]
async fn the_same_beginning_does_not_make_a_copy() {
    let (world, memory) = (Growing::new(), Memory::default());
    let banner = "#".repeat(99) + "\n";
    let banner = banner.repeat(12);
    let mut follower = world.follower();
    world.append(&(banner.clone() + &"one\n".repeat(300)));
    drain(&mut follower, &memory, false).await;
    assert_eq!(memory.lines().len(), 312);
    std::fs::write(world.log.with_extension("other"), banner.clone() + &"two\n".repeat(400)).unwrap();
    // Shorter than the first, it might become its copy; it does not.
    std::fs::write(world.log.with_extension("short"), banner.clone() + "three\n").unwrap();
    for second in 1..8 {
        drain_at(&mut follower, &memory, later(second)).await;
    }
    let count = |text: &str| memory.lines().iter().filter(|line| *line == text).count();
    assert_eq!((count("one"), count("two"), count("three")), (300, 400, 1));
    std::fs::write(&world.log, banner + &"four\n".repeat(500)).unwrap();
    for second in 8..10 {
        drain_at(&mut follower, &memory, later(second)).await;
    }
    assert_eq!(count("four"), 500);
}

#[tokio::test]
async fn a_packed_file_is_read_once() {
    let (world, memory) = (Growing::new(), Memory::default());
    let packed = world.log.with_extension("zst");
    std::fs::write(&packed, zstd::stream::encode_all(&b"a\nb\n"[..], 1).unwrap()).unwrap();
    for run in 0..3 {
        let mut follower = world.follower();
        // Within one second it may still be being copied.
        for second in [0, 0, 0, 1, 2] {
            assert_eq!(memory.lines().len(), if run == 0 && second < 2 { 0 } else { 2 });
            drain_at(&mut follower, &memory, later(second)).await;
        }
    }
    assert_eq!(memory.lines(), ["a", "b"]);
}

#[tokio::test]
async fn following_ends_when_the_server_stops() {
    let world = Growing::new();
    world.append("one\n");
    let (memory, intake) = intake(Bounds::default(), known());
    let (stopper, stop) = Stopper::pair();
    let running =
        tokio::spawn(follow(intake, world.folder.path().join("logs"), origin(), world.positions.clone(), stop));
    assert_eq!(memory.until(1).await, ["one"]);
    stopper.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn what_is_not_read_is_counted() {
    let world = Growing::new();
    world.append("one\n");
    let logs = world.folder.path().join("logs");
    std::os::unix::fs::symlink("/dev/zero", logs.join("link")).unwrap();
    // A position that cannot be read.
    std::fs::write(logs.join("other"), "two\n").unwrap();
    let about = std::fs::metadata(logs.join("other")).unwrap();
    use std::os::unix::fs::MetadataExt;
    let name = format!("{:x}-{:x}", about.dev(), about.ino());
    let (memory, intake) = intake(Bounds::default(), known());
    let (stopper, stop) = Stopper::pair();
    let bad = Arc::new(Unreadable { positions: world.positions.clone(), name });
    let running = tokio::spawn(follow(intake.clone(), logs, origin(), bad, stop));
    assert_eq!(memory.until(1).await, ["one"]);
    let reading = || intake.meters.reading().sources[0].clone();
    // Counted before the lines are handed over.
    assert_eq!((reading().files_waiting, reading().files_skipped), (0, 1));
    assert!(reading().file_faults >= 1);
    stopper.stop();
    running.await.unwrap();
    assert_eq!(reading().files_skipped, 0, "a follower that ended skips nothing");
}

/// Positions of which one cannot be read.
struct Unreadable {
    positions: Arc<dyn Positions>,
    name: String,
}

impl Positions for Unreadable {
    fn load(&self, file: &str) -> std::io::Result<Option<Position>> {
        if file == self.name {
            return Err(std::io::Error::other("a bad sector"));
        }
        self.positions.load(file)
    }

    fn save(&self, file: &str, position: &Position) -> std::io::Result<()> {
        self.positions.save(file, position)
    }
}
