//! Ours: the state machine, as the line feeds it.

use crate::hits::{Hits, One};
use crate::{Run, clock, memory};
use std::collections::{BTreeMap, BTreeSet};
use wardwatch_ident::{AlertId, EventId, SourceId, TenantId, Timestamp};
use wardwatch_predicate::sigma::{About, Document, read_rules};
use wardwatch_sequence::{
    Correlations, FieldName, Hit, HitFields, NoSets, Promptness, RuleNames, Said, Settings, State,
};

struct Fields<'h>(&'h One);

impl HitFields for Fields<'_> {
    fn values(&self, field: FieldName<'_>, take: &mut dyn FnMut(&str)) {
        match field.name {
            "user" => take(&self.0.user),
            "value" => take(&self.0.value),
            _ => {}
        }
    }
}

pub fn rules(hits: &Hits) -> Correlations {
    let mut names = RuleNames::default();
    names.add(0, &About { id: "single".to_owned(), ..About::default() });
    let Ok(Document::Correlation(document)) = read_rules(hits.shape.document().as_bytes()).remove(0) else {
        panic!("the document is not read")
    };
    let (rules, refused) = Correlations::compile(&[*document], &names);
    assert!(refused.is_empty(), "{refused:?}");
    rules
}

pub fn run(hits: &Hits, early: bool) -> Run {
    let rules = rules(hits);
    let before = memory::megabytes();
    let promptness = if early { Promptness::Early } else { Promptness::Settled };
    let mut state = State::new(Settings { promptness, ..Settings::default() });
    let mut said = Vec::new();
    let start = clock();
    for (n, one) in hits.all.iter().enumerate() {
        let time = Timestamp::from_secs(one.seconds);
        state.take(
            &rules,
            &Hit {
                tenant: TenantId(1),
                source: SourceId(1),
                rule: 0,
                event: EventId(n as u128 + 1),
                time,
                received: time,
                fields: &Fields(one),
            },
        );
        if n % 1_000 == 999 {
            said.extend(state.advance(&rules, &NoSets));
        }
    }
    let seconds = clock() - start;
    let in_said = said.capacity() * size_of::<Said>();
    let megabytes = memory::megabytes() - before - in_said as f64 / 1e6;
    said.extend(state.finish(&rules, &NoSets));
    let mut book: BTreeMap<AlertId, String> = BTreeMap::new();
    for said in said {
        match said {
            Said::Early(fired) | Said::Settled(fired) => drop(book.insert(fired.id, fired.group[0].1.clone())),
            Said::Withdrawn { id, .. } => drop(book.remove(&id)),
            Said::Forgotten { groups, .. } => eprintln!("{groups} groups forgotten"),
        }
    }
    let fired: BTreeSet<String> = book.values().cloned().collect();
    Run { seconds, megabytes, fired, alerts: book.len() }
}
