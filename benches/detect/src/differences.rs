//! What one side found and the other did not, each with its reason or without one.
//!
//! The plain evaluator, reading the event's own JSON, decides whose reading it is: where it agrees with the peer, ours
//! went through names or routes that the peer does not have, or is wrong; where it agrees with us, the rule must use a
//! form that the peer is known to read otherwise. What fits nothing is unexplained.

use crate::events::Batch;
use crate::ours::{Found, Ours};
use crate::routes::Routes;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wardwatch_event::NativeKind;
use wardwatch_predicate::sigma::{
    Anchor, Body, CompiledRule, Document, Item, Literal, LiteralScalar, Operation, Rule, read_rules,
};
use wardwatch_predicate::{JsonRecord, Reading};

/// No reason fits.
const UNEXPLAINED: &str = "unexplained";
/// Differences of one reason that are shown.
const SHOWN: usize = 3;

/// The list of reasons, with how often each is met on the data sets.
const LIST: &str = include_str!("../reasons.toml");

#[derive(Deserialize)]
struct List {
    reason: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    name: String,
    #[expect(dead_code, reason = "for readers of the list")]
    why: String,
    #[serde(default)]
    routed: usize,
    #[serde(default)]
    unrouted: usize,
}

/// Differences by part and reason.
#[derive(Default)]
pub struct Differences {
    counts: BTreeMap<(&'static str, &'static str), usize>,
    by_rule: BTreeMap<(&'static str, &'static str, String), usize>,
    equal: BTreeMap<&'static str, usize>,
    documents: HashMap<String, Rule>,
}

impl Differences {
    /// Compares what was found in a batch.
    pub fn compare(
        &mut self,
        part: &'static str,
        ours: &Ours,
        batch: &Batch,
        found: &Found,
        other: &Found,
        routes: Option<&Routes>,
    ) {
        let mine: BTreeSet<&(u32, String)> = found.matches.iter().collect();
        let theirs: BTreeSet<&(u32, String)> = other.matches.iter().collect();
        *self.equal.entry(part).or_default() += mine.intersection(&theirs).count();
        for (row, id) in mine.symmetric_difference(&theirs) {
            let we_found = mine.contains(&(*row, id.clone()));
            let seen = routes.is_none_or(|routes| routes.sets[routes.set(batch, *row)].contains(id));
            let reason = match seen {
                false => "renamed_route",
                true => self.reason(ours, batch, *row, id, we_found),
            };
            *self.counts.entry((part, reason)).or_default() += 1;
            let shown = self.by_rule.entry((part, reason, id.clone())).or_default();
            *shown += 1;
            if reason == UNEXPLAINED && *shown <= SHOWN {
                let who = if we_found { "ours" } else { "the peer" };
                let line = batch.lines.received.line(*row as usize);
                eprintln!("{part}: only {who} finds {id} in {}", String::from_utf8_lossy(&line[..line.len().min(700)]));
            }
        }
    }

    fn reason(&mut self, ours: &Ours, batch: &Batch, row: u32, id: &str, we_found: bool) -> &'static str {
        let Some(rule) = ours.program.rules().iter().find(|rule| rule.about.id == id) else { return UNEXPLAINED };
        let line = batch.lines.received.line(row as usize);
        let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
        let fields = ours.program.field_names();
        let plain = holds(rule, fields, value.clone());
        if plain == we_found {
            let document = self.document(rule);
            return document.map_or(UNEXPLAINED, |document| of_peer(&document, &value));
        }
        let named = under_our_names(batch, row);
        match holds(rule, fields, named.clone()) {
            named if named == we_found => "pack_names",
            // The program reads further names of a field, and looks into the line where the pack could not cut it.
            _ if rule.fields().iter().any(|at| fields.get(*at as usize).is_some_and(|f| named.get(f).is_none())) => {
                "alias"
            }
            _ => UNEXPLAINED,
        }
    }

    fn document(&mut self, rule: &CompiledRule) -> Option<Rule> {
        self.documents.get(&rule.about.id).cloned()
    }

    /// The texts of the rules, to look up which forms a rule uses.
    pub fn know(&mut self, texts: &[(String, String)]) {
        for (_, text) in texts {
            for document in read_rules(text.as_bytes()).into_iter().flatten() {
                if let Document::Rule(rule) = document {
                    self.documents.insert(rule.about.id.clone(), *rule);
                }
            }
        }
    }

    /// Prints all, and answers how many are unexplained: without a reason, or more of one than the list says.
    pub fn report(&self, against_list: bool) -> usize {
        let list: List = toml::from_str(LIST).expect("reasons.toml");
        let mut unexplained = 0;
        for (part, equal) in &self.equal {
            eprintln!("{part}: {equal} matches equal");
        }
        for ((part, reason), count) in &self.counts {
            let listed = list.reason.iter().find(|listed| listed.name == *reason);
            let allowed = listed.map(|listed| if *part == "routed" { listed.routed } else { listed.unrouted });
            let rules = self.by_rule.keys().filter(|(p, r, _)| p == part && r == reason).count();
            eprintln!("{part}: {count} differences in {rules} rules: {reason} (listed: {allowed:?})");
            for ((_, _, id), count) in self.by_rule.iter().filter(|((p, r, _), _)| p == part && r == reason).take(SHOWN)
            {
                eprintln!("    {id} {count} times");
            }
            unexplained += match allowed {
                None => *count,
                Some(allowed) if against_list => count.saturating_sub(allowed),
                Some(_) => 0,
            };
        }
        unexplained
    }
}

fn holds(rule: &CompiledRule, fields: &[String], value: serde_json::Value) -> bool {
    let record = JsonRecord::new(value);
    rule.matches(&Reading::new(fields, &record))
}

/// The event as the pack names it.
fn under_our_names(batch: &Batch, row: u32) -> serde_json::Value {
    let one = Batch::of_line(&batch.pack, batch.lines.received.line(row as usize)).parsed();
    let mut object: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
    for (field, native) in one.events().flat_map(|event| event.natives()) {
        let text = || serde_json::Value::from(native.text);
        let value = match native.kind {
            NativeKind::Text => text(),
            NativeKind::Null => serde_json::Value::Null,
            NativeKind::Number | NativeKind::Bool => serde_json::from_str(native.text).unwrap_or_else(|_| text()),
        };
        object.entry(one.field_name(field).unwrap_or_default().to_owned()).or_default().push(value);
    }
    let one = |mut values: Vec<serde_json::Value>| match values.len() {
        1 => values.remove(0),
        _ => values.into(),
    };
    object.into_iter().map(|(name, values)| (name, one(values))).collect::<serde_json::Map<_, _>>().into()
}

/// Which form of the rule the peer is known to read otherwise.
fn of_peer(rule: &Rule, event: &serde_json::Value) -> &'static str {
    let mut items = Vec::new();
    rule.detection.selections.iter().for_each(|selection| each(&selection.body, &mut |item| items.push(item.clone())));
    let any = |test: &dyn Fn(&Item) -> bool| items.iter().any(test);
    let inner = |literal: &Literal| matches!(&literal.scalar, LiteralScalar::Text(text) if has_wildcard(text));
    let ends = |item: &Item| matches!(item.modifiers.anchor, Anchor::StartsWith | Anchor::EndsWith);
    if any(&|item| ends(item) && item.values.iter().any(inner)) {
        return "anchors_swapped";
    }
    if any(&|item| item.field.is_none() && item.modifiers.all) {
        return "keyword_all";
    }
    if any(&|item| item.modifiers.windash) {
        return "windash";
    }
    let texts = |item: &Item| item.modifiers.operation == Operation::Compare && item.values.iter().any(inner);
    if any(&texts) && has_newline(event) {
        return "star_newline";
    }
    UNEXPLAINED
}

fn each(body: &Body, give: &mut impl FnMut(&Item)) {
    match body {
        Body::All(items) => items.iter().for_each(&mut *give),
        Body::Any(bodies) => bodies.iter().for_each(|body| each(body, give)),
        Body::Keywords(item) => give(item),
    }
}

/// A `*` or `?` that is none of its own text.
fn has_wildcard(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| match c {
        '\\' => {
            escaped = !escaped;
            false
        }
        '*' | '?' if !escaped => true,
        _ => {
            escaped = false;
            false
        }
    })
}

fn has_newline(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\n'),
        serde_json::Value::Array(list) => list.iter().any(has_newline),
        serde_json::Value::Object(map) => map.values().any(has_newline),
        _ => false,
    }
}
