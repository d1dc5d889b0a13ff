//! `wardwatch send`: replays lines, and checks by search that nothing is missing or doubled.

use super::ask::ask_json;
use crate::run::Session;
use indicatif::{ProgressBar, ProgressStyle};
use rand::TryRngCore;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::time::Duration;
use wardwatch_cli::{Complaint, Exit, SendArgs, Transport};
use wardwatch_send::{Address, Compress, Input, Job, Marks, SendFault, Summary, Trust, Via, check_queries, send};

/// How long lines may take from the acknowledgement to the search.
const SEARCHABLE: Duration = Duration::from_secs(30);

/// Sends, prints the summary, and checks if asked.
pub fn run(args: &SendArgs, session: Session) -> Result<Exit, Complaint> {
    let job = job(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Complaint::failed(format!("no runtime: {e}")))?;
    let ended = runtime.block_on(async {
        let summary = deliver(args, &job, session).await?;
        let check = if args.check { Some(check(args, &summary, session).await?) } else { None };
        Ok::<_, Complaint>((summary, check))
    });
    // Standard input may still be blocked in a read; nobody waits for it.
    runtime.shutdown_background();
    let (summary, check) = ended?;
    print(args, &summary, check, session);
    match check {
        Some((0, 0)) | None => Ok(Exit::Ok),
        Some(_) => Ok(Exit::Conflict),
    }
}

fn job(args: &SendArgs) -> Result<Job, Complaint> {
    let usage = |e: String| Complaint::new(Exit::Usage, e, "");
    let token = match &args.token_file {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|e| Complaint::new(Exit::NotFound, format!("{}: {e}", file.display()), "name the file that holds the token"))?;
            Some(text.trim().to_owned())
        }
        None => None,
    };
    let mut random = [0u8; 5];
    rand::rngs::OsRng.try_fill_bytes(&mut random).map_err(|e| Complaint::failed(format!("no random numbers: {e}")))?;
    Ok(Job {
        via: match args.via {
            Transport::Udp => Via::Udp,
            Transport::Tcp => Via::Tcp,
            Transport::Counted => Via::Counted,
            Transport::Tls => Via::Tls,
            Transport::Relp => Via::Relp,
            Transport::Http => Via::Http,
            Transport::Bulk => Via::Bulk,
        },
        to: Address::parse(&args.to).map_err(|e| usage(e.to_string()))?,
        trust: args.ca.as_deref().map(Trust::of_file).transpose().map_err(complaint)?.unwrap_or_default(),
        rate: args.rate,
        batch: args.batch.clamp(1, wardwatch_limits::BATCH_LINES),
        token,
        compress: match args.compress.as_str() {
            "none" => Compress::None,
            "gzip" => Compress::Gzip,
            "zstd" => Compress::Zstd,
            other => return Err(usage(format!("--compress {other}: use none, gzip or zstd"))),
        },
        epoch: format!("ws{}", hex::encode(random)),
        tag: args.tag || args.check,
        patience: None,
    })
}

async fn deliver(args: &SendArgs, job: &Job, session: Session) -> Result<Summary, Complaint> {
    let mut input = if args.file.as_os_str() == "-" {
        Input::standard(args.skip)
    } else {
        Input::file(&args.file, args.repeat, args.skip).await.map_err(complaint)?
    };
    let bar = if session.quiet || args.json || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {pos} {msg} {per_sec}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar
    };
    let progress = |summary: &Summary| {
        bar.set_position(summary.sent);
        let stored = summary.acknowledged.map_or_else(String::new, |n| format!("/ {n} ✓"));
        bar.set_message(stored);
    };
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let summary = send(job, &mut input, progress, stop).await.map_err(complaint)?;
    bar.finish_and_clear();
    Ok(summary)
}

/// Lines missing and copies too many, by search; waits until everything is searchable, but not for ever.
async fn check(args: &SendArgs, summary: &Summary, session: Session) -> Result<(u64, u64), Complaint> {
    let mut found = (summary.sent, 0);
    for _ in 0..SEARCHABLE.as_secs() {
        let mut marks = Marks::new(summary.sent);
        for query in check_queries(&summary.epoch, summary.sent) {
            let mut question = json!({ "query": query, "since": "365d", "limit": wardwatch_limits::SEARCH_ROWS });
            if let (Some(map), Some(tenant)) = (question.as_object_mut(), &args.tenant) {
                map.insert("tenant".into(), tenant.as_str().into());
            }
            let config = super::config::read(&args.config)?;
            let answer = ask_json(config, "/search", &question, session.language).await?;
            for row in answer.get("rows").and_then(Value::as_array).into_iter().flatten() {
                marks.see(row.get(0).and_then(Value::as_str).unwrap_or_default(), &summary.epoch);
            }
        }
        found = marks.missing_and_doubled();
        if found.0 == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(found)
}

fn print(args: &SendArgs, summary: &Summary, check: Option<(u64, u64)>, session: Session) {
    if args.json {
        let mut document = serde_json::to_value(summary).unwrap_or_default();
        if let (Some(map), Some((missing, doubled))) = (document.as_object_mut(), check) {
            map.insert("missing".into(), missing.into());
            map.insert("doubled".into(), doubled.into());
        }
        println!("{document}");
        return;
    }
    let stored = match summary.acknowledged {
        Some(n) => session.language.pick(format!("确认 {n} 行"), format!("{n} acknowledged")),
        None => session.language.pick("此传输方式没有确认".to_owned(), "this transport has no acknowledgement".to_owned()),
    };
    println!(
        "{}",
        session.language.pick(
            format!("发送 {} 行，{stored}；重发 {}，被拒 {}，重连 {}", summary.sent, summary.retries, summary.refused, summary.reconnects),
            format!("{} lines sent, {stored}; {} sent again, {} refused, {} reconnects", summary.sent, summary.retries, summary.refused, summary.reconnects),
        )
    );
    if let Some((missing, doubled)) = check {
        println!("{}", session.language.pick(format!("检索核对：缺失 {missing}，重复 {doubled}"), format!("checked by search: {missing} missing, {doubled} doubled")));
    }
}

fn complaint(fault: SendFault) -> Complaint {
    let exit = match &fault {
        SendFault::Input { .. } => Exit::NotFound,
        SendFault::Unreachable { .. } => Exit::Unreachable,
        SendFault::NotAllowed(_) => Exit::NotAllowed,
        SendFault::Refused { status: 409, .. } => Exit::Conflict,
        SendFault::Refused { .. } => Exit::Failed,
        SendFault::Setup(_) => Exit::Usage,
    };
    Complaint::new(exit, fault, "")
}
