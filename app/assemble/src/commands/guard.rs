//! `wardwatch guard PARENT PROGRAM…`: becomes the program, and ends when the parent does.
//!
//! The demo starts its senders through it: a demo that is killed outright cannot end them itself, and the kernel can.

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use std::os::unix::process::CommandExt;
use std::process::Command;
use wardwatch_cli::{Complaint, Exit, GuardArgs};

/// Only comes back if the program could not be started.
pub fn run(args: &GuardArgs) -> Result<Exit, Complaint> {
    let [program, arguments @ ..] = args.program.as_slice() else { return Ok(Exit::Usage) };
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(Complaint::failed)?;
    // The parent may have ended before the kernel was asked to tell.
    if getppid().map(Pid::as_raw_pid) != Some(args.parent) {
        return Err(Complaint::new(Exit::Conflict, format!("the process {} has ended already", args.parent), ""));
    }
    let fault = Command::new(program).args(arguments).exec();
    Err(Complaint::new(Exit::NotFound, format!("{} cannot be started: {fault}", program.display()), "check the path"))
}
