//! `wardwatch content key|pack|verify|stage|versions|promote|halt|rollback`.
//!
//! A decision is appended to the record in the data folder; a running server looks there every second. So the commands
//! work with and without one.

use crate::clock::SystemClock;
use crate::config::Config;
use crate::content;
use crate::run::Session;
use crate::samples::Samples;
use crate::stages::thread_cpu_micros;
use crate::staging::Status;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use wardwatch_cli::{
    Complaint, DecideArgs, Exit, KeyCommand, Language, PackArgs, StageArgs, StageFileArgs, VersionsArgs, visible,
};
use wardwatch_content::{
    About, Checked, Decision, KeyFault, Library, Load, Place, Proposal, Record, RecordFault, Refusal, SigningKey,
    Standing, Step, Terms, Transition, Version, VersionFault, VersionId, check, pack, read_bounded,
};
use wardwatch_detect::{Canaries, CanaryOutcome, Detector};
use wardwatch_ident::{Clock, Timestamp};

/// Transitions that `versions` shows to people; `--json` has all.
const SHOWN: usize = 10;
const SHOW: &str = "`wardwatch content versions` shows what is in use and what is tried";

/// `content key …`
pub fn key(command: &KeyCommand, session: Session) -> Result<Exit, Complaint> {
    let (key, file, json) = match command {
        KeyCommand::New { file, json } => (SigningKey::create(file).map_err(key_fault)?, file, *json),
        KeyCommand::Show { file, json } => (SigningKey::read(file).map_err(key_fault)?, file, *json),
    };
    let (id, public) = (key.id(), key.public());
    let shown = || format!("[[content_key]]\nname = \"author\"\npublic = \"{public}\"   # {id}");
    super::content::output(json, &serde_json::json!({ "file": file, "id": id, "public": public }), shown)?;
    if !session.quiet && !json {
        eprintln!(
            "{}",
            session.language.pick(
                "密钥文件只留给作者自己（权限 0600）；上面三行写进信任他的每一份配置。",
                "the key's file stays with its author (mode 0600); the lines above go into each configuration that trusts him.",
            )
        );
    }
    Ok(Exit::Ok)
}

fn key_fault(fault: KeyFault) -> Complaint {
    let missing = matches!(&fault, KeyFault::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
    let exists = matches!(&fault, KeyFault::File { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists);
    let exit = match &fault {
        KeyFault::Open(_) => Exit::NotAllowed,
        _ if missing => Exit::NotFound,
        _ if exists => Exit::Conflict,
        _ => Exit::Failed,
    };
    Complaint::new(exit, fault, "`wardwatch content key new FILE` makes a key in a new file")
}

/// `content pack`
pub fn pack_folder(args: &PackArgs, session: Session) -> Result<Exit, Complaint> {
    let library =
        Library::folder(&args.folder).map_err(|e| Complaint::new(Exit::NotFound, e, "check the content folder"))?;
    let key = SigningKey::read(&args.key).map_err(key_fault)?;
    let previous = args.previous.as_deref().map(|text| {
        let what = format!("`{text}` is no version: it has 64 hexadecimal digits");
        VersionId::parse(text).ok_or_else(|| Complaint::new(Exit::Usage, what, SHOW))
    });
    let made = SystemClock.now();
    let about = About {
        name: args.name.clone().unwrap_or_else(|| made.to_string()),
        made,
        previous: previous.transpose()?,
        retired: args.retire.clone(),
    };
    let (id, bytes) = pack(&library, about, &key).map_err(version_fault)?;
    std::fs::write(&args.out, &bytes).map_err(|e| {
        Complaint::new(
            Exit::Failed,
            format!("writing `{}` failed: {e}", args.out.display()),
            "check the path and the disk",
        )
    })?;
    let shown = || match session.language {
        Language::Zh => format!("版本 {id}：{} 字节，由密钥 {} 签名", bytes.len(), key.id()),
        Language::En => format!("version {id}: {} bytes, signed with key {}", bytes.len(), key.id()),
    };
    let report = serde_json::json!({ "version": id, "file": args.out, "bytes": bytes.len(), "key": key.id() });
    super::content::output(args.json, &report, shown)?;
    Ok(Exit::Ok)
}

fn version_fault(fault: VersionFault) -> Complaint {
    let exit = if matches!(fault, VersionFault::Untrusted(_)) { Exit::NotAllowed } else { Exit::Failed };
    Complaint::new(exit, fault, "take only what its author signed; `wardwatch content verify` checks it again")
}

/// What `verify` and `stage` found.
#[derive(Serialize)]
struct Verified {
    version: VersionId,
    name: String,
    made: Timestamp,
    author: String,
    checked: Checked,
}

/// `content verify`
pub fn verify(args: &StageFileArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    let (verified, _) = verified(&args.file, &config)?;
    super::content::output(args.json, &verified, || shown(&verified, session.language))?;
    Ok(if verified.checked.faults.is_empty() { Exit::Ok } else { Exit::Failed })
}

/// Signature, files, then everything that loading and running it shows.
fn verified(file: &Path, config: &Config) -> Result<(Verified, Vec<u8>), Complaint> {
    let bytes = read_bounded(file).map_err(|e| {
        let exit = if e.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Complaint::new(exit, format!("reading {} failed: {e}", file.display()), "check the path")
    })?;
    let version = Version::read(&bytes, &config.content_keys, Some(SystemClock.now())).map_err(version_fault)?;
    let library = version.over(Library::embedded());
    let before = in_use_library(config);
    let (tried, in_use) = (load(&library, config)?, load(&before, config)?);
    let checked = check(&library, tried, &in_use).map_err(Complaint::failed)?;
    let Version { id, manifest, author, .. } = version;
    Ok((Verified { version: id, name: manifest.name, made: manifest.made, author, checked }, bytes))
}

/// The content that is in use now; what is in the binary if there is none or it cannot be read.
fn in_use_library(config: &Config) -> Library {
    let folder = config.data.join("content");
    let record = folder.is_dir().then(|| Record::open(&folder).ok()).flatten();
    let version = record.and_then(|record| {
        let in_use = record.standing().ok()?.in_use;
        record.version(&in_use, &config.content_keys).ok()
    });
    version.map_or_else(Library::embedded, |version| version.over(Library::embedded()))
}

/// Loads with the line's own loader and says what it gave and cost.
fn load(library: &Library, config: &Config) -> Result<Load, Complaint> {
    let before = thread_cpu_micros();
    let loaded =
        content::load_over(library.clone(), config.content.as_deref(), &config.rules, true, &[], &Samples::default())?;
    let cpu_ms = thread_cpu_micros().saturating_sub(before) / 1_000;
    let refused = loaded.rules_refused.iter().map(|r| format!("{}:{}:{}: {}", r.path, r.line, r.column, r.reason));
    let canaries = Canaries::run(&Detector::new(Arc::clone(&loaded.program)), SystemClock.now());
    let silent = canaries.outcomes.into_iter().filter_map(|(rule, outcome)| match outcome {
        CanaryOutcome::Lost(why) => Some(format!("the canary of the rule {rule} is lost: {why}")),
        CanaryOutcome::Fired | CanaryOutcome::NotMade(_) => None,
    });
    Ok(Load {
        canaries_silent: silent.collect(),
        packs: loaded.packs.len(),
        pack_faults: loaded.pack_faults.clone(),
        rules: loaded.rules_loaded,
        refused: refused.collect(),
        cpu_ms,
        bytes: loaded.program.engine().bytes(),
    })
}

fn shown(verified: &Verified, language: Language) -> String {
    let Verified { version, name, made, author, checked } = verified;
    let (name, author) = (visible(name), visible(author));
    let Checked { load, samples, examples, faults } = checked;
    let (rules, packs, cpu, bytes) = (load.rules, load.packs, load.cpu_ms, load.bytes / 1024);
    let mut text = language.pick(
        format!("版本 {version}（{name}），{made} 制作，由 {author} 签名\n规则 {rules} 条、解析包 {packs} 个；样例 {samples} 个、示例 {examples} 个；编译用时 {cpu} 毫秒 CPU，占 {bytes} KiB\n"),
        format!("version {version} ({name}), made {made}, signed by {author}\n{rules} rules, {packs} packs; {samples} samples, {examples} examples; compiled in {cpu} ms of CPU, {bytes} KiB\n"),
    );
    for fault in faults {
        let _ = writeln!(text, "{} {}", language.pick("不符", "FAULT"), visible(fault));
    }
    text.push_str(if faults.is_empty() {
        language.pick("可以试用：wardwatch content stage", "it may be tried: wardwatch content stage")
    } else {
        language.pick("不能试用", "it may not be tried")
    });
    text
}

/// `content stage`
pub fn stage(args: &StageArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.which.config)?;
    if let Some(unknown) = args.canary.iter().find(|name| !config.tenants.iter().any(|t| t.slug == **name)) {
        let known: Vec<&str> = config.tenants.iter().map(|t| t.slug.as_str()).collect();
        let what = format!("there is no hospital `{unknown}`: {}", known.join(", "));
        return Err(Complaint::new(Exit::NotFound, what, "take short names from the configuration: --canary NAME"));
    }
    let (verified, bytes) = verified(&args.which.file, &config)?;
    if let Some(first) = verified.checked.faults.first() {
        let more = verified.checked.faults.len() - 1;
        let what = format!("version {} may not be tried: {first} (and {more} more)", verified.version);
        return Err(Complaint::new(
            Exit::Failed,
            what,
            "`wardwatch content verify FILE` shows everything that is wrong",
        ));
    }
    let record = record_of(&config)?;
    let proposal = Proposal {
        version: verified.version.clone(),
        made: verified.made,
        older_meant: args.rollback,
        canary: args.canary.clone(),
        by_itself: args.by_itself,
    };
    let (by, why) = (who(), args.why.clone().unwrap_or_else(|| verified.name.clone()));
    let who = Decision { by: &by, at: SystemClock.now(), why: &why };
    // Refused before its file is kept; kept before it is decided.
    record.standing().map_err(record_fault)?.stage(proposal.clone(), &who).map_err(refused)?;
    record.keep(&verified.version, &bytes).map_err(record_fault)?;
    let decided = record.decide(|standing| standing.stage(proposal, &who)).map_err(record_fault)?;
    said(&decided, args.which.json, session)
}

/// `content promote`
pub fn promote(args: &DecideArgs, session: Session) -> Result<Exit, Complaint> {
    decide(args, session, |standing, terms, status, who| {
        let events = status.filter(|status| status.seq == standing.seq).map_or(0, |status| status.events);
        standing.promote(events, terms, who)
    })
}

/// `content halt`
pub fn halt(args: &DecideArgs, session: Session) -> Result<Exit, Complaint> {
    decide(args, session, |standing, _, _, who| standing.halt(who))
}

/// `content rollback`
pub fn roll_back(args: &DecideArgs, session: Session) -> Result<Exit, Complaint> {
    decide(args, session, |standing, _, _, who| standing.roll_back(who))
}

fn decide(
    args: &DecideArgs,
    session: Session,
    decision: impl FnOnce(&Standing, &Terms, Option<Status>, &Decision<'_>) -> Result<Transition, Refusal>,
) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    let record = record_of(&config)?;
    let (by, why) = (who(), args.why.clone().unwrap_or_default());
    let who = Decision { by: &by, at: SystemClock.now(), why: &why };
    let status = Status::read(&record);
    let decided = record.decide(|standing| decision(standing, &config.staging, status, &who)).map_err(record_fault)?;
    said(&decided, args.json, session)
}

fn said((transition, standing): &(Transition, Standing), json: bool, session: Session) -> Result<Exit, Complaint> {
    let Transition { version, step, to, .. } = transition;
    let shown = || match (session.language, step) {
        (Language::Zh, Step::Staged) => {
            format!("版本 {version} 开始试用（{}）；在用的是 {}", place(*to, Language::Zh), standing.in_use)
        }
        (Language::Zh, Step::Promoted) => format!("版本 {version} 进入：{}", place(*to, Language::Zh)),
        (Language::Zh, Step::Halted) => format!("版本 {version} 停止试用；在用的是 {}", standing.in_use),
        (Language::Zh, Step::RolledBack) => format!("版本 {version} 已撤回；在用的是 {}", standing.in_use),
        (Language::En, Step::Staged) => {
            format!("version {version} is being tried ({to}); {} is in use", standing.in_use)
        }
        (Language::En, Step::Promoted) => format!("version {version} goes on: {to}"),
        (Language::En, Step::Halted) => format!("version {version} is tried no longer; {} is in use", standing.in_use),
        (Language::En, Step::RolledBack) => format!("version {version} is taken back; {} is in use", standing.in_use),
    };
    super::content::output(json, &serde_json::json!({ "transition": transition, "standing": standing }), shown)?;
    if !session.quiet && !json {
        eprintln!(
            "{}",
            session.language.pick(
                "运行中的服务器会在几秒内执行；`wardwatch content versions` 可以查看。",
                "a running server carries it out within seconds; `wardwatch content versions` shows it.",
            )
        );
    }
    Ok(Exit::Ok)
}

/// `content versions`
pub fn versions(args: &VersionsArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    let record = record_of(&config)?;
    let transitions = record.transitions().map_err(record_fault)?;
    let standing = record.standing().map_err(record_fault)?;
    let status = Status::read(&record);
    let report = serde_json::json!({ "standing": standing, "server": status, "transitions": transitions });
    super::content::output(args.json, &report, || {
        overview(&standing, status.as_ref(), &transitions, &config.staging, session.language)
    })?;
    Ok(Exit::Ok)
}

fn overview(
    standing: &Standing,
    status: Option<&Status>,
    transitions: &[Transition],
    terms: &Terms,
    language: Language,
) -> String {
    let zh = language == Language::Zh;
    let mut text = String::new();
    let since = standing.since.map_or_else(String::new, |at| format!(" ({at})"));
    let _ = writeln!(text, "{} {}{since}", language.pick("在用", "in use"), standing.in_use);
    for earlier in standing.earlier.iter().rev() {
        let _ = writeln!(text, "{} {earlier}", language.pick("可退回", "to go back to"));
    }
    let current = status.filter(|status| status.seq == standing.seq);
    if let Some(tried) = &standing.candidate {
        let events = current.map_or(0, |status| status.events);
        let first = if tried.canary.is_empty() { String::new() } else { format!(" [{}]", tried.canary.join(", ")) };
        let _ = writeln!(
            text,
            "{} {} {}{first} ({})",
            language.pick("试用", "tried"),
            tried.version,
            place(tried.place, language),
            tried.since
        );
        let lacks = tried.lacks(events, terms, SystemClock.now());
        let lacks = lacks.map(|lacks| if zh { wardwatch_cli::in_chinese(&lacks).unwrap_or(lacks) } else { lacks });
        let ready =
            language.pick("可以进入下一步：wardwatch content promote", "it may go on: wardwatch content promote");
        let _ = writeln!(
            text,
            "  {}",
            lacks.map_or_else(|| ready.to_owned(), |lacks| format!("{}{lacks}", language.pick("还差 ", "lacks ")))
        );
    }
    match current {
        Some(status) => {
            let Status { events, alerts_in_use, alerts_tried, .. } = status;
            let _ = writeln!(
                text,
                "  {}",
                language.pick(
                    format!("事件 {events} 条；告警：在用 {alerts_in_use}，试用 {alerts_tried}"),
                    format!("{events} events; alerts: in use {alerts_in_use}, tried {alerts_tried}"),
                )
            );
            for (rule, counted) in &status.rules {
                let _ = writeln!(text, "  {}: ={} +{} -{}", visible(rule), counted.both, counted.new, counted.gone);
            }
            for problem in status.problems.iter().chain(&status.reason) {
                let _ = writeln!(text, "  ! {}", visible(problem));
            }
        }
        None if standing.seq > 0 => {
            let _ = writeln!(
                text,
                "  {}",
                language.pick(
                    "服务器尚未执行最后一个决定（或没有运行）",
                    "the server has not carried out the last decision yet, or does not run"
                )
            );
        }
        None => {}
    }
    for Transition { at, by, version, from, to, why, .. } in transitions.iter().rev().take(SHOWN) {
        let (from, to) = (place(*from, language), place(*to, language));
        let _ = writeln!(text, "{at} {version} {from} → {to}  {}  {}", visible(by), visible(why));
    }
    text
}

fn place(place: Place, language: Language) -> &'static str {
    match (language, place) {
        (Language::En, place) => place.word(),
        (Language::Zh, Place::Out) => "不在用",
        (Language::Zh, Place::Shadow) => "旁观",
        (Language::Zh, Place::Canary) => "先行医院",
        (Language::Zh, Place::All) => "全部医院",
    }
}

fn record_of(config: &Config) -> Result<Record, Complaint> {
    if !config.data.is_dir() {
        let what = format!("there is no data folder {}", config.data.display());
        return Err(Complaint::new(
            Exit::NotFound,
            what,
            "`wardwatch serve` makes it; --config names another configuration",
        ));
    }
    Record::open(&config.data.join("content")).map_err(record_fault)
}

fn record_fault(fault: RecordFault) -> Complaint {
    match fault {
        RecordFault::Refused(refusal) => refused(refusal),
        RecordFault::Missing(_) => Complaint::new(Exit::NotFound, fault, SHOW),
        RecordFault::Version { .. } => Complaint::new(Exit::Failed, fault, SHOW),
        RecordFault::File { .. } | RecordFault::Line { .. } | RecordFault::Full(_) => {
            Complaint::new(Exit::Failed, fault, "check the path, its owner and the disk")
        }
    }
}

fn refused(refusal: Refusal) -> Complaint {
    Complaint::new(Exit::Conflict, refusal, SHOW)
}

/// Who types: the name of this process's user.
fn who() -> String {
    let uid = rustix::process::getuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {uid}"))
}
