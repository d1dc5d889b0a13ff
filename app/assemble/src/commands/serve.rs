//! `wardwatch serve`.

use crate::clock::SystemClock;
use crate::run::Session;
use crate::serve::{Running, runtime, stop_asked};
use std::sync::Arc;
use wardwatch_cli::{Complaint, Exit, ServeArgs};

/// Runs until SIGTERM or Ctrl-C, then drains.
pub fn run(args: &ServeArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    crate::logging::start("info", false);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let running = Running::start(config, Arc::new(SystemClock), &args.roles, false).await?;
        println!("{}", running.link()?);
        if !session.quiet {
            eprintln!(
                "{}",
                session.language.pick(
                    "页面链接如上，只能用一次，十分钟内有效",
                    "the page's link is above; it works once, for ten minutes"
                )
            );
        }
        stop_asked().await;
        running.drain().await;
        Ok(Exit::Ok)
    });
    // A blocking read that never ends must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended
}
