//! What detection remembers between two windows: sequences, baselines, what each tenant's rules have seen. It goes to
//! the ledger in named pieces and comes back from them.

use crate::coverage::Seen;
use crate::detector::Detector;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use wardwatch_baseline::{Baselines, RiskRaise, Site};
use wardwatch_ident::TenantId;
use wardwatch_limits::RAISES_KEPT;
use wardwatch_sequence::{Promptness, Saved, Settings, State};

/// A piece of memory under a name: a newer one replaces it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// `sequence/<tenant>/<correlation>`, `baseline/<tenant>`, `seen/<tenant>`.
    pub name: String,
    /// What to give back to [`Memory::restore`].
    pub bytes: Vec<u8>,
}

/// A piece that could not be taken over, and what follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LostPiece {
    /// Its name.
    pub name: String,
    /// Why, and what begins anew.
    pub why: String,
}

/// Owned by the one worker that sees the lines in order.
#[derive(Debug)]
pub struct Memory {
    pub(crate) sequences: State,
    pub(crate) baselines: BTreeMap<TenantId, Baselines>,
    pub(crate) seen: Seen,
    /// Risks that rose; triage takes them.
    pub(crate) raises: VecDeque<RiskRaise>,
    pub(crate) raises_dropped: u64,
    /// Alerts that were said early and did not hold once a late event was known.
    pub(crate) withdrawn: u64,
    settings: Settings,
    /// Stamps are believed: a file says nothing of when its lines were received.
    pub(crate) of_files: bool,
    /// Keys the hashes of names, so that nobody outside can choose names that collide.
    secret: [u8; 16],
}

impl Memory {
    /// Empty. `secret` belongs to the installation and must be the same at the next start, or baselines begin anew.
    #[must_use]
    pub fn new(settings: Settings, secret: [u8; 16]) -> Memory {
        Memory {
            sequences: State::new(settings.clone()),
            settings,
            of_files: false,
            baselines: BTreeMap::new(),
            seen: Seen::default(),
            raises: VecDeque::new(),
            raises_dropped: 0,
            withdrawn: 0,
            secret,
        }
    }

    /// For `detect` on files: their lines come in no order of time, so everything waits for [`Detector::finish`], and
    /// nothing is too late.
    #[must_use]
    pub fn for_files() -> Memory {
        let settings =
            Settings { promptness: Promptness::Settled, lateness_micros: i64::MAX / 4, ..Settings::default() };
        Memory { of_files: true, ..Memory::new(settings, [0; 16]) }
    }

    /// Everything, as pieces. What is not among them was forgotten: the set replaces the last one.
    #[must_use]
    pub fn pieces(&self, detector: &Detector) -> Vec<Piece> {
        let sequence = |saved: Saved| Piece {
            name: format!("sequence/{}/{}", saved.tenant, saved.correlation.as_deref().unwrap_or_default()),
            bytes: saved.bytes,
        };
        let baseline = |(tenant, baselines): (&TenantId, &Baselines)| Piece {
            name: format!("baseline/{tenant}"),
            bytes: baselines.snapshot(),
        };
        let mut pieces: Vec<Piece> =
            self.sequences.snapshot(detector.correlations()).into_iter().map(sequence).collect();
        pieces.extend(self.baselines.iter().map(baseline));
        pieces.extend(self.seen.pieces());
        pieces
    }

    /// Memory from pieces, and what could not be taken over: that part begins anew.
    #[must_use]
    pub fn restore(
        settings: Settings,
        secret: [u8; 16],
        detector: &Detector,
        pieces: &[Piece],
    ) -> (Memory, Vec<LostPiece>) {
        let mut memory = Memory::new(settings.clone(), secret);
        let mut lost = Vec::new();
        let mut saved = Vec::new();
        for piece in pieces {
            let lose = |why: String| LostPiece { name: piece.name.clone(), why };
            let mut parts = piece.name.splitn(3, '/');
            let kind = parts.next().unwrap_or_default();
            let tenant = parts.next().and_then(|text| text.parse::<TenantId>().ok());
            match (kind, tenant, parts.next()) {
                ("sequence", Some(tenant), Some(correlation)) => {
                    let correlation = (!correlation.is_empty()).then(|| correlation.to_owned());
                    saved.push(Saved { tenant, correlation, bytes: piece.bytes.clone() });
                }
                ("baseline", Some(tenant), None) => {
                    let definitions = Arc::clone(&detector.watched().definitions);
                    match Baselines::restore(definitions, Site::china(), memory.key_of(tenant), &piece.bytes) {
                        Ok(baselines) => drop(memory.baselines.insert(tenant, baselines)),
                        Err(fault) => lost.push(lose(fault.to_string())),
                    }
                }
                ("seen", Some(tenant), None) => {
                    if !memory.seen.take(tenant, &piece.bytes) {
                        lost.push(lose("it cannot be read; the rules' counts begin anew".to_owned()));
                    }
                }
                _ => lost.push(lose("no part of this version's memory".to_owned())),
            }
        }
        let (sequences, not) = State::restore(settings, detector.correlations(), &saved);
        memory.sequences = sequences;
        lost.extend(not.into_iter().map(|not| LostPiece {
            name: format!("sequence/{}/{}", not.tenant, not.correlation.unwrap_or_default()),
            why: not.reason,
        }));
        (memory, lost)
    }

    /// The same memory under other rules and definitions; what is no longer meant begins anew.
    #[must_use]
    pub fn under(self, old: &Detector, new: &Detector) -> (Memory, Vec<LostPiece>) {
        let (raises, raises_dropped, withdrawn) = (self.raises.clone(), self.raises_dropped, self.withdrawn);
        let pieces = self.pieces(old);
        let (mut memory, lost) = Memory::restore(self.settings.clone(), self.secret, new, &pieces);
        (memory.raises, memory.raises_dropped, memory.withdrawn) = (raises, raises_dropped, withdrawn);
        (memory, lost)
    }

    /// The profiles of a tenant.
    pub(crate) fn baselines_of(&mut self, tenant: TenantId, detector: &Detector) -> &mut Baselines {
        let key = self.key_of(tenant);
        self.baselines
            .entry(tenant)
            .or_insert_with(|| Baselines::new(Arc::clone(&detector.watched().definitions), Site::china(), key))
    }

    fn key_of(&self, tenant: TenantId) -> [u8; 16] {
        let tenant = tenant.0.to_be_bytes();
        let mut key = self.secret;
        key.iter_mut().zip(tenant).for_each(|(key, byte)| *key ^= byte);
        key
    }

    pub(crate) fn raise(&mut self, raise: RiskRaise) {
        if self.raises.len() >= RAISES_KEPT {
            self.raises.pop_front();
            self.raises_dropped += 1;
        }
        self.raises.push_back(raise);
    }

    /// The risks that rose since this was asked last, and how many were dropped before.
    pub fn take_raises(&mut self) -> (Vec<RiskRaise>, u64) {
        (self.raises.drain(..).collect(), std::mem::take(&mut self.raises_dropped))
    }

    /// Alerts said early that a late event took back since the start.
    #[must_use]
    pub fn withdrawn(&self) -> u64 {
        self.withdrawn
    }

    /// Sequences that are open, and the bytes they take, about.
    #[must_use]
    pub fn sequences(&self) -> (usize, usize) {
        (self.sequences.groups(), self.sequences.bytes())
    }

    /// What the tenants' rules have seen.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        &self.seen
    }
}
