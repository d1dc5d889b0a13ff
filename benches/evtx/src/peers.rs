//! The peers: the `evtx` crate, and programs that read event logs, where they are installed.

use evtx::{EvtxParser, ParserSettings};
use std::process::Command;

fn parser(file: &[u8]) -> EvtxParser<std::io::Cursor<&[u8]>> {
    let settings = ParserSettings::new().num_threads(1).indent(false).separate_json_attributes(false);
    EvtxParser::from_read_seek(std::io::Cursor::new(file)).expect("an event log").with_configuration(settings)
}

/// Every record as text.
pub fn json(file: &[u8]) -> u64 {
    parser(file).records_json().map(|record| std::hint::black_box(record.expect("a record"))).count() as u64
}

/// Every record read, no text made.
pub fn records(file: &[u8]) -> u64 {
    let mut parser = parser(file);
    let records = parser.serialized_records(|record| record.map(|record| std::hint::black_box(record).event_record_id));
    records.map(|id| id.expect("a record")).count() as u64
}

/// Every record as a line of its own.
pub fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    parser(file).records_json().map(|record| record.expect("a record").data.into_bytes()).collect()
}

/// User and system time of a program that reads the whole folder; says so if it is not installed.
pub fn whole_program(name: &str, n: u64) {
    let found = Command::new(name).arg("--help").output();
    if found.is_err() {
        return eprintln!("{name:<26} skipped: not on PATH");
    }
    let Some(folder) = crate::corpus::folder() else { return };
    let out = std::env::temp_dir().join(format!("wardwatch-bench-{name}"));
    let (out, folder) = (out.to_string_lossy().into_owned(), folder.to_string_lossy().into_owned());
    let args: &[&str] = match name {
        "hayabusa" => &["json-timeline", "-d", &folder, "-o", &out, "-L", "-w", "-q", "-t", "1", "-C"],
        _ => &["dump", &folder, "--jsonl", "-o", &out, "-q"],
    };
    let before = children();
    let status = Command::new(name).args(args).status();
    let cpu = children() - before;
    let _ = std::fs::remove_file(&out);
    match status {
        Ok(status) if status.success() => {
            eprintln!("{name:<26} {:.2} us a record, whole program", cpu * 1e6 / n as f64)
        }
        _ => eprintln!("{name:<26} skipped: it failed"),
    }
}

/// CPU seconds of the children that have ended.
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // proc(5): fields 16 and 17, in ticks of a hundredth of a second, counted from behind the name.
    [13, 14].iter().filter_map(|n| fields.get(*n)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}
