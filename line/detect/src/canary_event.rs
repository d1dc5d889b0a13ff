//! A rule's values as an event of one of its routes: channel, event id or log source as the route wants them, fields
//! under the names that the route's map reads them by.

use crate::asks::DerivedField;
use crate::canary_statement::statement;
use crate::context::{Answer, Ask, Context, Provenance, Question};
use crate::program::Program;
use std::collections::HashMap;
use std::sync::Arc;
use wardwatch_event::{BatchBuilder, EventBatch, Head, LineBatch, NativeKind, Parsed, Received, TimeNote};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_predicate::ValueKind;
use wardwatch_predicate::route::{FieldFrom, MadeField, Source, Target};
use wardwatch_predicate::sigma::{AskKind, CompiledRule, FieldAsk, Givable, Synthesis, YES};

/// The tenant of canaries: no hospital can have the name, for a short name has no blank.
const TENANT: &str = "canary of rules";
/// The native field that holds an SQL statement.
const STATEMENT: &str = "x-canary-statement";
/// The native field that holds keywords.
const KEYWORDS: &str = "x-canary-text";
/// Anything, where a field only has to be there.
const ANY: &str = "canary";

/// Whose the events of canaries are.
pub(crate) fn canary_tenant() -> TenantId {
    TenantId::from_slug(TENANT)
}

/// An event in the names of its route.
#[derive(Debug, Default)]
pub(crate) struct MadeEvent {
    fields: Vec<(String, ValueKind, String)>,
    /// Questions that are answered with yes; all others with no.
    pub(crate) yes: Vec<(Ask, String)>,
    /// Something was put together or replaced on the way, so that the rule need not read what was meant.
    pub(crate) bent: bool,
}

impl MadeEvent {
    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, ..)| known == name)
    }

    fn text(&mut self, name: &str, text: &str) {
        self.fields.push((name.to_owned(), ValueKind::Str, text.to_owned()));
    }

    /// Adds what the route wants; `reads` says whether the rule looks at a field.
    fn unless_there(&mut self, name: &str, text: Option<&String>, reads: &dyn Fn(&str) -> bool) {
        if let Some(text) = text.filter(|_| !self.has(name)) {
            self.bent |= reads(name);
            self.text(name, text);
        }
    }
}

/// The texts that fields can have on a route at all.
pub(crate) fn givable(program: &Program, target: &Target) -> Givable {
    let mut givable = Givable::new();
    let mut give = |name: &str, texts: Vec<String>| {
        if let Some(number) = program.field(name).filter(|_| !texts.is_empty()) {
            givable.insert(number, texts);
        }
    };
    if target.channel.iter().all(|name| name != "*") {
        give("Channel", target.channel.clone());
    }
    give("EventID", target.event.iter().map(u32::to_string).collect());
    for (name, texts) in target.when.iter().filter(|(name, _)| !target.fields.contains_key(*name)) {
        give(name, texts.clone());
    }
    for (name, from) in &target.fields {
        let FieldFrom::Made(made) = from else { continue };
        match made {
            MadeField { constant: Some(text), .. } => give(name, vec![text.clone()]),
            MadeField { from: Some(_), values, .. } => give(name, values.values().cloned().collect()),
            _ => {}
        }
    }
    givable
}

/// The event for these values; none where the route's map has no way to carry one of them.
pub(crate) fn made_event(
    program: &Program,
    rule: &CompiledRule,
    target: &Target,
    made: &Synthesis,
) -> Option<MadeEvent> {
    let names = program.field_names();
    let mut event = MadeEvent::default();
    let mut about_statement = Vec::new();
    let mut asked = Vec::new();
    for (number, values) in &made.fields {
        let name = names.get(*number as usize)?;
        match program.derived.get(*number) {
            Some(DerivedField::Asked(_)) => {
                if !values.iter().all(|(_, text)| text.eq_ignore_ascii_case(YES)) {
                    return None;
                }
                asked.push(FieldAsk::of_field(name)?);
            }
            Some(DerivedField::Statement(field)) => {
                about_statement.extend(values.iter().map(|(_, text)| (*field, text.as_str())));
            }
            None => values.iter().try_for_each(|(kind, text)| carry(target, name, *kind, text, &mut event))?,
        }
    }
    for ask in asked {
        let there = made.fields.keys().any(|number| names.get(*number as usize) == Some(&ask.field));
        if !there {
            carry(target, &ask.field, ValueKind::Str, ANY, &mut event)?;
        }
        let kind = match ask.kind {
            AskKind::InSet => Ask::InSet,
            AskKind::HasOpenTicket => Ask::HasOpenTicket,
            AskKind::OnShift => Ask::OnShift,
        };
        event.yes.extend(ask.tables.into_iter().map(|table| (kind, table)));
    }
    if !about_statement.is_empty() {
        event.bent = true;
        event.text(STATEMENT, &statement(&about_statement, made.attempt));
    }
    made.keywords.iter().for_each(|text| event.text(KEYWORDS, text));
    let channel = target.channel.first().map(|name| if name == "*" { "Security" } else { name }.to_owned());
    let own = rule.fields();
    let reads = |name: &str| program.field(name).is_some_and(|number| own.contains(&number));
    event.unless_there("Channel", channel.as_ref(), &reads);
    event.unless_there("EventID", target.event.first().map(u32::to_string).as_ref(), &reads);
    target.when.iter().for_each(|(name, texts)| event.unless_there(name, texts.first(), &reads));
    Some(event)
}

/// A value of a rule's field, where the route reads that field from.
fn carry(target: &Target, name: &str, kind: ValueKind, text: &str, event: &mut MadeEvent) -> Option<()> {
    match target.fields.get(name) {
        None => event.fields.push((name.to_owned(), kind, text.to_owned())),
        Some(FieldFrom::Name(native)) => {
            event.bent |= event.has(native);
            event.fields.push((native.clone(), kind, text.to_owned()));
        }
        Some(FieldFrom::Made(MadeField { constant: Some(_), .. })) => {}
        Some(FieldFrom::Made(MadeField { from: Some(native), values, .. })) => {
            let (from, _) = values.iter().find(|(_, to)| to.eq_ignore_ascii_case(text))?;
            event.text(native, from);
        }
        Some(FieldFrom::Made(MadeField { join, .. })) => {
            event.bent = true;
            let mut parts: Vec<&str> = text.rsplitn(join.len(), '\\').collect();
            parts.resize(join.len(), "");
            parts.iter().rev().zip(join).for_each(|(part, native)| event.text(native, part));
        }
    }
    Some(())
}

/// Packs that give their events the log sources of routes, by log source.
#[derive(Debug, Default)]
pub(crate) struct Packs(HashMap<Option<Source>, Option<Arc<Pack>>>);

impl Packs {
    /// The event as a batch of its own; none where no pack can be made for the route's log source.
    pub(crate) fn batch(&mut self, target: &Target, made: &MadeEvent, at: Timestamp) -> Option<EventBatch> {
        let pack = self.0.entry(target.source.clone()).or_insert_with(|| pack_of(target.source.as_ref()).map(Arc::new));
        let pack = Arc::clone(pack.as_ref()?);
        let line: serde_json::Map<String, serde_json::Value> =
            made.fields.iter().map(|(name, _, text)| (name.clone(), text.as_str().into())).collect();
        let tenant = canary_tenant();
        let source = SourceId::from_slug(tenant, ANY);
        let received = Received::of_lines(tenant, source, at, &[serde_json::Value::Object(line).to_string()]);
        let lines = LineBatch { received, first: EventId::new(at, NodeId(0), 1) };
        let mut builder = BatchBuilder::new(lines, pack);
        for (name, kind, text) in &made.fields {
            let kind = match kind {
                ValueKind::Str => NativeKind::Text,
                ValueKind::Number => NativeKind::Number,
                ValueKind::Bool => NativeKind::Bool,
                ValueKind::Null => NativeKind::Null,
            };
            let field = builder.field(name)?;
            builder.text(field, kind, text, 0, 0);
        }
        let case = builder.choose();
        builder.end_row(Head {
            time: at,
            time_note: TimeNote::Exact,
            class_uid: 0,
            activity_id: 0,
            case,
            parsed: Parsed::Whole,
        });
        Some(builder.finish())
    }
}

fn pack_of(source: Option<&Source>) -> Option<Pack> {
    let quoted =
        |(key, part): (&str, &Option<String>)| part.as_ref().map(|part| format!("{key} = {}", toml_text(part)));
    let parts = source.map(|source| {
        let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
        parts.into_iter().filter_map(quoted).collect::<Vec<_>>().join(", ")
    });
    let sigma = parts.map(|parts| format!("sigma = {{ {parts} }}\n")).unwrap_or_default();
    let manifest = format!(
        "pack = {{ id = 'canary/canary', title = 'Canary', format = 1 }}\nbody = {{ kind = 'json' }}\n{sigma}\
         map = [{{ sql = '{STATEMENT}' }}]\n"
    );
    Pack::compile(&PackFiles::of("pack.toml", &manifest)).ok()
}

/// A basic TOML string: JSON's escapes are among its own.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Answers the questions of one canary as its rule needs them.
pub(crate) struct CanaryContext<'c> {
    pub(crate) yes: &'c [(Ask, String)],
}

impl Context for CanaryContext<'_> {
    fn ask(&self, _: TenantId, question: Question<'_>, _: Timestamp) -> Answer {
        let from = Provenance { table: question.table.into(), version: ANY.into(), row: None };
        let yes = self.yes.iter().any(|(ask, table)| *ask == question.ask && table == question.table);
        if yes { Answer::Yes(Provenance { row: Some(1), ..from }) } else { Answer::No(from) }
    }

    fn members(&self, _: TenantId, set: &str, _: Timestamp) -> Result<Vec<String>, Arc<str>> {
        Err(format!("no set `{set}` for canaries").into())
    }

    fn generation(&self) -> u64 {
        0
    }
}
