//! Syslog headers: RFC 5424, RFC 3164, and what devices make of them. Every part is optional; what does not fit is left
//! to the message. Nothing is copied: the answer holds ranges of the text.

use crate::header_5424::read_5424;
use std::ops::Range;
use wardwatch_pack::{Clock, read_bsd, read_iso};

/// A part of the text, by bytes.
pub type Part = Range<usize>;

/// What stands before the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The digits of the priority.
    pub pri: Option<Part>,
    /// The priority, if it is at most 191 (RFC 5424 6.2.1).
    pub pri_value: Option<u8>,
    /// The time as written.
    pub time: Option<(Part, Clock)>,
    /// The host.
    pub host: Option<Part>,
    /// The outer host of a doubled header.
    pub relay: Option<Part>,
    /// The program.
    pub tag: Option<Part>,
    /// The process id.
    pub pid: Option<Part>,
    /// MSGID of RFC 5424.
    pub msgid: Option<Part>,
    /// Structured data of RFC 5424, with its brackets.
    pub data: Option<Part>,
    /// Where the message starts.
    pub message: usize,
    /// A time was read, but no host.
    pub hostless: bool,
}

/// Reads a header. Never fails: a text without one is all message.
pub fn read_header(text: &str) -> Header {
    let mut header = read_one(text.as_bytes(), 0);
    // Relays wrap: `<PRI>date relay <PRI>date host tag:`.
    if header.time.is_some() && header.tag.is_none() && header.data.is_none() {
        let rest = text.as_bytes().get(header.message..).unwrap_or_default();
        let doubled = pri(rest).is_some() || (header.host.is_some() && read_bsd(rest).is_some());
        if doubled {
            let inner = read_one(text.as_bytes(), header.message);
            if inner.time.is_some() || inner.pri.is_some() {
                let (outer_time, outer_host) = (header.time.take(), header.host.take());
                header = inner;
                header.relay = outer_host;
                header.time = header.time.or(outer_time);
            }
        }
    }
    header
}

fn read_one(text: &[u8], start: usize) -> Header {
    let mut header = Header { message: start, ..Header::default() };
    let mut at = skip_blanks(text, start);
    if let Some((digits, value, len)) = text.get(at..).and_then(pri) {
        header.pri = Some(at + digits.start..at + digits.end);
        header.pri_value = value;
        at += len;
        header.message = at;
        at = skip_blanks(text, at);
        if read_5424(text, at, &mut header) {
            return header;
        }
    }
    read_bsd_header(text, at, &mut header);
    header
}

pub(crate) fn skip_blanks(text: &[u8], at: usize) -> usize {
    at + text.get(at..).unwrap_or_default().iter().take_while(|b| **b == b' ').count()
}

/// `<` 1 to 4 digits `>`: where the digits are, their value if it is one, and the length with brackets.
fn pri(text: &[u8]) -> Option<(Part, Option<u8>, usize)> {
    let rest = text.strip_prefix(b"<")?;
    let (mut value, mut digits) = (0u32, 0);
    for byte in rest.iter().take(5) {
        match byte {
            b'0'..=b'9' if digits < 4 => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'>' if digits > 0 => {
                let known = u8::try_from(value).ok().filter(|v| *v <= 191);
                return Some((1..1 + digits, known, digits + 2));
            }
            _ => return None,
        }
    }
    None
}

fn read_bsd_header(text: &[u8], start: usize, header: &mut Header) {
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    let mut at = skip_sequence(text, start);
    match read_time(rest(at)) {
        Some((clock, used)) => {
            header.time = Some((at..at + used, clock));
            at += used;
        }
        None => {
            // `<142> 1 192.0.2.22 Dec 28 16:16:01 2017 FW …`: a version that is none, or a relay, before the time.
            if header.pri.is_none() {
                return;
            }
            let Some((relay, after)) = before_time(text, at) else {
                read_tag(text, at, header, true);
                return;
            };
            let Some((clock, used)) = read_time(rest(after)) else { return };
            header.relay = relay;
            header.time = Some((after..after + used, clock));
            at = after + used;
        }
    }
    // Cisco ends the time with a colon.
    if rest(at).first() == Some(&b':') {
        at += 1;
    }
    if rest(at).first().is_some_and(|b| *b != b' ') {
        header.message = at;
        header.hostless = true;
        return;
    }
    at = skip_blanks(text, at);
    header.message = at;
    let token = rest(at).iter().take_while(|b| **b != b' ').count();
    if is_host(rest(at).get(..token).unwrap_or_default()) {
        header.host = Some(at..at + token);
        at = skip_blanks(text, at + token);
        header.message = at;
        // `(none) : {…}` and `WAF :{…}`
        if rest(at).first() == Some(&b':') {
            header.message = skip_blanks(text, at + 1);
            return;
        }
    } else {
        header.host = header.relay.take();
        header.hostless = header.host.is_none();
    }
    read_tag(text, at, header, false);
}

/// Cisco IOS: a sequence number with a colon, and `*` or `.` for a clock that is not set.
fn skip_sequence(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let digits = rest.iter().take(11).take_while(|b| b.is_ascii_digit()).count();
    let mut at = start;
    if digits > 0 && rest.get(digits..digits + 2) == Some(b": ") {
        at = skip_blanks(text, start + digits + 1);
    }
    if matches!(text.get(at), Some(b'*' | b'.')) { at + 1 } else { at }
}

fn read_time(text: &[u8]) -> Option<(Clock, usize)> {
    match text.first()? {
        b'0'..=b'9' => read_iso(text).or_else(|| read_bsd(text)),
        b'A'..=b'Z' | b'a'..=b'z' => read_bsd(text),
        _ => None,
    }
}

/// One or two tokens and then a time: the last token is taken as the relay.
fn before_time(text: &[u8], start: usize) -> Option<(Option<Part>, usize)> {
    let mut at = start;
    for _ in 0..2 {
        let token = text.get(at..)?.iter().take(256).take_while(|b| **b != b' ').count();
        let part = at..at + token;
        if !is_host(text.get(part.clone())?) {
            return None;
        }
        at = skip_blanks(text, at + token);
        if read_time(text.get(at..)?).is_some() {
            let version = part.len() == 1;
            return Some(((!version).then_some(part), at));
        }
    }
    None
}

/// Whether a token after the time may be a host: no level, no tag (`name:`, `name[1]:`), no pair, no list, no JSON.
fn is_host(token: &[u8]) -> bool {
    match token {
        [] | b"-" | [.., b':'] | [b'%' | b'{' | b'<' | b'|' | b'"' | b'[', ..] => false,
        b"(none)" => true,
        b"INFO" | b"WARN" | b"WARNING" | b"ERROR" | b"DEBUG" | b"NOTICE" | b"CRITICAL" | b"FATAL" | b"TRACE" => false,
        _ if token.len() > 255 => false,
        _ => !token.iter().any(|b| matches!(b, b'[' | b'=' | b'{' | b'}' | b'"' | b'|' | b'<' | b'>' | b',' | b';' | b'(' | b')')),
    }
}

/// `name[pid]:`, `name:`, `name[pid]`. Without a time before it (`strict`), only with a blank after the colon.
/// `%%01IPS/4/DETECT(l):` and `CEF:` belong to the message.
fn read_tag(text: &[u8], start: usize, header: &mut Header, strict: bool) {
    let rest = text.get(start..).unwrap_or_default();
    let name = rest.iter().take(65).take_while(|b| is_tag_byte(**b)).count();
    let word = rest.get(..name).unwrap_or_default();
    if name == 0 || name > 64 || word.starts_with(b"%%") || word == b"CEF" || word == b"LEEF" {
        return;
    }
    let mut at = name;
    let mut pid = None;
    if rest.get(at) == Some(&b'[') {
        let inside = rest.get(at + 1..).unwrap_or_default();
        let len = inside.iter().take(65).take_while(|b| !matches!(b, b']' | b' ' | b'[')).count();
        if inside.get(len) != Some(&b']') {
            return;
        }
        pid = Some(start + at + 1..start + at + 1 + len);
        at += len + 2;
    }
    let colon = rest.get(at) == Some(&b':');
    if !colon && (pid.is_none() || strict) {
        return;
    }
    at += usize::from(colon);
    let after = rest.get(at);
    let fits = after.is_none_or(|b| *b == b' ') || (!strict && matches!(after, Some(b'{' | b'[' | b'<')));
    if !fits && pid.is_none() {
        return;
    }
    header.tag = Some(start..start + name);
    header.pid = pid;
    header.message = skip_blanks(text, start + at);
}

fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-' | b'%' | b'+' | b'@' | b'#' | b'~' | b'(' | b')') || byte >= 0x80
}
