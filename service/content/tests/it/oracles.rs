//! Recordings of other projects' own tests, with what those projects expect: syslog headers field by field, logs of many
//! products by how far they are understood. The data is not part of this repository; without it the tests say so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use wardwatch_content::{FALLBACK_PACK, Library};
use wardwatch_event::{EventBatch, LineBatch, Parsed, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_parse::{Router, SourceMemory, SourceSettings, parse, parse_auto, read_header};

/// The unpacked corpora; none, with a notice, where they are absent.
fn corpora() -> Option<tempfile::TempDir> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    #[allow(clippy::disallowed_methods, reason = "where test data lies")]
    let data = std::env::var_os("WARDWATCH_DATA").map_or_else(|| project.join("../shared/data"), PathBuf::from);
    let archive = data.join("logs/log-corpora.tar.xz");
    if !archive.exists() {
        println!("skipped: {} is absent (WARDWATCH_DATA moves the folder)", archive.display());
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let status = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(folder.path()).status().expect("tar runs");
    assert!(status.success(), "{} does not unpack", archive.display());
    Some(folder)
}

/// What a line of the manifest says.
#[derive(serde::Deserialize)]
struct Entry {
    source: String,
    format: String,
    raw: String,
}

fn manifest(folder: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(folder.join("manifest.jsonl")).expect("a manifest");
    text.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect()
}

/// A Go string, or several with `+` between, from the start of `text`.
fn go_string(text: &str) -> Option<String> {
    let (mut out, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start();
        if let Some(raw) = rest.strip_prefix('`') {
            let end = raw.find('`')?;
            out.extend_from_slice(&raw.as_bytes()[..end]);
            rest = &raw[end + 1..];
        } else if let Some(bom) = rest.strip_prefix("BOM") {
            out.extend_from_slice(b"\xEF\xBB\xBF");
            rest = bom;
        } else {
            let mut quoted = rest.strip_prefix('"')?.char_indices();
            loop {
                let (at, c) = quoted.next()?;
                match c {
                    '"' => {
                        rest = &rest[at + 2..];
                        break;
                    }
                    '\\' => match quoted.next()?.1 {
                        'n' => out.push(b'\n'),
                        't' => out.push(b'\t'),
                        'x' => {
                            let digits: String = [quoted.next()?.1, quoted.next()?.1].iter().collect();
                            out.push(u8::from_str_radix(&digits, 16).ok()?);
                        }
                        'r' => out.push(b'\r'),
                        wide @ ('u' | 'U') => {
                            let digits: String =
                                quoted.by_ref().take(if wide == 'u' { 4 } else { 8 }).map(|(_, c)| c).collect();
                            let c = char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?;
                            out.extend_from_slice(c.to_string().as_bytes());
                        }
                        other => out.extend_from_slice(other.to_string().as_bytes()),
                    },
                    c => out.extend_from_slice(c.to_string().as_bytes()),
                }
            }
        }
        rest = rest.trim_start();
        match rest.strip_prefix('+') {
            Some(more) => rest = more,
            None => return String::from_utf8(out).ok(),
        }
    }
}

/// A part that a case expects, in either of the two ways the cases are written.
fn expected(value: &str, name: &str) -> Option<String> {
    let set = value.split(&format!("Set{name}(")).nth(1);
    let address = || value.split(&format!("{name}:")).nth(1)?.trim_start().split_once("Address(").map(|(_, text)| text);
    let text = set.or_else(address)?;
    go_string(text).or_else(|| Some(text.split(')').next()?.to_owned()))
}

/// Valid messages of go-syslog's own tests: our header, which takes far more, holds the same parts.
#[test]
fn headers_are_those_that_go_syslog_expects() {
    let Some(kept) = corpora() else { return };
    let folder = kept.path();
    let (mut held, mut wrong) = (0, Vec::new());
    for file in ["rfc5424", "rfc3164"] {
        let text =
            std::fs::read_to_string(folder.join(format!("go-syslog-MIT/{file}/machine_test.go.txt"))).expect("cases");
        for case in text.split("[]byte(").skip(1) {
            let Some(input) = go_string(case) else { continue };
            let Some((_, value)) = case.split_once("true,\n").filter(|(head, _)| !head.contains("false,")) else {
                continue;
            };
            let header = read_header(&input);
            let part = |part: &Option<std::ops::Range<usize>>| part.clone().map(|part| input[part].to_owned());
            let message = input[header.message..].trim_start_matches('\u{feff}');
            let time = header.time.as_ref().map(|(time, _)| input[time.clone()].to_owned());
            let set = |name: &str| expected(value, name);
            let mut checks = vec![
                ("priority", set("Priority"), part(&header.pri)),
                ("host", set("Hostname"), part(&header.host)),
                ("program", set("Appname"), part(&header.tag)),
                ("pid", set("ProcID"), part(&header.pid)),
                ("msgid", set("MsgID"), part(&header.msgid)),
                (
                    "message",
                    Some(set("Message").unwrap_or_default().trim_start_matches('\u{feff}').to_owned()),
                    Some(message.to_owned()),
                ),
            ];
            if file == "rfc5424" {
                checks.push(("time", set("Timestamp"), time));
            } else {
                checks.push(("time", set("Timestamp").map(|_| String::new()), time.map(|_| String::new())));
            }
            let differing: Vec<_> = checks.into_iter().filter(|(_, expected, found)| expected != found).collect();
            held += usize::from(differing.is_empty());
            if !differing.is_empty() {
                wrong.push(format!("{input:?}: {differing:?}"));
            }
        }
    }
    println!("{held} headers as expected, {} not", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held >= 60, "only {held} cases were found");
}

fn lines_of(bytes: &[u8]) -> LineBatch {
    let at = Timestamp::parse_rfc3339("2026-11-25T02:00:00Z").expect("a time");
    let lines: Vec<&[u8]> =
        bytes.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).filter(|l| !l.is_empty()).collect();
    LineBatch {
        received: Received::of_lines(TenantId(0), SourceId(0), at, &lines),
        first: EventId::new(at, NodeId(0), 1),
    }
}

fn states(batches: &[EventBatch]) -> [usize; 4] {
    let mut states = [0; 4];
    for head in batches.iter().flat_map(|batch| &batch.heads) {
        let at = match head.parsed {
            Parsed::Whole => 0,
            Parsed::Partly => 1,
            Parsed::Unparsed => 2,
            Parsed::Poison => 3,
        };
        states[at] += 1;
    }
    states
}

/// Logs of a hundred products through the packs that are there: each line gets a row, none breaks the parser.
#[test]
fn foreign_logs_lose_no_line() {
    let Some(kept) = corpora() else { return };
    let folder = kept.path();
    let (packs, _) = Library::embedded().packs();
    let fallback = packs.iter().find(|pack| pack.id == FALLBACK_PACK).expect("the pack for unknown lines");
    let router = Router::new(&packs, Arc::clone(fallback)).expect("clues");
    let settings = SourceSettings { skew_ms_max: None, ..SourceSettings::default() };
    let (mut by_source, mut by_pack): (BTreeMap<String, [usize; 4]>, BTreeMap<String, [usize; 4]>) = Default::default();
    for entry in manifest(folder) {
        let lines = lines_of(&std::fs::read(folder.join(&entry.raw)).expect("a raw file"));
        let wanted = lines.received.len();
        let batches = parse_auto(&router, lines, &settings, &mut SourceMemory::default());
        let found = states(&batches);
        assert_eq!((found.iter().sum::<usize>(), found[3]), (wanted, 0), "{}", entry.raw);
        for batch in &batches {
            let sum = by_pack.entry(batch.pack.id.clone()).or_default();
            states(std::slice::from_ref(batch)).iter().zip(sum).for_each(|(n, sum)| *sum += n);
        }
        let sum = by_source.entry(entry.source).or_default();
        found.iter().zip(sum).for_each(|(n, sum)| *sum += n);
    }
    println!("whole, partly, unparsed, poison");
    for (name, [whole, partly, unparsed, poison]) in by_source.iter().chain(&by_pack) {
        println!("{name:44} {whole:6} {partly:6} {unparsed:6} {poison:6}");
    }
}

/// Zeek's baselines name their columns: every row has as many values as fields are set in it, each as it stands there.
#[test]
fn zeek_logs_are_what_their_head_says() {
    let Some(kept) = corpora() else { return };
    let folder = kept.path();
    let manifest_text =
        "pack = { id = 'zeek/zeek', format = 1 }\ninput = { header = 'none' }\nbody = { kind = 'zeek_tsv' }\n";
    let pack = Arc::new(Pack::compile(&PackFiles::of("pack.toml", manifest_text)).expect("it compiles"));
    let (mut rows, mut files) = (0, 0);
    for entry in manifest(folder).into_iter().filter(|e| e.source == "zeek-btest-bsd3" && e.format != "json") {
        let text = std::fs::read(folder.join(&entry.raw)).expect("a raw file");
        let text = String::from_utf8_lossy(&text).into_owned();
        let Some(fields) = text.lines().find_map(|line| line.strip_prefix("#fields\t")) else { continue };
        // Some baselines hold several logs, or another separator.
        if text.matches("#fields\t").count() > 1 || !text.contains("#separator \\x09") {
            continue;
        }
        let types: Vec<&str> =
            text.lines().find_map(|l| l.strip_prefix("#types\t")).unwrap_or_default().split('\t').collect();
        let empty = text.lines().find_map(|l| l.strip_prefix("#empty_field\t")).unwrap_or("(empty)");
        let fields: Vec<&str> = fields.split('\t').collect();
        let batch = parse(&pack, lines_of(text.as_bytes()), &SourceSettings::default());
        for event in batch.events().filter(|event| !event.raw().starts_with(b"#")) {
            let raw = event.raw_text().into_owned();
            let values: Vec<&str> = raw.split('\t').collect();
            if values.len() != fields.len() {
                continue;
            }
            assert_eq!(event.head().parsed, Parsed::Whole, "{} {raw}", entry.raw);
            for ((name, value), kind) in fields.iter().zip(&values).zip(types.iter().chain(std::iter::repeat(&""))) {
                let found: Vec<&str> = batch
                    .field(name)
                    .into_iter()
                    .flat_map(|f| event.values(f).map(|v| v.text).collect::<Vec<_>>())
                    .collect();
                let several = kind.starts_with("set[") || kind.starts_with("vector[");
                let wanted: Vec<&str> = match *value {
                    "-" => Vec::new(),
                    nothing if nothing == empty => {
                        if several {
                            Vec::new()
                        } else {
                            vec![""]
                        }
                    }
                    text if several => text.split(',').collect(),
                    text => vec![text],
                };
                if !value.contains("\\x") {
                    assert_eq!(found, wanted, "{} {name} of {raw}", entry.raw);
                }
            }
            rows += 1;
        }
        files += 1;
    }
    println!("{rows} rows of {files} logs are as their heads say");
    assert!(rows > 1_000, "{rows}");
}

/// What Winlogbeat makes of a record of an event log: the names of the Elastic Common Schema, values as text.
fn as_winlogbeat(record: &serde_json::Value) -> serde_json::Value {
    let system = &record["Event"]["System"];
    let plain = |value: &serde_json::Value| match value.get("#text") {
        Some(text) => text.to_string(),
        None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    };
    let data: serde_json::Map<String, serde_json::Value> = record["Event"]["EventData"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !name.starts_with('#') && !value.is_null())
        .map(|(name, value)| (name.clone(), plain(value).into()))
        .collect();
    serde_json::json!({
        "@timestamp": system["TimeCreated"]["#attributes"]["SystemTime"],
        "winlog": {
            "channel": system["Channel"],
            "computer_name": system["Computer"],
            "event_id": plain(&system["EventID"]),
            "provider_name": system["Provider"]["#attributes"]["Name"],
            "record_id": system["EventRecordID"],
            "event_data": data,
        },
    })
}

/// A rule reads the same values under the same names, and is asked for the same log source, whether a record came from
/// the event log itself or by Winlogbeat: so it matches the same.
#[test]
fn winlogbeat_gives_rules_what_the_event_log_gives() {
    let library = Library::embedded();
    let pack = library.pack("microsoft/windows").expect("the pack");
    let mut compared = 0;
    for file in ["security", "sysmon", "system", "powershell"] {
        let sample = library.text(&format!("sources/microsoft/windows/samples/{file}.log")).expect("a sample");
        for line in sample.lines().skip(1) {
            let Ok(record) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            // Data without names is a list there and `param1`, `param2` … here: no name to compare.
            if !record["Event"]["EventData"].is_object() || record["Event"]["EventData"]["Data"].is_array() {
                continue;
            }
            let beat = as_winlogbeat(&record);
            let seen = |text: &str| {
                let batch = parse(&pack, lines_of(text.as_bytes()), &SourceSettings::default());
                let event = batch.event(0).expect("a row");
                let value = |name: &str| {
                    let values =
                        batch.field(name).map(|f| event.values(f).map(|v| v.text.to_owned()).collect::<Vec<_>>());
                    (name.to_owned(), values.unwrap_or_default())
                };
                let names =
                    beat["winlog"]["event_data"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
                let natives: Vec<_> =
                    names.chain(["EventID", "Channel", "Provider_Name", "Computer"]).map(value).collect();
                let mut columns = BTreeMap::new();
                event.columns(&mut |column, value| {
                    columns.insert(column, format!("{value:?}"));
                });
                (natives, columns, format!("{:?}", pack.sigma_of(event.head().case)), event.head().time)
            };
            assert_eq!(seen(&beat.to_string()), seen(line), "{beat}");
            compared += 1;
        }
    }
    assert!(compared >= 20, "only {compared} records");
    println!("{compared} records");
}
