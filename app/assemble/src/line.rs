//! The line at work: journal → parse → detect → alerts committed → offered to the lake.
//!
//! One worker reads on from detection's cursor; the lake's writer has a cursor of its own and reads again what it
//! declined. Nothing here decides anything: it connects stages and bills their CPU.

use crate::config::{Source, Tenant};
use crate::content::Loaded;
use crate::machine::{Chores, Machine};
use crate::stages::Stage;
use crate::staging::Beside;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use wardwatch_detect::{BookFault, Findings};
use wardwatch_event::{EventBatch, LineBatch};
use wardwatch_ident::{Cursor, SourceId};
use wardwatch_journal::ReadFault;
use wardwatch_lake::{Replay, ReplayFault, Window};
use wardwatch_limits::WINDOW_BYTES;
use wardwatch_parse::{SourceMemory, SourceSettings, parse_auto, parse_remembering};

/// How long to rest after a failure before the same is tried again.
const REST: Duration = Duration::from_millis(500);
/// How often time goes on without lines.
const IDLE: Duration = Duration::from_secs(1);
/// How often the lake's writer looks for work when nothing was offered.
const LOOK: Duration = Duration::from_millis(250);

/// Parses batches with the packs of their sources. Each user has one of its own: it remembers what earlier lines said.
pub struct Parser {
    content: Arc<Loaded>,
    settings: HashMap<SourceId, (String, SourceSettings)>,
    memory: HashMap<SourceId, SourceMemory>,
}

impl Parser {
    /// For one worker, with the packs in use.
    pub fn new(machine: &Machine) -> Self {
        Self::of(machine, machine.content())
    }

    /// With the packs of this content.
    pub fn of(machine: &Machine, content: Arc<Loaded>) -> Self {
        let sources = machine.config.tenants.iter().flat_map(|t| t.sources.iter().map(move |s| (t, s)));
        let settings = |tenant: &Tenant, s: &Source| {
            let usual = SourceSettings { zone: s.zone.clone(), ..SourceSettings::default() };
            // Files hold what happened long ago: their times are believed.
            let old = machine.config.via(&tenant.slug, s).split(' ').any(|kind| kind == "files");
            if old { SourceSettings { skew_ms_max: None, ..usual } } else { usual }
        };
        let settings = sources.map(|(t, s)| (s.id, (s.pack.clone(), settings(t, s)))).collect();
        Self { content, settings, memory: HashMap::new() }
    }

    /// From the next batch on.
    pub fn take(&mut self, content: Arc<Loaded>) {
        self.content = content;
    }

    /// One batch; several where a source's lines belong to several packs.
    pub fn parse(&mut self, lines: LineBatch, out: &mut Vec<EventBatch>) {
        let source = lines.received.source;
        let memory = self.memory.entry(source).or_default();
        // A source that is no longer configured: its lines are kept and found by content.
        let unknown = ("auto".to_owned(), SourceSettings::default());
        let (pack, settings) = self.settings.get(&source).unwrap_or(&unknown);
        match self.content.pack(pack) {
            Some(pack) => out.push(parse_remembering(pack, lines, settings, memory)),
            None if lines.received.is_empty() => {
                out.push(parse_remembering(self.content.router.fallback(), lines, settings, memory));
            }
            None => out.extend(parse_auto(&self.content.router, lines, settings, memory)),
        }
    }
}

/// Reads the journal after `after`, for detection and for the lake alike; gives where the batches begin. A damaged batch
/// is named in the log, counted once and stepped over: one bad sector must not stop every hospital's line.
fn read(machine: &Machine, after: Cursor, bytes_max: usize) -> Result<(Cursor, Vec<LineBatch>), ReadFault> {
    let mut after = after;
    loop {
        match machine.journal.read(after, bytes_max) {
            Ok(batches) => return Ok((after, batches)),
            Err(ReadFault::Corrupt { segment, cursor, why }) if cursor > after => {
                if machine.chores.damage_through.fetch_max(cursor.0, Ordering::SeqCst) < cursor.0 {
                    let (line, next) = (cursor.0, "wardwatch verify --deep");
                    tracing::error!(segment, line, why, next, "a damaged journal batch is stepped over");
                    Chores::count(&machine.chores.journal_damage);
                }
                after = cursor;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// Detection's loop. Ends when `closing` turns true and everything durable has been checked, with a checkpoint.
pub async fn work(machine: Arc<Machine>, mut closing: watch::Receiver<bool>) {
    let (mut parser, mut beside) = (Parser::new(&machine), Beside::default());
    // The worker before this one may have ended in the middle of a window.
    while let Err(fault) = machine.station.reopen() {
        failed(&machine, &LineFault::Book(fault));
        if *closing.borrow() {
            return;
        }
        tokio::time::sleep(REST).await;
    }
    loop {
        let done = match turn(&machine, &mut parser, &mut beside).await {
            Ok(Some(_)) => keep(&machine, false).await,
            Ok(None) if *closing.borrow() => {
                if let Err(fault) = keep(&machine, true).await {
                    failed(&machine, &fault);
                }
                return;
            }
            Ok(None) => rest(&machine, &mut beside, &mut closing).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = done {
            failed(&machine, &fault);
            beside.reset();
            tokio::time::sleep(REST).await;
            // Memory may have seen lines that the book has not: nothing is committed before it is taken back.
            while let Err(fault) = machine.station.reopen() {
                failed(&machine, &LineFault::Book(fault));
                if *closing.borrow() {
                    return;
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn failed(machine: &Machine, fault: &LineFault) {
    Chores::count(&machine.chores.line_faults);
    tracing::error!(%fault, "a window could not be committed; it will be read again");
}

/// Waits for lines; without any, time goes on for what waits for it.
async fn rest(machine: &Machine, beside: &mut Beside, closing: &mut watch::Receiver<bool>) -> Result<(), LineFault> {
    let after = machine.station.position();
    let mut next = machine.journal.appended(after);
    loop {
        tokio::select! {
            () = &mut next => return Ok(()),
            _ = closing.changed() => return Ok(()),
            () = tokio::time::sleep(IDLE) => {}
        }
        let found = machine.stages.bill(Stage::Detect, || {
            beside.begin(machine);
            let now = machine.clock.now();
            let mut found = machine.station.idle(now);
            beside.idle(machine, now, &mut found);
            found
        });
        commit(machine, &found).await?;
        machine.tally.alerts(found.once);
        keep(machine, false).await?;
    }
}

async fn commit(machine: &Machine, found: &Findings) -> Result<(), LineFault> {
    let mut commit = std::pin::pin!(machine.station.commit(found));
    Ok(std::future::poll_fn(|cx| machine.stages.bill(Stage::Commit, || commit.as_mut().poll(cx))).await?)
}

/// Keeps what detection remembers, if it is time.
async fn keep(machine: &Machine, at_once: bool) -> Result<(), LineFault> {
    let mut keep = std::pin::pin!(machine.station.checkpoint(machine.clock.now(), at_once));
    std::future::poll_fn(|cx| machine.stages.bill(Stage::Commit, || keep.as_mut().poll(cx))).await?;
    for lost in machine.station.take_lost() {
        tracing::warn!(piece = lost.name, why = lost.why, "a part of detection's memory begins anew");
    }
    Ok(())
}

/// One window: the cursor it reached, `None` if there was nothing.
async fn turn(machine: &Machine, parser: &mut Parser, beside: &mut Beside) -> Result<Option<Cursor>, LineFault> {
    parser.take(machine.stages.bill(Stage::Detect, || beside.begin(machine)));
    let (after, committed) = (machine.station.position(), machine.station.committed());
    let (skipped_to, lines) = machine.stages.bill(Stage::Read, || read(machine, after, WINDOW_BYTES))?;
    let through = lines.last().map_or(skipped_to, LineBatch::through);
    if through <= after {
        return Ok(None);
    }
    let mut batches = Vec::with_capacity(lines.len());
    machine.stages.bill(Stage::Parse, || lines.into_iter().for_each(|batch| parser.parse(batch, &mut batches)));
    let found = machine.stages.bill(Stage::Detect, || {
        let mut found = machine.station.look(through, &batches);
        beside.look(machine, through, &batches, &mut found);
        found
    });
    commit(machine, &found).await?;
    // Lines that were in the book before this run are looked at once more for memory's sake only.
    if after < committed {
        return Ok(Some(through));
    }
    batches.iter().for_each(|batch| machine.tally.checked(batch));
    machine.tally.alerts(found.alerts);
    machine.tally.alerts(found.once);
    let batches: Vec<_> = batches.into_iter().map(Arc::new).collect();
    machine.samples.see(&batches);
    machine.lake.offer(Window { after, through, batches });
    Ok(Some(through))
}

/// Why a window was not done.
#[derive(thiserror::Error, Debug)]
enum LineFault {
    #[error(transparent)]
    Book(#[from] BookFault),
    #[error(transparent)]
    Read(#[from] ReadFault),
}

/// Reads and parses again for the lake.
struct Again {
    machine: Arc<Machine>,
    parser: Mutex<Parser>,
}

impl Replay for Again {
    fn read(&self, after: Cursor, bytes_max: usize) -> BoxFuture<'_, Result<Vec<Arc<EventBatch>>, ReplayFault>> {
        async move {
            let (_, lines) = read(&self.machine, after, bytes_max).map_err(|e| ReplayFault(Box::new(e)))?;
            let mut batches = Vec::with_capacity(lines.len());
            let mut parser = self.parser.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            parser.take(self.machine.content());
            lines.into_iter().for_each(|batch| parser.parse(batch, &mut batches));
            Ok(batches.into_iter().map(Arc::new).collect())
        }
        .boxed()
    }
}

/// The lake's writer. Ends when `closing` turns true (it is set once detection has ended), with a last flush.
pub async fn write_lake(machine: Arc<Machine>, mut closing: watch::Receiver<bool>) {
    let again = Again { machine: Arc::clone(&machine), parser: Mutex::new(Parser::new(&machine)) };
    // After a panic the writer before this one may have left half of something in memory.
    while let Err(fault) = machine.lake.recover().await {
        Chores::count(&machine.chores.lake_faults);
        tracing::error!(%fault, "the lake's writer cannot begin");
        if *closing.borrow() {
            return;
        }
        tokio::time::sleep(REST).await;
    }
    loop {
        let ending = *closing.borrow();
        let mut step = std::pin::pin!(machine.lake.step(machine.clock.now(), &again));
        match std::future::poll_fn(|cx| machine.stages.bill(Stage::Lake, || step.as_mut().poll(cx))).await {
            Ok(step) => {
                machine.chores.lake_faults_in_row.store(0, Ordering::Relaxed);
                if step.flushed.is_some() {
                    passed(&machine);
                }
                if step.more {
                    continue;
                }
                if ending {
                    break;
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    _ = closing.changed() => {}
                }
            }
            Err(fault) => {
                Chores::count(&machine.chores.lake_faults);
                Chores::count(&machine.chores.lake_faults_in_row);
                tracing::error!(%fault, "the lake's writer failed; rows stay in memory and it tries again");
                if ending {
                    break;
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
    let mut flush = std::pin::pin!(machine.lake.flush(machine.clock.now()));
    let flushed = std::future::poll_fn(|cx| machine.stages.bill(Stage::Lake, || flush.as_mut().poll(cx))).await;
    if let Err(fault) = flushed {
        tracing::error!(%fault, "the last flush failed; the lines are in the journal and will be read again");
    }
    passed(&machine);
}

/// Lets the journal's segments go that every consumer has passed.
fn passed(machine: &Machine) {
    let cursors = [machine.alerts.cursor().ok(), machine.memory.covered().ok(), machine.catalogue.cursor().ok()];
    let through = cursors.into_iter().collect::<Option<Vec<_>>>().and_then(|cursors| cursors.into_iter().min());
    let Some(through) = through else { return };
    if let Err(fault) = machine.journal.covered(through) {
        tracing::warn!(%fault, "journal segments that are no longer needed could not be removed");
    }
}
