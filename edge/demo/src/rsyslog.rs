//! rsyslog as a sender, where it is installed: it follows a file and delivers by RELP, as a hospital's server would.

use crate::fault::DemoFault;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where distributions put the modules.
const MODULE_FOLDERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/rsyslog",
    "/usr/lib/aarch64-linux-gnu/rsyslog",
    "/usr/lib64/rsyslog",
    "/usr/lib/rsyslog",
];

/// One rsyslog of the demo.
#[derive(Clone, Debug)]
pub struct Rsyslog {
    /// The program.
    pub program: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// The file it follows.
    pub follows: PathBuf,
    /// Where it writes its process id.
    pub pid: PathBuf,
}

/// The program that was found.
pub(crate) struct Found(PathBuf);

impl Rsyslog {
    /// Looks for rsyslogd with its RELP output; `search_path` is the value of `PATH`.
    pub(crate) fn find(search_path: Option<&OsStr>) -> Option<Found> {
        let folders = search_path.into_iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>());
        let program = folders
            .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
            .map(|folder| folder.join("rsyslogd"))
            .find(|path| path.is_file())?;
        let has = |module: &str| MODULE_FOLDERS.iter().any(|folder| Path::new(folder).join(module).is_file());
        (has("omrelp.so") && has("imfile.so")).then_some(Found(program))
    }

    /// Whether a path can stand in its configuration as it is.
    pub(crate) fn can_name(folder: &Path) -> bool {
        folder.to_str().is_some_and(|text| !text.contains(['"', '\\', '\n', '$', '*', '?', '[']))
    }

    /// Its arguments: in the foreground, with its own configuration and process id file.
    pub fn arguments(&self) -> [&OsStr; 5] {
        ["-n".as_ref(), "-f".as_ref(), self.config.as_os_str(), "-i".as_ref(), self.pid.as_os_str()]
    }

    /// Ends an instance that an earlier run left behind (killed, so that it could not stop its senders). The process is
    /// ours only if its command line names our configuration.
    pub(crate) fn end_leftover(&self) {
        let Some(pid) = std::fs::read_to_string(&self.pid).ok().and_then(|text| text.trim().parse::<i32>().ok()) else {
            return;
        };
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let ours = self.config.as_os_str().as_encoded_bytes();
        if command.split(|b| *b == 0).any(|argument| argument == ours) {
            terminate(pid);
        }
    }
}

impl Found {
    /// A configuration for one flow in a folder of its own.
    pub(crate) fn for_flow(&self, folder: &Path, to: SocketAddr) -> Result<Rsyslog, DemoFault> {
        std::fs::create_dir_all(folder).map_err(DemoFault::folder("making", folder))?;
        let one = Rsyslog {
            program: self.0.clone(),
            config: folder.join("rsyslog.conf"),
            follows: folder.join("lines.log"),
            pid: folder.join("rsyslog.pid"),
        };
        let text = format!(
            "# Written by `wardwatch demo`, anew at each start.\n\
             global(workDirectory=\"{}\" maxMessageSize=\"64k\")\n\
             module(load=\"imfile\")\n\
             module(load=\"omrelp\")\n\
             template(name=\"as_is\" type=\"list\") {{ property(name=\"msg\") }}\n\
             input(type=\"imfile\" file=\"{}\" tag=\"demo\" addMetadata=\"off\" ruleset=\"out\" reopenOnTruncate=\"on\")\n\
             ruleset(name=\"out\") {{\n  \
               action(type=\"omrelp\" target=\"{}\" port=\"{}\" template=\"as_is\" action.resumeRetryCount=\"-1\" \
             action.resumeInterval=\"1\")\n}}\n",
            folder.display(),
            one.follows.display(),
            to.ip(),
            to.port()
        );
        std::fs::write(&one.config, text).map_err(DemoFault::folder("writing", &one.config))?;
        Ok(one)
    }
}

/// Asks a process to end (SIGTERM).
pub(crate) fn terminate(pid: i32) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        // It may be gone already, which is what we want.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}
