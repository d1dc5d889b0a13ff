//! `wardwatch content draft|test|lint|list|explain`; `coverage` stands in `coverage.rs`, versions stand in `versions.rs`.

use super::versions;
use crate::clock::SystemClock;
use crate::run::Session;
use serde::Serialize;
use std::io::BufRead;
use std::path::Path;
use wardwatch_cli::{Complaint, ContentCommand, DraftArgs, Exit, ExplainArgs, PackListArgs};
use wardwatch_content::{ContentFault, Library, Tongue, draft, explain, find, lint, list, show_explanation, test};
use wardwatch_ident::{Clock, Zone};

/// A file to draft from: a pack needs a few lines, not a day of them.
const DRAFT_BYTES: u64 = 16 * 1024 * 1024;

/// Carries out a `content` command.
pub fn run(command: &ContentCommand, session: Session) -> Result<Exit, Complaint> {
    let tongue = session.language.pick(Tongue::Zh, Tongue::En);
    match command {
        ContentCommand::Draft(args) => draft_pack(args, tongue),
        ContentCommand::Test(args) => {
            let which = &args.which;
            let report =
                test(&library(which.content.as_deref())?, which.filter.as_deref(), args.write).map_err(fault)?;
            output(which.json, &report, || report.show(tongue))?;
            Ok(if report.passed() { Exit::Ok } else { Exit::Failed })
        }
        ContentCommand::Lint(args) => {
            let report = lint(&library(args.content.as_deref())?, args.filter.as_deref());
            output(args.json, &report, || report.show(tongue))?;
            Ok(if report.passed() { Exit::Ok } else { Exit::Failed })
        }
        ContentCommand::List(args) => list_content(args, tongue),
        ContentCommand::Explain(args) => explain_line(args, tongue),
        ContentCommand::Coverage(args) => super::coverage::run(args, session),
        ContentCommand::Key(command) => versions::key(command, session),
        ContentCommand::Pack(args) => versions::pack_folder(args, session),
        ContentCommand::Verify(args) => versions::verify(args, session),
        ContentCommand::Stage(args) => versions::stage(args, session),
        ContentCommand::Versions(args) => versions::versions(args, session),
        ContentCommand::Promote(args) => versions::promote(args, session),
        ContentCommand::Halt(args) => versions::halt(args, session),
        ContentCommand::Rollback(args) => versions::roll_back(args, session),
    }
}

fn library(folder: Option<&Path>) -> Result<Library, Complaint> {
    Library::open(folder).map_err(fault)
}

fn fault(e: ContentFault) -> Complaint {
    Complaint::new(Exit::Failed, e, "check --content and the pack that is named")
}

/// One JSON document, or the text.
pub(super) fn output<T: Serialize>(json: bool, report: &T, text: impl FnOnce() -> String) -> Result<(), Complaint> {
    let shown = if json { serde_json::to_string_pretty(report).map_err(Complaint::failed)? } else { text() };
    print_line(shown.trim_end())
}

/// A reader that has seen enough (`| head`) is no failure.
fn print_line(text: &str) -> Result<(), Complaint> {
    use std::io::{ErrorKind, Write};
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Complaint::failed(format!("writing failed: {e}"))),
        _ => Ok(()),
    }
}

fn draft_pack(args: &DraftArgs, tongue: Tongue) -> Result<Exit, Complaint> {
    let missing = |e: std::io::Error| {
        Complaint::new(
            Exit::NotFound,
            format!("{}: {e}", args.file.display()),
            "name a file with a few lines of the source",
        )
    };
    let size = std::fs::metadata(&args.file).map_err(missing)?.len();
    if size > DRAFT_BYTES {
        let what = format!("{} has {size} bytes, a draft reads at most {DRAFT_BYTES}", args.file.display());
        return Err(Complaint::new(Exit::Usage, what, "take the first few hundred lines: head -n 500"));
    }
    let drafted = draft(&std::fs::read(&args.file).map_err(missing)?, &args.id);
    if args.json {
        return output(true, &drafted, String::new).map(|()| Exit::Ok);
    }
    print_line(drafted.pack_toml.trim_end())?;
    eprintln!("{}", drafted.show(tongue).trim_end());
    Ok(Exit::Ok)
}

fn list_content(args: &PackListArgs, tongue: Tongue) -> Result<Exit, Complaint> {
    let listing = list(&library(args.content.as_deref())?, args.filter.as_deref());
    output(args.json, &listing, || listing.show(tongue))?;
    Ok(Exit::Ok)
}

fn explain_line(args: &ExplainArgs, tongue: Tongue) -> Result<Exit, Complaint> {
    let library = library(args.content.as_deref())?;
    let zone =
        Zone::parse(&args.zone).map_err(|e| Complaint::new(Exit::Usage, e, "write it as Asia/Shanghai or +08:00"))?;
    let line = match &args.line {
        Some(line) => line.clone().into_bytes(),
        None => first_line()?,
    };
    let pack = if args.pack == "auto" { find(&library, &line).map_err(fault)?.id.clone() } else { args.pack.clone() };
    let explanation = explain(&library, &pack, &line, SystemClock.now(), zone)
        .map_err(|e| Complaint::new(Exit::NotFound, e, "`wardwatch content list` shows the packs there are"))?;
    output(args.json, &explanation, || show_explanation(&explanation, tongue))?;
    Ok(Exit::Ok)
}

fn first_line() -> Result<Vec<u8>, Complaint> {
    let mut line = Vec::new();
    std::io::stdin()
        .lock()
        .read_until(b'\n', &mut line)
        .map_err(|e| Complaint::failed(format!("reading failed: {e}")))?;
    while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        line.pop();
    }
    Ok(line)
}
