//! The plain way through a batch: every rule of every group is asked about every event. What the fast way is compared
//! with; nothing else uses it.

use crate::alarm::alarm;
use crate::evaluate::alert_of;
use crate::program::Program;
use crate::record::EventRecord;
use crate::routes::Router;
use wardwatch_event::{EventBatch, Parsed};
use wardwatch_finding::Alert;
use wardwatch_limits::ALERTS_PER_EVENT;
use wardwatch_predicate::Reading;

/// The alerts of a batch as [`crate::evaluate`] gives them, some hundred times slower, and without a look at what each
/// rule costs.
#[must_use]
pub fn evaluate_plainly(program: &Program, batch: &EventBatch) -> Vec<Alert> {
    let names = program.spellings.resolve(batch);
    let mut router = Router::new(program);
    let (mut alerts, mut groups) = (Vec::new(), Vec::new());
    for event in batch.events().filter(|event| event.head().parsed != Parsed::Poison) {
        alerts.extend(alarm(event));
        router.groups_of(&EventRecord::new(event, &names, None), event, &mut groups);
        let mut found = Vec::new();
        for group in groups.iter().filter_map(|number| program.groups().get(*number as usize)) {
            let record = EventRecord::new(event, &names, group.map.as_ref());
            let reading = Reading::new(&program.set.fields, &record);
            for number in &group.rules {
                let Some(rule) = program.set.rules.get(*number as usize) else { continue };
                let new = found.iter().all(|(other, _)| other != number);
                if new && rule.matches(&reading) && found.len() < ALERTS_PER_EVENT {
                    found.push((*number, rule.evidence(&reading)));
                }
            }
        }
        found.sort_by_key(|(number, _)| *number);
        let rule = |(number, matched)| Some((program.set.rules.get(number as usize)?, matched));
        alerts.extend(found.into_iter().filter_map(rule).map(|(rule, matched)| alert_of(rule, event, matched)));
    }
    alerts
}
