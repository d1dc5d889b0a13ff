//! URLs: one form for all ways to write the same one.
//!
//! `http` and `https` are the same (proxies log the one, feeds the other), and so is no scheme at all. User names,
//! default ports, fragments, dot segments and the case of scheme, host and escapes do not count. Case of the path does.

use crate::{address, name};
use std::net::IpAddr;
use wardwatch_limits::INDICATOR_EVENT_URL_BYTES;

/// A URL in normal form, and where its parts are.
pub(crate) struct NormalUrl {
    /// `host[:port]/path[?query]`, with `scheme://` in front for others than http and https.
    pub(crate) text: String,
    /// Where the host is.
    pub(crate) host: (usize, usize),
    /// Where the query starts, at its `?`.
    pub(crate) query: Option<usize>,
    /// False if the text was longer than what is looked at: only the parts before the cut are known.
    pub(crate) whole: bool,
}

impl NormalUrl {
    pub(crate) fn host(&self) -> &str {
        self.text.get(self.host.0..self.host.1).unwrap_or_default()
    }

    /// True for nothing behind the host.
    pub(crate) fn is_bare(&self) -> bool {
        let tail = self.text.get(self.host.1..).unwrap_or_default();
        tail.ends_with('/') && tail.bytes().filter(|b| *b == b'/').count() == 1
    }
}

/// Brings a URL into normal form; none if it has no host.
pub(crate) fn normal(text: &str) -> Option<NormalUrl> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
    let (text, whole) = match text.len() > INDICATOR_EVENT_URL_BYTES {
        true => (text.get(..text.floor_char_boundary(INDICATOR_EVENT_URL_BYTES))?, false),
        false => (text, true),
    };
    let (scheme, rest) = scheme_of(text);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    if end == rest.len() && !whole {
        return None;
    }
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = split_port(authority)?;
    let host = host_form(host)?;
    let mut out = String::with_capacity(text.len() + 2);
    if !matches!(scheme.as_str(), "" | "http" | "https") {
        out.push_str(&scheme);
        out.push_str("://");
    }
    let from = out.len();
    out.push_str(&host);
    let host = (from, out.len());
    let default = match scheme.as_str() {
        "http" => port == Some(80),
        "https" => port == Some(443),
        "ftp" => port == Some(21),
        _ => matches!(port, Some(80 | 443)),
    };
    if let Some(port) = port.filter(|_| !default) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    let tail = tail.split_once('#').map_or(tail, |(tail, _)| tail);
    let (path, query) = tail.split_once('?').map_or((tail, None), |(path, query)| (path, Some(query)));
    path_form(path, &mut out);
    let query = query.filter(|q| !q.is_empty()).map(|query| {
        let at = out.len();
        out.push('?');
        escape(query, &mut out, false);
        at
    });
    Some(NormalUrl { text: out, host, query, whole })
}

/// Scheme in lower case and what follows `://` (or `//`).
fn scheme_of(text: &str) -> (String, &str) {
    if let Some(rest) = text.strip_prefix("//") {
        return (String::new(), rest);
    }
    match text.split_once("://") {
        Some((scheme, rest))
            if (1..=16).contains(&scheme.len())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')) =>
        {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ => (String::new(), text),
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`; none for a port that is no number.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(inner) = text.strip_prefix('[') {
        let (host, rest) = inner.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, port_number(port)?)),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.rsplit_once(':') {
        // Several colons without brackets: an IPv6 address on its own.
        Some((head, _)) if head.contains(':') => Some((text, None)),
        Some((head, port)) => Some((head, port_number(port)?)),
        None => Some((text, None)),
    }
}

fn port_number(text: &str) -> Option<Option<u16>> {
    if text.is_empty() {
        return Some(None);
    }
    (text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten().map(Some)
}

fn host_form(text: &str) -> Option<String> {
    match address::address(text) {
        Some(IpAddr::V4(found)) => Some(found.to_string()),
        Some(IpAddr::V6(found)) => Some(format!("[{found}]")),
        None => name::normal(text),
    }
}

/// Slashes one way, dot segments resolved (RFC 3986 section 5.2.4), escapes in one form, at least `/`.
fn path_form(path: &str, out: &mut String) {
    let start = out.len();
    out.push('/');
    let path = path.strip_prefix(['/', '\\']).unwrap_or(path);
    if path.is_empty() {
        return;
    }
    let mut segments = path.split(['/', '\\']).peekable();
    while let Some(segment) = segments.next() {
        let mut form = String::with_capacity(segment.len());
        escape(segment, &mut form, true);
        let last = segments.peek().is_none();
        match form.as_str() {
            "." => {}
            ".." => {
                // Back to the slash before the segment that is left.
                out.pop();
                let cut = out.rfind('/').filter(|at| *at >= start).unwrap_or(start);
                out.truncate(cut);
                out.push('/');
            }
            _ => {
                out.push_str(&form);
                if !last {
                    out.push('/');
                }
            }
        }
    }
}

/// Decodes escapes of unreserved characters (RFC 3986 section 6.2.2.2), writes the others in upper case, and escapes
/// what may not stand in a URL.
fn escape(text: &str, out: &mut String, path: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let push_escaped = |out: &mut String, byte: u8| {
        out.push('%');
        for digit in [byte >> 4, byte & 15] {
            out.push(HEX.get(usize::from(digit)).copied().map_or('0', char::from));
        }
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        let pair = (byte == b'%').then(|| Some((hex(*bytes.get(at)?)?, hex(*bytes.get(at + 1)?)?))).flatten();
        if let Some((high, low)) = pair {
            at += 2;
            let value = high << 4 | low;
            match value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') {
                true => out.push(char::from(value)),
                false => push_escaped(out, value),
            }
        } else if byte <= b' '
            || byte >= 0x7f
            || matches!(byte, b'"' | b'<' | b'>' | b'`')
            || (path && matches!(byte, b'{' | b'}'))
        {
            push_escaped(out, byte);
        } else {
            out.push(char::from(byte));
        }
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|d| d as u8)
}
