//! Structured logs to standard error; results never mix with them.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging once: JSON lines for machines, plain text on a terminal or when asked. `WARDWATCH_LOG` overrides the
/// filter (`debug`, `wardwatch_intake=debug,info`).
pub fn start(filter: &str, plain: bool) {
    let asked = crate::run::environment("WARDWATCH_LOG");
    let filter = EnvFilter::try_new(asked.as_deref().unwrap_or(filter)).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start (tests) keeps the first.
    let _ = if plain || std::io::stderr().is_terminal() {
        builder.with_ansi(std::io::stderr().is_terminal()).compact().try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
}
