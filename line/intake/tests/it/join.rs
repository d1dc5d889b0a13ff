//! Records of several lines: the gathering alone, then through sockets and files.

use crate::world::{Memory, World, origin};
use proptest::prelude::*;
use std::io::Write;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};
use wardwatch_event::LineNote;
use wardwatch_ident::Timestamp;
use wardwatch_intake::files::FileReader;
use wardwatch_intake::follow::Follower;
use wardwatch_intake::{Durable, Kind, PositionsFolder};
use wardwatch_pack::{Join, JoinMark, Joiner};

fn regex(text: &str) -> regex::bytes::Regex {
    regex::bytes::Regex::new(text).unwrap()
}

fn start(text: &str) -> Join {
    Join { mark: JoinMark::Start(regex(text)), lines_max: 4, wait_ms: 1_000 }
}

fn indented() -> Join {
    Join { mark: JoinMark::Continue(regex(r"^\s")), lines_max: 4, wait_ms: 1_000 }
}

fn audit() -> Join {
    let mark = JoinMark::Same(regex(r"(?:node=(\S+) )?type=\S+ msg=audit\(([^)]+)\)"));
    Join { mark, lines_max: 4, wait_ms: 2_000 }
}

/// What a stream's lines become; `@500` among them says that it is 500 ms later than before, `=` begins a counted one.
fn joined(rule: &Join, input: &str) -> String {
    let mut joiner = Joiner::new(Arc::new(rule.clone()), 40, |first: u32, _| first);
    let (mut out, mut now) = (Vec::new(), 0);
    for (line, number) in input.split('|').zip(0u32..) {
        let mut add = |record: &[u8], first: u32| out.push(format!("{first}:{}", String::from_utf8_lossy(record)));
        if let Some(late) = line.strip_prefix('@') {
            now += late.parse::<u64>().unwrap();
            joiner.tick(now, &mut add);
        } else if let Some(counted) = line.strip_prefix('=') {
            joiner.push_whole(counted.as_bytes(), number, &mut add);
        } else {
            joiner.push(line.as_bytes(), number, &mut add);
        }
    }
    joiner.finish(|record, first| out.push(format!("{first}:{}", String::from_utf8_lossy(record))));
    assert_eq!((joiner.held(), joiner.due_ms()), (0, None), "{input}");
    out.join("|").replace('\n', "+")
}

#[test]
fn what_belongs_together() {
    for (rule, input, expect) in [
        (indented(), "a|  b|\tc|d", "0:a+  b+\tc|3:d"),
        // Nothing before it: it stands alone. A priority is a message of its own.
        (indented(), "  b|a|<13> c", "0:  b|1:a|2:<13> c"),
        (start("^2026-"), "2026-1|x|y|2026-2|<13>z|w", "0:2026-1+x+y|3:2026-2|4:<13>z+w"),
        // Framed by count: whole.
        (indented(), "a| b|= c| d", "0:a+ b|2: c|3: d"),
        // At most four lines, at most forty bytes; what does not fit begins the next.
        (indented(), "a| 1| 2| 3| 4| 5", "0:a+ 1+ 2+ 3|4: 4+ 5"),
        (
            indented(),
            "0123456789012345678901234567890123456789| b| c",
            "0:0123456789012345678901234567890123456789|1: b+ c",
        ),
        // A second after its first line it is complete.
        (indented(), "a|@999| b|@1| c", "0:a+ b|4: c"),
        (start("^#"), "#a|@500|b|@500|c|@999|d|@1|#e", "0:#a+b|4:c+d|8:#e"),
    ] {
        assert_eq!(joined(&rule, input), expect, "{input}");
    }
}

#[test]
fn records_of_one_audited_call() {
    let line = |host: &str, serial: u32, what: &str| format!("{host}type={what} msg=audit(1.0:{serial})");
    let (a1, a2, b1) = (line("", 1, "A"), line("", 1, "B"), line("", 2, "A"));
    let mut rule = audit();
    let mut joiner = Joiner::new(Arc::new(rule.clone()), 1_000, |first: u32, _| first);
    let mut out = Vec::new();
    for (text, n) in [&a1, &b1, &"not audit".to_owned(), &a2, &line("node=x ", 1, "C")].into_iter().zip(0u32..) {
        joiner
            .push(text.as_bytes(), n, |record, first| out.push((String::from_utf8_lossy(record).into_owned(), first)));
    }
    assert_eq!(out, [("not audit".to_owned(), 2)]);
    out.clear();
    joiner.tick(2_000, |record, first| out.push((String::from_utf8_lossy(record).into_owned(), first)));
    assert_eq!(out, [(format!("{a1}\n{a2}"), 0), (b1.clone(), 1), (line("node=x ", 1, "C"), 4)]);
    // Never more than so many open: the oldest is complete.
    rule.wait_ms = 60_000;
    let mut joiner = Joiner::new(Arc::new(rule.clone()), 100_000, |first: u32, _| first);
    let mut closed = Vec::new();
    for serial in 0..200 {
        joiner.push(line("", serial, "A").as_bytes(), serial, |_, first| closed.push(first));
    }
    assert_eq!(closed, (0..200 - wardwatch_limits::JOIN_OPEN as u32).collect::<Vec<_>>());
    // In a file only neighbours.
    let mut joiner = Joiner::of_file(Arc::new(rule), 1_000, |first: u32, _| first);
    let mut closed = Vec::new();
    for (text, n) in [&a1, &a2, &b1, &a2].into_iter().zip(0u32..) {
        joiner.push(text.as_bytes(), n, |record, _| closed.push(record.iter().filter(|b| **b == b'\n').count() + 1));
    }
    joiner.finish(|_, _| closed.push(1));
    assert_eq!(closed, [2, 1, 1]);
}

proptest! {
    /// Whatever comes: no byte is lost or added but the line ends between, no record is over the limit, little is held.
    #[test]
    fn nothing_is_lost(lines in proptest::collection::vec("[ #a-c<>0-9]{0,12}", 0..60), late in 0u64..700, kind in 0usize..3) {
        let rule = [indented(), start("^#"), audit()][kind].clone();
        let mut joiner = Joiner::new(Arc::new(rule), 40, |first: usize, _| first);
        let mut records: Vec<Vec<u8>> = Vec::new();
        for (n, line) in lines.iter().enumerate() {
            joiner.tick(late * n as u64, |record, _| records.push(record.to_vec()));
            joiner.push(line.as_bytes(), n, |record, _| records.push(record.to_vec()));
            prop_assert!(joiner.held() <= 40);
        }
        joiner.finish(|record, _| records.push(record.to_vec()));
        prop_assert!(records.iter().all(|record| record.len() <= 40));
        prop_assert_eq!(records.join(&b'\n'), lines.join("\n").into_bytes());
    }
}

#[tokio::test]
async fn tcp_lines_become_records() {
    let world = World::joining(Kind::Tcp, indented());
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    let mut other = TcpStream::connect(world.address).await.unwrap();
    sender.write_all(b"<13>boom\n\tat a\n").await.unwrap();
    other.write_all(b" not of the first\n<13>calm\n").await.unwrap();
    world.memory.until(1).await;
    sender.write_all(b"\tat b\n8 <13> two<13>rest\n at c").await.unwrap();
    drop((sender, other));
    let mut lines = world.memory.until(5).await;
    lines.sort();
    assert_eq!(lines, [" not of the first", "<13> two", "<13>boom\n\tat a\n\tat b", "<13>calm", "<13>rest\n at c"]);
    let reading = world.intake.meters.reading();
    // A record is one line of the account, and keeps what was odd about its last line.
    assert_eq!(reading.sources[0].lines, 5);
    assert_eq!(reading.sources[0].notes, [(LineNote::Unterminated, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_record_waits_no_longer_than_its_time() {
    let world = World::joining(Kind::Tcp, indented());
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    sender.write_all(b"<13>boom\n\tat a\n").await.unwrap();
    // The connection stays open and silent.
    assert_eq!(world.memory.until(1).await, ["<13>boom\n\tat a"]);
    sender.write_all(b"\tat b\n").await.unwrap();
    assert_eq!(world.memory.until(2).await, ["<13>boom\n\tat a", "\tat b"]);
    assert_eq!(world.stop().await.len(), 2);
}

#[tokio::test]
async fn stopping_gives_out_what_waits() {
    for kind in [Kind::Tcp, Kind::Udp] {
        let rule = Join { wait_ms: 60_000, ..indented() };
        let world = World::joining(kind, rule);
        if kind == Kind::Tcp {
            let mut sender = TcpStream::connect(world.address).await.unwrap();
            sender.write_all(b"<13>one\n two\n").await.unwrap();
            assert_eq!(world.stop().await, ["<13>one\n two"]);
            drop(sender);
        } else {
            let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            sender.send_to(b"<13>one", world.address).await.unwrap();
            sender.send_to(b" two", world.address).await.unwrap();
            assert_eq!(world.stop().await, ["<13>one\n two"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn datagrams_are_joined_by_sender() {
    let world = World::joining(Kind::Udp, indented());
    let here = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let there = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    for (socket, text) in [(&here, "<13>a"), (&there, "<13>b"), (&here, " a2"), (&there, " b2"), (&here, "<13>c")] {
        socket.send_to(text.as_bytes(), world.address).await.unwrap();
    }
    let mut lines = world.memory.until(3).await;
    lines.sort();
    assert_eq!(lines, ["<13>a\n a2", "<13>b\n b2", "<13>c"]);
}

#[tokio::test]
async fn relp_messages_stay_as_they_are() {
    let world = World::joining(Kind::Relp, indented());
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    sender.write_all(b"1 open 0\n2 syslog 5 <13>a\n3 syslog 2  b\n").await.unwrap();
    assert_eq!(world.memory.until(2).await, ["<13>a", " b"]);
}

#[test]
fn a_record_of_a_file_stands_at_its_first_line() {
    let text = "2026-1\nx\n\ny\n2026-2\n2026-3\nz";
    let mut reader = FileReader::new(Box::new(text.as_bytes()), origin(), 100).unwrap();
    reader = reader.joining(Some(Arc::new(start("^2026-"))));
    let batch = reader.next_batch(Timestamp::from_secs(0)).unwrap();
    let lines: Vec<_> =
        (0..batch.received.len()).map(|i| String::from_utf8_lossy(batch.received.line(i)).into_owned()).collect();
    assert_eq!(lines, ["2026-1\nx\ny", "2026-2", "2026-3\nz"]);
    assert_eq!(batch.places, [1, 5, 6]);
    assert_eq!((reader.next_batch(Timestamp::from_secs(0)).is_none(), reader.summary().read), (true, 3));
}

/// A followed file, its follower killed before and after each answer: the same records, none twice.
#[tokio::test]
async fn a_followed_file_gives_the_same_records_after_a_kill() {
    let text: String = (0..50).map(|n| format!("2026-{n}\n{}", "  at x\n".repeat(n % 6))).collect();
    let expect: Vec<String> = {
        let mut reader = FileReader::new(Box::new(std::io::Cursor::new(text.clone())), origin(), 100).unwrap();
        reader = reader.joining(Some(Arc::new(start("^2026-"))));
        let batch = reader.next_batch(Timestamp::from_secs(0)).unwrap();
        (0..batch.received.len()).map(|i| String::from_utf8_lossy(batch.received.line(i)).into_owned()).collect()
    };
    for step in [1, 7, 100, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        let positions = Arc::new(PositionsFolder::open(folder.path().join("positions")).unwrap());
        let follower = || {
            let follower = Follower::new(log.clone(), origin(), positions.clone(), 100);
            follower.joining(Some(Arc::new(start("^2026-"))))
        };
        let memory = Memory::default();
        let mut file = std::fs::File::create(&log).unwrap();
        let mut at = 0;
        for (round, piece) in text.as_bytes().chunks(step.max(29)).enumerate() {
            file.write_all(piece).unwrap();
            let mut reader = follower();
            at += 1;
            while let Some(pending) = reader.next_batch(Timestamp::from_secs(at)) {
                memory.append(pending.batch).await.unwrap();
                if round % 2 == 0 {
                    break;
                }
                reader.stored(&pending.file);
            }
        }
        // The last record is complete when nothing more comes.
        let mut reader = follower();
        for _ in 0..5 {
            at += 1;
            while let Some(pending) = reader.next_batch(Timestamp::from_secs(at)) {
                memory.append(pending.batch).await.unwrap();
                reader.stored(&pending.file);
            }
        }
        assert_eq!(memory.lines(), expect, "in pieces of {step}");
    }
}
