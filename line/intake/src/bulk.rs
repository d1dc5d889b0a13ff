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
    /// A `filter_path` that asks for more work than an answer is worth.
    #[error("filter_path has more than {max} {of}; ask for less, such as filter_path=errors")]
    Filter {
        /// The bound.
        max: usize,
        /// What of.
        of: &'static str,
    },
    /// An index name that none of the senders uses.
    #[error("the index name has more than {INDEX_BYTES} bytes or control characters; use a short plain name")]
    Index,
    /// The answer would be far larger than its request.
    #[error(
        "the answer takes more than {ANSWER_BYTES} bytes; send fewer items at once, or ask with filter_path=errors"
    )]
    AnswerTooLarge,
    /// Other requests fill the memory that is set aside for them.
    #[error("too many bodies are being read at once; send again in a moment")]
    NoRoom,
}

/// Longest index name in a path, bytes: Elasticsearch's own limit.
pub const INDEX_BYTES: usize = 255;
/// Longest `_id` or `_index` of an item that is given back, bytes of its JSON: Elasticsearch's own limit of an `_id`.
pub const NAME_BYTES: usize = 512;
/// Largest answer, bytes: half a million items of the usual size.
pub const ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// `filter_path`: bytes, paths, and names in a path.
const FILTER_BYTES: usize = 1024;
const FILTER_PATHS: usize = 32;
const FILTER_NAMES: usize = 8;
/// Room for the answer is asked for in pieces of so many bytes.
const ANSWER_PIECE: usize = 64 * 1024;

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

/// Cuts a body into `out` and gives the items of the answer, to be put into [`answer`] once the lines are durable. `grow` is
/// asked for room before the items take more of it.
pub fn cut(
    body: &[u8],
    request: Request<'_>,
    out: &mut Lines,
    grow: &mut dyn FnMut(usize) -> bool,
) -> Result<String, BulkFault> {
    let index = index_name(request.index)?;
    let mut items = String::new();
    let mut held = 0;
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
        request.filter.item(&mut items, operation, meta, (&index, request.nonce, n));
        if items.len() > ANSWER_BYTES {
            return Err(BulkFault::AnswerTooLarge);
        }
        if items.len() > held {
            // Once for the items and once for the answer that is made of them.
            if !grow(2 * ANSWER_PIECE) {
                return Err(BulkFault::NoRoom);
            }
            held += ANSWER_PIECE;
        }
        n += 1;
    }
    if n == 0 { Err(BulkFault::Empty) } else { Ok(items) }
}

/// The index of the path as JSON.
fn index_name(name: &str) -> Result<String, BulkFault> {
    if name.len() > INDEX_BYTES || name.chars().any(char::is_control) {
        return Err(BulkFault::Index);
    }
    Ok(serde_json::Value::from(name).to_string())
}

/// The whole answer, compact and in the key order that Vector and Fluent Bit look for in its text.
pub fn answer(took_ms: u64, items: &str, filter: &Filter) -> String {
    let mut text = String::with_capacity(items.len() + 64);
    text.push('{');
    if filter.took {
        // Writing to a String cannot fail.
        let _ = write!(text, "\"took\":{took_ms},");
    }
    if filter.errors {
        text.push_str("\"errors\":false,");
    }
    if filter.items.iter().any(Shown::any) {
        text.push_str("\"items\":[");
        text.push_str(items);
        text.push_str("],");
    }
    if text.ends_with(',') {
        text.pop();
    }
    text.push('}');
    text
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
    /// From the parameter: paths by comma, `*` for a part of a name, `**` for any depth, `-` in front to leave out. At most
    /// 1 KiB, 32 paths and 8 names in each.
    pub fn new(filter_path: Option<&str>) -> Result<Self, BulkFault> {
        let text = filter_path.unwrap_or("");
        if text.len() > FILTER_BYTES {
            return Err(BulkFault::Filter { max: FILTER_BYTES, of: "bytes" });
        }
        let mut ask: Vec<Vec<&str>> = Vec::new();
        let mut leave_out: Vec<Vec<&str>> = Vec::new();
        for path in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (list, path) = path.strip_prefix('-').map_or((&mut ask, path), |rest| (&mut leave_out, rest));
            let mut names: Vec<&str> = path.split('.').collect();
            if names.len() > FILTER_NAMES {
                return Err(BulkFault::Filter { max: FILTER_NAMES, of: "names in a path" });
            }
            names.dedup_by(|a, b| *a == "**" && *b == "**");
            list.push(names);
        }
        if ask.len() + leave_out.len() > FILTER_PATHS {
            return Err(BulkFault::Filter { max: FILTER_PATHS, of: "paths" });
        }
        let any = |patterns: &[Vec<&str>], path: &[&str]| patterns.iter().any(|pattern| covers(pattern, path));
        let wanted = |path: &[&str]| !any(&leave_out, path) && (ask.is_empty() || any(&ask, path));
        Ok(Self {
            took: wanted(&["took"]),
            errors: wanted(&["errors"]),
            items: OPERATIONS.map(|operation| Shown {
                index: wanted(&["items", operation, "_index"]),
                id: wanted(&["items", operation, "_id"]),
                status: wanted(&["items", operation, "status"]),
            }),
        })
    }

    fn item(&self, items: &mut String, operation: usize, meta: &Meta<'_>, own: (&str, u64, u64)) {
        let (Some(name), Some(shown)) = (OPERATIONS.get(operation), self.items.get(operation)) else { return };
        let (index, nonce, n) = own;
        let mut parts = Vec::new();
        if shown.index {
            parts.push(format!("\"_index\":{}", given(meta.index).unwrap_or(index)));
        }
        if shown.id {
            parts.push(match given(meta.id) {
                Some(id) => format!("\"_id\":{id}"),
                None => format!("\"_id\":\"{nonce:x}-{n:x}\""),
            });
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

/// What an item says of itself, if it is a short string or number.
fn given(value: Option<&RawValue>) -> Option<&str> {
    let text = value?.get();
    let plain = text.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
    (plain && text.len() <= NAME_BYTES).then_some(text)
}

/// A pattern covers a path if it matches it or one of its parents. As deep as the two together: eleven names.
fn covers(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((&"**", [])), _) => true,
        (Some(_), None) => false,
        (Some((&"**", rest)), Some((_, deeper))) => covers(rest, path) || covers(pattern, deeper),
        (Some((name, rest)), Some((part, deeper))) => matches(name.as_bytes(), part.as_bytes()) && covers(rest, deeper),
    }
}

/// `*` in a name stands for any number of characters. Only the last `*` is ever taken back, so the work is at most the
/// product of the two lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), star) {
            (Some(b'*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(c), _) if text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            (_, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, t) = (at + 1, from + 1);
            }
            _ => return false,
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == b'*')
}
