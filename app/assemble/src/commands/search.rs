//! `wardwatch search`: a question to the server, the answer as table, CSV or JSON lines.

use super::ask::{ask, ask_json, runtime};
use crate::config::Config;
use crate::run::Session;
use serde_json::{Value, json};
use std::io::Write;
use wardwatch_cli::{Complaint, DatasetName, Exit, Format, SearchArgs, visible};

/// Cells of a table are cut at so many characters; CSV and JSON are not.
const CELL: usize = 60;
/// Columns a table shows of an event when the query does not choose.
const SHOWN: [&str; 12] =
    ["time", "severity", "source", "host", "user", "src_ip", "dst_ip", "title", "threat", "cmd_line", "message", "raw"];

/// Runs the search.
pub fn run(args: &SearchArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    one_hospital(&config, args.tenant.as_deref())?;
    let format = if args.json { Format::Json } else { args.format };
    let dataset = match args.dataset {
        DatasetName::Events => "events",
        DatasetName::Alerts => "alerts",
        DatasetName::Quarantine => "quarantine",
    };
    let mut question = json!({ "query": args.query, "dataset": dataset, "limit": args.limit });
    let mut put = |key: &str, value: Option<&str>| {
        if let (Some(map), Some(value)) = (question.as_object_mut(), value) {
            map.insert(key.into(), value.into());
        }
    };
    put("tenant", args.tenant.as_deref());
    put("from", args.from.as_deref());
    put("to", args.to.as_deref());
    put("since", (args.from.is_none() && args.to.is_none()).then_some(args.since.as_str()));
    let runtime = runtime()?;
    if format == Format::Table {
        let answer = runtime.block_on(ask_json(config, "/search", &question, session.language))?;
        print(&answer, session)?;
        return Ok(Exit::Ok);
    }
    if let Some(map) = question.as_object_mut() {
        map.insert("format".into(), if format == Format::Csv { "csv".into() } else { "json".into() });
    }
    let bytes = runtime.block_on(ask(config, "/search", &question, session.language))?;
    let heads = usize::from(format == Format::Csv);
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    if lines > 0 {
        std::io::stdout()
            .write_all(&bytes)
            .map_err(|e| Complaint::failed(format!("writing the answer failed: {e}")))?;
    }
    if lines <= heads {
        no_rows(session);
    }
    Ok(Exit::Ok)
}

/// A question goes to one hospital: which there are is said here, where the operator of all of them asks.
fn one_hospital(config: &Config, asked: Option<&str>) -> Result<(), Complaint> {
    let there: Vec<&str> = config.tenants.iter().map(|t| t.slug.as_str()).collect();
    match asked {
        Some(slug) if !there.contains(&slug) => {
            let what = format!("there is no hospital `{slug}`: {}", there.join(", "));
            Err(Complaint::new(Exit::NotFound, what, "take a short name from the configuration: --tenant NAME"))
        }
        None if there.len() > 1 => {
            let what = format!("there are several hospitals: {}", there.join(", "));
            Err(Complaint::new(Exit::Usage, what, "say which one: --tenant NAME"))
        }
        _ => Ok(()),
    }
}

/// Said on standard error, so that a program which reads the answer finds nothing where there is nothing.
fn no_rows(session: Session) {
    if !session.quiet {
        let zh = "没有符合条件的行：可放宽 --since，或去掉一个条件";
        eprintln!("{}", session.language.pick(zh, "no rows: widen --since, or drop a condition"));
    }
}

fn print(answer: &Value, session: Session) -> Result<(), Complaint> {
    let list = |key: &str| answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let names: Vec<String> = list("columns").iter().map(|c| c.as_str().unwrap_or_default().to_owned()).collect();
    let rows = list("rows");
    let cell = |row: &Value, at: usize| row.get(at).cloned().unwrap_or_default();
    // A whole row always has these three; a query that names its columns seldom has all.
    let whole = ["time", "time_received", "raw"].iter().all(|always| names.iter().any(|n| n == always));
    let says = |at: usize| rows.iter().any(|row| !cell(row, at).is_null());
    let shown: Vec<usize> = match whole {
        true => SHOWN.iter().filter_map(|name| names.iter().position(|n| n == name)).filter(|at| says(*at)).collect(),
        false => (0..names.len()).collect(),
    };
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(shown.iter().filter_map(|at| names.get(*at)));
    for row in &rows {
        table.add_row(shown.iter().map(|at| text(&cell(row, *at))));
    }
    if rows.is_empty() {
        no_rows(session);
    } else {
        println!("{table}");
    }
    if !session.quiet {
        let more = answer.get("more").and_then(Value::as_bool).unwrap_or(false);
        let took = answer.get("took_ms").and_then(Value::as_u64).unwrap_or(0);
        let note = session.language.pick(
            format!("{} 行{}，用时 {took} ms", rows.len(), if more { "（还有更多，用 --limit）" } else { "" }),
            format!("{} rows{}, {took} ms", rows.len(), if more { " (there are more: --limit)" } else { "" }),
        );
        eprintln!("{note}");
        for note in list("notes") {
            eprintln!("{}", note.as_str().unwrap_or_default());
        }
    }
    Ok(())
}

/// One line of at most [`CELL`] characters, control characters made visible: a log line must not move the cursor.
fn text(value: &Value) -> String {
    let full = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let safe = visible(&full);
    match safe.char_indices().nth(CELL) {
        Some((at, _)) => format!("{}…", safe.get(..at).unwrap_or_default()),
        None => safe,
    }
}
