//! Parts of a batch.

use proptest::prelude::*;
use wardwatch_event::{LineBatch, LineNote, Received, RejectReason, Rejection};
use wardwatch_ident::{Cursor, EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_journal::{after, part};

/// Lines 11, 12, ... of the journal.
fn batch(lines: &[&str]) -> LineBatch {
    let mut received = Received::of_lines(TenantId(1), SourceId(2), Timestamp::default(), lines);
    received.key = "run/1".parse().ok();
    received.notes = vec![(0, LineNote::FramingResync), (2, LineNote::Truncated)];
    received.notes.retain(|(line, _)| (*line as usize) < lines.len());
    received.rejected = vec![Rejection { reason: RejectReason::BadFrame, count: 3 }];
    LineBatch { received, first: EventId::new(Timestamp::default(), NodeId(0), 11) }
}

fn texts(batch: &LineBatch) -> Vec<String> {
    let lines = (0..batch.received.len()).map(|i| batch.received.line(i));
    lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect()
}

fn check(cursor: u64, bytes_max: usize, expect: Option<(u64, &[&str])>) {
    let whole = batch(&["aa", "b", "ccc", "", "d"]);
    let found = part(&whole, Cursor(cursor), bytes_max);
    let told = found.as_ref().map(|part| (part.first.seq(), texts(part)));
    assert_eq!(told, expect.map(|(first, lines)| (first, lines.iter().map(|l| (*l).to_owned()).collect())));
}

#[test]
fn a_part_is_whole_lines_within_the_bound_and_one_at_least() {
    check(0, usize::MAX, Some((11, &["aa", "b", "ccc", "", "d"])));
    check(10, 7, Some((11, &["aa", "b", "ccc", "", "d"])));
    check(10, 6, Some((11, &["aa", "b", "ccc", ""])));
    check(10, 5, Some((11, &["aa", "b"])));
    check(10, 0, Some((11, &["aa"])));
    check(11, 3, Some((12, &["b"])));
    check(12, 2, Some((13, &["ccc"])));
    check(13, 0, Some((14, &[""])));
    check(13, 9, Some((14, &["", "d"])));
    check(15, 9, None);
    check(u64::MAX, 9, None);
}

#[test]
fn notes_go_with_their_lines_and_rejections_with_the_first_part() {
    let whole = batch(&["aa", "b", "ccc", "", "d"]);
    let first = part(&whole, Cursor(10), 3).expect("a part").received;
    assert_eq!(
        (&first.notes, &first.rejected, &first.key),
        (&whole.received.notes[..1].to_vec(), &whole.received.rejected, &whole.received.key)
    );
    let second = part(&whole, Cursor(12), 100).expect("a part").received;
    assert_eq!((&second.notes, second.rejected.len()), (&vec![(0, LineNote::Truncated)], 0));
    assert_eq!(second.key, whole.received.key);
    let empty = batch(&[]);
    assert_eq!(part(&empty, Cursor(10), 0).expect("one number").received.rejected, empty.received.rejected);
}

proptest! {
    #[test]
    fn parts_put_together_are_the_batch(lines in prop::collection::vec("[a-z]{0,9}", 1..20), bytes_max in 0..30usize) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let whole = batch(&lines);
        let (mut at, mut found, mut notes) = (Cursor(10), Vec::new(), Vec::new());
        while let Some(one) = part(&whole, at, bytes_max) {
            prop_assert_eq!(one.first.seq(), at.0 + 1);
            prop_assert!(one.received.bytes.len() <= bytes_max || one.received.len() == 1);
            notes.extend(one.received.notes.iter().map(|(line, note)| (one.first.seq() - 11 + u64::from(*line), *note)));
            found.extend(texts(&one));
            let rest = after(whole.clone(), at).expect("not all of it is covered");
            prop_assert_eq!(texts(&rest), &lines[(at.0 - 10) as usize..]);
            at = one.through();
        }
        prop_assert_eq!(found, lines);
        prop_assert_eq!(notes.len(), whole.received.notes.len());
        prop_assert!(after(whole, at).is_none());
    }
}
