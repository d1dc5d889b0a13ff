//! Which pack a line belongs to, for sources that do not say: one pass over the line finds every literal of every pack.

use crate::header::{Header, read_header};
use crate::line::end_unread;
use crate::settings::{SourceMemory, SourceSettings};
use aho_corasick::{AhoCorasick, MatchKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wardwatch_event::{BatchBuilder, EventBatch, LineBatch, Received, readable};
use wardwatch_pack::{Clue, Pack};

/// Packs with their clues. The order in which packs are asked is fixed: more clues first, then longer literals, then
/// the pack's id; so a line goes to the same pack on every machine and every replay.
pub struct Router {
    packs: Vec<Routed>,
    fallback: Arc<Pack>,
    literals: AhoCorasick,
    /// For each pattern: the clue it stands for.
    owners: Vec<usize>,
    clues: Vec<Clue>,
}

struct Routed {
    pack: Arc<Pack>,
    all: Vec<usize>,
    any: Vec<usize>,
}

/// The literals of all packs together are too many for one automaton.
#[derive(thiserror::Error, Debug)]
#[error("the clues of {packs} packs cannot be searched together: {why}; use fewer packs for sources with pack `auto`")]
pub struct RouterFault {
    packs: usize,
    why: String,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.packs.iter().map(|routed| &routed.pack.id)).finish()
    }
}

impl Router {
    /// For these packs; lines that none of them knows go to `fallback`. Packs without clues are never found.
    pub fn new(packs: &[Arc<Pack>], fallback: Arc<Pack>) -> Result<Self, RouterFault> {
        let mut sorted: Vec<&Arc<Pack>> = packs.iter().filter(|p| !(p.clues.all.is_empty() && p.clues.any.is_empty())).collect();
        sorted.sort_by_key(|pack| {
            let count = pack.clues.all.len() + usize::from(!pack.clues.any.is_empty());
            let length = pack.clues.all.iter().map(|clue| clue.text().len()).sum::<usize>()
                + pack.clues.any.iter().map(|clue| clue.text().len()).min().unwrap_or(0);
            (std::cmp::Reverse((count, length)), pack.id.clone())
        });
        let (mut clues, mut routed): (Vec<Clue>, _) = (Vec::new(), Vec::new());
        for pack in sorted {
            let mut number = |clue: &Clue| {
                clues.iter().position(|known| known == clue).unwrap_or_else(|| {
                    clues.push(clue.clone());
                    clues.len() - 1
                })
            };
            let all = pack.clues.all.iter().map(&mut number).collect();
            let any = pack.clues.any.iter().map(&mut number).collect();
            routed.push(Routed { pack: Arc::clone(pack), all, any });
        }
        let (mut patterns, mut owners) = (Vec::new(), Vec::new());
        for (at, clue) in clues.iter().enumerate() {
            let text = match clue {
                Clue::PeerKind(_) => continue,
                Clue::JsonKey(key) => format!("\"{key}\""),
                Clue::KvKey(key) => format!("{key}="),
                other => other.text().to_owned(),
            };
            // The same words as a device writes them in GBK.
            let gbk = encoding_rs::GB18030.encode(&text).0.into_owned();
            if gbk != text.as_bytes() {
                patterns.push(gbk);
                owners.push(at);
            }
            patterns.push(text.into_bytes());
            owners.push(at);
        }
        let literals = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .map_err(|fault| RouterFault { packs: packs.len(), why: fault.to_string() })?;
        Ok(Self { packs: routed, fallback, literals, owners, clues })
    }

    /// The pack that takes lines nobody knows.
    pub fn fallback(&self) -> &Arc<Pack> {
        &self.fallback
    }

    /// The pack of a line.
    pub fn route(&self, line: &[u8], peer_kind: Option<&str>) -> &Arc<Pack> {
        let mut seen = Seen { hits: vec![false; self.clues.len()], line, header: None };
        for found in self.literals.find_overlapping_iter(line) {
            let Some(owner) = self.owners.get(found.pattern().as_usize()) else { continue };
            let (Some(clue), Some(hit)) = (self.clues.get(*owner), seen.hits.get_mut(*owner)) else { continue };
            *hit |= stands_well(clue, line, found.start(), found.end());
        }
        for routed in &self.packs {
            let mut holds = |clue: &usize| self.clues.get(*clue).is_some_and(|c| seen.holds(*clue, c, peer_kind));
            if routed.all.iter().all(&mut holds) && (routed.any.is_empty() || routed.any.iter().any(&mut holds)) {
                return &routed.pack;
            }
        }
        &self.fallback
    }
}

/// Whether what stands around a literal makes it a key.
fn stands_well(clue: &Clue, line: &[u8], start: usize, end: usize) -> bool {
    match clue {
        Clue::JsonKey(_) => {
            let rest = line.get(end..).unwrap_or_default();
            rest.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':')
        }
        Clue::KvKey(_) => {
            let before = start.checked_sub(1).and_then(|at| line.get(at));
            before.is_none_or(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || *b >= 0x80))
        }
        _ => true,
    }
}

/// What is known of a line; the header is read only if a clue asks for it.
struct Seen<'l> {
    hits: Vec<bool>,
    line: &'l [u8],
    header: Option<(String, Header)>,
}

impl Seen<'_> {
    fn holds(&mut self, number: usize, clue: &Clue, peer_kind: Option<&str>) -> bool {
        if let Clue::PeerKind(kind) = clue {
            return peer_kind == Some(&**kind);
        }
        if self.hits.get(number) != Some(&true) {
            return false;
        }
        match clue {
            Clue::Program(name) => {
                let (text, header) = self.header();
                header.tag.clone().and_then(|tag| text.get(tag)) == Some(&**name)
            }
            Clue::Starts(start) => {
                let (text, header) = self.header();
                text.get(header.message..).is_some_and(|message| message.starts_with(&**start))
            }
            _ => true,
        }
    }

    fn header(&mut self) -> (&str, &Header) {
        let line = self.line;
        let (text, header) = self.header.get_or_insert_with(|| {
            let text = readable(line).into_owned();
            let header = read_header(&text);
            (text, header)
        });
        (text, header)
    }
}

/// Parses lines of a source that does not say which pack it has: one batch for each run of lines of one pack, in order,
/// so that ids stay `first + row`. Never panics.
pub fn parse_auto(router: &Router, lines: LineBatch, settings: &SourceSettings, memory: &mut SourceMemory) -> Vec<EventBatch> {
    line_by_line_if_it_panics(&lines, &router.fallback, |lines| runs(router, lines, settings, memory))
}

fn runs(router: &Router, lines: &LineBatch, settings: &SourceSettings, memory: &mut SourceMemory) -> Vec<EventBatch> {
    let count = lines.received.len();
    let mut batches = Vec::new();
    let mut start = 0;
    while start < count {
        let kind = settings.peer_kind.as_deref();
        let pack = router.route(lines.received.line(start), kind);
        let mut end = start + 1;
        while end < count && Arc::ptr_eq(pack, router.route(lines.received.line(end), kind)) {
            end += 1;
        }
        let run = if (start, end) == (0, count) { lines.clone() } else { run_of(lines, start, end) };
        batches.push(crate::parse_remembering(pack, run, settings, memory));
        start = end;
    }
    batches
}

/// Gives `parse` the whole batch. If that panics, each line alone: the line that is at fault becomes poison of pack
/// `fallback`, the others are parsed as ever. One `catch_unwind` for a batch that does no harm.
pub fn line_by_line_if_it_panics(
    lines: &LineBatch,
    fallback: &Arc<Pack>,
    mut parse: impl FnMut(&LineBatch) -> Vec<EventBatch>,
) -> Vec<EventBatch> {
    let mut guarded = |lines: &LineBatch| catch_unwind(AssertUnwindSafe(|| parse(lines))).ok();
    if let Some(batches) = guarded(lines) {
        return batches;
    }
    let mut batches = Vec::new();
    for row in 0..lines.received.len() {
        let one = run_of(lines, row, row + 1);
        match guarded(&one) {
            Some(parsed) => batches.extend(parsed),
            None => {
                let mut builder = BatchBuilder::new(one, Arc::clone(fallback));
                end_unread(&mut builder);
                batches.push(builder.finish());
            }
        }
    }
    batches
}

/// Lines `start..end` as a batch of their own; the bytes are shared, rejections stay with the first run.
fn run_of(lines: &LineBatch, start: usize, end: usize) -> LineBatch {
    let from = &lines.received;
    let byte = |line: usize| line.checked_sub(1).and_then(|before| from.ends.get(before)).map_or(0, |end| *end as usize);
    let (first_byte, last_byte) = (byte(start).min(from.bytes.len()), byte(end).min(from.bytes.len()));
    let mut received = Received::new(from.tenant(), from.source, from.at, from.peer);
    received.key.clone_from(&from.key);
    received.bytes = from.bytes.slice(first_byte..last_byte.max(first_byte));
    received.ends = from.ends.iter().skip(start).take(end - start).map(|end| end.saturating_sub(first_byte as u32)).collect();
    let inside = from.notes.iter().filter(|(line, _)| (start..end).contains(&(*line as usize)));
    received.notes = inside.map(|(line, note)| (line - start as u32, *note)).collect();
    if start == 0 {
        received.rejected.clone_from(&from.rejected);
    }
    LineBatch { received, first: lines.id(start as u32) }
}
