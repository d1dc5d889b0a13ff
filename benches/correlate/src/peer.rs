//! The peer: rsigma-eval's correlation engine over detections that were made beforehand.

use crate::hits::Hits;
use crate::{Run, clock, memory};
use rsigma_eval::{CorrelationConfig, CorrelationEngine, EvaluationResult, JsonEvent};
use std::collections::BTreeSet;

const RULE: &str = "title: S\nid: 22222222-2222-4222-8222-222222222222\nname: single\nlogsource: {product: linux}\n\
                    detection: {s: {kind: k}, condition: s}\n";

pub fn run(hits: &Hits) -> Run {
    let text = format!("{RULE}---\n{}", hits.shape.document());
    let collection = rsigma_parser::parse_sigma_yaml(&text).expect("the peer reads the documents");
    // As ours: an alert is not said again for a timespan, and no limit on groups is reached.
    let config = CorrelationConfig {
        suppress: Some(600),
        emit_detections: false,
        max_state_entries: 10_000_000,
        ..CorrelationConfig::default()
    };
    let mut engine = CorrelationEngine::new(config);
    engine.add_collection(&collection).expect("the peer takes the documents");
    let before = memory::megabytes();
    let (mut fired, mut alerts, mut seconds) = (BTreeSet::new(), 0, 0.0);
    for chunk in hits.all.chunks(10_000) {
        let values: Vec<serde_json::Value> =
            chunk.iter().map(|one| serde_json::json!({"kind": "k", "user": one.user, "value": one.value})).collect();
        let found: Vec<Vec<EvaluationResult>> = values.iter().map(|v| engine.evaluate(&JsonEvent::borrow(v))).collect();
        let start = clock();
        let results: Vec<Vec<EvaluationResult>> = found
            .into_iter()
            .zip(&values)
            .zip(chunk)
            .map(|((found, value), one)| engine.process_with_detections(&JsonEvent::borrow(value), found, one.seconds))
            .collect();
        seconds += clock() - start;
        for result in results.iter().flatten() {
            if let Some(correlation) = result.as_correlation() {
                alerts += 1;
                fired.insert(correlation.group_key[0].1.to_lowercase());
            }
        }
    }
    Run { seconds, megabytes: memory::megabytes() - before, fired, alerts }
}
