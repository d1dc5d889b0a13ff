//! What stands around a line's body: header, character set, zone, joining, time and the clues by which a pack is found.

use crate::document::{Table, Value};
use crate::fault::PackFault;
use crate::join::{Join, read_join};
use crate::rule::{RuleContext, Source};
use crate::timing::TimeFormat;
use std::sync::Arc;
use wardwatch_ident::Zone;

/// `[input]`.
#[derive(Debug, Clone, Default)]
pub struct InputSpec {
    /// What comes before the body.
    pub header: HeaderKind,
    /// The character set.
    pub charset: Charset,
    /// The zone of times without one; none = the source's.
    pub zone: Option<Zone>,
    /// How lines that belong together are told.
    pub join: Option<Arc<Join>>,
}

/// What comes before the body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HeaderKind {
    /// A syslog header if the line begins with a priority, else none: what a pack without `header` gets.
    #[default]
    Auto,
    /// A syslog header in any dialect.
    Syslog,
    /// Nothing.
    None,
    /// Everything up to and including the first such text is skipped.
    Prefix(Box<str>),
}

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// UTF-8 if it is valid, else GB18030 if it looks like it, else Latin-1.
    #[default]
    Auto,
    /// UTF-8; what is not valid is replaced.
    Utf8,
    /// GB18030 (holds GBK and GB 2312).
    Gb18030,
    /// UTF-16, little end first.
    Utf16le,
}

/// `[time]`.
#[derive(Debug, Clone)]
pub struct TimeSpec {
    /// Fields, the first that can be read counts; several are joined by a blank.
    pub from: Vec<Vec<Source>>,
    /// Formats, tried in order.
    pub formats: Vec<TimeFormat>,
    /// The zone of texts without one.
    pub zone: TimeZoneSpec,
}

/// Where the zone of `[time]` comes from.
#[derive(Debug, Clone)]
pub enum TimeZoneSpec {
    /// From `[input]`, else the source.
    Input,
    /// Fixed.
    Fixed(Zone),
    /// From a field of the line, such as `+0800`.
    Field(Source),
}

/// `[match]`: by what a line of a source with pack `auto` is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// All of these.
    pub all: Vec<Clue>,
    /// And, if there are any, one of these.
    pub any: Vec<Clue>,
}

/// One clue: literals only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clue {
    /// The program name of the syslog header.
    Program(Box<str>),
    /// Somewhere in the line.
    Contains(Box<str>),
    /// At the start of the message, after the header.
    Starts(Box<str>),
    /// A key of a JSON object.
    JsonKey(Box<str>),
    /// A key with `=` after it.
    KvKey(Box<str>),
    /// The kind of the sender, as configured.
    PeerKind(Box<str>),
}

impl Clue {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Program(t)
            | Self::Contains(t)
            | Self::Starts(t)
            | Self::JsonKey(t)
            | Self::KvKey(t)
            | Self::PeerKind(t) => t,
        }
    }
}

pub(crate) fn read_input(mut table: Table<'_>) -> Result<InputSpec, PackFault> {
    let mut input = InputSpec::default();
    if let Some(value) = table.take("header") {
        input.header = match value.text()? {
            "syslog" => HeaderKind::Syslog,
            "none" => HeaderKind::None,
            other => match other.strip_prefix("prefix:").map(|p| p.trim_matches('\'')) {
                Some(prefix) if !prefix.is_empty() => HeaderKind::Prefix(prefix.into()),
                _ => {
                    return Err(value
                        .place()
                        .fault(format!("header `{other}` is not known; use syslog, none or prefix:'…'")));
                }
            },
        };
    }
    if let Some(value) = table.take("charset") {
        input.charset = match value.text()?.to_ascii_lowercase().as_str() {
            "auto" => Charset::Auto,
            "utf-8" | "utf8" => Charset::Utf8,
            "gb18030" | "gbk" | "gb2312" => Charset::Gb18030,
            "utf-16le" => Charset::Utf16le,
            other => {
                return Err(value
                    .place()
                    .fault(format!("charset `{other}` is not known; use auto, utf-8, gb18030 or utf-16le")));
            }
        };
    }
    if let Some(value) = table.take("zone") {
        input.zone = read_zone(value)?;
    }
    if let Some(value) = table.take("join") {
        input.join = Some(Arc::new(read_join(value)?));
    }
    table.finish(&["header", "charset", "zone", "join"])?;
    Ok(input)
}

/// `source`, an IANA name or an offset.
fn read_zone(value: Value<'_>) -> Result<Option<Zone>, PackFault> {
    match value.text()? {
        "source" => Ok(None),
        name => Zone::parse(name).map(Some).map_err(|fault| value.place().fault(fault.to_string())),
    }
}

pub(crate) fn read_regex(value: Value<'_>) -> Result<regex::Regex, PackFault> {
    let built = regex::RegexBuilder::new(value.text()?)
        .size_limit(wardwatch_limits::REGEX_BYTES)
        .dfa_size_limit(wardwatch_limits::REGEX_BYTES)
        .build();
    built.map_err(|fault| regex_fault(value, &fault))
}

pub(crate) fn regex_fault(value: Value<'_>, fault: &regex::Error) -> PackFault {
    let short = fault.to_string();
    let short = short.lines().last().unwrap_or(&short).trim().trim_start_matches("error: ");
    value.place().fault(format!("not a usable regular expression: {short} (no look-around, no back-references)"))
}

pub(crate) fn read_clues(mut table: Table<'_>) -> Result<Clues, PackFault> {
    let read = |value: Option<Value<'_>>| -> Result<Vec<Clue>, PackFault> {
        let Some(value) = value else { return Ok(Vec::new()) };
        value.list()?.into_iter().map(read_clue).collect()
    };
    let clues = Clues { all: read(table.take("all"))?, any: read(table.take("any"))? };
    table.finish(&["all", "any"])?;
    Ok(clues)
}

fn read_clue(value: Value<'_>) -> Result<Clue, PackFault> {
    let known = ["program", "contains", "starts", "json_key", "kv_key", "peer_kind"];
    let mut entries = value.table()?.rest();
    let (Some((key, place, text)), None) = (entries.next(), entries.next()) else {
        return Err(value.place().fault(format!("a clue is one key with one text; keys: {}", known.join(", "))));
    };
    let text: Box<str> = text.text()?.into();
    if text.is_empty() {
        return Err(place.fault("an empty text is in every line"));
    }
    Ok(match key {
        "program" => Clue::Program(text),
        "contains" => Clue::Contains(text),
        "starts" => Clue::Starts(text),
        "json_key" => Clue::JsonKey(text),
        "kv_key" => Clue::KvKey(text),
        "peer_kind" => Clue::PeerKind(text),
        _ => return Err(place.fault(format!("unknown clue `{key}`; known: {}", known.join(", ")))),
    })
}

pub(crate) fn read_time(mut table: Table<'_>, cx: &mut RuleContext<'_>) -> Result<TimeSpec, PackFault> {
    let mut from = Vec::new();
    for value in table.need("from")?.one_or_more()? {
        let mut parts = Vec::new();
        for name in value.text()?.split('+').filter(|name| !name.is_empty()) {
            parts.push(Source { field: cx.intern(name, value)?, pick: crate::rule::Pick::First });
        }
        if parts.is_empty() {
            return Err(value.place().fault("a field's name is empty"));
        }
        from.push(parts);
    }
    let mut formats = Vec::new();
    if let Some(value) = table.take("formats") {
        for value in value.one_or_more()? {
            formats.push(TimeFormat::parse(value.text()?).map_err(|what| value.place().fault(what))?);
        }
    } else {
        formats.extend([TimeFormat::Iso, TimeFormat::Bsd, TimeFormat::EpochAuto]);
    }
    let zone = match table.take("zone") {
        None => TimeZoneSpec::Input,
        Some(value) => match value.text()?.strip_prefix("field:") {
            Some(name) => {
                TimeZoneSpec::Field(Source { field: cx.intern(name, value)?, pick: crate::rule::Pick::First })
            }
            None => read_zone(value)?.map_or(TimeZoneSpec::Input, TimeZoneSpec::Fixed),
        },
    };
    table.finish(&["from", "formats", "zone"])?;
    Ok(TimeSpec { from, formats, zone })
}
