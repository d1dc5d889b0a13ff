//! The command line as clap knows it, in either language: help, headings, and what is wrong with the words that were typed.

use crate::chinese::chinese;
use crate::{Cli, Complaint, Exit, Language};
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use std::ffi::OsString;

/// The whole command line.
pub fn command(language: Language) -> Command {
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .global(true)
        .action(ArgAction::Help)
        .help("Print help; -h a short one");
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .global(true)
        .action(ArgAction::Version)
        .help("Print the version");
    let english = with_exit_codes(Cli::command().arg(help).arg(version));
    match language {
        Language::En => english,
        Language::Zh => {
            let mut built = english.clone();
            built.build();
            in_chinese(english, &mut built, "")
        }
    }
}

/// Whoever reads `--help` of one command finds the exit codes there too.
fn with_exit_codes(command: Command) -> Command {
    let Some(codes) = command.get_after_help().cloned() else { return command };
    fn below(command: Command, codes: &StyledStr) -> Command {
        let command = command.after_long_help(codes.clone());
        command.mut_subcommands(|child| below(child, codes))
    }
    below(command, &codes)
}

/// Reads the command line. What clap itself answers (help, version, wrong usage) is the error: its text and the exit code.
///
/// # Errors
/// The text to print, and how to end: [`Exit::Ok`] for help and version.
pub fn read(arguments: Vec<OsString>, language: Language) -> Result<Cli, Answer> {
    let program = std::iter::once(OsString::from("wardwatch"));
    let matched = command(language).try_get_matches_from(program.chain(arguments));
    matched.and_then(|m| Cli::from_arg_matches(&m)).map_err(|e| answer(&e, language))
}

/// What is said instead of carrying a command out.
#[derive(Debug)]
pub enum Answer {
    /// Help or version, for standard output.
    Text(StyledStr),
    /// Wrong usage in clap's words, for standard error.
    Usage(StyledStr),
    /// Wrong usage in ours.
    Complaint(Complaint),
}

fn answer(error: &clap::Error, language: Language) -> Answer {
    let text = error.render();
    match (error.kind(), language) {
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, _) => Answer::Text(text),
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) | (_, Language::En) => Answer::Usage(text),
        (kind, Language::Zh) => Answer::Complaint(wrong_usage(error, kind)),
    }
}

/// clap's complaint, said in Chinese. What it does not name is not said.
fn wrong_usage(error: &clap::Error, kind: ErrorKind) -> Complaint {
    let of = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("、"),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let argument = of(ContextKind::InvalidArg);
    let what = match kind {
        ErrorKind::InvalidSubcommand => format!("没有命令“{}”", of(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::UnknownArgument => format!("不认识的参数“{argument}”"),
        ErrorKind::MissingRequiredArgument => format!("缺少必需的参数：{argument}"),
        ErrorKind::ArgumentConflict => format!("“{argument}”不能与“{}”同时使用", of(ContextKind::PriorArg)),
        ErrorKind::InvalidValue if of(ContextKind::InvalidValue).is_empty() => format!("“{argument}”缺少值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("“{argument}”的值“{}”不正确", of(ContextKind::InvalidValue))
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("“{argument}”的值的个数不对")
        }
        ErrorKind::TooManyValues => format!("“{argument}”不接受值“{}”", of(ContextKind::InvalidValue)),
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8 文本".to_owned(),
        _ => format!("用法错误 {argument}"),
    };
    let known = of(ContextKind::ValidValue);
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let near = near.map(of).into_iter().find(|word| !word.is_empty());
    let next = match (known.is_empty(), near) {
        (false, _) => format!("可选的值：{known}"),
        (true, Some(near)) => format!("是不是“{near}”？加 --help 查看用法"),
        (true, None) => "加 --help 查看用法".to_owned(),
    };
    Complaint::new(Exit::Usage, what, next)
}

/// A copy of a command with every text in Chinese. `built` is the same command, complete, for its usage line.
fn in_chinese(command: Command, built: &mut Command, path: &str) -> Command {
    let usage = built.render_usage().to_string();
    let usage =
        usage.strip_prefix("Usage:").unwrap_or(&usage).replace("[OPTIONS]", "[选项]").replace("<COMMAND>", "<命令>");
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path} {name}") };
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let mut command = command
        .override_usage(usage.trim().to_owned())
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .mut_args(|arg| argument(arg, path));
    if let Some(text) = chinese(if path.is_empty() { "wardwatch" } else { path }) {
        command = command.about(text);
    }
    if let Some(text) = chinese("exit codes") {
        command = command.after_long_help(text);
        command = if path.is_empty() { command.after_help(text) } else { command };
    }
    for name in names {
        let Some(child) = built.find_subcommand_mut(&name) else { continue };
        let path = below(&name);
        command = command.mut_subcommand(&name, |one| in_chinese(one, child, &path));
    }
    command
}

/// Options that every command has are listed once.
const EVERYWHERE: [&str; 4] = ["lang", "quiet", "help", "version"];

fn argument(arg: Arg, path: &str) -> Arg {
    let id = arg.get_id().to_string();
    let key = if EVERYWHERE.contains(&id.as_str()) { id } else { format!("{path}.{id}") };
    let Some(text) = chinese(&key) else { return arg };
    let values = arg.get_possible_values();
    let defaults: Vec<_> =
        arg.get_default_values().iter().filter_map(|v| v.to_str()).filter(|v| !v.is_empty()).collect();
    let mut short = text.to_owned();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        short.push_str(&format!("［默认：{}］", defaults.join("、")));
    }
    if let Some(name) = arg.get_env().and_then(|name| name.to_str()) {
        short.push_str(&format!("［环境变量：{name}］"));
    }
    let mut long = short.clone();
    if !values.is_empty() && arg.get_action().takes_values() {
        let names: Vec<&str> = values.iter().map(|v| v.get_name()).collect();
        short.push_str(&format!("［可选：{}］", names.join("、")));
        long.push_str("\n可选的值：");
        for name in names {
            let says = chinese(&format!("{}={name}", arg.get_id()));
            long.push_str(&format!("\n- {name}{}", says.map(|s| format!("：{s}")).unwrap_or_default()));
        }
    }
    let heading = if arg.is_positional() { "参数" } else { "选项" };
    let takes_values = arg.get_action().takes_values();
    let arg = arg.help(short).long_help(long).help_heading(heading);
    if takes_values { arg.hide_default_value(true).hide_possible_values(true).hide_env(true) } else { arg }
}
