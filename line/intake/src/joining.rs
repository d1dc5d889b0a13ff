//! Records of several lines: which sources have them, and how what is odd about their lines is carried on.
//!
//! How lines are told to belong together is the pack's (`wardwatch_pack::Join`); this only brings it to the streams.

use crate::credential::Origin;
use crate::lines::Lines;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use wardwatch_event::LineNote;
use wardwatch_limits::JOIN_PEERS_BYTES;
use wardwatch_pack::{Join, Joiner};

/// Senders of datagrams whose records wait at once.
const PEERS: usize = 256;

/// Sources whose lines are joined, and how.
pub type Joins = BTreeMap<Origin, Arc<Join>>;

/// Gathers lines that may carry a note.
pub(crate) type NoteJoiner = Joiner<Option<LineNote>>;

/// A record keeps the first note of its lines.
pub(crate) fn first_note(record: Option<LineNote>, line: Option<LineNote>) -> Option<LineNote> {
    record.or(line)
}

/// Where complete records go.
pub(crate) fn into(out: &mut Lines) -> impl FnMut(&[u8], Option<LineNote>) {
    |record, note| out.push(record, note)
}

/// Records that wait for their next datagram, by sender.
pub(crate) struct PeerJoiners {
    like: NoteJoiner,
    now_ms: u64,
    waiting: BTreeMap<Option<IpAddr>, NoteJoiner>,
}

impl PeerJoiners {
    /// Each sender gets a joiner like this one.
    pub(crate) fn new(like: NoteJoiner) -> Self {
        Self { like, now_ms: 0, waiting: BTreeMap::new() }
    }

    /// Takes the lines of one datagram; what is complete goes `out`.
    pub(crate) fn push(&mut self, peer: Option<IpAddr>, lines: &Lines, out: &mut Lines) {
        let (like, now_ms) = (&self.like, self.now_ms);
        let joiner = self.waiting.entry(peer).or_insert_with(|| {
            let mut fresh = like.anew();
            fresh.tick(now_ms, |_, _| {});
            fresh
        });
        for (line, note) in lines.noted() {
            joiner.push(line, note, into(out));
        }
    }

    /// When the next record has waited long enough.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        self.waiting.values().filter_map(NoteJoiner::due_ms).min()
    }

    /// It is `now_ms`: what waited long enough goes to its sender's lines, and everything if too much waits.
    pub(crate) fn tick(&mut self, now_ms: u64, out: &mut BTreeMap<Option<IpAddr>, Lines>) {
        self.now_ms = now_ms;
        let held: usize = self.waiting.values().map(NoteJoiner::held).sum();
        let now_ms = if held > JOIN_PEERS_BYTES || self.waiting.len() > PEERS { u64::MAX } else { now_ms };
        self.waiting.retain(|peer, joiner| {
            if joiner.due_ms().is_some_and(|due| due <= now_ms) {
                joiner.tick(now_ms, into(out.entry(*peer).or_default()));
            }
            !joiner.is_idle()
        });
    }
}
