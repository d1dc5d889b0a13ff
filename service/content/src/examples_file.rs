//! `examples.yml` beside a rule: raw lines that must fire it and near misses that must not.
//!
//! At the top `pack`, and where needed `received`, `zone` and `context`; then lists `fires` and `silent` of
//! `{ name, raw }`. Each line under `raw` is one event, in order of time. Where lines of several sources make one
//! example, it has `events`: a list of `{ pack, raw }` in the order in which they are received.

use crate::stand_in::StandIn;
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_predicate::yaml::{self, Key, Kind, Node};

/// Place and what is wrong.
pub(crate) type Fault = String;

/// A file as read.
#[derive(Default)]
pub(crate) struct ExamplesFile {
    /// When lines count as received.
    pub received: Option<Timestamp>,
    /// The sources' zone.
    pub zone: Option<Zone>,
    /// What is known of the hospital.
    pub context: StandIn,
    /// In order.
    pub examples: Vec<Example>,
}

/// One example.
pub(crate) struct Example {
    /// What it shows.
    pub name: String,
    /// Lines and the pack that parses them.
    pub events: Vec<Lines>,
    /// It must fire; else it must not.
    pub fires: bool,
}

/// Lines of one source.
pub(crate) struct Lines {
    /// Which pack parses them.
    pub pack: String,
    /// The lines, one event each unless the pack joins them.
    pub raw: Vec<String>,
}

impl ExamplesFile {
    /// Reads a file's text.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let (documents, fault) = yaml::read(text);
        if let Some(fault) = fault {
            return Err(fault.to_string());
        }
        let [node] = documents.as_slice() else { return Err("1:1: expected one YAML document".to_owned()) };
        let mut file = Self::default();
        let mut pack = String::new();
        for (key, value) in entries(node)? {
            match key.text.as_str() {
                "pack" => pack = scalar(value)?,
                "received" => {
                    let text = scalar(value)?;
                    let time = Timestamp::parse_rfc3339(&text);
                    file.received = Some(time.ok_or_else(|| format!("{}: `{text}` is no time", value.place))?);
                }
                "zone" => {
                    let text = scalar(value)?;
                    file.zone = Some(Zone::parse(&text).map_err(|fault| format!("{}: {fault}", value.place))?);
                }
                "context" => file.context = StandIn::read(value)?,
                "fires" | "silent" => {}
                other => {
                    let known = "pack, received, zone, context, fires, silent";
                    return Err(format!("{}: unknown key `{other}`; known: {known}", key.place));
                }
            }
        }
        if pack.is_empty() {
            return Err(format!("{}: `pack` is missing: which pack parses the raw lines?", node.place));
        }
        for (key, value) in entries(node)? {
            if matches!(key.text.as_str(), "fires" | "silent") {
                let fires = key.text == "fires";
                let read = items(value)?.iter().map(|item| Example::read(item, &pack, fires));
                file.examples.extend(read.collect::<Result<Vec<_>, _>>()?);
            }
        }
        Ok(file)
    }
}

impl Example {
    fn read(item: &Node, pack: &str, fires: bool) -> Result<Self, Fault> {
        let mut example = Self { name: String::new(), events: Vec::new(), fires };
        for (key, value) in entries(item)? {
            match key.text.as_str() {
                "name" => example.name = scalar(value)?,
                "raw" => example.events.push(Lines { pack: pack.to_owned(), raw: lines(value)? }),
                "events" => {
                    let read = items(value)?.iter().map(Lines::read);
                    example.events.extend(read.collect::<Result<Vec<_>, _>>()?);
                }
                other => return Err(format!("{}: unknown key `{other}`; known: name, raw, events", key.place)),
            }
        }
        if example.name.is_empty() || example.events.iter().all(|lines| lines.raw.is_empty()) {
            return Err(format!("{}: an example needs `name` and `raw`", item.place));
        }
        Ok(example)
    }
}

impl Lines {
    fn read(node: &Node) -> Result<Self, Fault> {
        let mut read = Self { pack: String::new(), raw: Vec::new() };
        for (key, value) in entries(node)? {
            match key.text.as_str() {
                "pack" => read.pack = scalar(value)?,
                "raw" => read.raw = lines(value)?,
                other => return Err(format!("{}: unknown key `{other}`; known: pack, raw", key.place)),
            }
        }
        if read.pack.is_empty() || read.raw.is_empty() {
            return Err(format!("{}: an entry of `events` needs `pack` and `raw`", node.place));
        }
        Ok(read)
    }
}

fn lines(node: &Node) -> Result<Vec<String>, Fault> {
    Ok(scalar(node)?.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The entries of a map.
pub(crate) fn entries(node: &Node) -> Result<&[(Key, Node)], Fault> {
    match &node.kind {
        Kind::Map(entries) => Ok(entries),
        _ => Err(format!("{}: expected a map, found {}", node.place, node.called())),
    }
}

/// The items of a list.
pub(crate) fn items(node: &Node) -> Result<&[Node], Fault> {
    match &node.kind {
        Kind::List(items) => Ok(items),
        _ => Err(format!("{}: expected a list, found {}", node.place, node.called())),
    }
}

/// A text.
pub(crate) fn scalar(node: &Node) -> Result<String, Fault> {
    match &node.kind {
        Kind::Scalar { text, .. } => Ok(text.clone()),
        _ => Err(format!("{}: expected text, found {}", node.place, node.called())),
    }
}
