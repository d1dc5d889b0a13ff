//! The journal's contract, told to every engine.

use super::samples::{at, batch, decorated, keyed, source, tenants};
use futures::executor::block_on;
use futures::{FutureExt, poll};
use proptest::prelude::*;
use std::path::Path;
use tempfile::TempDir;
use wardwatch_event::{LineBatch, LineNote, Received, RejectReason, Rejection};
use wardwatch_ident::{Cursor, EventId, NodeId};
use wardwatch_journal::{AppendFault, Appended, Journal, JournalAccount};
use wardwatch_journal_memory::MemoryJournal;
use wardwatch_journal_sqlite::{Bounds, SqliteJournal};

/// Small segments, so that a story of a few lines meets several.
pub fn bounds() -> Bounds {
    Bounds { segment_bytes: 2_000, reserve_bytes: 1 << 20, node: NodeId(3), ..Bounds::default() }
}

pub fn sqlite(folder: &Path) -> SqliteJournal {
    SqliteJournal::open(&folder.join("journal"), bounds()).expect("the journal opens").0
}

/// One engine in a house of its own; `restart` does to it what a restart of the program does.
enum House {
    Memory(MemoryJournal),
    Sqlite(Option<SqliteJournal>, TempDir),
}

impl House {
    fn each() -> [Self; 2] {
        let folder = tempfile::tempdir().expect("a folder");
        [Self::Memory(MemoryJournal::new(NodeId(3))), Self::Sqlite(Some(sqlite(folder.path())), folder)]
    }

    fn journal(&self) -> &dyn Journal {
        match self {
            Self::Memory(journal) => journal,
            Self::Sqlite(journal, _) => journal.as_ref().expect("open between restarts"),
        }
    }

    fn restart(&mut self) {
        if let Self::Sqlite(journal, folder) = self {
            *journal = None;
            *journal = Some(sqlite(folder.path()));
        }
    }

    fn append(&self, batch: Received) -> Result<Appended, AppendFault> {
        block_on(self.journal().append(batch))
    }

    fn stored(&self, batch: Received) -> u64 {
        match self.append(batch) {
            Ok(Appended::Stored(cursor)) => cursor.0,
            other => panic!("not stored: {other:?}"),
        }
    }

    fn read(&self, after: u64, bytes_max: usize) -> Vec<LineBatch> {
        self.journal().read(Cursor(after), bytes_max).expect("readable")
    }

    fn texts(&self, after: u64) -> Vec<String> {
        all_after(self.journal(), after).into_iter().map(|(_, text)| text).collect()
    }
}

/// Every line after a cursor with its number, whatever the batches.
pub fn all_after(journal: &dyn Journal, after: u64) -> Vec<(u64, String)> {
    let (mut at, mut lines) = (after, Vec::new());
    loop {
        let batches = journal.read(Cursor(at), 4_096).expect("readable");
        let Some(last) = batches.last() else { return lines };
        at = last.through().0;
        for batch in &batches {
            for i in 0..batch.received.len() {
                let text = String::from_utf8_lossy(batch.received.line(i)).into_owned();
                lines.push((batch.id(i as u32).seq(), text));
            }
        }
    }
}

#[test]
fn lines_are_numbered_in_one_order_and_come_back_as_they_were() {
    for mut house in House::each() {
        assert_eq!(house.journal().end(), Cursor(0));
        assert!(house.read(0, 1).is_empty());
        assert_eq!(house.stored(batch(&["a", "b"])), 2);
        assert_eq!(house.stored(decorated()), 5);
        assert_eq!(house.stored(batch(&["f"])), 6);
        for _ in 0..2 {
            assert_eq!(house.journal().end(), Cursor(6));
            let all = house.read(0, usize::MAX);
            assert_eq!(
                all.iter().map(|b| (b.first, b.through().0)).collect::<Vec<_>>(),
                [
                    (EventId::new(at(0), NodeId(3), 1), 2),
                    (EventId::new(at(0), NodeId(3), 3), 5),
                    (EventId::new(at(0), NodeId(3), 6), 6),
                ]
            );
            let (back, sent) = (&all[1].received, decorated());
            assert_eq!(
                (back.tenant(), back.source, back.at, back.peer),
                (sent.tenant(), sent.source, sent.at, sent.peer)
            );
            assert_eq!((&back.key, &back.bytes, &back.ends), (&sent.key, &sent.bytes, &sent.ends));
            assert_eq!((&back.notes, &back.rejected), (&sent.notes, &sent.rejected));
            house.restart();
        }
        assert_eq!(house.stored(batch(&["g"])), 7, "numbers go on after a restart");
    }
}

#[test]
fn reading_starts_behind_the_cursor_even_inside_a_batch_and_stops_near_the_bound() {
    for house in House::each() {
        house.stored(batch(&["1", "2"]));
        let mut noted = batch(&["3", "4", "5"]);
        noted.notes = vec![(0, LineNote::Truncated), (2, LineNote::Unterminated)];
        house.stored(noted);
        house.stored(batch(&["6"]));
        for (after, expect) in [(0, "123456"), (1, "23456"), (2, "3456"), (4, "56"), (5, "6"), (6, ""), (99, "")] {
            assert_eq!(house.texts(after).concat(), expect, "after {after}");
        }
        let tail = house.read(4, usize::MAX);
        assert_eq!((tail[0].first.seq(), &tail[0].received.notes), (5, &vec![(0, LineNote::Unterminated)]));
        assert_eq!(house.read(0, 0).len(), 1, "one batch at least");
        assert_eq!(house.read(0, 2).len(), 1);
        assert_eq!(house.read(0, 3).len(), 1, "a batch that would pass the bound waits");
        assert_eq!(house.read(0, 5).len(), 2);
    }
}

#[test]
fn a_batch_of_many_windows_is_read_window_by_window() {
    for mut house in House::each() {
        let lines: Vec<String> = (0..50).map(hard).collect();
        let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
        house.stored(batch(&["small"]));
        let mut large = keyed("run/1", &texts);
        large.rejected = vec![Rejection { reason: RejectReason::BadRecord, count: 7 }];
        house.stored(large);
        house.stored(batch(&["next"]));
        let window = 3 * lines[0].len() + 10;
        for round in 0..2 {
            // Two consumers, one behind the other.
            let (mut one, mut other) = (0, 20);
            let (mut read, mut rejected) = (Vec::new(), 0);
            while one < 52 {
                for batch in house.read(one, window) {
                    assert!(batch.received.bytes.len() <= window, "a window in round {round}");
                    assert_eq!(batch.first.seq(), one + 1);
                    one = batch.through().0;
                    rejected += batch.received.rejected.iter().map(|r| r.count).sum::<u64>();
                    read.extend(
                        (0..batch.received.len()).map(|i| String::from_utf8_lossy(batch.received.line(i)).into_owned()),
                    );
                }
                if let Some(last) = house.read(other, 1).last() {
                    assert_eq!(last.through().0, other + 1, "one line at least");
                    other += 1;
                }
            }
            let expect: Vec<&str> = ["small"].into_iter().chain(texts.iter().copied()).chain(["next"]).collect();
            assert_eq!((read.iter().map(String::as_str).collect::<Vec<_>>(), rejected), (expect, 7));
            house.restart();
        }
        assert_eq!(house.read(48, usize::MAX).len(), 2, "the last lines fit, and what is behind them");
        let end = house.journal().end();
        house.journal().covered(end).expect("covered");
        assert!(house.read(52, window).is_empty());
    }
}

#[test]
fn a_batch_sent_twice_is_stored_once_for_ever() {
    for mut house in House::each() {
        let end = house.stored(keyed("run/1", &["a", "b"]));
        house.stored(keyed("run/2", &["c"]));
        for round in 0..4 {
            assert_eq!(house.append(keyed("run/1", &["a", "b"])).ok(), Some(Appended::Known(Cursor(end))), "{round}");
            let other = house.append(keyed("run/1", &["a", "B"]));
            assert!(matches!(&other, Err(AppendFault::KeyTaken(key)) if key.to_string() == "run/1"), "{other:?}");
            // Same bytes, other lines.
            assert!(matches!(house.append(keyed("run/1", &["ab"])), Err(AppendFault::KeyTaken(_))));
            // Enough to fill segments; then what was sealed is covered, too.
            (0..20).for_each(|i| _ = house.stored(keyed(&format!("fill/{round}{i:02}"), &[&hard(round * 100 + i)])));
            if round == 1 {
                house.restart();
            }
            house.journal().covered(house.journal().end()).expect("covered");
        }
        let tenant = tenants()[1];
        let mut foreign = Received::of_lines(tenant, source(tenant), at(0), &["x"]);
        foreign.key = "run/1".parse().ok();
        assert!(matches!(house.append(foreign), Ok(Appended::Stored(_))), "another source has keys of its own");
    }
}

/// A line that does not compress.
pub fn hard(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::new();
    while text.len() < 600 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{state:016x}"));
    }
    text
}

#[test]
fn accounts_are_exact_and_outlive_their_segments() {
    for mut house in House::each() {
        let [tenant, other] = tenants();
        for i in 0..30 {
            house.stored(batch(&[&hard(i), "x"]));
        }
        house.stored(Received::of_lines(other, source(other), at(1), &["12345"]));
        house.stored(decorated());
        house.stored(decorated_again());
        let mut empty = Received::new(other, source(other), at(2), None);
        empty.rejected = vec![Rejection { reason: RejectReason::UdpKernelDrop, count: 5 }];
        let before = house.journal().end().0;
        assert_eq!(house.stored(empty), before + 1, "a batch of rejections takes one number");
        let long = hard(0).len() as u64;
        let decorated_bytes = decorated().bytes.len() as u64;
        let mut expect = vec![
            (
                tenant,
                source(tenant),
                JournalAccount {
                    lines: 66,
                    bytes: 30 * (long + 1) + 2 * decorated_bytes,
                    batches: 32,
                    repeated: 0,
                    rejected: vec![(RejectReason::UdpKernelDrop, 2_000), (RejectReason::BadFrame, 6)],
                },
            ),
            (
                other,
                source(other),
                JournalAccount {
                    lines: 1,
                    bytes: 5,
                    batches: 2,
                    repeated: 0,
                    rejected: vec![(RejectReason::UdpKernelDrop, 5)],
                },
            ),
        ];
        expect.sort_by_key(|(tenant, source, _)| (*tenant, *source));
        for _ in 0..3 {
            assert_eq!(house.journal().accounts().expect("accounts"), expect);
            house.journal().covered(house.journal().end()).expect("covered");
            assert_eq!(house.journal().accounts().expect("accounts"), expect);
            house.restart();
        }
    }
}

fn decorated_again() -> Received {
    let mut batch = decorated();
    batch.key = "run-1/8".parse().ok();
    batch
}

#[test]
fn numbers_are_never_given_twice_even_when_every_segment_is_gone() {
    for mut house in House::each() {
        for i in 0..10 {
            house.stored(batch(&[&hard(i)]));
        }
        house.restart();
        house.journal().covered(Cursor(10)).expect("covered");
        house.restart();
        assert_eq!(house.journal().end(), Cursor(10));
        assert_eq!(house.stored(batch(&["next"])), 11);
        assert_eq!(house.texts(10), ["next"]);
    }
}

#[test]
fn waiting_ends_when_something_comes() {
    for house in House::each() {
        house.stored(batch(&["a"]));
        block_on(async {
            let journal = house.journal();
            journal.appended(Cursor(0)).await;
            let mut waiting = journal.appended(Cursor(1));
            assert!(poll!(&mut waiting).is_pending());
            let (stored, ()) = futures::join!(journal.append(batch(&["b"])), waiting);
            assert_eq!(stored.ok(), Some(Appended::Stored(Cursor(2))));
        });
    }
}

#[test]
fn a_batch_that_contradicts_itself_is_refused_and_leaves_nothing() {
    for house in House::each() {
        let mut broken = batch(&["a", "b"]);
        broken.ends = vec![2, 1];
        assert!(matches!(house.append(broken), Err(AppendFault::Io(_))));
        assert_eq!(house.journal().end(), Cursor(0));
        assert_eq!(house.stored(batch(&["c"])), 1);
    }
}

#[test]
fn appends_at_the_same_time_are_all_there_once() {
    for house in House::each() {
        block_on(async {
            let journal = house.journal();
            let appends = (0..50).map(|i| journal.append(keyed(&format!("run/{i}"), &[&format!("line {i}"), "-"])));
            let done = futures::future::join_all(appends).await;
            let mut ends: Vec<u64> =
                done.into_iter().map(|one| if let Ok(Appended::Stored(at)) = one { at.0 } else { 0 }).collect();
            ends.sort_unstable();
            assert_eq!(ends, (1..=50).map(|i| 2 * i).collect::<Vec<_>>());
        });
        // The same key twice in one group: one is stored, the other is told so, and both only after the commit.
        block_on(async {
            let journal = house.journal();
            let (a, b) = futures::join!(
                journal.append(keyed("same/1", &["s"])).boxed(),
                journal.append(keyed("same/1", &["s"]))
            );
            assert_eq!((a.ok(), b.ok()), (Some(Appended::Stored(Cursor(101))), Some(Appended::Known(Cursor(101)))));
        });
        assert_eq!(house.texts(0).len(), 101);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append { tenant: usize, key: Option<u64>, lines: Vec<String> },
    Covered { permille: u64 },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let lines = prop::collection::vec("[a-c]{0,3}", 0..4);
    let append = (0..2usize, prop::option::of(0..4u64), lines, any::<bool>(), any::<u64>());
    prop_oneof![
        8 => append.prop_map(|(tenant, key, mut lines, long, seed)| {
            if long {
                lines.push(hard(seed % 5));
            }
            Step::Append { tenant, key, lines }
        }),
        1 => (0..=1_000u64).prop_map(|permille| Step::Covered { permille }),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_tell_the_same_story(steps in prop::collection::vec(step(), 1..25), bytes_max in 0..2_000usize) {
        let [memory, mut disk] = House::each();
        let mut covered = 0;
        for step in steps {
            match step {
                Step::Append { tenant, key, lines } => {
                    let tenant = tenants()[tenant];
                    let mut batch = Received::of_lines(tenant, source(tenant), at(0), &lines);
                    batch.key = key.and_then(|n| format!("run/{n}").parse().ok());
                    let (a, b) = (memory.append(batch.clone()), disk.append(batch));
                    prop_assert_eq!(format!("{a:?}"), format!("{b:?}"));
                }
                Step::Covered { permille } => {
                    covered = covered.max(memory.journal().end().0 * permille / 1_000);
                    for house in [&memory, &disk] {
                        house.journal().covered(Cursor(covered)).expect("covered");
                    }
                }
                Step::Restart => disk.restart(),
            }
            prop_assert_eq!(memory.journal().end(), disk.journal().end());
        }
        let end = memory.journal().end().0;
        for after in covered..=end {
            let (a, b) = (memory.read(after, bytes_max), disk.read(after, bytes_max));
            prop_assert_eq!(format!("{a:?}"), format!("{b:?}"));
        }
        let without_repeats = |house: &House| {
            let mut accounts = house.journal().accounts().expect("accounts");
            accounts.iter_mut().for_each(|(_, _, account)| account.repeated = 0);
            accounts.retain(|(_, _, account)| *account != JournalAccount::default());
            accounts
        };
        prop_assert_eq!(without_repeats(&memory), without_repeats(&disk));
    }
}
