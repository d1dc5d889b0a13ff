//! Canaries of correlations: hits of their rules in one window, which must make them fire. The rules' own canaries show
//! that such hits can be.

use crate::canary::CanaryOutcome;
use crate::canary_event::canary_tenant;
use crate::detector::Detector;
use std::collections::BTreeMap;
use wardwatch_ident::Timestamp;
use wardwatch_sequence::NoCanary;

/// Adds what came of each correlation's canary, by its id.
pub(crate) fn correlations(detector: &Detector, at: Timestamp, outcomes: &mut BTreeMap<String, CanaryOutcome>) {
    let (correlations, rules) = (detector.correlations(), detector.program().rules());
    for number in 0..correlations.len() {
        let Some(about) = correlations.about(number) else { continue };
        let outcome = match correlations.canary(number, canary_tenant(), at) {
            Ok(of) => {
                let lost = of
                    .iter()
                    .filter_map(|rule| rules.get(*rule as usize))
                    .find(|rule| matches!(outcomes.get(&rule.about.id), Some(CanaryOutcome::Lost(_))));
                match lost {
                    Some(rule) => CanaryOutcome::Lost(format!("its rule `{}` is broken", rule.about.title)),
                    None => CanaryOutcome::Fired,
                }
            }
            Err(silent @ NoCanary::Silent(_)) => CanaryOutcome::Lost(silent.to_string()),
            Err(NoCanary::NotMade(why)) => CanaryOutcome::NotMade(why),
        };
        outcomes.insert(about.id.clone(), outcome);
    }
}
