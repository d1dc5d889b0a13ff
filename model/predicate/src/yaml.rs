//! YAML text to a tree that remembers where each node stood and how each scalar was written.
//!
//! Strict on purpose: anchors, aliases and tags are refused (an alias bomb is a few lines of them), a key may stand
//! once in a map, and size, depth and number of nodes have a bound. Scalars are *not* retyped here: a rule's `'10'`
//! and `10` differ, and only the reader of a key knows what it wants. Never reads a file.

use crate::place::Place;
use std::collections::HashSet;
use wardwatch_limits::{DEPTH, RULE_BYTES, YAML_NODES};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, ScanError, TScalarStyle};

/// Why a text is not the YAML we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct YamlFault {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do.
    pub reason: String,
}

impl YamlFault {
    pub(crate) fn new(place: Place, reason: impl Into<String>) -> YamlFault {
        YamlFault { place, reason: reason.into() }
    }
}

/// One node with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where the node begins.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// The three kinds of YAML nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scalar as written; `plain` is false when it was quoted or a block, which makes it text whatever it looks like.
    Scalar {
        /// The text after YAML's own unescaping.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where the key begins.
    pub place: Place,
    /// Its text.
    pub text: String,
}

/// What a plain scalar means by the YAML 1.2 core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A decimal, octal (`0o7`) or hexadecimal (`0xff`) integer, or a float; the text as written.
    Number(&'a str),
    /// Everything else, and everything quoted.
    Text(&'a str),
}

impl Node {
    /// The scalar's meaning, or none for lists and maps.
    #[must_use]
    pub fn scalar(&self) -> Option<Scalar<'_>> {
        let Kind::Scalar { text, plain } = &self.kind else { return None };
        if !plain {
            return Some(Scalar::Text(text));
        }
        Some(match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            other if looks_numeric(other) => Scalar::Number(other),
            other => Scalar::Text(other),
        })
    }

    /// The word for this kind of node in an error.
    #[must_use]
    pub fn called(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

fn looks_numeric(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hex) = digits.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.parse::<f64>().is_ok()
}

/// The documents of a file, in order. What stands before a syntax error is kept; the error comes last.
#[must_use]
pub fn read(text: &str) -> (Vec<Node>, Option<YamlFault>) {
    if text.len() > RULE_BYTES {
        let reason = format!("the file has {} bytes, at most {RULE_BYTES} are read: split it", text.len());
        return (Vec::new(), Some(YamlFault::new(Place::START, reason)));
    }
    let mut reader = Reader::default();
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    loop {
        match parser.next_token() {
            Ok((Event::StreamEnd, _)) => return (reader.documents, None),
            Ok((event, marker)) => {
                if let Err(fault) = reader.take(event, place_of(marker)) {
                    return (reader.documents, Some(fault));
                }
            }
            Err(error) => return (reader.documents, Some(syntax(&error))),
        }
    }
}

fn syntax(error: &ScanError) -> YamlFault {
    YamlFault::new(place_of(*error.marker()), format!("not valid YAML: {}", error.info()))
}

fn place_of(marker: Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: number(marker.line()), column: number(marker.col()).saturating_add(1) }
}

/// A collection that is still open.
enum Open {
    List(Place, Vec<Node>),
    Map(Place, Vec<(Key, Node)>, Option<Key>, HashSet<String>),
}

#[derive(Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    nodes: usize,
}

impl Reader {
    fn take(&mut self, event: Event, place: Place) -> Result<(), YamlFault> {
        match event {
            Event::Alias(_) => {
                Err(YamlFault::new(place, "YAML aliases (`*name`) are refused: write the value out where it is used"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                plain_node(anchor, tag.as_ref(), place)?;
                self.close(Node { place, kind: Kind::Scalar { text, plain: style == TScalarStyle::Plain } })
            }
            Event::SequenceStart(anchor, tag) => {
                plain_node(anchor, tag.as_ref(), place)?;
                self.open(Open::List(place, Vec::new()), place)
            }
            Event::MappingStart(anchor, tag) => {
                plain_node(anchor, tag.as_ref(), place)?;
                self.open(Open::Map(place, Vec::new(), None, HashSet::new()), place)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(place, items)) => self.close(Node { place, kind: Kind::List(items) }),
                Some(Open::Map(place, pairs, ..)) => self.close(Node { place, kind: Kind::Map(pairs) }),
                None => Ok(()),
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn open(&mut self, open: Open, place: Place) -> Result<(), YamlFault> {
        if self.open.len() >= DEPTH {
            return Err(YamlFault::new(place, format!("nested deeper than {DEPTH} levels: flatten it")));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self, node: Node) -> Result<(), YamlFault> {
        self.nodes += 1;
        if self.nodes > YAML_NODES {
            return Err(YamlFault::new(node.place, format!("more than {YAML_NODES} nodes: split the file")));
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, pairs, waiting, seen)) => match waiting.take() {
                Some(key) => pairs.push((key, node)),
                None => *waiting = Some(key_of(node, pairs, seen)?),
            },
        }
        Ok(())
    }
}

fn plain_node(anchor: usize, tag: Option<&Tag>, place: Place) -> Result<(), YamlFault> {
    if anchor > 0 {
        return Err(YamlFault::new(place, "YAML anchors (`&name`) are refused: write the value out where it is used"));
    }
    match tag {
        Some(tag) => {
            let name = format!("{}{}", tag.handle, tag.suffix);
            Err(YamlFault::new(
                place,
                format!("YAML tags are refused, found `{name}`: quote the value to make it text"),
            ))
        }
        None => Ok(()),
    }
}

fn key_of(node: Node, before: &[(Key, Node)], seen: &mut HashSet<String>) -> Result<Key, YamlFault> {
    let place = node.place;
    let Kind::Scalar { text, .. } = node.kind else {
        return Err(YamlFault::new(place, "a key must be a single word, not a list or a map"));
    };
    if seen.insert(text.clone()) {
        return Ok(Key { place, text });
    }
    let first = before.iter().find(|(key, _)| key.text == text).map_or(place, |(key, _)| key.place);
    Err(YamlFault::new(place, format!("key `{text}` stands twice in this map, first at {first}: merge the two")))
}
