//! Words of a sample that a value map does not hold: they become 99, and nobody is told.

use crate::lint::{Findings, Weight};
use std::collections::BTreeSet;
use wardwatch_event::{Event, EventBatch};
use wardwatch_pack::{Constant, Rule, ValueMap, run_steps, says_nothing};

/// So many are named for each sample; whoever has more has another problem.
const NAMED: usize = 20;

/// Warns of each word once, with the sample's line (counted from 1) and the map.
pub(crate) fn missing_words(path: &str, batch: &EventBatch, findings: &mut Findings<'_>) {
    let mut told: BTreeSet<(&str, String)> = BTreeSet::new();
    for (line, event) in (1..).zip(batch.events()) {
        for column in &batch.pack.program(event.head().case).columns {
            let Some((map, word)) = missing(batch, &event, &column.rule) else { continue };
            if told.len() >= NAMED || !told.insert((&map.name, word.clone())) {
                continue;
            }
            let name = &map.name;
            findings.add(
                Weight::Warning,
                "value",
                format!("{path} line {line}: `{word}` is not in the value map `{name}` and becomes 99; add it if the vendor knows it"),
                format!("{path} 第 {line} 行：取值表 `{name}` 中没有 `{word}`，结果为 99；若厂商文档有此值请补上"),
            );
        }
    }
}

/// The map that a rule asks in vain, and for which word. A rule that goes on to another or to a default has thought of it.
fn missing<'p>(batch: &'p EventBatch, event: &Event<'_>, rule: &Rule) -> Option<(&'p ValueMap, String)> {
    let map = batch.pack.values.get(usize::from(rule.map?))?;
    let text = |field| event.get(field).map(|value| value.text);
    if rule.or.is_some() || rule.default.is_some() || rule.when.as_ref().is_some_and(|when| !when.holds(text)) {
        return None;
    }
    let said = rule.from.iter().find_map(|source| text(source.field).filter(|said| !says_nothing(said.trim())))?;
    let word = run_steps(&rule.steps, said)?.trim().to_owned();
    let known = |(known, _): (&str, &Constant)| known == word.to_lowercase();
    (!word.is_empty() && !map.entries().any(known)).then_some((map, word))
}
