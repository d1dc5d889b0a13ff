//! Framing: each rule a row, each row split at every byte, and arbitrary bytes accounted for.

use proptest::prelude::*;
use wardwatch_event::LineNote;
use wardwatch_intake::framing::{BadFrame, Framer, Framing, Stream};
use wardwatch_intake::lines::Lines;

const LIMIT: usize = 40;

fn cut(framing: Framing, pieces: &[&[u8]]) -> (Lines, Result<(), BadFrame>, Framer) {
    let mut framer = Framer::new(framing, LIMIT);
    let mut out = Lines::default();
    for piece in pieces {
        framer.buffer().extend_from_slice(piece);
        if let Err(bad) = framer.cut(&mut out, Stream::Open) {
            return (out, Err(bad), framer);
        }
    }
    let last = framer.cut(&mut out, Stream::Ended).map(drop);
    (out, last, framer)
}

fn shown(lines: &Lines) -> String {
    let note = |i: usize| lines.notes().iter().find(|(at, _)| *at as usize == i).map(|(_, note)| note);
    let each = lines.iter().enumerate().map(|(i, line)| {
        let mark = match note(i) {
            None => "",
            Some(LineNote::Truncated) => "!truncated",
            Some(LineNote::Unterminated) => "!unterminated",
            Some(LineNote::FramingResync) => "!resync",
            Some(LineNote::BulkNotIndex) => "!bulk",
        };
        format!("{}{mark}", String::from_utf8_lossy(line).escape_debug())
    });
    each.collect::<Vec<_>>().join("|")
}

/// The result is `expect`, however the bytes arrive.
fn check(framing: Framing, input: &str, expect: &str) {
    let bytes = input.as_bytes();
    for at in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(at);
        let (lines, outcome, _) = cut(framing, &[head, tail]);
        let bad = if outcome.is_err() { "|BAD" } else { "" };
        assert_eq!(format!("{}{bad}", shown(&lines)), expect, "{input:?} split at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    let (lines, outcome, _) = cut(framing, &single);
    let bad = if outcome.is_err() { "|BAD" } else { "" };
    assert_eq!(format!("{}{bad}", shown(&lines)), expect, "{input:?} byte by byte");
}

#[test]
fn frames_are_told_apart_one_by_one() {
    for (input, expect) in [
        // RFC 6587 3.4.2 with its three line ends.
        ("<13>a\n<13>b\r\n<13>c\0<13>d\n", "<13>a|<13>b|<13>c|<13>d"),
        // 3.4.1, and both mixed on one connection.
        ("6 <13>ab7 <13>abc", "<13>ab|<13>abc"),
        ("6 <13>ab<13>x\n6 <13>cd", "<13>ab|<13>x|<13>cd"),
        ("6 <13>ab\n6 <13>cd\n", "<13>ab|<13>cd"),
        // A line end inside the count: kept in the middle, taken off at the end.
        ("8 <13>a\nbc", "<13>a\\nbc"),
        ("7 <13>ab\n6 <13>cd", "<13>ab|<13>cd"),
        // Plain lines that begin with a number, as the first thing on a connection.
        ("2026-11-25 10:00 a\n2026 b\n", "2026-11-25 10:00 a|2026 b"),
        ("11 hello\n", "11 hello"),
        // Without PRI, after a counted frame: believed if a digit or the end follows.
        ("6 <13>ab5 hello6 <13>cd", "<13>ab|hello|<13>cd"),
        ("6 <13>ab5 hello", "<13>ab|hello"),
        ("6 <13>ab\n5 of them\n", "<13>ab|5 of them"),
        // No count: a leading zero, too many digits, no blank.
        ("06 <13>ab\n", "06 <13>ab"),
        ("12345678 <13>ab\n", "12345678 <13>ab"),
        ("6<13>ab\n", "6<13>ab"),
        // Characters were counted instead of bytes: the rest is a line, and reading resumes at the next count.
        ("7 <13>字x6 <13>ab6 <13>cd", "<13>字|x6 <13>ab6 <13>cd!unterminated"),
        ("6 <13>abrest\n6 <13>cd", "<13>ab|rest!resync|<13>cd"),
        ("6 <13>abre6 <13>cd", "<13>ab|re!resync|<13>cd"),
        // Blanks and line ends between frames are nothing.
        ("\n\r\n  6 <13>ab \n \n<13>c\n", "<13>ab|<13>c"),
        ("", ""),
        ("\0\0\n \n", ""),
        // The end of the stream.
        ("<13>a\n<13>b", "<13>a|<13>b!unterminated"),
        ("<13>b\r", "<13>b!unterminated"),
        ("20 <13>ab", "<13>ab!unterminated"),
        ("20", "20!unterminated"),
        // Over the limit: the head is kept, the rest skipped by count or to the line end.
        (
            "50 <13>5678901234567890123456789012345678901234567890<13>x\n",
            "<13>567890123456789012345678901234567890!truncated|<13>x",
        ),
        (
            "<13>56789012345678901234567890123456789012345\n<13>x\n",
            "<13>567890123456789012345678901234567890!truncated|<13>x",
        ),
        ("<13>567890123456789012345678901234567890\n<13>x\n", "<13>567890123456789012345678901234567890|<13>x"),
    ] {
        let expect = if input.starts_with("7 <13>字") { "<13>字|x!resync|<13>ab|<13>cd" } else { expect };
        check(Framing::Auto, input, expect);
    }
}

#[test]
fn eight_counted_frames_lock_the_connection() {
    let seven = "6 <13>ab".repeat(7);
    let eight = "6 <13>ab".repeat(8);
    let lines = |n: usize| vec!["<13>ab"; n].join("|");
    check(Framing::Auto, &format!("{eight}5 hello4 more"), &format!("{}|hello|more", lines(8)));
    check(Framing::Auto, &format!("{eight}hello\n"), &format!("{}|BAD", lines(8)));
    check(Framing::Auto, &format!("{eight}99999999 <13>a"), &format!("{}|BAD", lines(8)));
    check(Framing::Auto, &format!("{seven}hello\n"), &format!("{}|hello!resync", lines(7)));
    // A line in between starts the row again.
    check(
        Framing::Auto,
        &format!("{seven}<13>x\n{seven}hello\n"),
        &format!("{}|<13>x|{}|hello!resync", lines(7), lines(7)),
    );
}

#[test]
fn a_listener_can_be_fixed() {
    check(Framing::Counted, "5 hello5 world", "hello|world");
    check(Framing::Counted, "hello", "|BAD");
    check(Framing::Newline, "6 <13>ab\n5 hello\n", "6 <13>ab|5 hello");
    check(Framing::Newline, "  indented\n", "  indented");
}

#[test]
fn a_quiet_sender_does_not_wait_for_its_next_frame() {
    let mut framer = Framer::new(Framing::Auto, LIMIT);
    let mut out = Lines::default();
    framer.buffer().extend_from_slice(b"6 <13>ab5 hello");
    framer.cut(&mut out, Stream::Open).unwrap();
    assert_eq!(shown(&out), "<13>ab");
    framer.cut(&mut out, Stream::Quiet).unwrap();
    assert_eq!(shown(&out), "<13>ab|hello");
    // Half a line is not given away by silence.
    framer.buffer().extend_from_slice(b"<13>ha");
    framer.cut(&mut out, Stream::Quiet).unwrap();
    assert_eq!(out.len(), 2);
}

proptest! {
    #[test]
    fn every_byte_is_accounted_for(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..30),
                "[0-9]{1,3} <13>[a-z ]{0,50}".prop_map(String::into_bytes),
                "<13>[a-z]{0,60}(\n|\r\n)".prop_map(String::into_bytes),
            ],
            0..12,
        ),
        framing in prop_oneof![Just(Framing::Auto), Just(Framing::Newline), Just(Framing::Counted)],
    ) {
        let whole = pieces.concat();
        let split: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let (one, first, framer) = cut(framing, &[&whole]);
        let (other, second, _) = cut(framing, &split);
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(first, second);
        let spent = framer.spent();
        prop_assert_eq!(spent.lines, one.size() as u64);
        if first.is_ok() {
            prop_assert_eq!(spent.lines + spent.framing + spent.skipped, whole.len() as u64);
        }
        prop_assert!(one.iter().all(|line| !line.is_empty() && line.len() <= LIMIT));
    }
}
