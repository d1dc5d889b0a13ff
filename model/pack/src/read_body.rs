//! Reads `[body]` and `sub` and checks them.

use crate::body::{BodyKind, BodySpec, ColumnsBy, Delimited, Expression, Folded, KeyValue, SubSpec};
use crate::document::{Table, Value};
use crate::fault::PackFault;
use crate::fields::{FieldId, Fields};
use crate::input::read_regex;
use crate::rule::{RuleContext, read_steps};
use crate::template::Template;
use wardwatch_limits::SUB_DEPTH;

const KINDS: &str = "kv, json, csv, dissect, cef, leef, xml, evtx, w3c, zeek_tsv, regex";
const KV_KEYS: [&str; 9] = ["pair", "sep", "quote", "trim_end", "until_next_key", "keys", "open", "close", "fold"];

/// Takes the keys of a body out of a table and says which keys that kind knows; what else may stand there is the
/// caller's.
pub(crate) fn read_body(
    table: &mut Table<'_>,
    cx: &mut RuleContext<'_>,
) -> Result<(BodySpec, Vec<&'static str>), PackFault> {
    let kind = table.need("kind")?;
    let mut known = vec!["kind", "prefix"];
    let prefix: Box<str> = table.take("prefix").map(|v| v.text()).transpose()?.unwrap_or_default().into();
    let kind = match kind.text()? {
        "kv" => {
            known.extend(KV_KEYS);
            BodyKind::Kv(Box::new(read_kv(table, cx)?))
        }
        "json" => BodyKind::Json,
        "csv" => {
            known.extend(["sep", "quote", "columns", "columns_by"]);
            BodyKind::Csv(read_csv(table, cx)?)
        }
        "dissect" => {
            known.push("template");
            BodyKind::Dissect(read_templates(table.need("template")?, cx)?)
        }
        "cef" => BodyKind::Cef,
        "leef" => BodyKind::Leef,
        "xml" => BodyKind::Xml,
        "evtx" => BodyKind::Evtx,
        "w3c" | "zeek_tsv" => {
            known.push("columns");
            let columns = match table.take("columns") {
                None => Vec::new(),
                Some(value) => {
                    let name = |v: Value<'_>| cx.intern(v.text()?, v);
                    value.list()?.into_iter().map(name).collect::<Result<_, _>>()?
                }
            };
            if kind.text()? == "w3c" { BodyKind::W3c(columns) } else { BodyKind::ZeekTsv(columns) }
        }
        "regex" => {
            known.push("pattern");
            BodyKind::Regex(read_expressions(table.need("pattern")?, cx)?)
        }
        other => return Err(kind.place().fault(format!("body kind `{other}` is not known; known: {KINDS}"))),
    };
    Ok((BodySpec { kind, prefix }, known))
}

pub(crate) fn read_subs(
    value: Option<Value<'_>>,
    cx: &mut RuleContext<'_>,
    depth: usize,
) -> Result<Vec<SubSpec>, PackFault> {
    let Some(value) = value else { return Ok(Vec::new()) };
    if depth > SUB_DEPTH {
        return Err(value.place().fault(format!("sub-parsers lie more than {SUB_DEPTH} deep")));
    }
    value.list()?.into_iter().map(|value| read_sub(value, cx, depth)).collect()
}

fn read_sub(value: Value<'_>, cx: &mut RuleContext<'_>, depth: usize) -> Result<SubSpec, PackFault> {
    let mut table = value.table()?;
    let from = cx.source(table.need("from")?)?;
    let steps = table.take("as").map(read_steps).transpose()?.unwrap_or_default();
    let optional = table.take("optional").map(|v| v.yes()).transpose()?.unwrap_or(false);
    let when = table.take("when").map(|v| cx.when(v)).transpose()?;
    let sub = read_subs(table.take("sub"), cx, depth + 1)?;
    let (body, mut known) = read_body(&mut table, cx)?;
    known.extend(["from", "as", "optional", "when", "sub"]);
    table.finish(&known)?;
    Ok(SubSpec { from, steps, body, optional, when, sub })
}

fn signs(table: &mut Table<'_>, key: &str, default: &[&str]) -> Result<Vec<Box<str>>, PackFault> {
    let Some(value) = table.take(key) else { return Ok(default.iter().map(|s| Box::from(*s)).collect()) };
    let mut signs: Vec<Box<str>> = value.texts()?.into_iter().map(Into::into).collect();
    if signs.is_empty() || signs.iter().any(|sign| sign.is_empty()) {
        return Err(value.place().fault(format!("`{key}` needs at least one text that is not empty")));
    }
    // The longest first: `, ` before `,`.
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.len()));
    Ok(signs)
}

fn read_kv(table: &mut Table<'_>, cx: &mut RuleContext<'_>) -> Result<KeyValue, PackFault> {
    // Names that fill no column and still end the value before them; naming them makes them known.
    for name in table.take("keys").map(|v| v.list()).transpose()?.unwrap_or_default() {
        cx.intern(name.text()?, name)?;
    }
    let pair = signs(table, "pair", &["="])?;
    let sep = signs(table, "sep", &[" "])?;
    let quote = match table.take("quote") {
        None => vec![b'"'],
        Some(value) => {
            let text = value.texts()?.concat();
            if !text.is_ascii() {
                return Err(value.place().fault("quotes are ASCII characters"));
            }
            text.into_bytes()
        }
    };
    let trim_end = table.take("trim_end").map(|v| v.texts()).transpose()?.unwrap_or_default().concat().into();
    let until_next_key = table.take("until_next_key").map(|v| v.yes()).transpose()?.unwrap_or(false);
    let fold = table.take("fold").map(|v| v.yes()).transpose()?.unwrap_or(false).then(Folded::default);
    let place = table.place();
    let brackets = match (table.take("open"), table.take("close")) {
        (None, None) => None,
        (Some(open), Some(close)) => Some((open.text()?.into(), close.text()?.into())),
        _ => return Err(place.fault("`open` and `close` belong together: give both or none")),
    };
    if let Some(both) = pair.iter().find(|sign| sep.contains(sign)) {
        return Err(place.fault(format!("`{both}` is both pair sign and separator")));
    }
    let mut kv = KeyValue {
        pair,
        sep,
        quote,
        trim_end,
        until_next_key,
        known: Fields::default(),
        brackets,
        fold,
        class: Box::new([0; 256]),
    };
    kv.classify();
    Ok(kv)
}

/// Once all names of the pack are known: those that end a value, and their lower-case forms for keys that change case.
pub(crate) fn learn_keys(body: &mut BodySpec, fields: &Fields) {
    let BodyKind::Kv(kv) = &mut body.kind else { return };
    if kv.until_next_key {
        kv.known = fields.clone();
    }
    let Some(fold) = &mut kv.fold else { return };
    for (at, name) in fields.names().iter().enumerate() {
        let folded = name.to_ascii_lowercase();
        if fold.keys.id(&folded).is_none() && fold.keys.intern(&folded).is_some() {
            fold.fields.push(FieldId(at as u16));
        }
    }
}

fn read_csv(table: &mut Table<'_>, cx: &mut RuleContext<'_>) -> Result<Delimited, PackFault> {
    let place = table.place();
    let sep = match table.take("sep") {
        None => ",".into(),
        Some(value) if value.text()?.is_empty() => return Err(value.place().fault("`sep` is empty")),
        Some(value) => value.text()?.into(),
    };
    let quote = match table.take("quote") {
        None => Some(b'"'),
        Some(value) => match value.text()?.as_bytes() {
            [] => None,
            [one] => Some(*one),
            _ => return Err(value.place().fault("`quote` is one ASCII character, or empty for none")),
        },
    };
    let columns = table.take("columns").map(|v| read_columns(v, cx)).transpose()?;
    let by = table.take("columns_by").map(|v| read_columns_by(v, cx)).transpose()?;
    match (columns, by) {
        (None, None) => Err(place.fault("csv needs `columns` or `columns_by`")),
        (columns, by) => Ok(Delimited { sep, quote, columns: columns.unwrap_or_default(), by }),
    }
}

/// Names; an empty one or `_` is skipped.
fn read_columns(value: Value<'_>, cx: &mut RuleContext<'_>) -> Result<Vec<Option<FieldId>>, PackFault> {
    let mut columns = Vec::new();
    for value in value.list()? {
        let name = value.text()?;
        let id = if name.is_empty() || name == "_" { None } else { Some(cx.intern(name, value)?) };
        if id.is_some() && columns.contains(&id) {
            return Err(value.place().fault(format!("column `{name}` stands twice")));
        }
        columns.push(id);
    }
    Ok(columns)
}

/// `{ at = 3, columns = { TRAFFIC = […], THREAT = […] } }`; `at` counts from 0.
fn read_columns_by(value: Value<'_>, cx: &mut RuleContext<'_>) -> Result<ColumnsBy, PackFault> {
    let mut table = value.table()?;
    let at = table.need("at")?;
    let at = usize::try_from(at.int()?).map_err(|_| at.place().fault("`at` counts columns from 0"))?;
    let mut by = ColumnsBy { at, words: Fields::default(), columns: Vec::new() };
    for (word, _, columns) in table.need("columns")?.table()?.rest() {
        by.words.intern(word);
        by.columns.push(read_columns(columns, cx)?);
    }
    table.finish(&["at", "columns"])?;
    Ok(by)
}

fn read_templates(value: Value<'_>, cx: &mut RuleContext<'_>) -> Result<Vec<Template>, PackFault> {
    let template = |v: Value<'_>| Template::parse(v.text()?, cx.fields).map_err(|what| v.place().fault(what));
    value.one_or_more()?.into_iter().map(template).collect()
}

fn read_expressions(value: Value<'_>, cx: &mut RuleContext<'_>) -> Result<Vec<Expression>, PackFault> {
    let mut expressions = Vec::new();
    for value in value.one_or_more()? {
        let regex = read_regex(value)?;
        let mut groups = Vec::new();
        for (at, name) in regex.capture_names().enumerate() {
            if let Some(name) = name {
                groups.push((at, cx.intern(name, value)?));
            }
        }
        if groups.is_empty() {
            return Err(value.place().fault("the expression has no named group; write one as `(?P<name>…)`"));
        }
        expressions.push(Expression { regex, groups });
    }
    Ok(expressions)
}
