//! The Elasticsearch `_bulk` body: action lines and documents into lines, and the answer its clients expect.
//!
//! Documents are kept byte for byte and never looked into. `update` and `delete` are not carried out: they are kept as
//! lines (the action and, for an update, LF and its document) with a note, and answered as stored. Never a mixed answer.

use crate::lines::Lines;
use crate::ndjson;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt::Write;
use wardwatch_event::LineNote;

/// A body that does not pair actions and documents.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum BulkFault {
    /// An action line that is none.
    #[error("line {line} is not a bulk action (create, index, update or delete): {why}")]
    Action {
        /// Counted from 1, empty lines left out.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The body ends after an action that needs a document.
    #[error("the body ends after the action in line {line}: its document is missing")]
    NoDocument {
        /// Counted from 1, empty lines left out.
        line: u64,
    },
    /// Nothing in it.
    #[error("the body is empty; send actions and documents, one a line")]
    Empty,
    /// Too much.
    #[error(transparent)]
    TooManyLines(#[from] ndjson::TooManyLines),
}

/// What applies to every item of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// `_index` of items that name none: from the path.
    pub index: &'r str,
    /// Makes generated `_id`s of this request differ from those of others.
    pub nonce: u64,
    /// What the client wants to see of the answer.
    pub filter: &'r Filter,
    /// Longest line, bytes.
    pub line_bytes: usize,
    /// Most lines.
    pub lines_max: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action<'a> {
    #[serde(borrow)]
    Create(Meta<'a>),
    #[serde(borrow)]
    Index(Meta<'a>),
    #[serde(borrow)]
    Update(Meta<'a>),
    #[serde(borrow)]
    Delete(Meta<'a>),
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "_index")]
    index: Option<&'a RawValue>,
    #[serde(borrow, rename = "_id")]
    id: Option<&'a RawValue>,
}

const OPERATIONS: [&str; 4] = ["create", "index", "update", "delete"];

/// Cuts a body into `out` and gives the items of the answer, to be put into [`answer`] once the lines are durable.
pub fn cut(body: &[u8], request: Request<'_>, out: &mut Lines) -> Result<String, BulkFault> {
    let mut items = String::new();
    let mut lines = ndjson::lines(body).zip(1u64..);
    let mut n = 0u64;
    while let Some((action_line, line)) = lines.next() {
        if out.len() >= request.lines_max {
            return Err(ndjson::TooManyLines { max: request.lines_max }.into());
        }
        let action: Action<'_> =
            serde_json::from_slice(action_line).map_err(|e| BulkFault::Action { line, why: e.to_string() })?;
        let (operation, meta) = match &action {
            Action::Create(meta) => (0, meta),
            Action::Index(meta) => (1, meta),
            Action::Update(meta) => (2, meta),
            Action::Delete(meta) => (3, meta),
        };
        match action {
            Action::Delete(_) => ndjson::push(action_line, request.line_bytes, Some(LineNote::BulkNotIndex), out),
            _ => {
                let (document, _) = lines.next().ok_or(BulkFault::NoDocument { line })?;
                if operation == 2 {
                    let both = [action_line, b"\n", document].concat();
                    ndjson::push(&both, request.line_bytes, Some(LineNote::BulkNotIndex), out);
                } else {
                    ndjson::push(document, request.line_bytes, None, out);
                }
            }
        }
        request.filter.item(&mut items, operation, meta, &request, n);
        n += 1;
    }
    if n == 0 { Err(BulkFault::Empty) } else { Ok(items) }
}

/// The whole answer, compact and in the key order that Vector and Fluent Bit look for in its text.
pub fn answer(took_ms: u64, items: &str, filter: &Filter) -> String {
    let mut parts = Vec::new();
    if filter.took {
        parts.push(format!("\"took\":{took_ms}"));
    }
    if filter.errors {
        parts.push("\"errors\":false".to_owned());
    }
    if filter.items.iter().any(Shown::any) {
        parts.push(format!("\"items\":[{items}]"));
    }
    format!("{{{}}}", parts.join(","))
}

/// `filter_path`: which parts of the answer the client asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filter {
    took: bool,
    errors: bool,
    items: [Shown; OPERATIONS.len()],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shown {
    index: bool,
    id: bool,
    status: bool,
}

impl Shown {
    fn any(&self) -> bool {
        self.index || self.id || self.status
    }
}

impl Filter {
    /// From the parameter: paths by comma, `*` for a part of a name, `**` for any depth, `-` in front to leave out.
    pub fn new(filter_path: Option<&str>) -> Self {
        let paths: Vec<&str> = filter_path.unwrap_or("").split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        let wanted = |path: &[&str]| {
            let covers = |pattern: &str| covers(&pattern.split('.').collect::<Vec<_>>(), path);
            let mut ask = paths.iter().filter(|p| !p.starts_with('-')).peekable();
            let left_out = paths.iter().filter_map(|p| p.strip_prefix('-')).any(covers);
            !left_out && (ask.peek().is_none() || ask.any(|pattern| covers(pattern)))
        };
        Self {
            took: wanted(&["took"]),
            errors: wanted(&["errors"]),
            items: OPERATIONS.map(|operation| Shown {
                index: wanted(&["items", operation, "_index"]),
                id: wanted(&["items", operation, "_id"]),
                status: wanted(&["items", operation, "status"]),
            }),
        }
    }

    fn item(&self, items: &mut String, operation: usize, meta: &Meta<'_>, request: &Request<'_>, n: u64) {
        let (Some(name), Some(shown)) = (OPERATIONS.get(operation), self.items.get(operation)) else { return };
        let given = |value: Option<&RawValue>| value.map(|v| v.get().to_owned()).filter(|v| v != "null");
        let mut parts = Vec::new();
        if shown.index {
            let index = given(meta.index).unwrap_or_else(|| serde_json::Value::from(request.index).to_string());
            parts.push(format!("\"_index\":{index}"));
        }
        if shown.id {
            let id = given(meta.id).unwrap_or_else(|| format!("\"{:x}-{n:x}\"", request.nonce));
            parts.push(format!("\"_id\":{id}"));
        }
        if shown.status {
            parts.push(format!("\"status\":{}", if operation < 2 { 201 } else { 200 }));
        }
        if parts.is_empty() {
            return;
        }
        let comma = if items.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(items, "{comma}{{\"{name}\":{{{}}}}}", parts.join(","));
    }
}

/// A pattern covers a path if it matches it or one of its parents.
fn covers(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((&"**", [])), _) => true,
        (Some(_), None) => false,
        (Some((&"**", rest)), Some((_, deeper))) => covers(rest, path) || covers(pattern, deeper),
        (Some((name, rest)), Some((part, deeper))) => matches(name.as_bytes(), part.as_bytes()) && covers(rest, deeper),
    }
}

/// `*` in a name stands for any number of characters.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| matches(rest, text.get(skip..).unwrap_or_default())),
        Some((c, rest)) => text.split_first().is_some_and(|(t, more)| t == c && matches(rest, more)),
    }
}
