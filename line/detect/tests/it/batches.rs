//! What the tests share: JSON lines to a batch, rules and taxonomy to a program.

use serde_json::{Map, Value};
use std::sync::Arc;
use wardwatch_detect::{Program, Rules, declared_by};
use wardwatch_event::{BatchBuilder, EventBatch, Head, LineBatch, NativeKind, Parsed, Received, TimeNote};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_predicate::route::Taxonomy;

pub const TAXONOMY: [(&str, &str); 3] = [
    ("windows.toml", include_str!("../../../../content/taxonomy/windows.toml")),
    ("others.toml", include_str!("../../../../content/taxonomy/others.toml")),
    ("aliases.toml", include_str!("../../../../content/taxonomy/aliases.toml")),
];

pub fn taxonomy() -> Taxonomy {
    Taxonomy::read(&TAXONOMY).unwrap()
}

pub fn at() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-25T08:00:00Z").unwrap()
}

/// A pack from its manifest without `[pack]`.
pub fn pack(manifest: &str) -> Arc<Pack> {
    let text =
        format!("pack = {{ id = 'test/pack', title = 'Test', format = 1 }}\nbody = {{ kind = 'json' }}\n{manifest}");
    Arc::new(Pack::compile(&PackFiles::of("pack.toml", &text)).unwrap_or_else(|fault| panic!("{fault}")))
}

pub fn windows() -> Arc<Pack> {
    pack("sigma = { product = 'windows' }")
}

/// Lines of JSON objects as events: nested objects by dots, arrays as several values, numbers and booleans kept.
pub fn batch(pack: &Arc<Pack>, lines: &[Value]) -> EventBatch {
    let texts: Vec<String> = lines.iter().map(Value::to_string).collect();
    let tenant = TenantId::from_slug("renji");
    let received = Received::of_lines(tenant, SourceId::from_slug(tenant, "dc01"), at(), &texts);
    let lines_batch = LineBatch { received, first: EventId::new(at(), NodeId(0), 1) };
    let mut builder = BatchBuilder::new(lines_batch, Arc::clone(pack));
    for (line, text) in lines.iter().zip(&texts) {
        if let Value::Object(map) = line {
            add(&mut builder, "", map, text);
        }
        let case = builder.choose();
        let head = Head {
            time: at(),
            time_note: TimeNote::Exact,
            class_uid: pack.class_of(case).0,
            activity_id: 0,
            case,
            parsed: Parsed::Whole,
        };
        builder.end_row(head);
    }
    builder.finish()
}

fn add(builder: &mut BatchBuilder, prefix: &str, map: &Map<String, Value>, line: &str) {
    for (key, value) in map {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(inner) => add(builder, &name, inner, line),
            Value::Array(items) => items.iter().for_each(|item| add_value(builder, &name, item, line)),
            value => add_value(builder, &name, value, line),
        }
    }
}

fn add_value(builder: &mut BatchBuilder, name: &str, value: &Value, line: &str) {
    let (kind, text) = match value {
        Value::String(text) => (NativeKind::Text, text.clone()),
        Value::Number(number) => (NativeKind::Number, number.to_string()),
        Value::Bool(value) => (NativeKind::Bool, value.to_string()),
        _ => (NativeKind::Null, String::new()),
    };
    let escaped = value.to_string();
    let inner = escaped.trim_matches('"');
    let start = line.find(inner).unwrap_or(0);
    let field = builder.field(name).unwrap();
    builder.text(field, kind, &text, start as u32, (start + inner.len()) as u32);
}

/// A rule file; `detection` is indented by two here.
pub fn rule(id: u32, logsource: &str, detection: &str) -> String {
    let indented: String = detection.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "title: Rule {id}\nid: {id:08}-0000-4000-8000-000000000000\nlevel: high\ntags: [attack.t1059]\nlogsource: {{{logsource}}}\ndetection:\n{indented}"
    )
}

pub fn program(rules: &[String], packs: &[&Arc<Pack>]) -> Program {
    let named: Vec<(String, &String)> = rules.iter().enumerate().map(|(n, text)| (format!("{n}.yml"), text)).collect();
    let files = named.iter().map(|(name, text)| (name.as_str(), text.as_bytes()));
    let declared: Vec<_> = packs.iter().flat_map(|pack| declared_by(pack)).collect();
    Program::build(Rules::load(files, Default::default()), &taxonomy(), &declared)
}

/// The numbers of the rules that fire on each event.
pub fn fired(program: &Program, batch: &EventBatch) -> Vec<Vec<u32>> {
    let alerts = wardwatch_detect::evaluate(program, batch);
    let of_event = |row: usize| {
        let id = batch.lines.id(row as u32);
        let own = alerts.iter().filter(|alert| alert.event == id).filter_map(|alert| alert.rule.as_ref());
        own.map(|rule| rule.id[..8].parse().unwrap()).collect()
    };
    (0..batch.len()).map(of_event).collect()
}
