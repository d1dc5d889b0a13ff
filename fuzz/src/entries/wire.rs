//! What comes in by a socket, before anybody knows what it is.

use serde_json::value::RawValue;
use std::collections::HashMap;
use wardwatch_intake::bulk::{self, Filter, Request};
use wardwatch_intake::framing::{Framer, Framing, Stream};
use wardwatch_intake::lines::Lines;
use wardwatch_intake::relp_frame::{RelpFrame, RelpReader, write_frame};
use wardwatch_intake::unpack::{Packing, UnpackFault, unpack};
use wardwatch_intake::{datagram, ndjson};

/// Bytes of a line; small, so that inputs reach it.
const LIMIT: usize = 256;
/// Lines of a body.
const LINES: usize = 64;
/// Bytes of an unpacked body.
const UNPACKED: usize = 64 * 1024;

/// A stream gives the same lines however the socket cuts it; no line passes the limit; every byte is accounted for.
pub fn syslog_frames(data: &[u8]) {
    // The first byte says where the socket cuts, so that it is the fuzzer's choice.
    let Some((cut, stream)) = data.split_first() else { return };
    for framing in [Framing::Auto, Framing::Counted, Framing::Newline] {
        let whole = framed(framing, stream, stream.len());
        let pieces = framed(framing, stream, usize::from(*cut));
        assert_eq!(whole, pieces, "{framing:?}, cut every {cut} bytes");
        assert!(whole.0.iter().all(|line| line.len() <= LIMIT), "{framing:?}: a line over the limit");
    }
}

/// The lines, and whether the stream held to its framing.
fn framed(framing: Framing, stream: &[u8], every: usize) -> (Vec<Vec<u8>>, bool) {
    let mut framer = Framer::new(framing, LIMIT);
    let mut lines = Lines::default();
    let mut well = true;
    for piece in stream.chunks(every.max(1)) {
        framer.buffer().extend_from_slice(piece);
        well = well && framer.cut(&mut lines, Stream::Open).is_ok();
    }
    well = well && framer.cut(&mut lines, Stream::Ended).is_ok();
    if well {
        let spent = framer.spent();
        let seen = spent.lines + spent.framing + spent.skipped + framer.pending() as u64;
        assert_eq!(seen, stream.len() as u64, "{framing:?}: bytes that went nowhere");
    }
    (lines.iter().map(<[u8]>::to_vec).collect(), well)
}

/// One datagram gives lines whose bytes were in it.
pub fn syslog_datagram(data: &[u8]) {
    let mut lines = Lines::default();
    datagram::cut(data, LIMIT, &mut lines);
    assert!(lines.size() <= data.len(), "more came out than went in");
    assert!(lines.iter().all(|line| line.len() <= LIMIT && !line.is_empty()));
}

/// RELP frames are the same however the socket cuts them, and are written as they are read.
pub fn relp(data: &[u8]) {
    let Some((cut, stream)) = data.split_first() else { return };
    let whole = relp_frames(stream, stream.len());
    assert_eq!(whole, relp_frames(stream, usize::from(*cut)), "cut every {cut} bytes");
    let mut written = Vec::new();
    for frame in whole.0.iter().filter(|f| !f.truncated) {
        write_frame(&mut written, frame.txnr, &frame.command, &frame.data);
    }
    let again = relp_frames(&written, written.len());
    let kept: Vec<&RelpFrame> = whole.0.iter().filter(|f| !f.truncated).collect();
    assert_eq!(again.0.iter().collect::<Vec<_>>(), kept, "what was written reads otherwise");
    assert!(again.1);
}

fn relp_frames(stream: &[u8], every: usize) -> (Vec<RelpFrame>, bool) {
    let mut reader = RelpReader::new(LIMIT);
    let mut frames = Vec::new();
    for piece in stream.chunks(every.max(1)) {
        reader.buffer().extend_from_slice(piece);
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, false),
            }
        }
    }
    (frames, true)
}

/// Every line of a body that is more than blanks is kept.
pub fn ndjson_body(data: &[u8]) {
    let mut lines = Lines::default();
    let whole = ndjson::cut(data, LIMIT, LINES, &mut lines).is_ok();
    let blank = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).iter().all(|b| matches!(b, b' ' | b'\t'));
    let expect = data.split(|b| *b == b'\n').filter(|line| !blank(line)).count();
    assert_eq!(lines.len(), expect.min(LINES));
    assert_eq!(whole, expect <= LINES);
}

/// A `_bulk` body gives one line and one item of the answer for each action, and the answer is JSON. Its first line serves
/// as a `filter_path`, too.
pub fn bulk_body(data: &[u8]) {
    let first = data.split(|b| *b == b'\n').next().unwrap_or_default();
    let _ = Filter::new(Some(&String::from_utf8_lossy(first)));
    let Ok(filter) = Filter::new(None) else { return };
    let request = Request { index: "logs", nonce: 7, filter: &filter, line_bytes: LIMIT, lines_max: LINES };
    let mut lines = Lines::default();
    let Ok(items) = bulk::cut(data, request, &mut lines, &mut |_| true) else { return };
    let answer = bulk::answer(1, &items, &filter);
    // An `_id` is given back as it was written, even one that is half a character: that is JSON by its grammar.
    let parts: HashMap<String, Box<RawValue>> =
        serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{e}: {answer}"));
    let items = parts.get("items").map_or("[]", |items| items.get());
    let answered = serde_json::from_str::<Vec<Box<RawValue>>>(items).map_or(0, |items| items.len());
    assert_eq!(answered, lines.len(), "{answer}");
}

/// Whatever a packed body says of itself, it never grows past the bound.
pub fn packed_body(data: &[u8]) {
    for packing in [Packing::Gzip, Packing::Zlib, Packing::Zstd] {
        let mut held = 0;
        let mut grow = |more: usize| {
            held += more;
            true
        };
        match unpack(packing, data, UNPACKED, &mut grow) {
            Ok(body) => assert!(body.len() <= UNPACKED && held >= body.len()),
            Err(UnpackFault::TooLarge { max, .. }) => assert_eq!(max, UNPACKED),
            Err(_) => {}
        }
        assert!(held <= UNPACKED, "{packing:?}: {held} bytes were held");
    }
}
