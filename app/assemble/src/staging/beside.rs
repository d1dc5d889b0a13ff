//! The version that is tried, on the line: looks at the same lines as the one in use and is counted beside it; for the
//! first hospitals its alerts are raised in place of the others.
//!
//! Detection's own station always looks at everything with the version in use, so that its memory never lacks a line:
//! to halt is to let go of what stands here. Whatever happens here, a line's alerts are raised once.

use crate::content::Loaded;
use crate::line::Parser;
use crate::machine::Machine;
use crate::watching;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use wardwatch_detect::{Detector, Findings, Memory};
use wardwatch_event::EventBatch;
use wardwatch_finding::Alert;
use wardwatch_ident::{Cursor, EventId, TenantId, Timestamp};

/// The rule's name of what devices claim.
const DEVICE: &str = "(device)";

/// Owned by the line's worker.
#[derive(Default)]
pub struct Beside {
    turn: Option<u64>,
    tried: Option<Tried>,
}

struct Tried {
    content: Arc<Loaded>,
    detector: Detector,
    memory: Memory,
    first: Arc<[TenantId]>,
    /// Where its packs differ from those in use.
    parser: Option<Parser>,
}

impl Beside {
    /// At the beginning of a window: takes what was decided since the last one. Gives the content in use.
    pub fn begin(&mut self, machine: &Machine) -> Arc<Loaded> {
        let choice = machine.staging.choice();
        if self.turn == Some(choice.turn) {
            return choice.in_use;
        }
        let old = machine.station.detector();
        if !Arc::ptr_eq(old.program(), &choice.in_use.program) {
            machine.station.replace(Arc::new(detector(machine, &choice.in_use)));
        }
        let before = self.tried.take();
        self.tried = choice.tried.map(|content| match before {
            // From the shadow to the first hospitals: what it remembers stays.
            Some(before) if Arc::ptr_eq(&before.content, &content) => {
                Tried { first: Arc::clone(&choice.first), ..before }
            }
            _ => Tried::new(machine, content, &choice.in_use, Arc::clone(&choice.first)),
        });
        self.turn = Some(choice.turn);
        choice.in_use
    }

    /// The window was taken back: memory begins from what the station remembers.
    pub fn reset(&mut self) {
        (self.turn, self.tried) = (None, None);
    }

    /// The same lines once more. What is found for the first hospitals takes the place of what the version in use found.
    pub fn look(&mut self, machine: &Machine, through: Cursor, batches: &[EventBatch], found: &mut Findings) {
        let Some(mut tried) = self.tried.take() else { return };
        let committed = machine.station.committed();
        match catch_unwind(AssertUnwindSafe(|| tried.look(batches))) {
            Ok((events, mut alerts, once)) => {
                alerts.retain(|alert| alert.event.seq() > committed.0);
                if through > committed {
                    self.count(machine, events, (found, &tried), alerts.iter().chain(&once));
                }
                tried.exchange(&mut found.alerts, alerts);
                found.alerts.sort_by_key(|alert| alert.event);
                tried.exchange(&mut found.once, once);
                self.tried = Some(tried);
            }
            // The version in use raises for everybody until the halt is decided.
            Err(_) => machine.staging.panicked(),
        }
    }

    /// Time went on without lines.
    pub fn idle(&mut self, machine: &Machine, now: Timestamp, found: &mut Findings) {
        let Some(mut tried) = self.tried.take() else { return };
        let once = catch_unwind(AssertUnwindSafe(|| {
            tried.detector.idle(&mut tried.memory, now);
            tried.detector.settle(&mut tried.memory)
        }));
        match once {
            Ok(once) => {
                self.count(machine, 0, (found, &tried), once.iter());
                tried.exchange(&mut found.once, once);
                self.tried = Some(tried);
            }
            Err(_) => machine.staging.panicked(),
        }
    }

    fn count<'a>(
        &self,
        machine: &Machine,
        events: u64,
        (found, tried): (&'a Findings, &Tried),
        alerts: impl Iterator<Item = &'a Alert>,
    ) {
        let in_use = found.alerts.iter().chain(&found.once).filter(|alert| tried.watches(alert.tenant));
        let (in_use, now): (Vec<_>, Vec<_>) = (in_use.map(named).collect(), alerts.map(named).collect());
        let turn = self.turn.unwrap_or_default();
        machine.staging.count(turn, |trial| trial.compare(events, in_use, now));
    }
}

impl Tried {
    fn new(machine: &Machine, content: Arc<Loaded>, in_use: &Loaded, first: Arc<[TenantId]>) -> Tried {
        let detector = detector(machine, &content);
        let pieces = machine.station.remembered(|detector, memory| memory.pieces(detector));
        let settings = wardwatch_sequence::Settings::default();
        let (memory, _) = Memory::restore(settings, machine.secret, &detector, &pieces);
        let parser = differ(&content, in_use).then(|| Parser::of(machine, Arc::clone(&content)));
        Tried { content, detector, memory, first, parser }
    }

    /// Whether it looks at the lines of this hospital: of all in the shadow, then of the first ones.
    fn watches(&self, tenant: TenantId) -> bool {
        self.first.is_empty() || self.first.contains(&tenant)
    }

    fn look(&mut self, batches: &[EventBatch]) -> (u64, Vec<Alert>, Vec<Alert>) {
        let (mut events, mut alerts) = (0, Vec::new());
        for batch in batches {
            if !self.watches(batch.lines.received.tenant()) {
                continue;
            }
            events += batch.len() as u64;
            match &mut self.parser {
                None => alerts.extend(self.detector.look(&mut self.memory, batch)),
                Some(parser) => {
                    let mut again = Vec::new();
                    parser.parse(batch.lines.clone(), &mut again);
                    alerts.extend(again.iter().flat_map(|batch| self.detector.look(&mut self.memory, batch)));
                }
            }
        }
        let mut once = self.detector.settle(&mut self.memory);
        once.retain(|alert| self.watches(alert.tenant));
        (events, alerts, once)
    }

    /// For the first hospitals its alerts, for all others those of the version in use.
    fn exchange(&self, in_use: &mut Vec<Alert>, tried: Vec<Alert>) {
        if !self.first.is_empty() {
            in_use.retain(|alert| !self.first.contains(&alert.tenant));
            in_use.extend(tried);
        }
    }
}

fn detector(machine: &Machine, content: &Loaded) -> Detector {
    watching::detector(content, machine.context.clone(), machine.staging.indicators())
}

/// Whether lines become other events under the packs of these two.
fn differ(one: &Loaded, other: &Loaded) -> bool {
    let versions = |loaded: &Loaded| -> Vec<(String, String)> {
        loaded.packs.values().map(|pack| (pack.id.clone(), pack.version.clone())).collect()
    };
    versions(one) != versions(other)
}

/// What makes an alert the same under two versions.
fn named(alert: &Alert) -> (String, EventId) {
    (alert.rule.as_ref().map_or_else(|| DEVICE.to_owned(), |rule| rule.id.clone()), alert.event)
}
