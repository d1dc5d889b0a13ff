//! Which rules the product's router would show an event, so that the peer can stand behind the same router.

use crate::events::Batch;
use crate::ours::Ours;
use std::collections::HashMap;
use wardwatch_event::{Event, EventBatch};
use wardwatch_predicate::route::{Routed, Source, Target, Taxonomy};

/// For each event the number of its set of rules.
pub struct Routes {
    /// By the address of the batch's lines and the row.
    of: HashMap<(usize, u32), usize>,
    /// Ids of the rules of each set.
    pub sets: Vec<Vec<String>>,
}

impl Routes {
    /// Of these events, by the targets that rename no field: renaming would be work for the peer.
    pub fn of(batches: &[Batch], ours: &Ours, taxonomy: &Taxonomy) -> Self {
        let (mut routes, mut by_ids, mut by_key) = (Self::none(), HashMap::new(), HashMap::new());
        for batch in batches {
            let parsed = batch.parsed();
            for event in parsed.events() {
                let key = format!("{} {:?} {}", parsed.pack.id, event.head().case, words(&parsed, event));
                let set = *by_key.entry(key).or_insert_with(|| {
                    let ids = rules_of(&parsed, event, ours, taxonomy);
                    *by_ids.entry(ids.clone()).or_insert_with(|| {
                        routes.sets.push(ids);
                        routes.sets.len() - 1
                    })
                });
                routes.of.insert((key_of(batch), event.row()), set);
            }
        }
        routes
    }

    /// Nothing is routed.
    pub fn none() -> Self {
        Self { of: HashMap::new(), sets: Vec::new() }
    }

    /// The set of an event.
    pub fn set(&self, batch: &Batch, row: u32) -> usize {
        self.of.get(&(key_of(batch), row)).copied().unwrap_or(0)
    }
}

fn key_of(batch: &Batch) -> usize {
    batch.lines.received.bytes.as_ptr() as usize
}

/// Everything of the event that a target may ask for.
fn words(parsed: &EventBatch, event: Event<'_>) -> String {
    let of = |name: &str| first(parsed, event, name).unwrap_or_default();
    format!("{} {} {}", of("Channel").to_lowercase(), of("EventID"), of("Provider_Name"))
}

fn first<'b>(parsed: &'b EventBatch, event: Event<'b>, name: &str) -> Option<&'b str> {
    event.get(parsed.field(name)?).map(|native| native.text)
}

fn rules_of(parsed: &EventBatch, event: Event<'_>, ours: &Ours, taxonomy: &Taxonomy) -> Vec<String> {
    let declared = parsed.pack.sigma_of(event.head().case).map(|logsource| Source {
        product: logsource.product.clone(),
        category: logsource.category.clone(),
        service: logsource.service.clone(),
    });
    let covers = |target: &Target| {
        let channel = first(parsed, event, "Channel");
        let id = first(parsed, event, "EventID").and_then(|id| id.parse().ok());
        let by_channel = channel.is_some_and(|channel| {
            target.channel.iter().any(|name| name == "*" || name.eq_ignore_ascii_case(channel))
                && (target.event.is_empty() || id.is_some_and(|id| target.event.contains(&id)))
        });
        let by_source =
            target.source.as_ref().zip(declared.as_ref()).is_some_and(|(source, declared)| source.covers(declared));
        let holds = |(field, texts): (&String, &Vec<String>)| {
            first(parsed, event, field).is_some_and(|value| texts.iter().any(|text| text.eq_ignore_ascii_case(value)))
        };
        target.fields.is_empty() && (by_channel || by_source) && target.when.iter().all(holds)
    };
    let wanted = ours.program.rules().iter().filter(|rule| match taxonomy.route(&rule.logsource) {
        Routed::To(targets) => targets.iter().any(covers),
        Routed::Nowhere(_) => false,
        Routed::Unknown => {
            let source = Source {
                product: rule.logsource.product.clone(),
                category: rule.logsource.category.clone(),
                service: rule.logsource.service.clone(),
            };
            declared.as_ref().is_some_and(|declared| source.covers(declared))
        }
    });
    wanted.map(|rule| rule.about.id.clone()).filter(|id| ours.ids.contains_key(id)).collect()
}
