//! Every command, argument and option, with its English help; `chinese.rs` has the same in Chinese.

use crate::Language;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};
use wardwatch_send::Via;

const EXITS: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 not found · 4 not allowed · 5 conflict or wrong state · \
6 server unreachable or time-out · 7 done in part · 130 interrupted.
Results go to standard output, messages and progress to standard error. Messages are Chinese or English by \
--lang, else LANG.";

/// The ways that `send` knows, each with what it promises.
fn ways() -> impl TypedValueParser<Value = Via> {
    let words = PossibleValuesParser::new(Via::ALL.map(|via| PossibleValue::new(via.word()).help(via.says())));
    words.try_map(|word| Via::of(&word).ok_or("no such way"))
}

/// Wardwatch: a managed security operations centre for hospitals, in one binary.
#[derive(Parser, Debug)]
#[command(name = "wardwatch", version, after_help = EXITS, propagate_version = true, subcommand_required = true, disable_help_flag = true, disable_help_subcommand = true, disable_version_flag = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Language of messages (default: by LANG).
    #[arg(long, global = true, value_enum, ignore_case = true, value_name = "LANG")]
    pub lang: Option<Language>,
    /// Say less: no progress, no summary.
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Start three invented hospitals with real flows through real sockets and open the page.
    Demo(DemoArgs),
    /// Run the server: intake, journal, parse, detect, lake, search, page.
    Serve(ServeArgs),
    /// Check files or folders (EVTX, NDJSON, raw logs; .gz, .zst) against Sigma rules, without a server.
    Detect(DetectArgs),
    /// Parse lines and show the events they become.
    Parse(ParseArgs),
    /// Search events and alerts: `wardwatch search 'host:PACS01* AND dst_ip:10.0.0.0/8 AND "hisapp"'`.
    Search(SearchArgs),
    /// Packs and detections: draft, test, lint, list, explain; new versions signed, tried, taken back.
    #[command(subcommand)]
    Content(ContentCommand),
    /// Replay a file to any intake at a rate, with batch keys; check by search that nothing is missing or doubled.
    Send(SendArgs),
    /// Prove the account: received = stored + rejected + quarantined, for every source.
    Verify(VerifyArgs),
    /// Check this machine and the configuration, and say what to mend.
    Doctor(DoctorArgs),
    /// Show the configuration in force and where each value came from.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make a new intake token and the hash that goes into the configuration.
    Token,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff).
    Man,
    /// Become another program that ends when this one's parent does (the demo starts its senders so).
    #[command(hide = true)]
    Guard(GuardArgs),
}

/// `guard`
#[derive(Args, Debug)]
pub struct GuardArgs {
    /// The process whose end is this one's end.
    pub parent: i32,
    /// What to become, with its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    pub program: Vec<std::ffi::OsString>,
}

/// `demo`
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Where the demo keeps its data; a second run goes on where the first stopped.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Port of the page; 0 takes a free one.
    #[arg(long, default_value_t = 8470)]
    pub port: u16,
    /// Lines per second over all hospitals.
    #[arg(long, default_value_t = 120)]
    pub rate: u32,
    /// Do not open a browser.
    #[arg(long)]
    pub no_open: bool,
    /// Stop by itself after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<u64>,
    /// Forget what an earlier run left.
    #[arg(long)]
    pub fresh: bool,
}

/// `serve`
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// Only these parts; by default all of them.
    #[arg(long = "role", value_enum, value_delimiter = ',', value_name = "ROLES")]
    pub roles: Vec<Role>,
}

/// A part of the server.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Listeners and the journal.
    Intake,
    /// Parse, detect, lake.
    Line,
}

impl ServeArgs {
    /// Whether this part is to run.
    pub fn runs(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }
}

/// How results are printed.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// Comma-separated, cells that a spreadsheet would run are defused.
    Csv,
    /// One object a line.
    Json,
}

/// `detect`
#[derive(Args, Debug)]
pub struct DetectArgs {
    /// Files or folders; `-` is standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Folder of Sigma rules (default: the hospital library in the binary).
    #[arg(long, value_name = "FOLDER")]
    pub rules: Vec<PathBuf>,
    /// Pack to parse with, `vendor/product` (default: found by content).
    #[arg(long, value_name = "PACK")]
    pub pack: Option<String>,
    /// Content folder with packs, on top of those in the binary.
    #[arg(long, value_name = "FOLDER")]
    pub content: Option<PathBuf>,
    /// Zone of times without one.
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Same as --format json.
    #[arg(long)]
    pub json: bool,
    /// Only rules of this level or worse: informational, low, medium, high, critical.
    #[arg(long, value_name = "LEVEL")]
    pub min_level: Option<String>,
    /// List every refused rule and unreadable place, not only their number.
    #[arg(long)]
    pub list_refused: bool,
}

/// `parse`
#[derive(Args, Debug)]
pub struct ParseArgs {
    /// Files; none reads standard input.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Pack, `vendor/product` (default: found by content).
    #[arg(long, value_name = "PACK")]
    pub pack: Option<String>,
    /// Content folder with packs, on top of those in the binary.
    #[arg(long, value_name = "FOLDER")]
    pub content: Option<PathBuf>,
    /// Zone of times without one.
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: String,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// Show native fields beside the columns.
    #[arg(long)]
    pub native: bool,
    /// Stop after so many lines.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

/// Where to search.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DatasetName {
    /// Parsed lines.
    #[default]
    Events,
    /// Alerts.
    Alerts,
    /// Lines that broke the parser.
    Quarantine,
}

/// `search`
#[derive(Args, Debug)]
pub struct SearchArgs {
    /// The query; empty finds everything.
    #[arg(default_value = "")]
    pub query: String,
    /// The tenant's short name (needed when there are several).
    #[arg(long)]
    pub tenant: Option<String>,
    /// What to search.
    #[arg(long, value_enum, default_value_t)]
    pub dataset: DatasetName,
    /// How far back: `15m`, `24h`, `30d`.
    #[arg(long, value_name = "SPAN", default_value = "24h", conflicts_with_all = ["from", "to"])]
    pub since: String,
    /// From this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Until this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Rows at most.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Same as --format json.
    #[arg(long)]
    pub json: bool,
    /// The configuration, to find the data folder.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
}

/// `content …`
#[derive(Subcommand, Debug)]
pub enum ContentCommand {
    /// Guess a pack from a file of lines: header, separator, keys, time; proposes the map.
    Draft(DraftArgs),
    /// Run the samples of packs and the examples of detections.
    Test(PackTestArgs),
    /// Find what contradicts itself or is never used.
    Lint(PackListArgs),
    /// List packs and detections.
    List(PackListArgs),
    /// Show how one line is understood, step by step.
    Explain(ExplainArgs),
    /// Show which rules are awake at each hospital: alive, blind (and what is missing), broken. Asks the running server.
    Coverage(CoverageArgs),
    /// Make the key that an author signs content with.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Pack a content folder into one signed file: a content version.
    Pack(PackArgs),
    /// Check a content version: who signed it, that nothing was changed, that it loads and its examples hold.
    Verify(StageFileArgs),
    /// Try a content version: beside the one in use first, then at the hospitals that are named, then everywhere.
    Stage(StageArgs),
    /// Show which content version is in use, which is tried, and what was decided.
    Versions(VersionsArgs),
    /// Let the version that is tried go on to its next place.
    Promote(DecideArgs),
    /// Stop trying a version; the one in use stays.
    Halt(DecideArgs),
    /// Go back: stop trying a version, or take back the one in use.
    Rollback(DecideArgs),
}

/// `content coverage`
#[derive(Args, Debug)]
pub struct CoverageArgs {
    /// Short name of the hospital (default: all).
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// List the rule with this id, or the rules whose title has this text.
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// List the rules that are so.
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<AwakeName>,
    /// The configuration, to find the data folder.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// How a rule is.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwakeName {
    /// Its events arrive, with what it needs.
    Alive,
    /// Something that it needs does not arrive.
    Blind,
    /// It would not fire whatever comes.
    Broken,
    /// Nothing is known of it.
    Unknown,
}

impl AwakeName {
    /// The word in requests.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            AwakeName::Alive => "alive",
            AwakeName::Blind => "blind",
            AwakeName::Broken => "broken",
            AwakeName::Unknown => "unknown",
        }
    }
}

/// `content key …`
#[derive(Subcommand, Debug)]
pub enum KeyCommand {
    /// Make a key in a new file that only you can read, and print the public half for the configuration.
    New {
        /// The new file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the public half of a key.
    Show {
        /// The key's file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `content pack`
#[derive(Args, Debug)]
pub struct PackArgs {
    /// Folder with sources, detections, taxonomy, baselines, indicators (any of them).
    pub folder: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// The key to sign with.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// What the version is called (default: the time).
    #[arg(long)]
    pub name: Option<String>,
    /// The version it was made from.
    #[arg(long, value_name = "VERSION")]
    pub previous: Option<String>,
    /// Id of a rule that is gone on purpose; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub retire: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `content verify`
#[derive(Args, Debug)]
pub struct StageFileArgs {
    /// The content version.
    pub file: PathBuf,
    /// The configuration, for the keys it trusts and the content in use.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `content stage`
#[derive(Args, Debug)]
pub struct StageArgs {
    /// Which.
    #[command(flatten)]
    pub which: StageFileArgs,
    /// Short names of the hospitals that get it first; none: all follow the shadow.
    #[arg(long, value_name = "TENANT", value_delimiter = ',', num_args = 1..)]
    pub canary: Vec<String>,
    /// It goes on by itself once it was tried long enough.
    #[arg(long)]
    pub by_itself: bool,
    /// It is older than the version in use, and that is meant.
    #[arg(long)]
    pub rollback: bool,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
}

/// `content versions`
#[derive(Args, Debug)]
pub struct VersionsArgs {
    /// The configuration, to find the data folder.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `content promote`, `halt`, `rollback`
#[derive(Args, Debug)]
pub struct DecideArgs {
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// The configuration, to find the data folder.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `content draft`
#[derive(Args, Debug)]
pub struct DraftArgs {
    /// A file with at least one line; five or more are better.
    pub file: PathBuf,
    /// Id of the new pack.
    #[arg(long, default_value = "vendor/product")]
    pub id: String,
    /// The whole report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `content lint`, `list`
#[derive(Args, Debug)]
pub struct PackListArgs {
    /// Only packs or detections whose id contains this.
    pub filter: Option<String>,
    /// Content folder (default: what is in the binary).
    #[arg(long, value_name = "FOLDER")]
    pub content: Option<PathBuf>,
    /// The whole report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `content test`
#[derive(Args, Debug)]
pub struct PackTestArgs {
    /// Which, and where they are.
    #[command(flatten)]
    pub which: PackListArgs,
    /// Write the expectations from what comes out, and show what changed.
    #[arg(long)]
    pub write: bool,
}

/// `content explain`
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// Pack id; `auto` finds it by content.
    pub pack: String,
    /// The line; none reads the first line of standard input.
    pub line: Option<String>,
    /// Content folder (default: what is in the binary).
    #[arg(long, value_name = "FOLDER")]
    pub content: Option<PathBuf>,
    /// Zone of times without one.
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: String,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `send`
#[derive(Args, Debug)]
pub struct SendArgs {
    /// File to replay; `-` is standard input.
    pub file: PathBuf,
    /// How.
    #[arg(long, value_parser = ways())]
    pub via: Via,
    /// Where: `host:port`, or a URL for http and bulk.
    #[arg(long)]
    pub to: String,
    /// Lines per second; 0 sends as fast as possible.
    #[arg(long, default_value_t = 0)]
    pub rate: u32,
    /// Send the file so many times; 0 until interrupted.
    #[arg(long, default_value_t = 1)]
    pub repeat: u64,
    /// Lines per batch (http, bulk).
    #[arg(long, default_value_t = 500)]
    pub batch: usize,
    /// File with the intake token (http, bulk); never given on the command line.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Certificate authority to trust (tls, https).
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Compress bodies: none, gzip, zstd.
    #[arg(long, default_value = "none")]
    pub compress: String,
    /// Add a running mark to each line, so that it can be counted again.
    #[arg(long)]
    pub tag: bool,
    /// Afterwards search the server for every mark: nothing missing, nothing doubled (implies --tag).
    #[arg(long)]
    pub check: bool,
    /// Tenant to search in with --check.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Give up when nothing was taken for so long, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub patience: u64,
    /// Skip so many lines of the file first.
    #[arg(long, default_value_t = 0)]
    pub skip: u64,
    /// The summary as JSON.
    #[arg(long)]
    pub json: bool,
    /// The configuration, to find the data folder for --check.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
}

/// `verify`
#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The configuration, to find the data folder.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// Also read every journal batch and every file of the lake and compare their checksums.
    #[arg(long)]
    pub deep: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `doctor`
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
    pub config: PathBuf,
    /// Print the settings a sender needs so that it loses nothing (rsyslog, Fluent Bit, Vector, Beats, Logstash).
    #[arg(long)]
    pub clients: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `config …`
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Each value and where it came from: default, file and line, or environment.
    Explain {
        /// The configuration.
        #[arg(long, value_name = "FILE", env = "WARDWATCH_CONFIG", default_value = "wardwatch.toml")]
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a commented configuration to start from.
    Example {
        /// Address of the page.
        #[arg(long, default_value = "127.0.0.1:8470")]
        page: SocketAddr,
    },
}
