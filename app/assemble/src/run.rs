//! From the command line to an exit code.

use crate::commands;
use std::ffi::OsString;
use std::io::Write;
use wardwatch_cli::{Answer, Command, Complaint, Exit, Language};

/// What every command is handed.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Language of messages.
    pub language: Language,
    /// Say less.
    pub quiet: bool,
}

/// Carries out the command line of this process.
pub fn run() -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let language = Language::choose(Language::asked(&arguments), environment("LANG").as_deref());
    let cli = match wardwatch_cli::read(arguments, language) {
        Ok(cli) => cli,
        Err(answer) => return answered(answer, language),
    };
    let session = Session { language, quiet: cli.quiet };
    match carry_out(cli.command, session) {
        Ok(exit) => exit,
        Err(complaint) => {
            eprintln!("{}", complaint.text(language));
            complaint.exit
        }
    }
}

/// Help and version are results; wrong usage is a complaint.
fn answered(answer: Answer, language: Language) -> Exit {
    match answer {
        Answer::Text(text) => {
            // A reader that has seen enough is no failure.
            let _ = write!(std::io::stdout().lock(), "{text}");
            Exit::Ok
        }
        Answer::Usage(text) => {
            eprint!("{text}");
            Exit::Usage
        }
        Answer::Complaint(complaint) => {
            eprintln!("{}", complaint.text(language));
            complaint.exit
        }
    }
}

fn carry_out(command: Command, session: Session) -> Result<Exit, Complaint> {
    match command {
        Command::Demo(args) => commands::demo::run(&args, session),
        Command::Serve(args) => commands::serve::run(&args, session),
        Command::Detect(args) => commands::detect::run(&args, session),
        Command::Parse(args) => commands::parse::run(&args, session),
        Command::Search(args) => commands::search::run(&args, session),
        Command::Content(command) => commands::content::run(&command, session),
        Command::Send(args) => commands::send::run(&args, session),
        Command::Verify(args) => commands::verify::run(&args, session),
        Command::Doctor(args) => commands::doctor::run(&args, session),
        Command::Config(command) => commands::config::run(&command, session),
        Command::Guard(args) => commands::guard::run(&args),
        Command::Token => commands::token::run(session),
        Command::Completions { shell } => {
            wardwatch_cli::completions(shell, session.language, &mut std::io::stdout());
            Ok(Exit::Ok)
        }
        Command::Man => match wardwatch_cli::manual(session.language, &mut std::io::stdout()) {
            Ok(()) => Ok(Exit::Ok),
            Err(e) => Err(Complaint::failed(format!("writing the manual page failed: {e}"))),
        },
    }
}

/// The one place that reads the environment.
#[allow(clippy::disallowed_methods, reason = "configuration is read here, and `config explain` says so")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
