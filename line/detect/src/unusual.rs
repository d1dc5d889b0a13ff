//! What is unusual about an event, by its tenant's baselines: facts that stand beside alerts and never make one.

use std::borrow::Cow;
use std::sync::Arc;
use wardwatch_baseline::{Definitions, Observation};
use wardwatch_event::{ColumnValue, Event};
use wardwatch_schema::{ColumnId, find_column};

/// Definitions, with the columns they read resolved, so that an event nobody watches costs a comparison.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    pub(crate) definitions: Arc<Definitions>,
    columns: Vec<(String, ColumnId)>,
    /// Classes that a definition asks for; none: some definition takes every class.
    classes: Option<Vec<u32>>,
}

impl Watched {
    pub(crate) fn new(definitions: Arc<Definitions>) -> Watched {
        let mut names: Vec<&str> = Vec::new();
        let mut classes = Some(Vec::new());
        for definition in definitions.iter() {
            names.extend(definition.value.iter().map(String::as_str));
            names.push(&definition.entity);
            names.extend(definition.scope.keys().map(String::as_str));
            match (&mut classes, definition.scope.get("class_uid")) {
                (Some(known), Some(wanted)) => {
                    known.extend(wanted.iter().filter_map(|class| class.parse::<u32>().ok()))
                }
                (classes, _) => *classes = None,
            }
        }
        names.sort_unstable();
        names.dedup();
        let columns = names.iter().filter_map(|name| Some(((*name).to_owned(), find_column(name)?))).collect();
        Watched { definitions, columns, classes }
    }

    /// Whether any definition may be about this event.
    pub(crate) fn concerns(&self, event: Event<'_>) -> bool {
        let class = event.head().class_uid;
        !self.columns.is_empty() && self.classes.as_ref().is_none_or(|classes| classes.contains(&class))
    }

    /// The fields of the event that definitions read.
    pub(crate) fn fields<'w>(&'w self, event: Event<'_>) -> Vec<(&'w str, String)> {
        let text = |value: ColumnValue<'_>| match value {
            ColumnValue::Text(text) => Cow::into_owned(text),
            ColumnValue::Int(int) => int.to_string(),
        };
        self.columns.iter().filter_map(|(name, column)| Some((name.as_str(), text(event.column(*column)?)))).collect()
    }
}

/// What an event says of itself to a baseline; entity and value are filled in by definition.
pub(crate) fn observation<'e>(event: Event<'_>, source: &'e str, on_shift: bool) -> Observation<'e> {
    Observation {
        definition: 0,
        source,
        entity: "",
        value: None,
        role: None,
        on_shift,
        at: event.head().time,
        received: event.batch().lines.received.at,
    }
}
