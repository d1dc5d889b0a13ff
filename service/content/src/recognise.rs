//! What shape lines have: character set, header, and how the body is cut. Guesses only; the person who reads the draft
//! decides.

use wardwatch_event::{Looks, judge, readable};
use wardwatch_limits::LINE_BYTES;
use wardwatch_parse::read_header;

/// At most so many lines and bytes of a file are looked at.
const LINES: usize = 2_000;
const BYTES: usize = 4 * 1024 * 1024;
/// Longest text before a pair sign that still counts as a key.
const KEY_CHARS: usize = 40;

/// The lines of a file, decoded for guessing.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// As received.
    pub raw: Vec<Vec<u8>>,
    /// Decoded.
    pub text: Vec<String>,
    /// The word for `[input] charset`.
    pub charset: &'static str,
    /// Most lines begin with a priority or a time of a syslog header.
    pub header: bool,
}

/// How the body is cut.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Json,
    Evtx,
    Cef,
    Leef,
    Kv { pair: &'static str, sep: &'static str, runs_on: bool, quoted: bool },
    Delimited { sep: &'static str, columns: usize },
    Text,
}

impl Shape {
    /// The word in the manifest.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Evtx => "evtx",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Kv { .. } => "kv",
            Self::Delimited { .. } => "csv",
            Self::Text => "text",
        }
    }
}

impl Lines {
    /// Splits and decodes a file. A sample's own comment line is no line.
    pub fn of(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..bytes.len().min(BYTES)).unwrap_or_default();
        let raw: Vec<Vec<u8>> = bytes
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"# received:"))
            .map(|line| line.get(..line.len().min(LINE_BYTES)).unwrap_or_default().to_vec())
            .take(LINES)
            .collect();
        let odd: Vec<_> = raw.iter().filter(|line| std::str::from_utf8(line).is_err()).collect();
        let chinese = |line: &&&Vec<u8>| matches!(judge(line, false).looks, Looks::Gb18030 | Looks::DamagedGb18030);
        let gbk = odd.iter().filter(chinese).count() * 2 > odd.len();
        let text: Vec<String> = raw.iter().map(|line| readable(line).into_owned()).collect();
        let headed = text.iter().map(|line| read_header(line)).filter(|h| h.pri.is_some() || h.time.is_some()).count();
        let header = headed * 2 > text.len();
        Self { raw, text, charset: if gbk { "gb18030" } else { "auto" }, header }
    }

    /// Each line without its header.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.text.iter().map(|line| {
            let start = if self.header { read_header(line).message } else { 0 };
            line.get(start..).unwrap_or(line).trim_start()
        })
    }
}

/// The shape most lines have.
pub(crate) fn recognise(lines: &Lines) -> Shape {
    let messages: Vec<&str> = lines.messages().collect();
    let most = |test: &dyn Fn(&str) -> bool| {
        !messages.is_empty() && messages.iter().filter(|message| test(message)).count() * 2 > messages.len()
    };
    if most(&|m| m.contains("CEF:0|") || m.contains("CEF: 0|") || m.contains("CEF:1|")) {
        return Shape::Cef;
    }
    if most(&|m| m.contains("LEEF:1.0|") || m.contains("LEEF:2.0|") || m.contains("LEEF:1|") || m.contains("LEEF:2|")) {
        return Shape::Leef;
    }
    if most(&|m| m.starts_with("<Event ") || (is_json(m) && is_windows(m))) {
        return Shape::Evtx;
    }
    if most(&is_json) {
        return Shape::Json;
    }
    key_value(&messages).or_else(|| delimited(&messages)).unwrap_or(Shape::Text)
}

fn is_json(message: &str) -> bool {
    let Some(start) = message.find('{') else { return false };
    let body = message.get(start..).unwrap_or_default();
    serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() && body.contains(':')
}

fn is_windows(message: &str) -> bool {
    (message.contains("\"EventData\"") && message.contains("\"System\""))
        || (message.contains("\"winlog\"") && message.contains("\"event_id\""))
        || (message.contains("\"EventID\"") && message.contains("\"Channel\""))
}

const PAIRS: [&str; 4] = ["=", ":", "：", " = "];
const SEPS: [&str; 12] = [", ", "; ", ";", ",", "|!", "|", "\t", "##", "，", "；", "&", " "];

fn key_value(messages: &[&str]) -> Option<Shape> {
    let mut best: Option<(f64, Shape)> = None;
    for pair in PAIRS {
        for sep in SEPS.into_iter().filter(|sep| !sep.contains(pair) && !pair.contains(sep)) {
            let (mut pairs, mut words, mut quoted) = (0usize, 0usize, false);
            for message in messages {
                for token in tokens(message, sep) {
                    match key_of(token, pair) {
                        Some((_, value)) => {
                            pairs += 1;
                            quoted |= value.trim_start().starts_with('"');
                        }
                        None => words += 1,
                    }
                }
            }
            if pairs < messages.len() * 3 || pairs < words {
                continue;
            }
            // A longer separator is the more exact one when both explain the same.
            let score = pairs as f64 - words as f64 * 0.6 + sep.len() as f64 * 0.01;
            if best.as_ref().is_none_or(|(before, _)| score > *before) {
                best = Some((score, Shape::Kv { pair, sep, runs_on: words * 20 > pairs, quoted }));
            }
        }
    }
    best.map(|(_, shape)| shape)
}

/// Pieces between separators; what stands in double quotes holds together.
fn tokens<'t>(text: &'t str, sep: &'t str) -> impl Iterator<Item = &'t str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut at, mut inside) = (0, false);
        while at < text.len() {
            let tail = text.get(at..)?;
            if !inside && tail.starts_with(sep) {
                rest = text.get(at + sep.len()..);
                return text.get(..at);
            }
            let next = tail.chars().next()?;
            if next == '"' {
                inside = !inside;
            }
            at += next.len_utf8();
        }
        rest = None;
        Some(text)
    })
    .filter(|token| !token.trim().is_empty())
}

fn key_of<'t>(token: &'t str, pair: &str) -> Option<(&'t str, &'t str)> {
    let (key, value) = token.split_once(pair)?;
    let key = key.trim();
    let fits =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '&' | '#' | '@' | '(' | ')' | '（' | '）' | '/');
    let blanks = key.chars().filter(|c| *c == ' ').count();
    let good = !key.is_empty()
        && key.chars().count() <= KEY_CHARS
        && blanks <= 1
        && key.chars().all(|c| fits(c) || c == ' ')
        && key.chars().any(char::is_alphabetic);
    good.then_some((key, value))
}

fn delimited(messages: &[&str]) -> Option<Shape> {
    const CANDIDATES: [&str; 9] = ["|!", "*|", "||", "##", "|", "\t", "^", ";", ","];
    let mut best: Option<(usize, &'static str)> = None;
    for sep in CANDIDATES {
        let counts: Vec<usize> = messages.iter().map(|m| m.matches(sep).count()).collect();
        let (least, greatest) = (*counts.iter().min()?, *counts.iter().max()?);
        if least >= 3 && greatest - least <= least / 2 && best.is_none_or(|(count, _)| least > count) {
            best = Some((least, sep));
        }
    }
    let (_, sep) = best?;
    let columns = messages.iter().map(|m| m.matches(sep).count() + 1).max()?.min(200);
    Some(Shape::Delimited { sep, columns })
}
