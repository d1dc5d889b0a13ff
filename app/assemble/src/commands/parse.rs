//! `wardwatch parse`: lines in, events out, without a server.

use crate::clock::SystemClock;
use crate::content::{Loaded, load_from};
use crate::run::Session;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;
use wardwatch_cli::{Complaint, Exit, ParseArgs, visible};
use wardwatch_event::{EventBatch, LineBatch, Parsed, Received};
use wardwatch_ident::{Clock, EventId, NodeId, SourceId, TenantId, Zone};
use wardwatch_pack::{Join, Joiner, Pack};
use wardwatch_parse::{ExplainedValue, SourceMemory, SourceSettings, explain_event, parse_auto, parse_remembering};

/// Lines parsed in one go.
const AT_ONCE: usize = 1_024;

/// What lines are parsed with.
pub struct Reader {
    loaded: Loaded,
    pack: Option<Arc<Pack>>,
    settings: SourceSettings,
    memory: SourceMemory,
    next: u64,
}

impl Reader {
    /// `pack` none finds it by content. Old files are believed their times.
    pub fn new(loaded: Loaded, pack: Option<&str>, zone: &str) -> Result<Self, Complaint> {
        let pack = match pack {
            Some("auto") | None => None,
            Some(id) => Some(loaded.pack(id).cloned().ok_or_else(|| {
                Complaint::new(
                    Exit::NotFound,
                    format!("no pack `{id}`"),
                    "`wardwatch content list` shows the packs there are",
                )
            })?),
        };
        let zone =
            Zone::parse(zone).map_err(|e| Complaint::new(Exit::Usage, e, "write it as Asia/Shanghai or +08:00"))?;
        let settings = SourceSettings { zone, skew_ms_max: None, ..SourceSettings::default() };
        Ok(Self { loaded, pack, settings, memory: SourceMemory::default(), next: 1 })
    }

    /// Packs and rules.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The number the next line gets.
    pub fn next_line(&self) -> u64 {
        self.next
    }

    /// How the named pack joins lines to records, if it does.
    pub fn join(&self) -> Option<Arc<Join>> {
        self.pack.as_ref()?.input.join.clone()
    }

    /// Parses a batch; several where lines belong to several packs.
    pub fn parse(&mut self, received: Received) -> Vec<EventBatch> {
        let first = EventId::new(received.at, NodeId(0), self.next);
        self.next += received.len() as u64;
        let lines = LineBatch { received, first };
        match &self.pack {
            Some(pack) => vec![parse_remembering(pack, lines, &self.settings, &mut self.memory)],
            None => parse_auto(&self.loaded.router, lines, &self.settings, &mut self.memory),
        }
    }
}

/// Prints each event; the summary goes to standard error.
pub fn run(args: &ParseArgs, session: Session) -> Result<Exit, Complaint> {
    let mut reader = Reader::new(load_from(args.content.as_deref(), &[], false)?, args.pack.as_deref(), &args.zone)?;
    let mut printer = Printer { args, counts: [0; 4], left: args.limit.unwrap_or(u64::MAX) };
    if args.files.is_empty() {
        printer.lines(&mut reader, &mut std::io::stdin().lock())?;
    }
    for file in &args.files {
        let opened = open(file)?;
        printer.lines(&mut reader, &mut BufReader::new(opened))?;
    }
    let [whole, partly, unparsed, poison] = printer.counts;
    if !session.quiet {
        eprintln!(
            "{}",
            session.language.pick(
                format!("完整 {whole}，部分 {partly}，未解析 {unparsed}，异常 {poison}"),
                format!("whole {whole}, partly {partly}, unparsed {unparsed}, poison {poison}"),
            )
        );
    }
    Ok(if unparsed + poison > 0 { Exit::Partly } else { Exit::Ok })
}

fn open(path: &Path) -> Result<std::fs::File, Complaint> {
    std::fs::File::open(path)
        .map_err(|e| Complaint::new(Exit::NotFound, format!("{}: {e}", path.display()), "check the path"))
}

struct Printer<'a> {
    args: &'a ParseArgs,
    /// Whole, partly, unparsed, poison.
    counts: [u64; 4],
    left: u64,
}

impl Printer<'_> {
    fn lines(&mut self, reader: &mut Reader, input: &mut dyn BufRead) -> Result<(), Complaint> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut joiner = reader.join().map(|join| Joiner::of_file(join, wardwatch_limits::LINE_BYTES_MAX, |(), ()| ()));
        loop {
            let mut line = Vec::new();
            let limit = wardwatch_limits::LINE_BYTES_MAX as u64;
            let read = input
                .take(limit)
                .read_until(b'\n', &mut line)
                .map_err(|e| Complaint::failed(format!("reading failed: {e}")))?;
            if read > 0 && self.left > 0 {
                while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
                    line.pop();
                }
                if !line.is_empty() {
                    self.left -= 1;
                    match &mut joiner {
                        None => lines.push(line),
                        Some(joiner) => joiner.push(&line, (), |record, ()| lines.push(record.to_vec())),
                    }
                }
            }
            if let Some(joiner) = joiner.as_mut().filter(|_| read == 0 || self.left == 0) {
                joiner.finish(|record, ()| lines.push(record.to_vec()));
            }
            if lines.len() >= AT_ONCE || ((read == 0 || self.left == 0) && !lines.is_empty()) {
                self.events(reader, &lines)?;
                lines.clear();
            }
            if read == 0 || self.left == 0 {
                return Ok(());
            }
        }
    }

    fn events(&mut self, reader: &mut Reader, lines: &[Vec<u8>]) -> Result<(), Complaint> {
        let at = SystemClock.now();
        let received = Received::of_lines(TenantId(0), SourceId(0), at, lines);
        let mut out = std::io::stdout().lock();
        for batch in reader.parse(received) {
            for event in batch.events() {
                let place = match event.head().parsed {
                    Parsed::Whole => 0,
                    Parsed::Partly => 1,
                    Parsed::Unparsed => 2,
                    Parsed::Poison => 3,
                };
                if let Some(count) = self.counts.get_mut(place) {
                    *count += 1;
                }
                let shown = explain_event(&batch, event);
                let written =
                    if self.args.json { writeln!(out, "{}", self.json(&shown)) } else { self.text(&mut out, &shown) };
                written.map_err(|e| Complaint::failed(format!("writing failed: {e}")))?;
            }
        }
        Ok(())
    }

    fn json(&self, shown: &wardwatch_parse::Explanation) -> String {
        let columns: serde_json::Map<String, serde_json::Value> =
            shown.columns.iter().map(|c| (c.column.to_owned(), value(&c.value))).collect();
        let mut object = serde_json::json!({
            "time": shown.time, "parsed": shown.parsed, "pack": shown.pack, "case": shown.case,
            "columns": columns, "notes": shown.notes,
        });
        if self.args.native
            && let Some(map) = object.as_object_mut()
        {
            map.insert("native".into(), serde_json::to_value(&shown.fields).unwrap_or_default());
        }
        object.to_string()
    }

    fn text(&self, out: &mut dyn Write, shown: &wardwatch_parse::Explanation) -> std::io::Result<()> {
        let time = shown.time.map_or_else(|| "-".to_owned(), |t| t.to_string());
        writeln!(out, "{time}  {}  {}  {}", shown.parsed, shown.pack, shown.case.as_deref().unwrap_or("-"))?;
        for column in &shown.columns {
            writeln!(out, "  {:16} {}", column.column, plain(&value(&column.value)))?;
        }
        if self.args.native {
            for field in &shown.fields {
                writeln!(out, "  · {:14} {}", visible(&field.name), visible(&field.value))?;
            }
        }
        if !shown.notes.is_empty() {
            writeln!(out, "  ! {}", visible(&shown.notes.join(" ")))?;
        }
        Ok(())
    }
}

fn value(value: &ExplainedValue) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn plain(value: &serde_json::Value) -> String {
    visible(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}
