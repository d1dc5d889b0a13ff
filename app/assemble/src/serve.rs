//! Everything started in order, and ended in order: intake first, then the line, the lake, the page.

use crate::config::Config;
use crate::desk::MachineDesk;
use crate::machine::Machine;
use crate::{intake, line, upkeep};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wardwatch_access::Actor;
use wardwatch_api::{ControlSetup, PageSetup, Sessions, control_listener, control_router, page_router};
use wardwatch_cli::{Client, Complaint, Exit, Role};
use wardwatch_ident::Clock;

/// A drain may take so long; what is not done then is in the journal and is done after the next start.
const DRAIN: Duration = Duration::from_secs(30);

/// A worker that panicked rests so long, so that a panic that comes again at once does not fill the log.
const ANEW: Duration = Duration::from_secs(1);

/// The runtime of a server: sockets, HTTP, and blocking reads.
pub fn runtime() -> Result<tokio::runtime::Runtime, Complaint> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(crate::machine::cores().max(2))
        .thread_name("sockets")
        .enable_all()
        .build()
        .map_err(|e| Complaint::failed(format!("no runtime: {e}")))
}

/// Resolves on Ctrl-C or SIGTERM.
pub async fn stop_asked() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate.recv() => {} }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// A loop on a thread of its own, and how it is told to end.
struct Worker {
    closing: watch::Sender<bool>,
    done: JoinHandle<()>,
}

impl Worker {
    /// Runs `work` on a named thread: a worker's CPU never delays a socket. A worker that panics is counted, so that
    /// `/health` names it, and begins anew: everything it had not committed is read again.
    fn start<F>(
        name: &'static str,
        machine: &Arc<Machine>,
        work: impl Fn(Arc<Machine>, watch::Receiver<bool>) -> F + Send + 'static,
    ) -> Result<Self, Complaint>
    where
        F: Future<Output = ()>,
    {
        let (closing, closed) = watch::channel(false);
        let handle = tokio::runtime::Handle::current();
        let (done_tx, done_rx) = tokio::sync::oneshot::channel::<()>();
        let machine = Arc::clone(machine);
        let body = move || {
            loop {
                let one = AssertUnwindSafe(|| handle.block_on(work(Arc::clone(&machine), closed.clone())));
                if std::panic::catch_unwind(one).is_ok() {
                    break;
                }
                machine.chores.panicked(name);
                tracing::error!(part = name, "a worker ended in a panic and begins anew; nothing acknowledged is lost");
                if *closed.borrow() {
                    break;
                }
                std::thread::sleep(ANEW);
            }
            drop(done_tx);
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map_err(|e| Complaint::failed(format!("the thread {name} cannot be started: {e}")))?;
        let done = tokio::spawn(async move {
            let _ = done_rx.await;
        });
        Ok(Self { closing, done })
    }

    async fn end(self, what: &str) {
        self.closing.send_replace(true);
        if tokio::time::timeout(DRAIN, self.done).await.is_err() {
            tracing::warn!(part = what, "did not end in time; the rest is done after the next start");
        }
    }
}

/// A server at work.
pub struct Running {
    machine: Arc<Machine>,
    sessions: Arc<Sessions>,
    intake: Option<intake::Doors>,
    line: Option<Worker>,
    lake: Option<Worker>,
    upkeep: Option<Worker>,
    staging: Option<Worker>,
    /// Tells the page and the control socket to end.
    closing: watch::Sender<bool>,
    edge: Vec<JoinHandle<()>>,
}

impl Running {
    /// Opens the parts, starts the workers, binds the page, and only then opens the doors.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, roles: &[Role], demo: bool) -> Result<Self, Complaint> {
        raise_open_files();
        let machine = Arc::new(Machine::open(config, clock)?);
        for sentence in &machine.recovered {
            tracing::warn!(found = sentence, "recovered at the start");
        }
        let content = machine.content();
        for refused in &content.rules_refused {
            tracing::warn!(path = refused.path, line = refused.line, reason = refused.reason, "rule refused");
        }
        for fault in &content.pack_faults {
            tracing::warn!(fault, "pack not loaded");
        }
        let runs = |role| roles.is_empty() || roles.contains(&role);
        let (closing, closed) = watch::channel(false);
        let sessions = Arc::new(Sessions::new(machine.config.page));
        let edge = open_edge(&machine, &sessions, demo, &closed).await?;
        let (mut line, mut lake, mut upkeep, mut staging) = (None, None, None, None);
        if runs(Role::Line) {
            line = Some(Worker::start("line", &machine, line::work)?);
            lake = Some(Worker::start("lake", &machine, line::write_lake)?);
            upkeep = Some(Worker::start("upkeep", &machine, upkeep::run)?);
            staging = Some(Worker::start("content", &machine, crate::staging::run)?);
        }
        let intake = if runs(Role::Intake) { Some(intake::Doors::open(&machine).await?) } else { None };
        tracing::info!(page = %machine.config.page, rules = content.rules_loaded, packs = content.packs.len(), "ready");
        Ok(Self { machine, sessions, intake, line, lake, upkeep, staging, closing, edge })
    }

    /// A one-time link to the page, for the operator of this machine.
    pub fn link(&self) -> Result<String, Complaint> {
        let all: Vec<_> = self.machine.config.tenants.iter().map(|t| t.id).collect();
        let fleet = self.machine.mint.fleet(&all);
        let token =
            self.sessions.invite(Actor::Operator, fleet, self.machine.clock.now()).map_err(Complaint::failed)?;
        let page = self.machine.config.page;
        let host = if page.ip().is_loopback() { "localhost".to_owned() } else { page.ip().to_string() };
        Ok(format!("http://{host}:{}/?t={token}", page.port()))
    }

    /// Stops taking lines, checks and keeps what was taken, then ends.
    pub async fn drain(self) {
        tracing::info!("draining: no new lines; what was acknowledged is checked and kept");
        if let Some(intake) = self.intake {
            intake.close().await;
        }
        let workers = [(self.staging, "content"), (self.line, "line"), (self.upkeep, "upkeep"), (self.lake, "lake")];
        for (worker, what) in workers {
            if let Some(worker) = worker {
                worker.end(what).await;
            }
        }
        self.closing.send_replace(true);
        for server in self.edge {
            if tokio::time::timeout(Duration::from_secs(5), server).await.is_err() {
                tracing::warn!("a viewer's connection did not end in time");
            }
        }
        let _ = std::fs::remove_file(Client::of(&self.machine.config.data).socket());
        tracing::info!("ended");
    }
}

/// Binds the page and the control socket.
async fn open_edge(
    machine: &Arc<Machine>,
    sessions: &Arc<Sessions>,
    demo: bool,
    closed: &watch::Receiver<bool>,
) -> Result<Vec<JoinHandle<()>>, Complaint> {
    let desk = Arc::new(MachineDesk(Arc::clone(machine)));
    let page = machine.config.page;
    let listener = TcpListener::bind(page).await.map_err(|e| {
        let next = "another program has the port; set `page` in the configuration, or --port for the demo";
        Complaint::new(Exit::Conflict, format!("the page cannot listen on {page}: {e}"), next)
    })?;
    let setup = PageSetup {
        desk: desk.clone(),
        clock: Arc::clone(&machine.clock),
        sessions: Arc::clone(sessions),
        page,
        demo,
        closing: closed.clone(),
    };
    let all: Vec<_> = machine.config.tenants.iter().map(|t| t.id).collect();
    let control = ControlSetup { desk, clock: Arc::clone(&machine.clock), fleet: machine.mint.fleet(&all) };
    let path = Client::of(&machine.config.data).socket().to_owned();
    let socket = control_listener(&path)
        .map_err(|e| Complaint::failed(format!("the control socket {} cannot be made: {e}", path.display())))?;
    let over = |mut closed: watch::Receiver<bool>| async move {
        let _ = closed.wait_for(|closing| *closing).await;
    };
    let (end_page, end_control) = (closed.clone(), over(closed.clone()));
    let serving = tokio::spawn(async move {
        crate::page::serve(listener, page_router(setup), end_page).await;
    });
    let controlling = tokio::spawn(async move {
        if let Err(e) = axum::serve(socket, control_router(control)).with_graceful_shutdown(end_control).await {
            tracing::error!(%e, "the control socket has ended");
        }
    });
    Ok(vec![serving, controlling])
}

/// 10,000 connections need as many files; a limit that cannot be raised shows in `doctor`.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(65_536).min(65_536);
    if limit.current.is_some_and(|now| now < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
    }
}
