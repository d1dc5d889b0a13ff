//! `wardwatch verify`: the account of every source, and whether it comes out.

use super::ask::{ask_json, runtime};
use crate::run::Session;
use serde_json::{Value, json};
use wardwatch_cli::{Complaint, Exit, VerifyArgs, visible};

/// Prints the account; [`Exit::Conflict`] if it does not come out.
pub fn run(args: &VerifyArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    let question = json!({ "deep": args.deep });
    let report = runtime()?.block_on(ask_json(config, "/verify", &question, session.language))?;
    let ok = report.get("ok").and_then(Value::as_bool).unwrap_or(false);
    if args.json {
        println!("{report}");
    } else {
        print(&report, ok, session);
    }
    Ok(if ok { Exit::Ok } else { Exit::Conflict })
}

fn print(report: &Value, ok: bool, session: Session) {
    let list = |key: &str| report.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    let heads = session.language.pick(
        ["医院", "来源", "接收", "入库", "隔离", "拒收", "待入库", "差额"],
        ["tenant", "source", "received", "stored", "quarantined", "rejected", "waiting", "difference"],
    );
    table.set_header(heads);
    for account in list("accounts") {
        let get = |key: &str| account.get(key).cloned().unwrap_or_default();
        let text = |key: &str| get(key).as_str().unwrap_or_default().to_owned();
        let rejected: u64 = get("rejected").as_array().into_iter().flatten().filter_map(|r| r.get(1)?.as_u64()).sum();
        let row = [
            text("tenant"),
            text("source"),
            get("received").to_string(),
            get("stored").to_string(),
            get("quarantined").to_string(),
        ];
        table.add_row(row.into_iter().chain([
            rejected.to_string(),
            get("waiting").to_string(),
            get("difference").to_string(),
        ]));
    }
    println!("{table}");
    for problem in list("problems") {
        println!("! {}", visible(problem.as_str().unwrap_or_default()));
    }
    if let Some(count) = report.get("read_back").and_then(Value::as_u64).filter(|n| *n > 0) {
        println!(
            "{}",
            session.language.pick(
                format!("读回并核对 {count} 个批次和文件"),
                format!("{count} batches and files read back and compared")
            )
        );
    }
    let verdict = if ok {
        session.language.pick(
            "账目相符：接收 = 入库 + 隔离 + 拒收 + 待入库",
            "the account comes out: received = stored + quarantined + rejected + waiting",
        )
    } else {
        session.language.pick("账目不符", "the account does not come out")
    };
    println!("{verdict}");
}
