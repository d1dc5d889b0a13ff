//! `wardwatch send`: replays lines, and checks by search that nothing is missing or doubled.

use super::ask::ask_json;
use crate::run::Session;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::time::Duration;
use wardwatch_cli::{Complaint, Exit, Language, SendArgs};
use wardwatch_send::{CheckReport, Checker, Compression, Plan, SendFault, Summary, check, run as send};

/// Sends, prints the summary, and checks if asked.
pub fn run(args: &SendArgs, session: Session) -> Result<Exit, Complaint> {
    let plan = plan(args, session)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Complaint::failed(format!("no runtime: {e}")))?;
    let ended = runtime.block_on(async {
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        let summary = send(&plan, stop).await.map_err(|e| complaint(&e))?;
        let report = if args.check { Some(look(args, &summary, session).await?) } else { None };
        Ok::<_, Complaint>((summary, report))
    });
    // Standard input may still be blocked in a read; nobody waits for it.
    runtime.shutdown_background();
    let (summary, report) = ended?;
    print(args, &summary, report.as_ref(), session.language);
    Ok(if report.is_none_or(|r| r.is_clean()) { Exit::Ok } else { Exit::Conflict })
}

fn plan(args: &SendArgs, session: Session) -> Result<Plan, Complaint> {
    let token = match &args.token_file {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|e| {
                Complaint::new(Exit::NotFound, format!("{}: {e}", file.display()), "name the file that holds the token")
            })?;
            Some(text.trim().to_owned())
        }
        None => None,
    };
    let compression = match args.compress.as_str() {
        "none" => Compression::None,
        "gzip" => Compression::Gzip,
        "zstd" => Compression::Zstd,
        other => {
            return Err(Complaint::new(
                Exit::Usage,
                format!("--compress {other} is not known"),
                "use none, gzip or zstd",
            ));
        }
    };
    Ok(Plan {
        rate: args.rate,
        repeat: args.repeat,
        skip: args.skip,
        batch: args.batch.clamp(1, wardwatch_limits::BATCH_LINES),
        token,
        ca: args.ca.clone(),
        compression,
        tag: args.tag || args.check,
        patience: Duration::from_secs(args.patience),
        progress: !session.quiet && !args.json,
        ..Plan::new(&args.file, args.via, &args.to)
    })
}

/// Searches the server of the configuration.
struct Searcher<'a> {
    args: &'a SendArgs,
    language: Language,
}

impl Checker for Searcher<'_> {
    fn lines<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, String>> {
        async move {
            let query = format!("\"{prefix}\" | fields raw");
            let mut question = json!({ "query": query, "since": "3650d", "limit": wardwatch_limits::SEARCH_ROWS });
            if let (Some(map), Some(tenant)) = (question.as_object_mut(), &self.args.tenant) {
                map.insert("tenant".into(), tenant.as_str().into());
            }
            let config = super::config::read(&self.args.config).map_err(|e| e.what)?;
            let answer = ask_json(config, "/search", &question, self.language).await.map_err(|e| e.what)?;
            let rows = answer.get("rows").and_then(Value::as_array).into_iter().flatten();
            Ok(rows.filter_map(|row| row.get(0)?.as_str().map(str::to_owned)).collect())
        }
        .boxed()
    }
}

async fn look(args: &SendArgs, summary: &Summary, session: Session) -> Result<CheckReport, Complaint> {
    let searcher = Searcher { args, language: session.language };
    check(&searcher, &summary.epoch, summary.sent).await.map_err(|why| {
        Complaint::new(
            Exit::Unreachable,
            format!("the check failed: {why}"),
            "--config names the server's configuration, --tenant the hospital",
        )
    })
}

fn print(args: &SendArgs, summary: &Summary, report: Option<&CheckReport>, language: Language) {
    if args.json {
        let mut document = serde_json::to_value(summary).unwrap_or_default();
        if let (Some(map), Some(report)) = (document.as_object_mut(), report) {
            map.insert("check".into(), serde_json::to_value(report).unwrap_or_default());
        }
        println!("{document}");
        return;
    }
    let Summary { sent, acknowledged, retries, refused, known, resent, .. } = summary;
    println!(
        "{}",
        language.pick(
            format!("发送 {sent} 行，确认 {acknowledged}；重试 {retries}，被拒 {refused}，服务器已知 {known} 批，无键重发 {resent} 行"),
            format!("{sent} lines sent, {acknowledged} acknowledged; {retries} tried again, {refused} refused, {known} batches known already, {resent} lines sent again without a key"),
        )
    );
    if let Some(report) = report {
        let CheckReport { expected, missing, doubled, .. } = report;
        println!(
            "{}",
            language.pick(
                format!("检索核对 {expected} 行：缺失 {missing}，重复 {doubled}"),
                format!("{expected} lines checked by search: {missing} missing, {doubled} doubled"),
            )
        );
    }
}

fn complaint(fault: &SendFault) -> Complaint {
    let (exit, next) = match fault {
        SendFault::Plan(_) => (Exit::Usage, "check --via and --to"),
        SendFault::File { .. } => (Exit::NotFound, "check the path"),
        SendFault::Refused { why, .. } if why.contains("401") || why.contains("403") => {
            (Exit::NotAllowed, "check --token-file and tokens_sha256 of the source")
        }
        SendFault::Refused { .. } => {
            (Exit::Failed, "see what the receiver says; --skip goes on after what is acknowledged")
        }
        SendFault::GaveUp { .. } => {
            (Exit::Unreachable, "`wardwatch doctor` on the server's machine; --patience waits longer")
        }
    };
    Complaint::new(exit, fault, next)
}
