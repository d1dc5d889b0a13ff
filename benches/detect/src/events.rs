//! Events as lines, with the pack that reads them: recordings of Windows, event logs, JSON of other products.

use crate::corpus;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use wardwatch_content::Library;
use wardwatch_event::{EventBatch, LineBatch, NativeKind, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::Pack;
use wardwatch_parse::{Router, SourceSettings, parse};

/// Bytes of a batch, as intake hands lines on.
const BATCH_BYTES: usize = 1 << 20;

/// Which files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Gates may learn from them.
    Trained,
    /// They are timed.
    Timed,
}

/// Lines of one pack.
pub struct Batch {
    /// Who reads them.
    pub pack: Arc<Pack>,
    /// The lines as the journal gives them.
    pub lines: LineBatch,
    /// They are events of Windows.
    pub windows: bool,
}

impl Batch {
    /// These lines.
    pub fn of(pack: &Arc<Pack>, lines: &[&[u8]]) -> Self {
        let at = Timestamp::parse_rfc3339("2026-11-25T02:30:00Z").expect("a time");
        let tenant = TenantId::from_slug("bench");
        let received = Received::of_lines(tenant, SourceId::from_slug(tenant, "bench"), at, lines);
        let lines = LineBatch { received, first: EventId::new(at, NodeId(0), 1) };
        Self { pack: Arc::clone(pack), lines, windows: pack.id == WINDOWS }
    }

    /// A batch of one line.
    pub fn of_line(pack: &Arc<Pack>, line: &[u8]) -> Self {
        Self::of(pack, &[line])
    }

    /// The same lines under another pack.
    pub fn under(&self, pack: &Arc<Pack>) -> Self {
        Self { pack: Arc::clone(pack), lines: self.lines.clone(), windows: self.windows }
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.lines.received.len()
    }

    /// Bytes of the lines.
    pub fn bytes(&self) -> usize {
        self.lines.received.bytes.len()
    }

    /// CPU seconds of parsing them.
    pub fn parse_seconds(&self) -> f64 {
        let (lines, settings) = (self.lines.clone(), settings());
        let before = crate::clock();
        drop(std::hint::black_box(parse(&self.pack, lines, &settings)));
        crate::clock() - before
    }

    /// Parsed, as lines of a file.
    pub fn parsed(&self) -> EventBatch {
        parse(&self.pack, self.lines.clone(), &settings())
    }
}

/// Times of old lines are believed.
pub fn settings() -> SourceSettings {
    SourceSettings { skew_ms_max: None, ..SourceSettings::default() }
}

/// Events of Windows in all batches.
pub fn windows(batches: &[Batch]) -> usize {
    batches.iter().filter(|batch| batch.windows).map(Batch::len).sum()
}

const WINDOWS: &str = "microsoft/windows";

struct File {
    pack: Arc<Pack>,
    lines: Vec<Vec<u8>>,
}

/// All files.
pub struct Events {
    files: Vec<File>,
}

impl Events {
    /// The data sets, or the JSON lines of a folder.
    pub fn read(folder: Option<&Path>) -> Self {
        let library = Library::embedded();
        let (packs, _) = library.packs();
        let fallback = library.pack("generic/json").expect("the pack of JSON");
        let router = Router::new(&packs, fallback).expect("a router");
        let mut files = Vec::new();
        let mut take = |folder: &Path, extensions: &[&str]| {
            for path in corpus::files(folder, extensions) {
                let bytes = std::fs::read(&path).expect("events");
                // A file belongs to one source: its first line says which.
                let mut of_pack: Vec<(Arc<Pack>, Vec<Vec<u8>>)> = Vec::new();
                for line in bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
                    if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_err() {
                        continue;
                    }
                    if of_pack.is_empty() {
                        of_pack.push((Arc::clone(router.route(line, None)), Vec::new()));
                    }
                    of_pack[0].1.push(line.to_vec());
                }
                files.extend(of_pack.into_iter().map(|(pack, lines)| File { pack, lines }));
            }
        };
        match folder {
            Some(folder) => take(folder, &["json", "jsonl", "ndjson", "log"]),
            None => {
                if let Some(folder) = corpus::unpacked("events/windows-recordings.tar.xz", "events") {
                    take(&folder, &["jsonl"]);
                }
                if let Some(folder) = corpus::unpacked("logs/log-corpora.tar.xz", "logs") {
                    take(&folder, &["log", "json", "ndjson"]);
                }
                let pack = library.pack(WINDOWS).expect("the pack of Windows");
                files.extend(
                    event_logs().into_iter().map(|lines| File { pack: Arc::clone(&pack), lines: flat(&pack, &lines) }),
                );
            }
        }
        assert!(!files.is_empty(), "no events");
        Self { files }
    }

    /// What was read.
    pub fn about(&self) -> String {
        let lines: usize = self.files.iter().map(|file| file.lines.len()).sum();
        let bytes: usize = self.files.iter().flat_map(|file| &file.lines).map(Vec::len).sum();
        format!("{} files, {lines} events of {} bytes", self.files.len(), bytes / lines.max(1))
    }

    fn of(&self, share: Share) -> impl Iterator<Item = &File> {
        let odd = usize::from(share == Share::Timed);
        self.files.iter().enumerate().filter(move |(at, _)| at % 2 == odd).map(|(_, file)| file)
    }

    /// Every second file.
    pub fn share(&self, share: Share) -> Vec<Batch> {
        batches(self.of(share).flat_map(|file| file.lines.iter().map(|line| (&file.pack, line.as_slice()))))
    }

    /// At most so many events of each channel and event id (of each pack, where there are none).
    pub fn diverse(&self, share: Share, most: usize) -> Vec<Batch> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut lines = Vec::new();
        for file in self.of(share) {
            for line in &file.lines {
                let value: serde_json::Value = serde_json::from_slice(line).expect("checked when read");
                let count =
                    seen.entry(format!("{} {} {}", file.pack.id, value["Channel"], value["EventID"])).or_default();
                *count += 1;
                if *count <= most {
                    lines.push((&file.pack, line.as_slice()));
                }
            }
        }
        batches(lines.into_iter())
    }
}

/// Lines by pack, a megabyte each.
fn batches<'l>(lines: impl Iterator<Item = (&'l Arc<Pack>, &'l [u8])>) -> Vec<Batch> {
    let mut open: Vec<(&Arc<Pack>, Vec<&[u8]>, usize)> = Vec::new();
    let mut done = Vec::new();
    for (pack, line) in lines {
        let at = open.iter().position(|(of, ..)| Arc::ptr_eq(of, pack)).unwrap_or_else(|| {
            open.push((pack, Vec::new(), 0));
            open.len() - 1
        });
        let (_, lines, bytes) = &mut open[at];
        lines.push(line);
        *bytes += line.len();
        if *bytes >= BATCH_BYTES {
            done.push(Batch::of(pack, lines));
            (*lines, *bytes) = (Vec::new(), 0);
        }
    }
    done.extend(open.iter().filter(|(_, lines, _)| !lines.is_empty()).map(|(pack, lines, _)| Batch::of(pack, lines)));
    done
}

/// Records of the event logs, as the reader crate writes them.
fn event_logs() -> Vec<Vec<Vec<u8>>> {
    let Some(folder) = corpus::unpacked("evtx/evtx-attack-samples.tar.xz", "evtx") else { return Vec::new() };
    let read = |path: std::path::PathBuf| {
        let mut parser = evtx::EvtxParser::from_path(path).ok()?;
        Some(parser.records_json().flatten().map(|record| compact(&record.data)).collect())
    };
    corpus::files(&folder, &["evtx"]).into_iter().filter_map(read).collect()
}

fn compact(json: &str) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    value.to_string().into_bytes()
}

/// One flat object an event with the names that rules use: the peer knows no nesting of event logs.
fn flat(pack: &Arc<Pack>, lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let batch = Batch::of(pack, &lines).parsed();
    let line = |event: wardwatch_event::Event<'_>| {
        let mut object = serde_json::Map::new();
        for (field, native) in event.natives() {
            let text = || serde_json::Value::from(native.text);
            let value = match native.kind {
                NativeKind::Text => text(),
                NativeKind::Null => serde_json::Value::Null,
                NativeKind::Number | NativeKind::Bool => serde_json::from_str(native.text).unwrap_or_else(|_| text()),
            };
            let name = batch.field_name(field).unwrap_or_default();
            match object.get_mut(name) {
                None => drop(object.insert(name.to_owned(), value)),
                Some(serde_json::Value::Array(list)) => list.push(value),
                Some(first) => *first = serde_json::Value::Array(vec![first.take(), value]),
            }
        }
        serde_json::Value::Object(object).to_string().into_bytes()
    };
    batch.events().map(line).collect()
}
