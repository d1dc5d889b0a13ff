//! Content versions on this machine: what is in use, what is tried, and how one comes after the other while lines come in.
//!
//! The record in the data folder says what was decided; a command appends to it, and this looks every second whether
//! somebody did. Compiling happens here, never on the line's thread: the line takes a [`Choice`] at the beginning of a
//! window. The version before stays compiled, so that going back takes no longer than a window. Rules and packs in the
//! configuration's folders (unsigned, of this hospital) are watched too.

use crate::config::Config;
use crate::content::{self, Loaded};
use crate::machine::Machine;
use crate::samples::Samples;
use crate::watching;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use wardwatch_cli::Complaint;
use wardwatch_content::{
    Choice, Decision, Expected, Library, Place, Record, RecordFault, Refusal, Shelf, Standing, Terms, Transition,
    Trial, TrustedKeys, VersionId,
};
use wardwatch_context_csv::CsvContext;
use wardwatch_detect::Program;
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_indicator::Index;

mod beside;
mod folders;
mod status;

pub use beside::Beside;
use folders::Folders;
pub use status::Status;

/// Who decides when nobody does.
const ITSELF: &str = "wardwatch";
/// Earlier versions that are tried at the start when the one in use cannot be loaded.
const FALLBACKS: usize = wardwatch_limits::CONTENT_VERSIONS_KEPT + 2;

/// How often the record is looked at: a decision waits no longer.
const LOOK: Duration = Duration::from_secs(1);

/// Runs until `closing` turns true, on a thread of its own: compiling takes seconds, and the line goes on meanwhile.
pub async fn run(machine: Arc<Machine>, mut closing: watch::Receiver<bool>) {
    while !*closing.borrow() {
        let chores = &machine.chores;
        let faults = [&chores.line_faults, &chores.lake_faults].map(|count| count.load(Ordering::Relaxed));
        let (config, context, now) = (&machine.config, &*machine.context, machine.clock.now());
        let samples = &machine.samples;
        machine.staging.look(Around { config, context, samples, now, faults: faults.iter().sum() });
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = closing.changed() => return,
        }
    }
}

/// Everything about content versions that this process knows.
pub struct Staging {
    record: Record,
    keys: TrustedKeys,
    terms: Terms,
    tenants: Vec<(String, TenantId)>,
    content: Shelf<Loaded, TenantId>,
    indicators: Mutex<Arc<Index>>,
    state: Mutex<State>,
}

/// Where content comes from besides versions, and what the hospitals say about it.
#[derive(Clone, Copy)]
pub struct Around<'m> {
    /// The configuration.
    pub config: &'m Config,
    /// The hospitals' tables.
    pub context: &'m CsvContext,
    /// What came in, to choose gates by.
    pub samples: &'m Samples,
    /// Now.
    pub now: Timestamp,
    /// Windows and turns of the lake that could not be kept since the start.
    pub faults: u64,
}

struct State {
    standing: Standing,
    /// Bytes of the record when it was read last.
    recorded: u64,
    trial: Trial,
    expected: Expected,
    /// The version that was in use before, compiled.
    before: Option<(VersionId, Arc<Loaded>)>,
    /// Windows in which looking with the tried version panicked.
    panicked: u64,
    /// Counters of programs and of the machine when the trial began.
    began: Began,
    folders: Folders,
    /// What the commands find.
    written: Option<Status>,
    /// What went wrong and is still so, in words.
    problems: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Began {
    work_in_use: u64,
    work_tried: u64,
    hurt_in_use: u64,
    hurt_tried: u64,
    faults: u64,
}

impl std::fmt::Debug for Staging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staging").field("standing", &self.state().standing).finish_non_exhaustive()
    }
}

impl Staging {
    /// Reads the record and loads what is in use and what is tried. What cannot be loaded is taken back, recorded and
    /// said; in the end there is always what is in the binary.
    pub fn open(around: Around<'_>) -> Result<(Staging, Vec<String>), Complaint> {
        let config = around.config;
        let record = Record::open(&config.data.join("content")).map_err(Complaint::failed)?;
        let (keys, mut found) = (config.content_keys.clone(), Vec::new());
        let standing = record.standing().unwrap_or_else(|fault| {
            found.push(format!("{fault}; what is in the binary is in use"));
            Standing::default()
        });
        let (standing, in_use) = usable(&record, &keys, around, standing, &mut found)?;
        found.extend(in_use.problems.iter().cloned());
        let tenants = config.tenants.iter().map(|tenant| (tenant.slug.clone(), tenant.id)).collect();
        let state = State {
            recorded: record_bytes(&record),
            trial: Trial::default(),
            expected: Expected::default(),
            before: None,
            panicked: 0,
            began: Began::default(),
            folders: Folders::new(config),
            written: None,
            problems: found.clone(),
            standing: Standing { candidate: None, ..standing.clone() },
        };
        let content = Shelf::new(in_use);
        let (indicators, refused) = watching::indicators(config);
        found.extend(refused);
        let (indicators, state) = (Mutex::new(indicators), Mutex::new(state));
        let staging = Staging { record, keys, terms: config.staging, tenants, content, indicators, state };
        staging.take(standing, around);
        Ok((staging, found))
    }

    /// For one window.
    pub fn choice(&self) -> Choice<Loaded, TenantId> {
        self.content.now()
    }

    /// What is in use for all.
    pub fn in_use(&self) -> Arc<Loaded> {
        self.content.now().in_use
    }

    /// The indicators.
    pub fn indicators(&self) -> Arc<Index> {
        Arc::clone(&self.indicators.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looking with the tried version panicked: it is halted at the next look.
    pub fn panicked(&self) {
        tracing::error!("looking with the content version that is tried panicked");
        self.state().panicked += 1;
    }

    /// Counts what a window gave under both, if the same is still tried.
    pub fn count(&self, turn: u64, count: impl FnOnce(&mut Trial)) {
        let mut state = self.state();
        if self.content.now().turn == turn {
            count(&mut state.trial);
        }
    }

    /// One look: what somebody decided, whether a reason to halt has come up, whether a folder has changed.
    pub fn look(&self, around: Around<'_>) {
        let recorded = record_bytes(&self.record);
        if recorded != self.state().recorded {
            self.read_again(recorded, around);
        }
        if let Some(decided) = self.judge(around.now, around.faults) {
            match decided {
                Ok((transition, standing)) => {
                    tracing::warn!(version = %transition.version, from = %transition.from, to = %transition.to, why = transition.why, "content version");
                    self.take(standing, around);
                }
                Err(fault) => tracing::error!(%fault, "a decision about a content version could not be kept"),
            }
        }
        self.look_at_folders(around);
        let status = self.status();
        if self.state().written.as_ref() == Some(&status) {
            return;
        }
        match status.write(&self.record) {
            Ok(()) => self.state().written = Some(status),
            Err(e) => tracing::warn!(%e, "the figures of content versions could not be written"),
        }
    }

    /// What stands, for `content versions` and the page.
    pub fn status(&self) -> Status {
        let state = self.state();
        Status::of(&state.standing, &state.trial, &state.expected, &state.problems)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_again(&self, recorded: u64, around: Around<'_>) {
        match self.record.standing() {
            Ok(standing) => {
                self.state().recorded = recorded;
                if standing.seq != self.state().standing.seq {
                    tracing::info!(in_use = %standing.in_use, tried = ?standing.candidate, "content versions: decided");
                    self.take(standing, around);
                }
            }
            Err(fault) => {
                let mut state = self.state();
                state.recorded = recorded;
                tracing::error!(%fault, "the record of content versions cannot be read; what is in use stays");
                state.problems = vec![fault.to_string()];
            }
        }
    }

    /// Halts, goes back or goes on by itself.
    fn judge(&self, now: Timestamp, faults: u64) -> Option<Result<(Transition, Standing), RecordFault>> {
        let choice = self.content.now();
        let mut state = self.state();
        let watched = state.standing.is_watched(&self.terms, now);
        state.observe(&choice, watched, faults);
        let reason = state.trial.reason_to_halt(&state.expected);
        let tried = state.standing.candidate.clone();
        let (seq, events) = (state.standing.seq, state.trial.events);
        drop(state);
        // Somebody may have decided meanwhile: then this is about something else.
        let now_or_never = |standing: &Standing| if standing.seq == seq { Ok(()) } else { Err(Refusal::Overtaken) };
        match (reason, tried) {
            (Some(why), Some(_)) => Some(self.record.decide(|standing| {
                now_or_never(standing)?;
                standing.halt(&Decision { by: ITSELF, at: now, why: &why })
            })),
            (Some(why), None) if watched => Some(self.record.decide(|standing| {
                now_or_never(standing)?;
                standing.roll_back(&Decision { by: ITSELF, at: now, why: &why })
            })),
            (None, Some(tried)) if tried.by_itself && tried.lacks(events, &self.terms, now).is_none() => {
                let why = format!("{events} events without a reason to halt");
                Some(self.record.decide(|standing| {
                    now_or_never(standing)?;
                    standing.promote(events, &self.terms, &Decision { by: ITSELF, at: now, why: &why })
                }))
            }
            _ => None,
        }
    }

    /// Makes a standing real: loads what is not loaded, and replaces the choice. A version that cannot be loaded is
    /// halted or taken back.
    fn take(&self, standing: Standing, around: Around<'_>) {
        let mut standing = standing;
        for _ in 0..FALLBACKS {
            match self.loaded_for(&standing, around) {
                Ok((in_use, tried)) => return self.put(standing, in_use, tried, around.faults),
                Err(why) => {
                    tracing::error!(why, "a content version cannot be loaded and is taken back");
                    let who = Decision { by: ITSELF, at: around.now, why: &why };
                    self.state().problems.push(why.clone());
                    match self.record.decide(|standing| standing.roll_back(&who)) {
                        Ok((_, next)) => standing = next,
                        Err(fault) => {
                            tracing::error!(%fault, "it could not be taken back; what is in use stays");
                            return;
                        }
                    }
                }
            }
        }
    }

    /// What is in use and what is tried, compiled; what is compiled already is not compiled again.
    fn loaded_for(
        &self,
        standing: &Standing,
        around: Around<'_>,
    ) -> Result<(Arc<Loaded>, Option<Arc<Loaded>>), String> {
        let choice = self.content.now();
        let (was, before) = {
            let state = self.state();
            (state.standing.clone(), state.before.clone())
        };
        let known = |id: &VersionId| {
            let tried = was.candidate.as_ref().filter(|tried| tried.version == *id).and(choice.tried.clone());
            let in_use = (was.in_use == *id).then(|| Arc::clone(&choice.in_use));
            let before = before.as_ref().filter(|(before, _)| before == id).map(|(_, loaded)| Arc::clone(loaded));
            in_use.or(tried).or(before)
        };
        let load = |id: &VersionId| match known(id) {
            Some(loaded) => Ok(loaded),
            None => load_version(&self.record, &self.keys, around, id),
        };
        let tried = standing.candidate.as_ref().map(|tried| load(&tried.version)).transpose()?;
        Ok((load(&standing.in_use)?, tried))
    }

    fn put(&self, standing: Standing, in_use: Arc<Loaded>, tried: Option<Arc<Loaded>>, faults: u64) {
        let choice = self.content.now();
        let mut state = self.state();
        if state.standing.in_use != standing.in_use {
            state.before = Some((state.standing.in_use.clone(), Arc::clone(&choice.in_use)));
        }
        let first: Arc<[TenantId]> = match &standing.candidate {
            Some(tried) if tried.place == Place::Canary => self.named(&tried.canary).into(),
            _ => Arc::new([]),
        };
        let retired = standing.candidate.as_ref().and_then(|tried| {
            self.record.version(&tried.version, &self.keys).ok().map(|version| version.manifest.retired)
        });
        (state.trial, state.panicked) = (Trial::default(), 0);
        state.began = Began::of(&in_use, tried.as_deref(), faults);
        state.expected = Expected {
            in_both: tried.as_ref().map(|tried| shared(&in_use.program, &tried.program)).unwrap_or_default(),
            retired: retired.unwrap_or_default().into_iter().collect(),
        };
        state.standing = standing;
        if let Err(fault) = self.record.tidy(&state.standing) {
            tracing::warn!(%fault, "files of old content versions could not be removed");
        }
        self.content.replace(in_use, tried, first);
    }

    fn named(&self, names: &[String]) -> Vec<TenantId> {
        self.tenants.iter().filter(|(slug, _)| names.contains(slug)).map(|(_, id)| *id).collect()
    }

    /// Rules and packs of this hospital's own folders: a change is taken once it is whole, and never if it is worse.
    fn look_at_folders(&self, around: Around<'_>) {
        let Some(changed) = self.state().folders.changed(around.config) else { return };
        if !around.context.reload() && !changed && !around.samples.are_ripe() {
            return;
        }
        let (standing, choice) = (self.state().standing.clone(), self.content.now());
        let load = |id: &VersionId| load_version(&self.record, &self.keys, around, id);
        let in_use = load(&standing.in_use).and_then(|new| match worse(&choice.in_use, &new) {
            None => Ok(new),
            Some(why) => Err(why),
        });
        let loaded = in_use.and_then(|in_use| {
            let tried = standing.candidate.as_ref().map(|tried| load(&tried.version)).transpose()?;
            Ok((in_use, tried))
        });
        match loaded {
            Ok((in_use, tried)) => {
                tracing::info!(
                    rules = in_use.rules_loaded,
                    "content compiled anew: folders or tables changed, or gates are chosen by what came in"
                );
                self.state().problems.clear();
                self.state().before = None;
                let (indicators, refused) = watching::indicators(around.config);
                self.state().problems.extend(refused);
                *self.indicators.lock().unwrap_or_else(PoisonError::into_inner) = indicators;
                self.put(standing, in_use, tried, around.faults);
            }
            Err(why) => {
                let why = format!(
                    "the changed rules or packs in the configured folders are not taken: {why}; the old ones stay in use"
                );
                tracing::error!(why, at = %around.now, "content");
                self.state().problems = vec![why];
            }
        }
    }
}

impl State {
    /// Takes over what the programs and the machine have counted since the trial began.
    fn observe(&mut self, choice: &Choice<Loaded, TenantId>, watched: bool, faults: u64) {
        let judged = match (&choice.tried, watched) {
            (Some(tried), _) => tried,
            (None, true) => &choice.in_use,
            (None, false) => return,
        };
        let other = match (&choice.tried, &self.before) {
            (Some(_), _) => Some(&choice.in_use),
            (None, before) => before.as_ref().map(|(_, loaded)| loaded),
        };
        let set_aside_before = other.map(|other| set_aside(&other.program)).unwrap_or_default();
        let set_aside_now = set_aside(&judged.program).into_iter();
        self.trial.quarantined =
            set_aside_now.filter(|(rule, _)| !set_aside_before.iter().any(|(r, _)| r == rule)).collect();
        let began = self.began;
        self.trial.faults = faults.saturating_sub(began.faults);
        let hurt_in_use = choice.in_use.program.events_hurt().saturating_sub(began.hurt_in_use);
        self.trial.events_hurt = match &choice.tried {
            Some(tried) => tried.program.events_hurt().saturating_sub(began.hurt_tried).saturating_sub(hurt_in_use),
            None => hurt_in_use,
        } + self.panicked;
        // Both look at the same lines only in the shadow: at the first hospitals cost was judged already.
        if let Some(tried) = choice.tried.as_ref().filter(|_| choice.first.is_empty()) {
            self.trial.work_in_use = work(&choice.in_use.program).saturating_sub(began.work_in_use);
            self.trial.work_tried = work(&tried.program).saturating_sub(began.work_tried);
        }
    }
}

impl Began {
    fn of(in_use: &Loaded, tried: Option<&Loaded>, faults: u64) -> Began {
        Began {
            work_in_use: work(&in_use.program),
            work_tried: tried.map_or(0, |tried| work(&tried.program)),
            hurt_in_use: in_use.program.events_hurt(),
            hurt_tried: tried.map_or(0, |tried| tried.program.events_hurt()),
            faults,
        }
    }
}

/// The first standing, going back from this one, whose version can be loaded.
fn usable(
    record: &Record,
    keys: &TrustedKeys,
    around: Around<'_>,
    standing: Standing,
    found: &mut Vec<String>,
) -> Result<(Standing, Arc<Loaded>), Complaint> {
    let mut standing = standing;
    for _ in 0..FALLBACKS {
        let why = match load_version(record, keys, around, &standing.in_use) {
            Ok(loaded) => return Ok((standing, loaded)),
            Err(_) if standing.in_use.is_builtin() => break,
            Err(why) => why,
        };
        found.push(format!("content version {}: {why}; the one before is in use", standing.in_use));
        let who = Decision { by: ITSELF, at: around.now, why: &why };
        match record.decide(|standing| standing.roll_back(&who)) {
            Ok((_, next)) => standing = next,
            Err(_) => break,
        }
    }
    let loaded = load_library(Library::embedded(), around)?;
    Ok((Standing { in_use: VersionId::builtin(), candidate: None, ..standing }, Arc::new(loaded)))
}

/// Loads what is in the binary, or a version that was kept, with this hospital's own folders on top. Code that breaks on
/// content is the content's fault here, not the server's.
fn load_version(
    record: &Record,
    keys: &TrustedKeys,
    around: Around<'_>,
    id: &VersionId,
) -> Result<Arc<Loaded>, String> {
    let library = if id.is_builtin() {
        Library::embedded()
    } else {
        record.version(id, keys).map_err(|fault| fault.to_string())?.over(Library::embedded())
    };
    let load = || load_library(library, around);
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(load)) {
        Ok(Ok(loaded)) => Ok(Arc::new(loaded)),
        Ok(Err(complaint)) => Err(complaint.what),
        Err(_) => Err("compiling it panicked".to_owned()),
    }
}

fn load_library(library: Library, around: Around<'_>) -> Result<Loaded, Complaint> {
    let (wishes, said) = watching::wishes(around.config, around.context, around.now);
    for problem in said {
        tracing::warn!(problem, "a hospital's own tables");
    }
    content::load_over(library, around.config.content.as_deref(), &around.config.rules, true, &wishes, around.samples)
}

/// Why changed folders are not taken: something that worked before is refused now.
fn worse(old: &Loaded, new: &Loaded) -> Option<String> {
    let refused = new.rules_refused.iter().find(|rule| !old.rules_refused.iter().any(|known| known.path == rule.path));
    if let Some(rule) = refused {
        return Some(format!("{}:{}:{}: {}", rule.path, rule.line, rule.column, rule.reason));
    }
    if let Some(fault) = new.pack_faults.iter().find(|fault| !old.pack_faults.contains(fault)) {
        return Some(fault.clone());
    }
    (new.rules_loaded == 0 && old.rules_loaded > 0).then(|| "no rule is left".to_owned())
}

fn shared(one: &Program, other: &Program) -> BTreeSet<String> {
    let ids = |program: &Program| -> BTreeSet<String> { program.rules().iter().map(|r| r.about.id.clone()).collect() };
    ids(one).intersection(&ids(other)).cloned().collect()
}

/// Rules that are set aside, with the reason.
fn set_aside(program: &Program) -> Vec<(String, String)> {
    let rules = program.rules().iter().zip(program.health());
    let aside = rules.filter_map(|(rule, health)| Some((rule.about.id.clone(), health.quarantine()?)));
    aside
        .map(|(rule, why)| (rule, serde_json::to_value(why).map_or_else(|_| String::new(), |v| v.to_string())))
        .collect()
}

fn work(program: &Program) -> u64 {
    program.health().iter().map(wardwatch_detect::RuleHealth::work_bytes).sum()
}

fn record_bytes(record: &Record) -> u64 {
    std::fs::metadata(record.path()).map_or(0, |about| about.len())
}

#[cfg(test)]
#[allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets what it did not expect has to stop"
)]
mod tests;
