//! A batch of hits at once: put in order of time first, so that files and the line agree.

use crate::compile::Correlations;
use crate::fired::{Fired, Said};
use crate::hit::Hit;
use crate::state::{Promptness, Sets, Settings, State};

/// What the correlations say about these hits, in order of time. Stamps are believed: a file says nothing of when its
/// lines were received. Windows that have not ended with the last hit are not judged.
///
/// `state` may be asked afterwards what was counted.
#[must_use]
pub fn correlate(rules: &Correlations, hits: &[Hit<'_>], sets: &dyn Sets, state: &mut State) -> Vec<Fired> {
    let mut order: Vec<&Hit<'_>> = hits.iter().collect();
    order.sort_by_key(|hit| (hit.tenant, hit.time, hit.event, hit.rule));
    let mut said = Vec::new();
    for (n, hit) in order.into_iter().enumerate() {
        state.take(rules, &Hit { received: hit.time.max(hit.received), ..*hit });
        if n % 4_096 == 4_095 {
            said.extend(state.advance(rules, sets));
        }
    }
    said.extend(state.finish(rules, sets));
    let mut fired: Vec<Fired> = said
        .into_iter()
        .filter_map(|said| match said {
            Said::Settled(fired) => Some(fired),
            Said::Early(_) | Said::Withdrawn { .. } | Said::Forgotten { .. } => None,
        })
        .collect();
    fired.sort_by_key(|fired| (fired.time, fired.id));
    fired
}

impl State {
    /// A state for [`correlate`]: only what is certain, nothing is ever too late.
    #[must_use]
    pub fn for_batch() -> State {
        State::new(Settings { promptness: Promptness::Settled, lateness_micros: 0, ..Settings::default() })
    }
}
