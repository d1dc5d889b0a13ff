//! How a new content version comes into use: shadow, then the first hospitals, then all; and how it is taken back.
//!
//! A state machine over values: [`Standing`] says what is in use, a decision gives a [`Transition`], applying it gives
//! the next standing. Transitions are what is kept; the standing is always their sum. No clock, no file, no program.

use crate::version::VersionId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use wardwatch_ident::Timestamp;
use wardwatch_limits::{
    CANARY_EVENTS, CANARY_MS, CANARY_TENANTS, CONTENT_VERSIONS_KEPT, SHADOW_EVENTS, SHADOW_MS, WATCHED_MS,
};

/// Where a version stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Not in use.
    Out,
    /// Evaluated beside the version in use, on the same events; raises nothing.
    Shadow,
    /// In use for the hospitals that are named.
    Canary,
    /// In use for all.
    All,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A version begins in the shadow.
    Staged,
    /// It goes on to the next place.
    Promoted,
    /// It is out, the version in use stays.
    Halted,
    /// It was in use for all, and the one before is in use again.
    RolledBack,
}

/// One line of the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a person, or `wardwatch` by itself.
    pub by: String,
    /// What.
    pub step: Step,
    /// Which version.
    pub version: VersionId,
    /// Where it stood.
    pub from: Place,
    /// Where it stands now.
    pub to: Place,
    /// Why.
    pub why: String,
    /// The first hospitals, by their short names (when staged).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canary: Vec<String>,
    /// It goes on by itself once each place's least time and events are met (when staged).
    #[serde(default, skip_serializing_if = "is_no")]
    pub by_itself: bool,
    /// When the version was made (when staged).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_no(yes: &bool) -> bool {
    !yes
}

/// How long and over how many events a version is tried in a place, at least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Least {
    /// Milliseconds.
    pub ms: i64,
    /// Events that were looked at.
    pub events: u64,
}

/// The terms of a trial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// In the shadow.
    pub shadow: Least,
    /// At the first hospitals.
    pub canary: Least,
    /// Milliseconds that it is watched after everybody has it.
    pub watched_ms: i64,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            shadow: Least { ms: SHADOW_MS, events: SHADOW_EVENTS },
            canary: Least { ms: CANARY_MS, events: CANARY_EVENTS },
            watched_ms: WATCHED_MS,
        }
    }
}

/// A version that is tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Candidate {
    /// Which.
    pub version: VersionId,
    /// [`Place::Shadow`] or [`Place::Canary`].
    pub place: Place,
    /// Since when.
    pub since: Timestamp,
    /// The first hospitals; none means that all follow the shadow.
    pub canary: Vec<String>,
    /// It goes on by itself.
    pub by_itself: bool,
    /// Who staged it.
    pub by: String,
}

/// What is in use, and what is tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
    /// In use for everybody, but for the first hospitals of a candidate.
    pub in_use: VersionId,
    /// Since when; none for what the binary came with.
    pub since: Option<Timestamp>,
    /// What was in use before, the last one at the end.
    pub earlier: Vec<VersionId>,
    /// What is tried.
    pub candidate: Option<Candidate>,
    /// When these versions were made.
    pub made: BTreeMap<VersionId, Timestamp>,
    /// The number of the last transition.
    pub seq: u64,
}

impl Default for Standing {
    fn default() -> Self {
        let (earlier, made) = (Vec::new(), BTreeMap::new());
        Standing { in_use: VersionId::builtin(), since: None, earlier, candidate: None, made, seq: 0 }
    }
}

/// A decision against it, with what to do instead.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// One at a time.
    #[error("version {0} is being tried: promote it or halt it first")]
    Busy(VersionId),
    /// It is in use.
    #[error("version {0} is in use already")]
    InUse(VersionId),
    /// Replay of an old version.
    #[error(
        "version {version} was made at {made}, before the one in use ({in_use}): an old version may miss what was mended; if it is meant, stage it with --rollback"
    )]
    Older {
        /// What was asked for.
        version: VersionId,
        /// When it was made.
        made: Timestamp,
        /// When the one in use was made.
        in_use: Timestamp,
    },
    /// Nothing there.
    #[error("no version is being tried: `wardwatch content stage FILE` begins")]
    NoCandidate,
    /// Not long enough.
    #[error("version {version} has not been tried long enough in the {place}: {lacks}; promote it then, or halt it")]
    Early {
        /// Which.
        version: VersionId,
        /// Where.
        place: &'static str,
        /// What is missing.
        lacks: String,
    },
    /// Nothing to go back to.
    #[error("there is no earlier version to go back to: `wardwatch content versions` shows what there is")]
    NoEarlier,
    /// Too many hospitals.
    #[error("at most {CANARY_TENANTS} hospitals can be the first: name fewer with --canary")]
    ManyCanaries,
    /// Somebody else decided meanwhile.
    #[error("another decision came first: look at `wardwatch content versions` and say again what is meant")]
    Overtaken,
}

/// Who decides, when and why.
#[derive(Clone, Debug)]
pub struct Decision<'d> {
    /// Who.
    pub by: &'d str,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: &'d str,
}

/// A version that is to be tried.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Which.
    pub version: VersionId,
    /// When it was made.
    pub made: Timestamp,
    /// An older one is meant.
    pub older_meant: bool,
    /// The first hospitals.
    pub canary: Vec<String>,
    /// It goes on by itself.
    pub by_itself: bool,
}

impl Standing {
    /// The sum of these transitions.
    ///
    /// # Errors
    /// The first that does not follow from those before it.
    pub fn of<'t>(transitions: impl IntoIterator<Item = &'t Transition>) -> Result<Standing, Refusal> {
        transitions.into_iter().try_fold(Standing::default(), |standing, transition| standing.after(transition))
    }

    /// Begins to try a version.
    ///
    /// # Errors
    /// Another is tried, it is in use, or it is older than what is in use.
    pub fn stage(&self, proposal: Proposal, who: &Decision<'_>) -> Result<Transition, Refusal> {
        let Proposal { version, made, older_meant, mut canary, by_itself } = proposal;
        if let Some(candidate) = &self.candidate {
            return Err(Refusal::Busy(candidate.version.clone()));
        }
        if self.in_use == version {
            return Err(Refusal::InUse(version));
        }
        if let Some(in_use) = self.made.get(&self.in_use).copied().filter(|in_use| made < *in_use && !older_meant) {
            return Err(Refusal::Older { version, made, in_use });
        }
        if canary.len() > CANARY_TENANTS {
            return Err(Refusal::ManyCanaries);
        }
        canary.sort();
        canary.dedup();
        let begun = self.step(Step::Staged, version, Place::Out, Place::Shadow, who);
        Ok(Transition { canary, by_itself, made: Some(made), ..begun })
    }

    /// Lets the candidate go on: from the shadow to the first hospitals if some are named, else to all.
    ///
    /// # Errors
    /// There is none, or it was not tried long enough: `events` is how many were looked at since it stands there.
    pub fn promote(&self, events: u64, terms: &Terms, who: &Decision<'_>) -> Result<Transition, Refusal> {
        let candidate = self.candidate.as_ref().ok_or(Refusal::NoCandidate)?;
        if let Some(lacks) = candidate.lacks(events, terms, who.at) {
            let place = candidate.place.word();
            return Err(Refusal::Early { version: candidate.version.clone(), place, lacks });
        }
        Ok(self.step(Step::Promoted, candidate.version.clone(), candidate.place, candidate.next(), who))
    }

    /// Takes the candidate out; what is in use stays.
    ///
    /// # Errors
    /// There is none.
    pub fn halt(&self, who: &Decision<'_>) -> Result<Transition, Refusal> {
        let candidate = self.candidate.as_ref().ok_or(Refusal::NoCandidate)?;
        Ok(self.step(Step::Halted, candidate.version.clone(), candidate.place, Place::Out, who))
    }

    /// Goes back: takes the candidate out if there is one, else the version before is in use again.
    ///
    /// # Errors
    /// There is neither.
    pub fn roll_back(&self, who: &Decision<'_>) -> Result<Transition, Refusal> {
        if self.candidate.is_some() {
            return self.halt(who);
        }
        if self.earlier.is_empty() {
            return Err(Refusal::NoEarlier);
        }
        Ok(self.step(Step::RolledBack, self.in_use.clone(), Place::All, Place::Out, who))
    }

    /// The standing after a transition.
    ///
    /// # Errors
    /// It does not follow from this standing.
    pub fn after(&self, transition: &Transition) -> Result<Standing, Refusal> {
        let Transition { seq, at, step, version, from, to, .. } = transition;
        if *seq != self.seq + 1 {
            return Err(Refusal::Overtaken);
        }
        let mut next = Standing { seq: *seq, ..self.clone() };
        match (step, from, to, &self.candidate) {
            (Step::Staged, Place::Out, Place::Shadow, None) if self.in_use != *version => {
                next.candidate = Some(Candidate {
                    version: version.clone(),
                    place: Place::Shadow,
                    since: *at,
                    canary: transition.canary.clone(),
                    by_itself: transition.by_itself,
                    by: transition.by.clone(),
                });
            }
            (Step::Promoted, from, to, Some(candidate)) if candidate.is(version, *from) && candidate.next() == *to => {
                next.candidate = None;
                if *to == Place::All {
                    let before = std::mem::replace(&mut next.in_use, version.clone());
                    next.earlier.retain(|earlier| earlier != version && *earlier != before);
                    next.earlier.push(before);
                    let over = next.earlier.len().saturating_sub(CONTENT_VERSIONS_KEPT);
                    next.earlier.drain(..over);
                    next.since = Some(*at);
                } else {
                    next.candidate = Some(Candidate { place: *to, since: *at, ..candidate.clone() });
                }
            }
            (Step::Halted, from, Place::Out, Some(candidate)) if candidate.is(version, *from) => next.candidate = None,
            (Step::RolledBack, Place::All, Place::Out, None) if self.in_use == *version => {
                next.in_use = next.earlier.pop().ok_or(Refusal::Overtaken)?;
                next.since = Some(*at);
            }
            _ => return Err(Refusal::Overtaken),
        }
        next.made.extend(transition.made.map(|made| (version.clone(), made)));
        let needed: Vec<VersionId> = next.needed().into_iter().cloned().collect();
        next.made.retain(|id, _| needed.contains(id));
        Ok(next)
    }

    /// Whether the version in use is so new that it is still watched.
    pub fn is_watched(&self, terms: &Terms, now: Timestamp) -> bool {
        let new = self.since.is_some_and(|since| now.micros_since(since) < terms.watched_ms.saturating_mul(1_000));
        new && self.candidate.is_none() && !self.earlier.is_empty()
    }

    /// Versions that must be kept: in use, to go back to, and tried.
    pub fn needed(&self) -> Vec<&VersionId> {
        let tried = self.candidate.iter().map(|candidate| &candidate.version);
        std::iter::once(&self.in_use).chain(&self.earlier).chain(tried).collect()
    }

    fn step(&self, step: Step, version: VersionId, from: Place, to: Place, who: &Decision<'_>) -> Transition {
        Transition {
            seq: self.seq + 1,
            at: who.at,
            by: who.by.to_owned(),
            step,
            version,
            from,
            to,
            why: who.why.to_owned(),
            canary: Vec::new(),
            by_itself: false,
            made: None,
        }
    }
}

impl Candidate {
    /// What is missing before it may go on; nothing if it may.
    pub fn lacks(&self, events: u64, terms: &Terms, now: Timestamp) -> Option<String> {
        let least = if self.place == Place::Canary { terms.canary } else { terms.shadow };
        let waited = now.micros_since(self.since) / 1_000;
        let mut lacks = Vec::new();
        if waited < least.ms {
            lacks.push(format!("{} more minutes", (least.ms - waited + 59_999) / 60_000));
        }
        if events < least.events {
            lacks.push(format!("{} more events", least.events - events));
        }
        (!lacks.is_empty()).then(|| lacks.join(" and "))
    }

    /// The place after this one.
    fn next(&self) -> Place {
        if self.place == Place::Shadow && !self.canary.is_empty() { Place::Canary } else { Place::All }
    }

    fn is(&self, version: &VersionId, place: Place) -> bool {
        self.version == *version && self.place == place
    }
}

impl Place {
    /// In a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Place::Out => "out",
            Place::Shadow => "shadow",
            Place::Canary => "canary",
            Place::All => "all",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
