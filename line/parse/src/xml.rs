//! XML: a reader of tags, attributes and text over the line's own bytes, and the two ways in which packs use it.
//!
//! No entity but the five of XML and numbers is known, so nothing grows; a document type is passed over.

use crate::evtx_names::system_attribute;
use crate::json_names::{Names, ROOT};
use crate::text::{Cut, Out, Text};
use memchr::{memchr, memmem};
use wardwatch_event::NativeKind;
use wardwatch_limits::DEPTH;
use wardwatch_pack::FieldId;

type Part = (usize, usize);

/// What the reader meets.
enum Piece {
    /// `<name`, prefix of a namespace left out.
    Open(Part),
    /// `name="value"`
    Attribute(Part, Part),
    /// The end of a start tag; whether the element is empty.
    Opened(bool),
    /// Text between tags.
    Text(Part),
    /// `<![CDATA[…]]>`
    Literal(Part),
    /// `</name>`
    Close,
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    inside_tag: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next piece; `None` at the end and where the text is no XML.
    fn next(&mut self) -> Option<Piece> {
        if self.inside_tag {
            return self.in_tag();
        }
        loop {
            let rest = self.rest();
            if !rest.starts_with(b"<") {
                if rest.is_empty() {
                    return None;
                }
                let len = memchr(b'<', rest).unwrap_or(rest.len());
                let part = (self.at, self.at + len);
                self.at += len;
                return Some(Piece::Text(part));
            }
            if rest.starts_with(b"<!--") {
                self.skip_past(b"-->")?;
            } else if rest.starts_with(b"<![CDATA[") {
                let start = self.at + 9;
                let len = memmem::find(self.bytes.get(start..)?, b"]]>")?;
                self.at = start + len + 3;
                return Some(Piece::Literal((start, start + len)));
            } else if rest.starts_with(b"<?") {
                self.skip_past(b"?>")?;
            } else if rest.starts_with(b"<!") {
                self.skip_past(b">")?;
            } else if rest.starts_with(b"</") {
                self.skip_past(b">")?;
                return Some(Piece::Close);
            } else {
                self.at += 1;
                let name = self.name()?;
                self.inside_tag = true;
                return Some(Piece::Open(name));
            }
        }
    }

    fn skip_past(&mut self, end: &[u8]) -> Option<()> {
        self.at += memmem::find(self.rest(), end)? + end.len();
        Some(())
    }

    /// A name without its namespace's prefix.
    fn name(&mut self) -> Option<Part> {
        let len = self.rest().iter().take_while(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' | b'=' | b'<' | b'"' | b'\'')).count();
        if len == 0 {
            return None;
        }
        let (start, end) = (self.at, self.at + len);
        self.at = end;
        let colon = self.bytes.get(start..end).and_then(|name| memchr(b':', name));
        Some((colon.map_or(start, |colon| start + colon + 1), end))
    }

    fn in_tag(&mut self) -> Option<Piece> {
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = self.rest();
        if rest.starts_with(b">") {
            (self.at, self.inside_tag) = (self.at + 1, false);
            return Some(Piece::Opened(false));
        }
        if rest.starts_with(b"/>") {
            (self.at, self.inside_tag) = (self.at + 2, false);
            return Some(Piece::Opened(true));
        }
        let name = self.name()?;
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.rest().strip_prefix(b"=")?;
        self.at += 1;
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
        let quote = *self.rest().first().filter(|b| matches!(b, b'"' | b'\''))?;
        let start = self.at + 1;
        let len = memchr(quote, self.bytes.get(start..)?)?;
        self.at = start + len + 1;
        Some(Piece::Attribute(name, (start, start + len)))
    }
}

/// The first `<` that opens a tag.
fn start_of(bytes: &[u8]) -> Option<usize> {
    let opens = |at: &usize| bytes.get(at + 1).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'?' | b'!' | b'_'));
    memchr::memchr_iter(b'<', bytes).find(opens)
}

fn put(field: FieldId, text: Text<'_>, literal: bool, out: &mut Out<'_>) {
    if !literal && text.s.contains('&') {
        out.put_made(field, NativeKind::Text, &unescape(text.s), text);
    } else {
        out.put(field, NativeKind::Text, text);
    }
}

/// Flattens a document: `Element.Inner`, `Element.@attribute`, without the root element.
pub(crate) fn cut_xml(text: Text<'_>, names: &mut Names, out: &mut Out<'_>) -> Cut {
    let Some(start) = start_of(text.bytes()) else { return Cut::Not };
    let mut reader = Reader { bytes: text.bytes(), at: start, inside_tag: false };
    let mut stack: Vec<u32> = Vec::new();
    let (mut hint, mut any) = (ROOT, false);
    while let Some(piece) = reader.next() {
        let node = stack.last().copied().unwrap_or(ROOT);
        match piece {
            Piece::Open(name) => {
                if stack.len() >= DEPTH {
                    return Cut::Partly("depth");
                }
                any = true;
                if stack.is_empty() {
                    stack.push(ROOT);
                    continue;
                }
                hint = names.child(node, hint, text.sub(name.0, name.1).s, out);
                stack.push(hint);
            }
            Piece::Attribute(name, value) => {
                let key = text.sub(name.0, name.1).s;
                if key == "xmlns" {
                    continue;
                }
                hint = names.child(node, hint, &format!("@{key}"), out);
                if let Some(field) = names.field(hint) {
                    put(field, text.sub(value.0, value.1), false, out);
                }
            }
            Piece::Text(part) | Piece::Literal(part) => {
                let literal = matches!(piece, Piece::Literal(_));
                let value = text.sub(part.0, part.1).trim();
                if let Some(field) = names.field(node).filter(|_| !value.s.is_empty()) {
                    put(field, value, literal, out);
                }
            }
            Piece::Opened(true) | Piece::Close => {
                stack.pop();
            }
            Piece::Opened(false) => {}
        }
        if stack.is_empty() && any {
            return Cut::Whole;
        }
    }
    match any {
        true => Cut::Partly("xml"),
        false => Cut::Not,
    }
}

/// A Windows event's XML, with the names of [`crate::evtx_names`].
pub(crate) fn cut_event_xml(text: Text<'_>, out: &mut Out<'_>) -> Cut {
    let Some(start) = start_of(text.bytes()) else { return Cut::Not };
    let mut reader = Reader { bytes: text.bytes(), at: start, inside_tag: false };
    let mut stack: Vec<Part> = Vec::new();
    let mut data_name: Option<Part> = None;
    let (mut filled, mut any) = (false, false);
    while let Some(piece) = reader.next() {
        match piece {
            Piece::Open(name) => {
                if stack.len() >= DEPTH {
                    return Cut::Partly("depth");
                }
                stack.push(name);
                (data_name, filled, any) = (None, false, true);
            }
            Piece::Attribute(name, value) => {
                let attribute = text.sub(name.0, name.1).s;
                match stack.as_slice() {
                    [_, section, element] if text.sub(section.0, section.1).s == "System" => {
                        let element = text.sub(element.0, element.1).s;
                        if let Some(field) = system_attribute(element, attribute).and_then(|name| out.field(&name)) {
                            put(field, text.sub(value.0, value.1), false, out);
                        }
                    }
                    [_, _, _] if attribute == "Name" => data_name = Some(value),
                    _ => {}
                }
            }
            Piece::Text(part) | Piece::Literal(part) => {
                let literal = matches!(piece, Piece::Literal(_));
                let value = text.sub(part.0, part.1);
                let value = if literal { value } else { value.trim() };
                if !value.s.is_empty()
                    && let Some(field) = event_field(text, &stack, data_name, out)
                {
                    put(field, value, literal, out);
                    filled = true;
                }
            }
            Piece::Opened(empty) => {
                if empty {
                    stack.pop();
                }
            }
            Piece::Close => {
                // `<Data Name="x"></Data>` says that x is empty.
                if !filled
                    && let Some(name) = data_name
                    && let Some(field) = event_field(text, &stack, Some(name), out)
                {
                    out.put(field, NativeKind::Text, text.sub(name.1, name.1));
                }
                stack.pop();
                (data_name, filled) = (None, true);
            }
        }
        if stack.is_empty() && any {
            return Cut::Whole;
        }
    }
    if any { Cut::Partly("xml") } else { Cut::Not }
}

/// The field of the text inside these elements, the root first.
fn event_field(text: Text<'_>, stack: &[Part], data_name: Option<Part>, out: &mut Out<'_>) -> Option<FieldId> {
    let word = |part: &Part| text.sub(part.0, part.1).s;
    match stack {
        [_, section, element] if word(section) == "System" => out.field(word(element)),
        [_, section, element] if word(section) == "EventData" => match data_name {
            Some(name) => out.field(&unescape(word(&name))),
            None => out.field(word(element)),
        },
        [_, section, _, inner @ ..] if word(section) == "UserData" && !inner.is_empty() => {
            let names: Vec<&str> = inner.iter().map(word).collect();
            out.field(&names.join("."))
        }
        [_, section, element] => {
            let name = format!("{}.{}", word(section), word(element));
            out.field(&name)
        }
        _ => None,
    }
}

/// The five entities of XML and numbers.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let end = tail.bytes().take(12).position(|b| b == b';');
        let entity = end.and_then(|end| tail.get(1..end)).unwrap_or_default();
        let c = match entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => entity.strip_prefix('#').and_then(|number| {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => number.parse().ok(),
                };
                code.and_then(char::from_u32)
            }),
        };
        match (c, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}
