//! `content draft`: from a file of lines to a pack that compiles, with what it covers.
//!
//! Guesses the character set, header, body, time and columns, writes the manifest and parses the same lines with it.
//! Never fails and never panics: lines of no shape give a pack that keeps them as text.

use crate::kinds::{Kinds, tell_apart};
use crate::pack_text::{PackText, body_of};
use crate::propose::{SeenField, TimeGuess, propose_columns, propose_time};
use crate::recognise::{Lines, Shape, recognise};
use crate::sample::batch_of;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wardwatch_event::EventBatch;
use wardwatch_ident::Timestamp;
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_parse::{SourceSettings, parse};

/// Lines of a draft count as received then, if they carry no year: 2026-11-25T02:00:00Z.
const RECEIVED: Timestamp = Timestamp::from_secs(1_795_572_000);
/// So many values of a field are kept for guessing.
const VALUES: usize = 20;
/// So many fields are shown and mapped.
const FIELDS: usize = 400;

/// A drafted pack.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Draft {
    /// The manifest.
    pub pack_toml: String,
    /// `auto` or `gb18030`.
    pub charset: &'static str,
    /// Lines begin with a syslog header.
    pub header: bool,
    /// `json`, `evtx`, `cef`, `leef`, `kv`, `csv` or `text`.
    pub body: &'static str,
    /// Where the time is.
    pub time: Option<TimeGuess>,
    /// Every native field with the column proposed for it.
    pub fields: Vec<SeenField>,
    /// What the drafted pack makes of the lines.
    pub coverage: Coverage,
    /// Why the draft does not compile; never, unless there is a defect in the draft.
    pub fault: Option<String>,
}

/// What a drafted pack covers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// Lines looked at.
    pub lines: usize,
    /// Lines by state: `whole`, `partly`, `unparsed`, `poison`.
    pub parsed: BTreeMap<String, usize>,
    /// Lines whose time was read.
    pub timed: usize,
    /// Native fields seen, without those of the header.
    pub fields: usize,
    /// Of those, fields that fill a column.
    pub mapped: usize,
}

/// Drafts a pack for these lines, under the id `vendor/product`.
pub fn draft(bytes: &[u8], id: &str) -> Draft {
    let lines = Lines::of(bytes);
    let shape = recognise(&lines);
    let mut seen = look(&lines, &shape, &[]);
    if let Shape::Kv { runs_on: true, .. } = shape {
        // Values hold separators: now that the keys are known, each value goes on to the next of them.
        let names: Vec<String> = seen.fields.iter().map(|f| f.name.clone()).filter(|n| !n.starts_with('@')).collect();
        seen = look(&lines, &shape, &names);
    }
    let Seen { mut fields, batch } = seen;
    propose_columns(&mut fields);
    let time = propose_time(&fields);
    if let Some(time) = &time {
        for field in fields.iter_mut().filter(|f| time.from.split('+').any(|part| part == f.name)) {
            (field.column, field.because) = (None, None);
        }
    }
    let kinds = batch.map_or(Kinds::Untold, |batch| tell_apart(&batch, &fields));
    let id = if good_id(id) { id } else { "vendor/product" };
    let pack_toml = PackText {
        id,
        charset: lines.charset,
        header: lines.header,
        shape: &shape,
        fields: &fields,
        time: time.as_ref(),
        kinds: &kinds,
        lines: lines.raw.len(),
    }
    .write();
    let mut draft = Draft {
        charset: lines.charset,
        header: lines.header,
        body: shape.word(),
        coverage: Coverage { lines: lines.raw.len(), ..Coverage::default() },
        pack_toml,
        time,
        fields,
        fault: None,
    };
    match Pack::compile(&PackFiles::of("pack.toml", &draft.pack_toml)) {
        Ok(pack) => cover(&Arc::new(pack), &lines, &mut draft),
        Err(fault) => draft.fault = Some(fault.to_string()),
    }
    draft
}

fn good_id(id: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
    };
    id.split_once('/').is_some_and(|(vendor, product)| good(vendor) && good(product))
}

/// What the lines hold.
#[derive(Default)]
struct Seen {
    fields: Vec<SeenField>,
    batch: Option<EventBatch>,
}

/// The native fields that the real parser cuts with a pack of that shape and no map. With `keys`, values go on to the
/// next of them.
fn look(lines: &Lines, shape: &Shape, keys: &[String]) -> Seen {
    let header = if lines.header { "syslog" } else { "none" };
    let plain = match shape {
        Shape::Kv { pair, sep, quoted, .. } => Shape::Kv { pair, sep, runs_on: !keys.is_empty(), quoted: *quoted },
        other => other.clone(),
    };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let body = body_of(&plain, &keys).map_or_else(String::new, |body| format!("body = {body}\n"));
    let manifest = format!(
        "pack = {{ id = 'draft/draft', format = 1 }}\ninput = {{ header = '{header}', charset = '{}' }}\n{body}",
        lines.charset
    );
    let Ok(pack) = Pack::compile(&PackFiles::of("draft", &manifest)) else { return Seen::default() };
    let batch = parse_all(&Arc::new(pack), lines);
    let fields = fields_of(&batch);
    Seen { fields, batch: Some(batch) }
}

fn fields_of(batch: &EventBatch) -> Vec<SeenField> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut fields: Vec<SeenField> = Vec::new();
    for event in batch.events() {
        let mut here: Vec<usize> = Vec::new();
        for (field, native) in event.natives() {
            let name = batch.field_name(field).unwrap_or_default();
            if name.is_empty() || matches!(name, "@message" | "@header.pri" | "@header.facility") {
                continue;
            }
            let at = match places.get(name) {
                Some(at) => *at,
                None if fields.len() >= FIELDS => continue,
                None => {
                    fields.push(SeenField { name: name.to_owned(), ..SeenField::default() });
                    places.insert(name.to_owned(), fields.len() - 1);
                    fields.len() - 1
                }
            };
            let Some(seen) = fields.get_mut(at) else { continue };
            if !here.contains(&at) {
                here.push(at);
                seen.lines += 1;
            }
            if seen.values.len() < VALUES && !seen.values.iter().any(|value| value == native.text) {
                seen.values.push(native.text.chars().take(200).collect());
            }
        }
    }
    fields
}

fn parse_all(pack: &Arc<Pack>, lines: &Lines) -> EventBatch {
    // Old files keep their own times.
    let settings = SourceSettings { skew_ms_max: None, ..SourceSettings::default() };
    parse(pack, batch_of(&lines.raw, RECEIVED), &settings)
}

fn cover(pack: &Arc<Pack>, lines: &Lines, draft: &mut Draft) {
    let batch = parse_all(pack, lines);
    for event in batch.events() {
        *draft.coverage.parsed.entry(event.head().parsed.name().to_owned()).or_default() += 1;
        draft.coverage.timed += usize::from(event.head().time_note != wardwatch_event::TimeNote::Received);
    }
    let own = draft.fields.iter().filter(|field| !field.name.starts_with('@'));
    draft.coverage.fields = own.clone().count();
    draft.coverage.mapped = own.filter(|field| field.column.is_some()).count();
}
