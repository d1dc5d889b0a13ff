//! Input that wants to be slow: a line of a megabyte in every shape that has hurt an engine, and values that nobody
//! sees twice.

use crate::events::Batch;
use crate::ours::Ours;
use crate::rules::Corpus;
use wardwatch_content::Library;

/// Bytes of a long value.
const LONG: usize = 1_000_000;
/// Runs of each; the middle one counts.
const RUNS: usize = 3;

/// Nanoseconds a byte of the slowest input.
pub fn worst(ours: &Ours, rules: &Corpus) -> f64 {
    let pack = Library::embedded().pack("microsoft/windows").expect("the pack of Windows");
    let mut worst = 0.0f64;
    for (name, lines) in inputs(rules) {
        let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let batch = Batch::of(&pack, &lines);
        let bytes = batch.bytes();
        let mut runs: Vec<f64> = (0..RUNS).map(|_| ours.pass(&batch).seconds).collect();
        runs.sort_by(f64::total_cmp);
        let each = runs[RUNS / 2] * 1e9 / bytes as f64;
        eprintln!("hostile: {name:<22} {each:>8.2} ns a byte ({bytes} bytes)");
        worst = worst.max(each);
    }
    worst
}

fn inputs(rules: &Corpus) -> Vec<(&'static str, Vec<String>)> {
    let long = |text: &str| vec![event(&format!("\"CommandLine\":\"{}\"", text.repeat(LONG / text.len())))];
    let list = (0..10_000).map(|n| format!("\"v{n}\"")).collect::<Vec<_>>().join(",");
    let deep = format!("\"Deep\":{}1{}", "{\"a\":".repeat(64), "}".repeat(64));
    vec![
        ("a", long("a")),
        (".exe", long(".exe")),
        ("powershell -enc", long("powershell -enc ")),
        ("backslashes", long("\\\\")),
        ("escaped quotes", long("\\\"")),
        ("umlauts", long("ä")),
        ("escaped umlauts", long("\\u00e4")),
        ("spaces and dashes", long(" -/")),
        ("soup of literals", vec![event(&format!("\"CommandLine\":\"{}\"", soup(rules)))]),
        ("list of 10,000", vec![event(&format!("\"CommandLine\":[{list}]"))]),
        ("64 levels", vec![event(&deep); 200]),
        ("10,000 fields", vec![event(&(0..10_000).map(|n| format!("\"f{n}\":\"v\"")).collect::<Vec<_>>().join(","))]),
        (
            "values never twice",
            (0..2_000).map(|n| event(&format!("\"CommandLine\":\"{n:08}{}\"", "z".repeat(400)))).collect(),
        ),
        (
            "values alike but one",
            (0..2_000).map(|n| event(&format!("\"CommandLine\":\"{}{n:08}\"", "z".repeat(400)))).collect(),
        ),
    ]
}

/// A process creation, which most rules look at.
fn event(more: &str) -> String {
    format!(
        "{{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":1,\"Hostname\":\"ward-7\",\
         \"Image\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\",\"ParentImage\":\"C:\\\\Windows\\\\explorer.exe\",{more}}}"
    )
}

/// Texts of rules one after the other.
fn soup(rules: &Corpus) -> String {
    let mut soup = String::with_capacity(LONG);
    for (_, text) in rules.texts.iter().cycle() {
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("- '")?.strip_suffix('\'')) {
            soup.push_str(&line.replace('\\', "\\\\").replace('"', "\\\""));
            if soup.len() >= LONG {
                return soup;
            }
        }
    }
    soup
}
