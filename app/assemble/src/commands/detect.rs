//! `wardwatch detect`: files against rules, without a server.

use super::parse::Reader;
use crate::clock::SystemClock;
use crate::content::load_from;
use crate::run::Session;
use indicatif::{ProgressBar, ProgressStyle};
use rustix::fs::OFlags;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_cli::{Complaint, DetectArgs, Exit, Format, Language, visible};
use wardwatch_detect::{Detector, Found, FoundAt, Memory, Program};
use wardwatch_event::{EventBatch, Parsed, TimeNote};
use wardwatch_finding::{Alert, Origin as AlertOrigin, Severity};
use wardwatch_ident::{Clock, SourceId, TenantId};
use wardwatch_intake::Origin;
use wardwatch_intake::files::{FileReader, find};

/// Everything that was counted on the way.
#[derive(Default)]
struct Counts {
    /// Event logs: files, records read, records their chunks declare.
    logs: (u64, u64, u64),
    /// Text files and their lines.
    texts: (u64, u64),
    rejected: u64,
    unparsed: u64,
    alerts: u64,
    rules: BTreeMap<String, u64>,
    by_tactic: BTreeMap<String, u64>,
    damage: Vec<String>,
}

/// What looks at the lines, over all files.
struct Looking {
    detector: Detector,
    memory: Memory,
    /// First line, file and places of each batch, for alerts that are about several lines. Only kept where there are
    /// correlations.
    places: Vec<(u64, usize, Vec<u64>)>,
}

impl Looking {
    fn new(program: &Arc<Program>) -> Self {
        Self { detector: Detector::new(Arc::clone(program)), memory: Memory::for_files(), places: Vec::new() }
    }

    fn keep(&mut self, first: u64, file: usize, places: &[u64]) {
        if !self.detector.correlations().is_empty() {
            self.places.push((first, file, places.to_vec()));
        }
    }

    /// Where the line with this number stands: file and place in it.
    fn place(&self, seq: u64) -> Option<(usize, u64)> {
        let at = self.places.partition_point(|(first, ..)| *first <= seq).checked_sub(1)?;
        let (first, file, places) = self.places.get(at)?;
        Some((*file, *places.get((seq - first) as usize)?))
    }
}

/// Reads the paths, prints what rules found, and a summary on standard error.
pub fn run(args: &DetectArgs, session: Session) -> Result<Exit, Complaint> {
    let library = args.rules.is_empty();
    let mut reader =
        Reader::new(load_from(args.content.as_deref(), &args.rules, library)?, args.pack.as_deref(), &args.zone)?;
    let least = least(args)?;
    let (standard, named): (Vec<PathBuf>, _) = args.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let mut files = find(&named).map_err(|e| Complaint::new(Exit::NotFound, e, "check the path"))?;
    files.extend(standard.into_iter().take(1));
    let bar = progress(args, session, files.len() as u64);
    let mut printer = Printer::new(args);
    let mut counts = Counts::default();
    let mut looking = Looking::new(&reader.loaded().program);
    for (number, path) in files.iter().enumerate() {
        bar.set_message(visible(&path.display().to_string()));
        if let Err(fault) = file(path, number, &mut reader, &mut looking, least, &mut printer, &mut counts) {
            counts.damage.push(fault);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    over_lines(&files, &mut looking, least, &mut printer, &mut counts)
        .map_err(|e| Complaint::failed(format!("writing failed: {e}")))?;
    printer.finish().map_err(|e| Complaint::failed(format!("writing failed: {e}")))?;
    if !session.quiet {
        summary(&counts, &reader, args.list_refused, session.language);
    }
    Ok(if counts.damage.is_empty() && counts.rejected == 0 { Exit::Ok } else { Exit::Partly })
}

fn least(args: &DetectArgs) -> Result<Severity, Complaint> {
    match args.min_level.as_deref() {
        None => Ok(Severity::Info),
        Some(level @ ("informational" | "low" | "medium" | "high" | "critical")) => Ok(Severity::of_sigma(Some(level))),
        Some(other) => {
            let next = "use informational, low, medium, high or critical";
            Err(Complaint::new(Exit::Usage, format!("--min-level {other} is no level"), next))
        }
    }
}

fn progress(args: &DetectArgs, session: Session, files: u64) -> ProgressBar {
    if session.quiet || args.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// What correlations say about all the lines together, in the order of time.
fn over_lines(
    files: &[PathBuf],
    looking: &mut Looking,
    least: Severity,
    printer: &mut Printer<'_>,
    counts: &mut Counts,
) -> std::io::Result<()> {
    let mut alerts = looking.detector.finish(&mut looking.memory);
    alerts.sort_by_key(|alert| (alert.time, alert.id));
    for alert in alerts.iter().filter(|alert| alert.severity >= least) {
        counts.count(alert);
        let (path, place) = match looking.place(alert.event.seq()) {
            Some((file, place)) => (files.get(file).map_or(Path::new("-"), PathBuf::as_path), place),
            None => (Path::new("-"), 0),
        };
        printer.print(path, place, alert, None)?;
    }
    Ok(())
}

fn file(
    path: &Path,
    number: usize,
    reader: &mut Reader,
    looking: &mut Looking,
    least: Severity,
    printer: &mut Printer<'_>,
    counts: &mut Counts,
) -> Result<(), String> {
    let nobody = Origin { tenant: TenantId(0), source: SourceId(0) };
    let limit = wardwatch_limits::LINE_BYTES_MAX;
    let mut input = if path.as_os_str() == "-" {
        FileReader::new(Box::new(std::io::stdin()), nobody, limit).map_err(|e| format!("standard input: {e}"))?
    } else if printer.args.paths.iter().any(|named| named == path) {
        FileReader::open(path, nobody, limit).map_err(|e| e.to_string())?
    } else {
        let file = open_found(path).map_err(|e| format!("{}: {e}", path.display()))?;
        FileReader::new(Box::new(file), nobody, limit).map_err(|e| format!("{}: {e}", path.display()))?
    };
    input = input.joining(reader.join());
    while let Some(batch) = input.next_batch(SystemClock.now()) {
        let places = batch.places;
        let first = reader.next_line();
        looking.keep(first, number, &places);
        for events in reader.parse(batch.received) {
            counts.unparsed +=
                events.heads.iter().filter(|h| matches!(h.parsed, Parsed::Unparsed | Parsed::Poison)).count() as u64;
            for alert in looking.detector.look(&mut looking.memory, &events) {
                if alert.origin != AlertOrigin::Rule || alert.severity < least {
                    continue;
                }
                counts.count(&alert);
                let place = places.get((alert.event.seq() - first) as usize).copied().unwrap_or(0);
                printer.print(path, place, &alert, Some(&events)).map_err(|e| format!("writing failed: {e}"))?;
            }
        }
    }
    let summary = input.summary();
    match summary.declared {
        Some(declared) => {
            let (files, read, so_far) = counts.logs;
            counts.logs = (files + 1, read + summary.read, so_far + declared);
        }
        None => counts.texts = (counts.texts.0 + 1, counts.texts.1 + summary.read),
    }
    counts.rejected += summary.rejected;
    counts.damage.extend(summary.damage.iter().map(|d| format!("{}: {d}", path.display())));
    Ok(())
}

/// Opens a file that was found in a folder. Since then somebody may have put a link or a pipe in its place: neither is
/// followed, nor waited for.
fn open_found(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(std::io::Error::other("is no file any more")),
    }
}

impl Counts {
    fn count(&mut self, alert: &Alert) {
        self.alerts += 1;
        let Some(rule) = &alert.rule else { return };
        *self.rules.entry(rule.id.clone()).or_default() += 1;
        let tactics = rule.tags.iter().filter_map(|t| t.strip_prefix("attack."));
        let mut any = false;
        for tactic in tactics.filter(|t| !is_technique(t)) {
            *self.by_tactic.entry(tactic.replace('_', "-")).or_default() += 1;
            any = true;
        }
        if !any {
            *self.by_tactic.entry("-".into()).or_default() += 1;
        }
    }
}

/// `t1059.001`, `g0016`, `s0002`: technique, group, software; what is left is a tactic.
fn is_technique(tag: &str) -> bool {
    tag.starts_with(['t', 'g', 's']) && tag.get(1..2).is_some_and(|c| c.chars().all(|c| c.is_ascii_digit()))
}

/// Prints findings in one of three forms; a table waits for the end to know its widths.
struct Printer<'a> {
    args: &'a DetectArgs,
    format: Format,
    rows: Vec<[String; 5]>,
    csv: Option<csv::Writer<std::io::Stdout>>,
}

impl<'a> Printer<'a> {
    fn new(args: &'a DetectArgs) -> Self {
        let format = if args.json { Format::Json } else { args.format };
        let csv = (format == Format::Csv).then(|| csv::Writer::from_writer(std::io::stdout()));
        Self { args, format, rows: Vec::new(), csv }
    }

    /// `events` is the batch the alert's line is in; none for what is about several lines.
    fn print(&mut self, path: &Path, place: u64, alert: &Alert, events: Option<&EventBatch>) -> std::io::Result<()> {
        let event = events.and_then(|events| events.event((alert.event.seq() - events.lines.first.seq()) as u32));
        let time = event.is_none_or(|event| event.head().time_note != TimeNote::Received).then_some(alert.time);
        if self.format == Format::Json {
            let at = FoundAt { file: path.display().to_string(), record: place };
            let found = match event {
                Some(event) => Found::new(alert, event, at, time),
                None => Found::over_lines(alert, at),
            };
            let found = serde_json::to_string(&found)?;
            return writeln!(std::io::stdout().lock(), "{found}");
        }
        let file = shorten(path, &self.args.paths);
        let level = alert.rule.as_ref().and_then(|r| r.level.clone()).unwrap_or_default();
        let row =
            [time.map_or_else(String::new, |t| t.to_string()), level, alert.title.clone(), file, place.to_string()];
        match &mut self.csv {
            Some(csv) => {
                if self.rows.is_empty() {
                    csv.write_record(HEADS)?;
                    self.rows.push(Default::default());
                }
                csv.write_record(row.iter().map(|cell| defused(cell))).map_err(std::io::Error::other)
            }
            None => {
                self.rows.push(row.map(|cell| visible(&cell)));
                Ok(())
            }
        }
    }

    fn finish(self) -> std::io::Result<()> {
        if let Some(mut csv) = self.csv {
            return csv.flush();
        }
        if self.format == Format::Table && !self.rows.is_empty() {
            let mut table = comfy_table::Table::new();
            table.load_preset(comfy_table::presets::NOTHING);
            table.set_header(HEADS);
            table.add_rows(self.rows);
            writeln!(std::io::stdout().lock(), "{table}")?;
        }
        Ok(())
    }
}

const HEADS: [&str; 5] = ["time", "level", "rule", "file", "record"];

/// The path below the folder that was named on the command line.
fn shorten(path: &Path, named: &[PathBuf]) -> String {
    let below = named.iter().filter_map(|folder| path.strip_prefix(folder).ok()).find(|p| !p.as_os_str().is_empty());
    below.unwrap_or(path).display().to_string()
}

/// A cell that a spreadsheet would run as a formula gets an apostrophe.
fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn summary(counts: &Counts, reader: &Reader, list: bool, language: Language) {
    let loaded = reader.loaded();
    let refused = loaded.rules_refused.len();
    let inactive = loaded.rules_inactive.len();
    let ((logs, read, declared), (texts, lines)) = (counts.logs, counts.texts);
    eprintln!(
        "{}",
        language.pick(
            format!(
                "事件日志 {logs} 个：读取 {read} 条，声明 {declared} 条；文本 {texts} 个：{lines} 行；损坏 {}，未解析 {}\n规则：可用 {}，未启用 {inactive}，拒绝 {refused}；命中 {} 次，涉及 {} 条规则",
                counts.rejected, counts.unparsed, loaded.rules_loaded, counts.alerts, counts.rules.len()
            ),
            format!(
                "{logs} event logs: {read} records read, {declared} declared; {texts} texts: {lines} lines; {} damaged, {} unparsed\nrules: {} active, {inactive} inactive, {refused} refused; {} findings of {} rules",
                counts.rejected, counts.unparsed, loaded.rules_loaded, counts.alerts, counts.rules.len()
            ),
        )
    );
    for (tactic, count) in &counts.by_tactic {
        eprintln!("  {tactic:24} {count:6}");
    }
    let listed = if list { usize::MAX } else { 5 };
    for rule in
        loaded.rules_refused.iter().chain(list.then_some(&loaded.rules_inactive).into_iter().flatten()).take(listed)
    {
        eprintln!("! {}:{}:{} {}", visible(&rule.path), rule.line, rule.column, visible(&rule.reason));
    }
    for damage in counts.damage.iter().take(listed) {
        eprintln!("! {}", visible(damage));
    }
    if !list && (refused > listed || counts.damage.len() > listed) {
        eprintln!("{}", language.pick("（其余用 --list-refused 查看）", "(--list-refused shows the rest)"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_was_swapped_after_it_was_found_is_not_followed() {
        let folder = std::env::temp_dir().join(format!("wardwatch-found-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (file, link) = (folder.join("file.log"), folder.join("link.log"));
        std::fs::write(&file, "a line\n").expect("written");
        symlink(&file, &link).expect("linked");
        assert!(open_found(&file).is_ok());
        assert!(open_found(&link).is_err(), "a link is not followed");
        assert!(open_found(&folder).is_err(), "a folder is no file");
        let _ = std::fs::remove_dir_all(folder);
    }
}
