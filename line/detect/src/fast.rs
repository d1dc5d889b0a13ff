//! The fast way through a batch: its fields brought together with those that open rules, once per batch and route, so
//! that an event is one walk over its values.

use crate::asks::DerivedField;
use crate::names::Resolved;
use crate::program::{Mapped, Program};
use crate::record::{EventRecord, statement_column};
use crate::routes::{Route, RoutePass};
use std::sync::Arc;
use wardwatch_event::{Event, EventBatch, NativeKind, Parsed};
use wardwatch_predicate::program::{Engine, State};
use wardwatch_predicate::{FieldKey, Record, ValueKind};
use wardwatch_schema::{ColumnId, find_column};

/// A route in one batch.
pub(crate) struct BatchRoute {
    pub(crate) route: Arc<Route>,
    shows: Vec<Show>,
}

/// Where the values of one pass come from in one batch.
struct Show {
    /// By native field: first and one behind the last of `places`.
    ranges: Vec<(u32, u32)>,
    /// Places in the pass's list of fields.
    places: Vec<u32>,
    /// Fields that are put together from others.
    made: Vec<u32>,
    /// Fields that a typed column may hold where no native field does.
    columns: Vec<u32>,
}

impl BatchRoute {
    pub(crate) fn new(program: &Program, names: &Resolved, batch: &EventBatch, route: Arc<Route>) -> BatchRoute {
        let filled = filled_columns(batch);
        let shows = route.passes.iter().map(|pass| Show::new(program, names, batch, pass, &filled)).collect();
        BatchRoute { route, shows }
    }

    /// Shows the event to the pass with this number, as `record` reads it.
    pub(crate) fn show(
        &self,
        engine: &Engine,
        number: usize,
        record: &EventRecord<'_>,
        event: Event<'_>,
        state: &mut State,
    ) {
        let (Some(pass), Some(show)) = (self.route.passes.get(number), self.shows.get(number)) else { return };
        engine.begin(&pass.pass, state);
        show.natives(engine, pass, event, state);
        for place in show.made.iter().chain(&show.columns) {
            let Some(number) = pass.pass.fields().get(*place as usize) else { continue };
            record.each_value(FieldKey { name: "", number: *number }, &mut |value| {
                engine.see(&pass.pass, *place as usize, value.kind, &value.text, state);
            });
        }
        if pass.pass.wants_texts() && event.head().parsed != Parsed::Whole {
            engine.see_text(&pass.pass, &event.raw_text(), state);
        }
    }
}

impl Show {
    fn new(program: &Program, names: &Resolved, batch: &EventBatch, pass: &RoutePass, filled: &[ColumnId]) -> Show {
        let count = batch.pack.fields.len() + batch.extras().len();
        let mut by_id: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut show = Show { ranges: Vec::new(), places: Vec::new(), made: Vec::new(), columns: Vec::new() };
        let statements = statement_column().is_some_and(|column| filled.contains(&column));
        for (place, field) in (0u32..).zip(pass.pass.fields()) {
            match program.derived.get(*field) {
                Some(DerivedField::Statement(_)) if !statements => continue,
                Some(_) => {
                    show.made.push(place);
                    continue;
                }
                None => {}
            }
            let number = match pass.map(program).and_then(|map| map.get(*field)) {
                None => *field,
                Some(Mapped::Name(number)) => *number,
                Some(_) => {
                    show.made.push(place);
                    continue;
                }
            };
            for id in names.ids(number) {
                by_id.get_mut(usize::from(id.0)).into_iter().for_each(|places| places.push(place));
            }
            if names.column(number).is_some_and(|column| filled.contains(&column)) {
                show.columns.push(place);
            }
        }
        for places in by_id {
            let first = show.places.len() as u32;
            show.places.extend(places);
            show.ranges.push((first, show.places.len() as u32));
        }
        show
    }

    fn natives(&self, engine: &Engine, pass: &RoutePass, event: Event<'_>, state: &mut State) {
        let texts = pass.pass.wants_texts();
        if texts {
            let (line, made) = event.texts();
            engine.see_text(&pass.pass, line, state);
            engine.see_text(&pass.pass, made, state);
        }
        // With keywords, long values with escapes are of interest even if no rule is opened by their field.
        for lying in event.lying_of(texts, |id| self.ranges.get(usize::from(id.0)).is_some_and(|(f, e)| f < e)) {
            let (first, end) = self.ranges.get(usize::from(lying.field.0)).copied().unwrap_or_default();
            let places = self.places.get(first as usize..end as usize).unwrap_or_default();
            let text = lying.text;
            let Some(written) = lying.written else {
                let kind = kind_of(lying.kind);
                places.iter().for_each(|place| engine.see(&pass.pass, *place as usize, kind, text, state));
                continue;
            };
            if places.is_empty() && Engine::sees_written(text)
                || !places.is_empty()
                    && places.iter().all(|place| engine.see_written(&pass.pass, *place as usize, text, state))
            {
                continue;
            }
            let text = written.undone();
            places.iter().for_each(|place| engine.see(&pass.pass, *place as usize, ValueKind::Str, text, state));
            if texts {
                engine.see_text(&pass.pass, text, state);
            }
        }
    }
}

pub(crate) fn kind_of(kind: NativeKind) -> ValueKind {
    match kind {
        NativeKind::Text => ValueKind::Str,
        NativeKind::Number => ValueKind::Number,
        NativeKind::Bool => ValueKind::Bool,
        NativeKind::Null => ValueKind::Null,
    }
}

/// The columns that some case of the batch's pack fills.
pub(crate) fn filled_columns(batch: &EventBatch) -> Vec<ColumnId> {
    let pack = &batch.pack;
    let cases = (0..pack.cases().len()).filter_map(|case| u16::try_from(case).ok()).map(Some);
    let programs = std::iter::once(None).chain(cases).map(|case| pack.program(case));
    let mut found: Vec<ColumnId> = programs.flat_map(|program| &program.columns).map(|rule| rule.column).collect();
    found.extend(["class_uid", "activity_id"].into_iter().filter_map(find_column));
    found.sort_unstable();
    found.dedup();
    found
}
