//! The project's chores. It builds and calls what the workspace holds and reads the tree; it never
//! contains a part of the product, and it depends on nothing outside std, so that a clean clone can
//! run it at once.

mod advisories;
mod arrows;
mod bench;
mod cargo;
mod content;
mod demo;
mod fuzz;
mod licences;
mod manifest;
mod semver;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  demo [ARGS]             build, then `wardwatch demo ARGS`: three invented hospitals and a page
  test [--no-install]     everything CI checks: lint and tests in one compile, tidy, arrows, content,
                          advisories; as root it first installs what the tests call (--no-install: not)
  tidy                    house rules on files, names, words, documents, licences, advisories
  arrows                  which crate may name which, and where heavy crates may stand
  content [ARGS]          `wardwatch content test` and `lint` over content/
  bench [NAME [ARGS]]     a measurement under benches/, in release; without a name: the list
  fuzz [NAME [SECONDS]]   a fuzz target under fuzz/ for a while (default 60); without a name: the list

Exit codes: 0 done, 1 something failed, 2 wrong usage.
`test` ends with one line: N passed, N failed.
CARGO_TARGET_DIR moves everything that is built. WARDWATCH_DATA says where the public data sets lie
(default ../shared/data); what needs them says so and passes over where they are absent.";

/// How a chore ended, before it becomes an exit code.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// All is well.
    Done,
    /// Something that was checked or run failed; it has been printed.
    Failed,
    /// The command line made no sense.
    Usage(String),
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let end = match command.as_str() {
        "demo" => demo::run(&rest),
        "test" => test::run(&rest),
        "tidy" => tidy::run(&rest),
        "arrows" => arrows::run(&rest),
        "content" => content::run(&rest),
        "bench" => bench::run(&rest),
        "fuzz" => fuzz::run(&rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            End::Done
        }
        "" => End::Usage("no command".to_owned()),
        other => End::Usage(format!("unknown command `{other}`")),
    };
    match end {
        End::Done => ExitCode::SUCCESS,
        End::Failed => ExitCode::FAILURE,
        End::Usage(what) => {
            eprintln!("error: {what}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}
