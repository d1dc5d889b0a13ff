//! The command line: its words, its exit codes, and how it talks to a running server.
//!
//! Results go to standard output, everything else to standard error. Nothing here knows an engine or opens a data
//! folder: `app/assemble` carries the commands out.

mod args;
mod chinese;
mod client;
mod exit;
mod help;
mod language;
mod messages;
mod visible;

pub use args::{
    AwakeName, Cli, Command, ConfigCommand, ContentCommand, CoverageArgs, DatasetName, DecideArgs, DemoArgs,
    DetectArgs, DoctorArgs, DraftArgs, ExplainArgs, Format, GuardArgs, KeyCommand, PackArgs, PackListArgs,
    PackTestArgs, ParseArgs, Role, SearchArgs, SendArgs, ServeArgs, StageArgs, StageFileArgs, VerifyArgs, VersionsArgs,
};
pub use client::{Client, ClientFault};
pub use exit::{Complaint, Exit};
pub use help::{Answer, command, read};
pub use language::Language;
pub use messages::in_chinese;
pub use visible::visible;

/// Shell completions for `wardwatch`.
pub fn completions(shell: clap_complete::Shell, language: Language, out: &mut dyn std::io::Write) {
    clap_complete::generate(shell, &mut command(language), "wardwatch", out);
}

/// The manual page (roff), one for all commands.
pub fn manual(language: Language, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let mut pages = vec![command(language)];
    while let Some(page) = pages.pop() {
        clap_mangen::Man::new(page.clone()).render(out)?;
        for child in page.get_subcommands().filter(|c| !c.is_hide_set()) {
            let name: &'static str = Box::leak(format!("{}-{}", page.get_name(), child.get_name()).into_boxed_str());
            pages.push(child.clone().name(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
